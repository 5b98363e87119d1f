"""Publish a model folder on the Hub; nothing else in PhosphoT5 uploads anything."""

import json
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

from phosphot5.errors import PhosphoT5Error

from .card import CARD_FILE, read_config
from .hub_errors import CLIENT_ERRORS, explain

__all__ = ["missing_files", "push_folder"]

WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
WEIGHT_SUFFIXES = (".safetensors", ".safetensors.index.json")
LEFT_OUT_SUFFIXES = {".bin", ".ckpt", ".pkl", ".pt", ".pth", ".tmp"}
"""Pickles of a training run: not needed to load the model, and pickles are not safe to pass on."""

_SIBLING_IMPORT = re.compile(r"^\s*from\s+\.(\w+)\s+import\b", re.MULTILINE)

logger = logging.getLogger(__name__)


def push_folder(
    folder: Path | str,
    repo_id: str,
    *,
    private: bool = False,
    revision: str | None = None,
    token: str | None = None,
    dry_run: bool = False,
) -> str:
    """Upload a model folder in one commit and tag it with the version of PhosphoT5 that wrote it.

    Only the files at the top of the folder go up; checkpoints, hidden files and pickles stay. Weight files in
    the repository that the folder does not have are removed in the same commit, because they would be loaded
    instead of the new ones. An existing tag is never moved: who pinned it keeps what they have.

    Parameters
    ----------
    folder : Path or str
        A folder written by ``phosphot5 export`` or by training, with its card.
    repo_id : str
        ``owner/name`` on the Hub; created if it does not exist.
    private : bool
        Visibility of a repository that is created; an existing one keeps its own.
    revision : str, optional
        Branch to commit to, created if it does not exist; the default is ``main``.
    token : str, optional
        Access token with write permission; the default is the one of ``hf auth login`` or ``HF_TOKEN``.
    dry_run : bool
        Upload nothing and return the list of files.

    Returns
    -------
    str
        Address of the commit, or the list of files with their sizes for a dry run.

    Raises
    ------
    PhosphoT5Error
        If the folder would not load, or the Hub refuses or cannot be reached; the message says what to do.
    """
    folder = Path(folder)
    version = _check(folder)
    upload, left_out = _sort_files(folder)
    listing = _listing(folder, repo_id, upload, left_out)
    if dry_run:
        return listing
    logger.info("%s", listing)
    api = HfApi(token=token)
    try:
        return _commit(api, repo_id, upload, version, private, revision)
    except CLIENT_ERRORS as error:
        raise explain(error, repo_id, api.endpoint) from error


def missing_files(folder: Path) -> list[str]:
    """Return the names of files without which a model folder does not load through transformers.

    Parameters
    ----------
    folder : Path
        A model folder with a readable config.json.

    Raises
    ------
    PhosphoT5Error
        If config.json or another JSON file that is there cannot be read, or the code of the model is said to
        lie in another repository.
    """
    config = read_config(folder)
    needed = {CARD_FILE, "tokenizer_config.json", "vocab.json", *_weights(folder)}
    if (folder / "tokenizer_config.json").is_file():
        tokenizer = _read_json(folder / "tokenizer_config.json")
        needed |= _code_files(folder, _auto_classes(tokenizer.get("auto_map")))
    pipelines = config.get("custom_pipelines") or {}
    needed |= _code_files(folder, _auto_classes(config.get("auto_map")))
    needed |= _code_files(folder, [entry.get("impl", "") for entry in pipelines.values()])
    return sorted(name for name in needed if not (folder / name).is_file())


def _check(folder: Path) -> str | None:
    config = read_config(folder)
    if not config.get("auto_map"):
        raise PhosphoT5Error(
            f"{folder}: config.json has no auto_map, so the Hub copy would not load; "
            "make the folder with `phosphot5 export`."
        )
    if missing := missing_files(folder):
        raise PhosphoT5Error(
            f"{folder}: would not load, missing {', '.join(missing)}; "
            "make the folder with `phosphot5 export` and its card with `phosphot5 card`."
        )
    return config.get("phosphot5_version")


