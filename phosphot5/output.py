"""Output files and folders: written whole or not at all, never over an existing one unless asked."""

import gzip
import io
import os
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from phosphot5.errors import OutputFileError

__all__ = [
    "PathLike",
    "atomic_file",
    "atomic_folder",
    "atomic_text",
    "check_folder",
    "check_output",
]

PathLike = str | os.PathLike[str]
"""A path; ``-`` is standard input or output."""


def check_output(path: PathLike, *, overwrite: bool = False) -> None:
    """Refuse an output file that could not be written at the end, before the work begins.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputFileError
        If the file exists and `overwrite` is False, or its folder does not exist.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OutputFileError(f"{path}: not a file; give a file name, or - for standard output")
    if target.exists() and not overwrite:
        raise OutputFileError(f"{path}: already exists; choose another name or ask to overwrite it")
    if not target.parent.is_dir():
        raise OutputFileError(f"{path}: its folder does not exist; create it first")


@contextmanager
def atomic_file(path: PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """Give the name of a temporary file that gets its own name when it is complete.

    The temporary file is in the same folder; it is renamed at the end and removed on an error.

    Parameters
    ----------
    path, overwrite
        As for :func:`check_output`, whose errors it raises.

    Yields
    ------
    Path
        The file to write.
    """
    check_output(path, overwrite=overwrite)
    target = Path(os.path.realpath(path))
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield unfinished
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def atomic_text(path: PathLike, *, overwrite: bool = False) -> Iterator[TextIO]:
    """Open a text file that appears under its name only when it is complete.

    A name that ends in ``.gz`` is compressed, with the same bytes for the same text. ``-`` is standard output.

    Parameters
    ----------
    path, overwrite
        As for :func:`check_output`, whose errors it raises.

    Yields
    ------
    TextIO
        Handle to write to; UTF-8, LF line ends.
    """
    if path == "-":
        yield sys.stdout
        return
    with atomic_file(path, overwrite=overwrite) as unfinished, ExitStack() as stack:
        file: io.BufferedWriter | gzip.GzipFile = stack.enter_context(open(unfinished, "wb"))
        if os.path.realpath(path).endswith(".gz"):
            file = stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0))
        yield stack.enter_context(io.TextIOWrapper(file, encoding="utf-8", newline="\n"))


def check_folder(path: PathLike, *, overwrite: bool = False, replaceable: Collection[str] = ()) -> None:
    """Refuse an output folder that could not be written at the end, before the work begins.

    Parameters
    ----------
    path : str or os.PathLike
        The folder to write. An empty one counts as missing.
    overwrite : bool
        Whether an existing folder may be replaced.
    replaceable : collection of str
        Names that an earlier run may have left; a folder with any other is never replaced.

    Raises
    ------
    OutputFileError
        If the folder exists and may not be replaced, or there is no folder to make it in.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_dir():
        raise OutputFileError(f"{path}: not a folder; give another name")
    present = sorted(item.name for item in target.iterdir()) if target.exists() else []
    if present and not overwrite:
        raise OutputFileError(f"{path}: already exists; choose another name or remove it")
    if foreign := [name for name in present if name not in replaceable]:
        raise OutputFileError(
            f"{path}: holds {foreign[0]}, which this command does not write; choose another name"
        )
    if not target.parent.is_dir():
        raise OutputFileError(f"{path}: its parent folder does not exist; create it first")


@contextmanager
def atomic_folder(
    path: PathLike, *, overwrite: bool = False, replaceable: Collection[str] = ()
) -> Iterator[Path]:
    """Give a temporary folder that gets its own name when it is complete.

    The temporary folder stands beside its final place; it is renamed at the end and removed on an error.

    Parameters
    ----------
    path, overwrite, replaceable
        As for :func:`check_folder`, whose errors it raises.

    Yields
    ------
    Path
        The folder to write to.
    """
    check_folder(path, overwrite=overwrite, replaceable=replaceable)
    target = Path(os.path.realpath(path))
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        unfinished.mkdir()
        yield unfinished
        check_folder(path, overwrite=overwrite, replaceable=replaceable)
        if target.exists():
            shutil.rmtree(target)
        os.replace(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
