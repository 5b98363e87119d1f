"""Text files in: plain or gzip, or standard input."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack

from phosphot5.errors import InputFileError, InputFormatError
from phosphot5.output import PathLike

__all__ = ["is_gzip", "read_lines"]


def is_gzip(start: bytes) -> bool:
    """Tell gzip data by their first two bytes."""
    return start[:2] == b"\x1f\x8b"


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
            binary = gzip.GzipFile(fileobj=raw) if is_gzip(raw.peek(2)) else raw
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