def _weights(folder: Path) -> set[str]:
    if (folder / WEIGHTS).is_file() or not (folder / WEIGHTS_INDEX).is_file():
        return {WEIGHTS}
    return set(_read_json(folder / WEIGHTS_INDEX).get("weight_map", {}).values())


def _auto_classes(auto_map: dict[str, Any] | None) -> list[str]:
    """Return every ``module.Class`` of an auto_map; tokenizers have a pair of them, one may be null."""
    entries = [entry if isinstance(entry, list) else [entry] for entry in (auto_map or {}).values()]
    return [name for entry in entries for name in entry if name]


def _code_files(folder: Path, classes: Iterable[str]) -> set[str]:
    """Return the files of the classes and, through them, of every sibling they import."""
    found: set[str] = set()
    queue = []
    for name in classes:
        if "--" in name:
            raise PhosphoT5Error(
                f"{folder}: the code of the model lies in another repository ({name}); "
                "make a folder that holds its own code with `phosphot5 export`."
            )
        queue.append(f"{name.partition('.')[0]}.py")
    while queue:
        file = queue.pop()
        if file in found:
            continue
        found.add(file)
        if (folder / file).is_file():
            source = (folder / file).read_text(encoding="utf-8")
            queue += [f"{module}.py" for module in _SIBLING_IMPORT.findall(source)]
    return found


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PhosphoT5Error(f"{path}: cannot read this file ({error}).") from error


def _sort_files(folder: Path) -> tuple[list[Path], list[Path]]:
    upload: list[Path] = []
    left_out: list[Path] = []
    for path in sorted(folder.iterdir()):
        keep = path.is_file() and not path.name.startswith(".") and path.suffix not in LEFT_OUT_SUFFIXES
        (upload if keep else left_out).append(path)
    return upload, left_out


def _listing(folder: Path, repo_id: str, upload: list[Path], left_out: list[Path]) -> str:
    total = sum(path.stat().st_size for path in upload)
    lines = [f"{folder} -> {repo_id}: {len(upload)} files, {total:,} bytes"]
    lines += [f"{path.stat().st_size:>15,}  {path.name}" for path in upload]
    if left_out:
        lines.append(f"left out: {', '.join(path.name for path in left_out)}")
    return "\n".join(lines)


def _commit(
    api: HfApi, repo_id: str, upload: list[Path], version: str | None, private: bool, revision: str | None
) -> str:
    api.create_repo(repo_id, private=private, exist_ok=True)
    if revision is not None:
        api.create_branch(repo_id, branch=revision, exist_ok=True)
    commit = api.create_commit(
        repo_id,
        operations=[*_additions(upload), *_removals(api, repo_id, revision, upload)],
        commit_message=f"PhosphoT5 model, phosphot5 {version}" if version else "PhosphoT5 model",
        revision=revision,
    )
    if version:
        _tag(api, repo_id, f"v{version}", commit.oid)
    return commit.commit_url


def _additions(upload: list[Path]) -> list[CommitOperationAdd]:
    return [CommitOperationAdd(path_in_repo=path.name, path_or_fileobj=path) for path in upload]


def _removals(
    api: HfApi, repo_id: str, revision: str | None, upload: list[Path]
) -> list[CommitOperationDelete]:
    """Return the removal of every weight file that the new folder does not replace."""
    names = {path.name for path in upload}
    remote = api.list_repo_files(repo_id, revision=revision)
    stale = (name for name in remote if "/" not in name and name not in names)
    return [CommitOperationDelete(path_in_repo=name) for name in stale if name.endswith(WEIGHT_SUFFIXES)]


def _tag(api: HfApi, repo_id: str, tag: str, commit: str) -> None:
    try:
        api.create_tag(repo_id, tag=tag, revision=commit)
    except HfHubHTTPError as error:
        if error.response.status_code != 409:
            raise
        logger.warning("%s: tag %s exists already and stays at its commit.", repo_id, tag)
