"""Output files and folders: one owner, written whole or not at all, never over an existing one unless asked."""

import gzip
import io
import os
import shutil
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from filelock import FileLock, Timeout

from phosphot5.errors import OutputFileError

__all__ = [
    "PathLike",
    "atomic_file",
    "atomic_folder",
    "atomic_text",
    "check_folder",
    "check_output",
    "ending_of",
    "owned",
    "refuse_input_as_output",
]

PathLike = str | os.PathLike[str]
"""A path; ``-`` is standard input or output."""
PATIENCE_SECONDS = 0.5
"""How long an output may be in other hands: one that is just being put down is not refused."""


def ending_of(path: str, formats: Mapping[str, Collection[str]]) -> str:
    """Return the format that the ending of an output file stands for.

    Parameters
    ----------
    path : str
        The file; a final ``.gz`` is looked past.
    formats : mapping of str to collection of str
        Format to its endings.

    Raises
    ------
    OutputFileError
        If the ending stands for no format.
    """
    suffix = Path(path.removesuffix(".gz")).suffix.lower()
    for name, endings in formats.items():
        if suffix in endings:
            return name
    known = ", ".join(ending for endings in formats.values() for ending in endings)
    raise OutputFileError(f"{path}: unknown ending {suffix!r}; use one of {known}, or give --format")


def refuse_input_as_output(output: PathLike, inputs: Iterable[PathLike]) -> None:
    """Refuse an output that is one of the inputs, by whatever name or hard link: writing it would lose the input.

    Parameters
    ----------
    output : str or os.PathLike
        The file or folder to write.
    inputs : iterable of str or os.PathLike
        What the command reads; texts that name no file are passed over.

    Raises
    ------
    OutputFileError
        If they are the same.
    """
    for path in inputs:
        with suppress(OSError, ValueError):  # not there, or not a path at all
            if os.path.samefile(output, path):
                raise OutputFileError(f"{output}: is also an input ({path}); give the output another name")


@contextmanager
def owned(path: PathLike) -> Iterator[None]:
    """Own an output file or folder while it is written: a second process that wants it gets an error.

    The lock is a hidden file beside the output, gone at the end. A killed process owns nothing. The same process
    may own an output several times over.

    Parameters
    ----------
    path : str or os.PathLike
        The output. Its folder must exist.

    Raises
    ------
    OutputFileError
        If another process owns it, or no lock can be made there.
    """
    target = Path(os.path.realpath(path))
    name = target.with_name(f".{target.name}.lock")
    lock = FileLock(name, timeout=PATIENCE_SECONDS, thread_local=False, is_singleton=True)
    try:
        lock.acquire()
    except Timeout:
        raise OutputFileError(
            f"{path}: another process is writing it; wait until it has finished, or choose another name"
        ) from None
    except OSError as error:
        raise OutputFileError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        yield
    finally:
        if lock.lock_counter == 1:
            with suppress(OSError):  # where a locked file cannot be removed, an empty one stays
                name.unlink()
        lock.release()


def _unfinished(path: PathLike) -> Path:
    """Name what is written until it is complete: the owner's alone, so what a killed process left is replaced."""
    target = Path(os.path.realpath(path))
    return target.with_name(f".{target.name}.tmp")


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
    unfinished = _unfinished(path)
    with owned(path):
        try:
            yield unfinished
            check_output(path, overwrite=overwrite)  # another program may have made one meanwhile
            os.replace(unfinished, os.path.realpath(path))
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
    unfinished = _unfinished(path)
    with owned(path):
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            unfinished.mkdir()
            yield unfinished
            check_folder(path, overwrite=overwrite, replaceable=replaceable)
            if target.exists():
                shutil.rmtree(target)
            os.replace(unfinished, target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
