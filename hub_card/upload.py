"""One commit of files to a repository on the Hub; nothing else in PhosphoT5 uploads anything."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, is_offline_mode

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card.bounded_retries import bounded_retries
from phosphot5.wording import counted

from .hub_errors import CLIENT_ERRORS, OFFLINE, explain

__all__ = ["Published", "Target", "list_files", "upload"]

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
        Whether a commit was made; False: the Hub held the files already.
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
            f"published: {self.url}"
            if self.changed
            else f"nothing changed: {self.url} already has these files"
        ]
        lines += [f"tag: {self.tag}"] if self.tag else []
        return "\n".join([*lines, self.note] if self.note else lines)


@dataclass(frozen=True)
class Target:
    """Where a push goes.

    Parameters
    ----------
    repo_id : str
        ``owner/name`` on the Hub; created if it does not exist.
    kind : str
        ``model``, ``dataset`` or ``space``.
    private : bool
        Make a repository that is created private, else it gets the owner's default; an existing one keeps its
        own.
    revision : str, optional
        Branch to commit to, created if it does not exist; the default is ``main``.
    create_pr : bool
        Open a pull request to ``main`` in place of committing to it.
    tag : str, optional
        Name of the commit's tag, asked for by the user.
    version_tag : str, optional
        Name of its tag if the user asked for none.

    Raises
    ------
    PhosphoT5Error
        If the options contradict each other, or the tag cannot be one.
    """

    repo_id: str
    kind: str = "model"
    private: bool = False
    revision: str | None = None
    create_pr: bool = False
    tag: str | None = None
    version_tag: str | None = None

    def __post_init__(self) -> None:
        if self.create_pr and (self.tag is not None or self.revision not in (None, "main")):
            given = f"tag {self.tag}" if self.tag is not None else f"revision {self.revision}"
            raise PhosphoT5Error(
                f"{self.repo_id}: {given} cannot be combined with a pull request (to main, without a tag); "
                "leave it out, and push again with a tag once the pull request is merged."
            )
        if self.tag is not None and not TAG.fullmatch(self.tag):
            raise PhosphoT5Error(
                f"{self.repo_id}: the tag {self.tag!r} may contain only letters, digits, '.', '_', '+' "
                "and '-'; choose another name."
            )

    @property
    def any_tag(self) -> str | None:
        """The tag that the commit gets."""
        return self.tag or self.version_tag

    def __str__(self) -> str:
        branch = "a pull request" if self.create_pr else self.revision or "main"
        kind = "" if self.kind == "model" else f" ({self.kind})"
        return f"{self.repo_id}{kind}, {branch}" + (f", tag {self.any_tag}" if self.any_tag else "")


def list_files(files: Mapping[str, Path], source: str, target: Target) -> str:
    """Return what goes where, for people: every file with its bytes, and the total.

    Parameters
    ----------
    files : mapping of str to Path
        Path in the repository to the file.
    source : str
        Where the files come from.
    target : Target
        Where they go.
    """
    total = sum(file.stat().st_size for file in files.values())
    lines = [f"{source} -> {target}: {counted(len(files), 'file')}, {total:,} bytes"]
    return "\n".join([*lines, *(f"{file.stat().st_size:>15,}  {name}" for name, file in files.items())])


def upload(
    files: Mapping[str, Path],
    target: Target,
    title: str,
    listing: str,
    must_go: Callable[[str], bool] = lambda name: False,
    token: str | None = None,
) -> Published:
    """Commit files on top of what a branch holds now, then tag the commit.

    If the repository changes meanwhile, the commit is refused. After an interruption push again: large files that
    have arrived are not sent twice, and files that are there already make no commit. A tag is never moved, for
    who pinned it keeps what they have: if a version's tag is at another commit, it stays there and the result
    says so; if a tag that was asked for is, the push is refused.

    Parameters
    ----------
    files : mapping of str to Path
        Path in the repository to the file.
    target : Target
        Where they go.
    title : str
        Title of the commit.
    listing : str
        What goes where, which is logged before it goes.
    must_go : callable
        Whether a file in the repository that is not among these is removed in the same commit, by its path.
    token : str, optional
        Access token with write permission; the default is ``HF_TOKEN`` or the one of ``hf auth login``.

    Returns
    -------
    Published
        What was done.

    Raises
    ------
    PhosphoT5Error
        If the Hub refuses or cannot be reached; the message says what to do.
    """
    if is_offline_mode():
        raise PhosphoT5Error(f"{target.repo_id}: not pushed: {OFFLINE}")
    logger.info("%s", listing)
    api = HfApi(token=token)
    try:
        with bounded_retries():
            return _upload(api, files, target, title, must_go)
    except CLIENT_ERRORS as error:
        raise explain(error, target.repo_id, api.endpoint) from error


def _upload(
    api: HfApi, files: Mapping[str, Path], target: Target, title: str, must_go: Callable[[str], bool]
) -> Published:
    repo_id, revision, kind = target.repo_id, target.revision, target.kind
    sdk = "gradio" if kind == "space" else None
    api.create_repo(repo_id, repo_type=kind, private=target.private or None, space_sdk=sdk, exist_ok=True)
    if revision not in (None, "main"):
        api.create_branch(repo_id, repo_type=kind, branch=revision, exist_ok=True)
    head = api.repo_info(repo_id, repo_type=kind, revision=revision)
    tagged = _tagged_commit(api, target)
    if target.tag is not None and tagged not in (None, head.sha):
        raise PhosphoT5Error(f"{repo_id}: not pushed: {_tag_is_taken(target, tagged)}")
    stale = sorted({sibling.rfilename for sibling in getattr(head, "siblings", None) or ()} - files.keys())
    commit = api.create_commit(
        repo_id,
        operations=[
            *(CommitOperationAdd(path_in_repo=name, path_or_fileobj=file) for name, file in files.items()),
            *(CommitOperationDelete(path_in_repo=name) for name in stale if must_go(name)),
        ],
        commit_message=title,
        repo_type=kind,
        revision=revision,
        parent_commit=head.sha,
        create_pr=target.create_pr,
    )
    done = Published(commit.pr_url or commit.commit_url, changed=commit.oid != head.sha)
    return done if target.any_tag is None else _tag(api, target, done, commit.oid, tagged)


def _tag(api: HfApi, target: Target, done: Published, commit: str, tagged: str | None) -> Published:
    """Tag the commit, unless the tag is at a commit already, which it then stays at."""
    if tagged not in (None, commit):
        note = _tag_is_taken(target, tagged)
        if target.tag is not None:
            raise PhosphoT5Error(f"{target.repo_id}: pushed, {done.url}, but not tagged: {note}")
        return replace(done, note=note)
    if tagged is None and target.any_tag is not None:
        try:
            api.create_tag(target.repo_id, repo_type=target.kind, tag=target.any_tag, revision=commit)
        except CLIENT_ERRORS as error:
            raise explain(
                error, target.repo_id, api.endpoint, f"pushed, {done.url}, but not tagged"
            ) from error
    return replace(done, tag=target.any_tag)


def _tagged_commit(api: HfApi, target: Target) -> str | None:
    if target.any_tag is None:
        return None
    tags = api.list_repo_refs(target.repo_id, repo_type=target.kind).tags
    return {ref.name: ref.target_commit for ref in tags}.get(target.any_tag)


def _tag_is_taken(target: Target, commit: str) -> str:
    return f"tag {target.any_tag} stays at commit {commit[:7]} (tags are never moved); choose another with --tag NAME."
