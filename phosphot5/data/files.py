"""Text files in and out: plain or gzip, standard input and output, written whole or not at all."""

import gzip
import hashlib
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from phosphot5.errors import InputFileError, InputFormatError, OutputFileError

__all__ = ["PathLike", "atomic_text", "check_output", "file_digest", "read_lines"]

PathLike = str | os.PathLike[str]
"""A path; ``-`` is standard input or output."""
GZIP_MAGIC = b"\x1f\x8b"


def read_lines(path: PathLike) -> Iterator[tuple[int, str]]:
    """Yield the lines of a UTF-8 text file, plain or gzip (told by content, not by name).

    Parameters
    ----------
    path : str or os.PathLike
        The file, or ``-`` for standard input.

    Yields
    ------
    number : int
        Line number, 1-based.
    line : str
        The line without its line end (LF, CR LF or CR) and without a byte order mark.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged.
    InputFormatError
        If a line is not UTF-8.
    """
    try:
        with ExitStack() as stack:
            raw = sys.stdin.buffer if path == "-" else stack.enter_context(open(path, "rb"))
            binary = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == GZIP_MAGIC else raw
            # surrogateescape lets us name the very line of a wrong byte; a strict decoder fails blocks ahead.
            text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape")
            stack.callback(text.detach)
            for number, line in enumerate(text, 1):
                if not line.isascii():
                    _check_utf8(path, number, line)
                yield number, line.rstrip("\n")
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file; check the path") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputFileError(f"{path}: damaged gzip data ({error}); copy or compress it again") from error
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror}); check what it is") from error


def _check_utf8(path: PathLike, number: int, line: str) -> None:
    try:
        line.encode()
    except UnicodeEncodeError as error:
        byte = ord(line[error.start]) & 0xFF
        raise InputFormatError(
            f"byte 0x{byte:02X}", "UTF-8 text", "convert or decompress the file", path=path, line=number
        ) from None


def file_digest(path: PathLike) -> str:
    """Return the SHA-256 of a file in hexadecimal.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Raises
    ------
    InputFileError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror}); check what it is") from error
    return digest.hexdigest()


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
        raise OutputFileError(f"{path}: exists already; choose another name or ask to overwrite it")
    if not target.parent.is_dir():
        raise OutputFileError(f"{path}: its folder does not exist; create it first")


@contextmanager
def atomic_text(path: PathLike, *, overwrite: bool = False) -> Iterator[TextIO]:
    """Open a text file that appears under its name only when it is complete.

    Lines go to a temporary file in the same folder, which is renamed at the end and removed on an error. A
    name that ends in ``.gz`` is compressed, with the same bytes for the same text. ``-`` is standard output.

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
    check_output(path, overwrite=overwrite)
    target = Path(os.path.realpath(path))
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with ExitStack() as stack:
            binary = stack.enter_context(open(unfinished, "wb"))
            if target.suffix == ".gz":
                binary = stack.enter_context(gzip.GzipFile("", "wb", fileobj=binary, mtime=0))
            yield stack.enter_context(io.TextIOWrapper(binary, encoding="utf-8", newline="\n"))
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
