"""FASTA text: lines of a plain or gzip file, and the records they make; the one reader of command and pipeline."""

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import cast

__all__ = ["FastaError", "FastaRecord", "is_gzip", "read_lines", "read_records"]

_SHOWN = 20
"""Characters of a wrong line that a message shows."""


class FastaError(ValueError):
    """A text that is no FASTA.

    Parameters
    ----------
    found, expected, advice : str
        What stands there, what may stand there, what to do.
    line : int, optional
        1-based line.
    record : str, optional
        Identifier of the record.
    """

    def __init__(
        self, found: str, expected: str, advice: str, line: int | None = None, record: str | None = None
    ) -> None:
        super().__init__(found, expected, advice)
        self.found, self.expected, self.advice = found, expected, advice
        self.line, self.record = line, record


@dataclass
class FastaRecord:
    """One record as it stands in the file.

    Parameters
    ----------
    header : str
        Text after ``>``.
    line : int
        1-based line of the header.
    lines : list of int and str
        1-based number and text, without blanks, of each line of the sequence.
    """

    header: str
    line: int
    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """First word of the header."""
        return (self.header.split(maxsplit=1) or [""])[0]

    @property
    def text(self) -> str:
        """The sequence as it is written, without line ends and blanks."""
        return "".join(text for _, text in self.lines)

    def check(self) -> None:
        """Refuse a record without identifier or residues.

        Raises
        ------
        FastaError
            With the line of the header.
        """
        if not self.id:
            raise FastaError("a header without identifier", "'>' and a name", "", self.line)
        if not self.text.strip("*-."):
            raise FastaError("no residues", "at least one", "", self.line, self.id)

    def line_of(self, position: int | None) -> int:
        """Return the line of a 1-based character position of the sequence; the header's if it is not known."""
        left = position or 0
        for number, text in self.lines if left else ():
            if left <= len(text):
                return number
            left -= len(text)
        return self.line


def is_gzip(start: bytes) -> bool:
    """Tell gzip data by their first two bytes."""
    return start[:2] == b"\x1f\x8b"


def read_lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
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
    OSError
        If the file is missing, unreadable or damaged; the message is one line for users.
    FastaError
        If a line is not UTF-8.
    """
    try:
        with ExitStack() as stack:
            standard = cast(io.BufferedReader, sys.stdin.buffer)
            raw = standard if path == "-" else stack.enter_context(open(path, "rb"))
            binary = gzip.GzipFile(fileobj=raw) if is_gzip(raw.peek(2)) else raw
            # surrogateescape lets us name the very line of a wrong byte; a strict decoder fails blocks ahead
            text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape")
            stack.callback(text.detach)
            for number, line in enumerate(text, 1):
                if not line.isascii():
                    _check_utf8(number, line)
                yield number, line.rstrip("\n")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file; check the path") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise OSError(f"{path}: damaged gzip data ({error}); copy or compress it again") from error
    except OSError as error:
        raise OSError(f"{path}: cannot be read ({error.strerror}); check the file") from error


def read_records(lines: Iterable[tuple[int, str]]) -> Iterator[FastaRecord]:
    """Make records of numbered lines.

    Parameters
    ----------
    lines : iterable of int and str
        From :func:`read_lines`.

    Raises
    ------
    FastaError
        If there is no record, or the text begins with anything but a header.
    """
    record = None
    for number, line in lines:
        line = line.strip()
        if line.startswith(">"):
            if record is not None:
                yield record
            record = FastaRecord(line[1:].strip(), number)
        elif record is not None:
            record.lines.append((number, "".join(line.split())))
        elif line:
            start = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
            raise FastaError(
                repr(start), "a FASTA header that starts with '>'", "check that this is FASTA", number
            )
    if record is None:
        raise FastaError("an empty file", "FASTA records", "check how it was made")
    yield record


def _check_utf8(number: int, line: str) -> None:
    try:
        line.encode()
    except UnicodeEncodeError as error:
        byte = ord(line[error.start]) & 0xFF
        raise FastaError(
            f"byte 0x{byte:02X}", "UTF-8 text", "convert or decompress the file", number
        ) from None
