"""Write a file completely or not at all."""

import os
from pathlib import Path

__all__ = ["write_text"]


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` through a temporary file beside it.

    A reader, or a run that is killed half way, never sees a truncated file.

    Parameters
    ----------
    path : Path
        The file to write; replaced if it exists.
    text : str
        The content, written as UTF-8 with line feeds as line ends.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written to.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
