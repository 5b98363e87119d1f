"""What an output folder holds of an earlier training, and which of its checkpoints are whole."""

import logging
import re
import shutil
import zipfile
from pathlib import Path

from safetensors import SafetensorError, safe_open

from phosphot5.errors import PhosphoT5Error
from phosphot5.record.json_files import read_json_object
from phosphot5.record.run_record import RECORD_FILE

__all__ = ["last_checkpoint", "remove_incomplete", "start_point", "whole_checkpoints"]

logger = logging.getLogger(__name__)


def start_point(folder: str | None, resume: bool) -> Path | None:
    """Return the checkpoint that a training goes on from, None for its beginning.

    Parameters
    ----------
    folder : str or None
        The output folder.
    resume : bool
        Whether a training that the folder holds is to be continued. One that was interrupted before its
        first checkpoint is begun anew.

    Raises
    ------
    PhosphoT5Error
        If no folder is named, if there is nothing to resume, or a training that was not to be resumed.
    """
    if not folder:
        raise PhosphoT5Error("the recipe has no training.output_dir; name a folder for the model")
    checkpoint = last_checkpoint(Path(folder))
    begun = checkpoint is not None or (Path(folder) / RECORD_FILE).exists()
    if resume and not begun:
        raise PhosphoT5Error(f"{folder}: contains no training to resume; train without resuming")
    if not resume and begun:
        raise PhosphoT5Error(
            f"{folder}: already contains a training; resume it, remove it or give another training.output_dir"
        )
    return checkpoint


def last_checkpoint(folder: Path) -> Path | None:
    """Return the last whole checkpoint of a folder; one whose writing was interrupted does not count."""
    whole = whole_checkpoints(folder)
    return whole[-1] if whole else None


def whole_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder by their steps, those whose writing was interrupted left out."""
    return [path for path in _checkpoints(folder) if _is_whole(path)]


def remove_incomplete(folder: Path) -> None:
    """Remove the checkpoints whose writing was interrupted, so that none is taken for the last one."""
    for path in _checkpoints(folder):
        if not _is_whole(path):
            logger.info("%s: removed, as it is incomplete", path)
            shutil.rmtree(path)


def _checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder by their steps."""
    found = {}
    for path in folder.glob("checkpoint-*"):
        if match := re.fullmatch(r"checkpoint-(\d+)", path.name):
            found[path] = int(match[1])
    return sorted(found, key=found.__getitem__)


def _is_whole(checkpoint: Path) -> bool:
    """Tell whether the Trainer's state, which it writes last, and the ends of weights and optimizer are there."""
    again = "it does not count"
    try:
        state = read_json_object(checkpoint / "trainer_state.json", missing=again, damaged=again)
        for path in checkpoint.iterdir():
            if path.suffix == ".safetensors":
                safe_open(path, "np").__enter__().keys()
            elif path.suffix in (".pt", ".pth"):
                zipfile.ZipFile(path).close()
    except (PhosphoT5Error, OSError, SafetensorError, zipfile.BadZipFile):
        return False
    return isinstance(state.get("global_step"), int)
