"""Publish a model folder on the Hub; nothing else in PhosphoT5 uploads a model."""

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, is_offline_mode

from phosphot5.errors import PhosphoT5Error

from .hub_errors import CLIENT_ERRORS, OFFLINE, explain
from .model_folder import ModelFolder
from .patience import bounded_patience

__all__ = ["Published", "push_folder"]

WEIGHT_SUFFIXES = (".safetensors", ".safetensors.index.json")
TRAINER_PICKLE = "training_args.bin"
TAG = re.compile(r"[A-Za-z0-9][\w.+-]*")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """What a push has done; as a text, one line for each thing.

    Attributes
    ----------
    url : str
        Address of the commit, or of the pull request.
    changed : bool
        Whether a commit was made; False: the Hub held the folder already.
    tag : str or None
        Tag that names the commit.
    note : str
        What else there is to know, if anything.
    """

    url: str
    changed: bool
    tag: str | None = None
    note: str = ""

    def __str__(self) -> str:
        lines = [
            f"published: {self.url}" if self.changed else f"nothing changed: {self.url} holds the folder"
        ]
        lines += [f"tag: {self.tag}"] if self.tag else []
        return "\n".join([*lines, self.note] if self.note else lines)


@dataclass(frozen=True)
class _Target:
    """Where a push goes: repository, branch, pull request, tag; ``tag_asked`` if the user chose the tag."""

    repo_id: str
    private: bool
    revision: str | None
    create_pr: bool
    tag: str | None
    tag_asked: bool

    def __str__(self) -> str:
        branch = "a pull request" if self.create_pr else self.revision or "main"
        return f"{self.repo_id}, {branch}" + (f", tag {self.tag}" if self.tag else "")


def push_folder(
    folder: Path | str,
    repo_id: str,
    *,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
    tag: str | None = None,
    token: str | None = None,
    message: str | None = None,
    in_training: bool = False,
    dry_run: bool = False,
) -> Published | str:
    """Upload a model folder in one commit and tag it with the version of PhosphoT5 that wrote it.

    Only the files at the top of the folder go up; checkpoints, hidden files and pickles stay. Weight files in
    the repository that the folder does not have are removed in the same commit, because they would be loaded
    instead of the new ones. If the repository changes meanwhile, the commit is refused. After an interruption
    push again: large files that have arrived are not sent twice, and a folder that has arrived makes no commit.

    A commit to ``main`` is tagged ``v<version>``; one to another branch or a pull request only if a tag is
    given. A tag is never moved, for who pinned it keeps what they have: if ``v<version>`` is at another
    commit, it stays there and the result says so; if a tag that was asked for is, the push is refused.

    Parameters
    ----------
    folder : Path or str
        A folder written by ``phosphot5 export`` or by training, with its card.
    repo_id : str
        ``owner/name`` on the Hub; created if it does not exist.
    private : bool
        Make a repository that is created private, else it gets the owner's default; an existing one keeps its
        own.
    revision : str, optional
        Branch to commit to, created if it does not exist; the default is ``main``.
    create_pr : bool
        Open a pull request to ``main`` in place of committing to it.
    tag : str, optional
        Name of the tag.
    token : str, optional
        Access token with write permission; the default is ``HF_TOKEN`` or the one of ``hf auth login``.
    message : str, optional
        Title of the commit.
    in_training : bool
        The model is not finished: it needs no card and gets no tag of its version.
    dry_run : bool
        Send nothing and return the list of files.

    Returns
    -------
    Published or str
        What was done, or the list of files with their sizes for a dry run.

    Raises
    ------
    PhosphoT5Error
        If the folder would not load, or the Hub refuses or cannot be reached; the message says what to do.
    """
    model = ModelFolder.read(Path(folder), card=not in_training)
    _check_options(repo_id, revision, create_pr, tag)
    on_main = revision in (None, "main") and not create_pr and not in_training
    version_tag = f"v{model.version}" if model.version and on_main else None
    target = _Target(repo_id, private, revision, create_pr, tag or version_tag, tag is not None)
    if dry_run:
        return model.listing(str(target))
    if is_offline_mode():
        raise PhosphoT5Error(f"{repo_id}: not pushed: {OFFLINE}")
    logger.info("%s", model.listing(str(target)))
    title = message or " ".join(
        ["PhosphoT5 model", *([f"phosphot5 {model.version}"] if model.version else [])]
    )
    api = HfApi(token=token)
    try:
        with bounded_patience():
            return _publish(api, model, target, title)
    except CLIENT_ERRORS as error:
        raise explain(error, repo_id, api.endpoint) from error


