"""FASTA text: lines of a plain or gzip file, and the records they make; the one reader of command and pipeline."""

import gzip
import io
import os
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import cast

__all__ = ["FastaError", "FastaRecord", "is_gzip", "read_lines", "read_records"]

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MARKS_BEHIND_LINE_END = re.compile(r"#(?![#!\s])")
"""Start of a wrapped line in hash-FASTA: the mark of the residue before it; ``# ...`` is a comment."""
_PREAMBLE = re.compile(r"\d{6}|.*PhosphoSitePlus.*")
"""Lines before the first record of PhosphoSitePlus: a date, then a notice."""
_SHOWN = 20
"""Characters of a wrong line that a message shows."""
_DECOMPRESS, _UNPACK, _SAVE = "decompress it", "unpack it", "save it as plain text"
_NO_TEXT = {
    rb"BZh[1-9]1AY&SY": ("data compressed with bzip2", _DECOMPRESS),
    rb"\xfd7zXZ": ("data compressed with xz", _DECOMPRESS),
    rb"\x28\xb5\x2f\xfd": ("data compressed with Zstandard", _DECOMPRESS),
    rb"7z\xbc\xaf": ("a 7-Zip archive", _UNPACK),
    rb"Rar!": ("a RAR archive", _UNPACK),
    rb".{257}ustar": ("a tar archive", _UNPACK),
    rb"PK\x03\x04": ("a zip archive or an Office document", f"{_UNPACK}, or {_SAVE}"),
    rb"\xd0\xcf\x11\xe0": ("an Office document", _SAVE),
    rb"\{\\rtf": ("an RTF document", _SAVE),
    rb"%PDF": ("a PDF document", _SAVE),
}
"""How files begin that are no text: what they are, and what to do."""


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
    latin1 : bool
        Whether the header is no UTF-8 and was read as Latin-1.
    """

    header: str
    line: int
    lines: list[tuple[int, str]] = field(default_factory=list)
    latin1: bool = False

    @property
    def id(self) -> str:
        """First word of the header."""
        return (self.header.split(maxsplit=1) or [""])[0]

    @property
    def text(self) -> str:
        """The sequence as it is written, without line ends and blanks."""
        return "".join(text for _, text in self.lines)

    def check(self) -> None:
        """Refuse a record without identifier or residues, or with bytes that are no text.

        Raises
        ------
        FastaError
            With the line of the header.
        """
        if not self.id:
            raise FastaError("a header without identifier", "'>' and a name", "", self.line)
        text = self.text
        if not text.strip("*-."):
            raise FastaError("no residues", "at least one", "", self.line, self.id)
        if not text.isascii():
            for number, part in self.lines:
                _check_utf8(number, part, self.id)

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


def read_lines(path: str | os.PathLike[str], *, strict: bool = True) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file, plain or gzip (told by content, not by name).

    Text is UTF-8, or UTF-16 if a byte order mark says so.

    Parameters
    ----------
    path : str or os.PathLike
        The file, or ``-`` for standard input.
    strict : bool
        Whether to refuse bytes that are no text; else they stay as lone surrogates, for :func:`read_records`.

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
        If the file is an archive, a document or compressed otherwise, a line is not UTF-8 (and must be), or UTF-16
        is damaged.
    """
    number = 0
    try:
        with ExitStack() as stack:
            standard = cast(io.BufferedReader, sys.stdin.buffer)
            raw = standard if path == "-" else stack.enter_context(open(path, "rb"))
            binary = gzip.GzipFile(fileobj=raw) if is_gzip(raw.peek(2)) else raw
            start = binary.peek(262)
            _check_text(start)
            # surrogateescape lets us name the very line of a wrong byte; a strict decoder fails blocks ahead
            encoding = "utf-16" if start[:2] in _UTF16_MARKS else "utf-8-sig"
            text = io.TextIOWrapper(binary, encoding=encoding, errors="surrogateescape")
            stack.callback(text.detach)
            for number, line in enumerate(text, 1):
                if strict and not line.isascii():
                    _check_utf8(number, line)
                yield number, line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise FastaError("damaged UTF-16 text", "whole characters", "copy it again", number + 1) from error
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file; check the path") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise OSError(f"{path}: damaged gzip data ({error}); copy or compress it again") from error
    except OSError as error:
        raise OSError(f"{path}: cannot be read ({error.strerror}); check the file") from error


def _check_text(start: bytes) -> None:
    """Refuse a file whose first bytes are those of an archive or a document."""
    for pattern, (found, advice) in _NO_TEXT.items():
        if re.match(pattern, start, re.DOTALL):
            raise FastaError(found, "text, plain or gzip", advice)


def read_records(lines: Iterable[tuple[int, str]]) -> Iterator[FastaRecord]:
    """Make records of numbered lines.

    Lines that begin with ``;`` are comments, and so are those that begin with ``#`` unless that can be the mark of
    a residue: PEFF's before the first record, and ``# ...``. A header that is not UTF-8 is read as Latin-1.

    Parameters
    ----------
    lines : iterable of int and str
        From :func:`read_lines`, not strict.

    Raises
    ------
    FastaError
        If there is no record, or the text begins with anything but a header, comments and the notice of
        PhosphoSitePlus.
    """
    record = None
    notice = False
    for number, line in lines:
        line = line.strip()
        if line.startswith(">"):
            if record is not None:
                yield record
            record = _record(number, line)
        elif line.startswith(("#", ";")) and _is_comment(line, record):
            continue
        elif record is not None:
            record.lines.append((number, line if line.isalpha() else "".join(line.split())))
        elif line and not notice:
            notice = _is_notice(number, line)
    if record is None:
        raise FastaError("an empty file", "FASTA records", "check how it was made")
    yield record


def _record(number: int, line: str) -> FastaRecord:
    header = line[1:].strip()
    if header.isascii() or _first_byte(header) is None:
        return FastaRecord(header, number)
    return FastaRecord(header.encode(errors="surrogateescape").decode("latin-1"), number, latin1=True)


def _is_comment(line: str, record: FastaRecord | None) -> bool:
    """Tell whether a line that begins with ``#`` or ``;`` is none of the sequence."""
    return line[0] == ";" or record is None or not record.lines or not _MARKS_BEHIND_LINE_END.match(line)


def _is_notice(number: int, line: str) -> bool:
    """Tell whether all lines up to the first header are a notice; refuse a line that cannot be of one."""
    if not _PREAMBLE.fullmatch(line):
        start = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
        start = start.encode(errors="surrogateescape").decode("latin-1")
        raise FastaError(
            repr(start), "a FASTA header that starts with '>'", "check that this is FASTA", number
        )
    return not line.isdecimal()


def _first_byte(line: str) -> int | None:
    """Return the first byte that is no UTF-8, kept as a lone surrogate, None if there is none."""
    try:
        line.encode()
    except UnicodeEncodeError as error:
        return ord(line[error.start]) & 0xFF
    return None


def _check_utf8(number: int, line: str, record: str | None = None) -> None:
    byte = _first_byte(line)
    if byte is not None:
        raise FastaError(f"byte 0x{byte:02X}", "UTF-8 text", "convert or decompress the file", number, record)
