"""Publish a model folder on the Hub."""

from pathlib import Path
from typing import Any

from .model_folder import ONNX_FOLDER, ModelFolder
from .upload import Published, Target, upload

__all__ = ["push_folder"]

WEIGHT_SUFFIXES = (".safetensors", ".safetensors.index.json")
TRAINER_PICKLE = "training_args.bin"


def push_folder(
    folder: Path | str,
    repo_id: str,
    *,
    token: str | None = None,
    message: str | None = None,
    in_training: bool = False,
    dry_run: bool = False,
    **options: Any,
) -> Published | str:
    """Upload a model folder in one commit and tag it with the version of PhosphoT5 that wrote it.

    Only the files at the top of the folder, in ``onnx`` and in ``.eval_results`` go up; checkpoints, other hidden
    files and pickles stay. Weight files and ONNX graphs in the repository that the folder does not have are
    removed in the same commit, because they would be loaded instead of the new ones. A commit to ``main`` is
    tagged ``v<version>``; one to another branch or a pull request only if a tag is given. For interruptions and
    tags that are taken see :func:`~phosphot5.hub_card.upload.upload`.

    Parameters
    ----------
    folder : Path or str
        A folder written by ``phosphot5 export`` or by training, with its card.
    repo_id : str
        ``owner/name`` on the Hub; created if it does not exist.
    token, message : str, optional
        As for :func:`~phosphot5.hub_card.upload.upload`; by default the commit's title names the version.
    in_training : bool
        The model is not finished: it needs no card and gets no tag of its version.
    dry_run : bool
        Send nothing and return the list of files.
    **options
        ``private``, ``revision``, ``create_pr`` and ``tag``, as for :class:`~phosphot5.hub_card.upload.Target`.

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
    main = options.get("revision") in (None, "main") and not options.get("create_pr") and not in_training
    target = Target(repo_id, version_tag=f"v{model.version}" if model.version and main else None, **options)
    if dry_run:
        return model.listing(target)
    title = message or " ".join(
        ["PhosphoT5 model", *([f"phosphot5 {model.version}"] if model.version else [])]
    )
    return upload(model.files, target, title, model.listing(target), _is_obsolete, token)


def _is_obsolete(name: str) -> bool:
    """Tell whether a file in the repository would be taken for a part of the new model, or is the Trainer's pickle."""
    folder, _, file = name.rpartition("/")
    return folder == ONNX_FOLDER or not folder and (file.endswith(WEIGHT_SUFFIXES) or file == TRAINER_PICKLE)