def _check_options(repo_id: str, revision: str | None, create_pr: bool, tag: str | None) -> None:
    if create_pr and (tag is not None or revision not in (None, "main")):
        given = f"tag {tag}" if tag is not None else f"revision {revision}"
        raise PhosphoT5Error(
            f"{repo_id}: found {given} beside a pull request, which is opened to main and is not tagged; "
            "leave it out, and tag by pushing again when the pull request is merged."
        )
    if tag is not None and not TAG.fullmatch(tag):
        raise PhosphoT5Error(
            f"{repo_id}: found the tag {tag!r}, expected letters, digits, '.', '_', '+' and '-'; choose another name."
        )


def _publish(api: HfApi, model: ModelFolder, target: _Target, title: str) -> Published:
    """Commit the folder on top of what the branch holds now, then tag the commit."""
    repo_id, revision = target.repo_id, target.revision
    api.create_repo(repo_id, private=target.private or None, exist_ok=True)
    if revision not in (None, "main"):
        api.create_branch(repo_id, branch=revision, exist_ok=True)
    head = api.repo_info(repo_id, revision=revision)
    tagged = _tagged_commit(api, target)
    if target.tag_asked and tagged not in (None, head.sha):
        raise PhosphoT5Error(f"{repo_id}: not pushed: {_tag_is_taken(target, tagged)}")
    present = [sibling.rfilename for sibling in head.siblings or ()]
    commit = api.create_commit(
        repo_id,
        operations=[*_additions(model), *_removals(model, present)],
        commit_message=title,
        revision=revision,
        parent_commit=head.sha,
        create_pr=target.create_pr,
    )
    done = Published(commit.pr_url or commit.commit_url, changed=commit.oid != head.sha)
    return done if target.tag is None else _tag(api, target, done, commit.oid, tagged)


def _tag(api: HfApi, target: _Target, done: Published, commit: str, tagged: str | None) -> Published:
    """Tag the commit, unless the tag is at a commit already, which it then stays at."""
    if tagged not in (None, commit):
        note = _tag_is_taken(target, tagged)
        if target.tag_asked:
            raise PhosphoT5Error(f"{target.repo_id}: pushed, {done.url}, but not tagged: {note}")
        return replace(done, note=note)
    if tagged is None:
        try:
            api.create_tag(target.repo_id, tag=target.tag, revision=commit)
        except CLIENT_ERRORS as error:
            raise explain(
                error, target.repo_id, api.endpoint, f"pushed, {done.url}, but not tagged"
            ) from error
    return replace(done, tag=target.tag)


def _tagged_commit(api: HfApi, target: _Target) -> str | None:
    if target.tag is None:
        return None
    tags = {ref.name: ref.target_commit for ref in api.list_repo_refs(target.repo_id).tags}
    return tags.get(target.tag)


def _tag_is_taken(target: _Target, commit: str) -> str:
    return (
        f"tag {target.tag} stays at commit {commit[:7]}, tags are never moved; name this one with --tag NAME."
    )


def _additions(model: ModelFolder) -> list[CommitOperationAdd]:
    return [CommitOperationAdd(path_in_repo=file.name, path_or_fileobj=file) for file in model.upload]


def _removals(model: ModelFolder, present: list[str]) -> list[CommitOperationDelete]:
    """Remove weight files that the new folder does not replace, and the pickle that the Trainer uploads."""
    names = {file.name for file in model.upload}
    stale = (name for name in present if "/" not in name and name not in names)
    return [
        CommitOperationDelete(path_in_repo=name)
        for name in stale
        if name.endswith(WEIGHT_SUFFIXES) or name == TRAINER_PICKLE
    ]
