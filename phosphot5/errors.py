"""The errors users meet: one clear line each, saying what was found, what was expected and what to do."""

import copy
import os
from typing import TypedDict

from phosphot5.wording import printable

__all__ = ["InputFileError", "InputFormatError", "OutputFileError", "PhosphoT5Error", "Place", "SitePlace"]


MESSAGE, IDENTIFIER, QUOTE = 300, 60, 160
"""Characters that a message, a name in it and what it quotes of the input may have."""


class PhosphoT5Error(Exception):
    """Base of all errors that are the input's fault and not a fault in the code.

    The message is one line of at most 300 characters, all of which a terminal can show.
    """

    def __str__(self) -> str:
        return printable(super().__str__(), MESSAGE)


class InputFileError(PhosphoT5Error):
    """An input file is missing, unreadable or damaged as a whole."""


class OutputFileError(PhosphoT5Error):
    """An output file cannot be written, or exists and may not be overwritten."""


class Place(TypedDict, total=False):
    """Where a record stands, as `InputFormatError` takes it."""

    path: str | os.PathLike[str] | None
    line: int | None
    record: str | None


class SitePlace(Place, total=False):
    """Where a site stands, as `InputFormatError` takes it."""

    position: int | None


class InputFormatError(PhosphoT5Error):
    """A text is not in the format it was read as.

    The message is ``PATH, line N, row N, record ID, position P: found X, expected Y; what to do``, without the
    parts that are not known.

    Parameters
    ----------
    found : str
        What stands there, quoted where it is taken from the input.
    expected : str
        What may stand there.
    advice : str, optional
        What the user can do about it.
    path : str or os.PathLike, optional
        The file; ``-`` is shown as ``standard input``.
    line : int, optional
        Line of the file, 1-based.
    row : int, optional
        Row of a table in memory, 1-based.
    record : str, optional
        Identifier of the record.
    position : int, optional
        Character of the record's sequence text as it is written, 1-based: marks, tags and gaps count, line
        breaks and blanks do not. In a bare sequence this is the residue's position.
    """

    def __init__(
        self,
        found: str,
        expected: str,
        advice: str = "",
        *,
        path: str | os.PathLike[str] | None = None,
        line: int | None = None,
        row: int | None = None,
        record: str | None = None,
        position: int | None = None,
    ) -> None:
        super().__init__(found, expected, advice)
        self.found = found
        self.expected = expected
        self.advice = advice
        self.path = path
        self.line = line
        self.row = row
        self.record = record
        self.position = position

    def __str__(self) -> str:
        where = {"line": self.line, "row": self.row, "record": self.record, "position": self.position}
        parts = [
            f"{name} {printable(str(value), IDENTIFIER)}"
            for name, value in where.items()
            if value not in (None, "")
        ]
        if self.path is not None:
            parts.insert(0, "standard input" if self.path == "-" else os.fspath(self.path))
        place = ", ".join(parts)
        message = (
            (f"{place}: " if place else "")
            + f"found {printable(self.found, QUOTE)}, expected {printable(self.expected, QUOTE)}"
            + (f"; {self.advice}" if self.advice else "")
        )
        return printable(message, MESSAGE)

    def at(
        self,
        *,
        path: str | os.PathLike[str] | None = None,
        line: int | None = None,
        row: int | None = None,
        record: str | None = None,
    ) -> "InputFormatError":
        """Return a copy that also says where: parts already known stay as they are.

        Parameters
        ----------
        path, line, row, record
            As in the constructor.
        """
        placed = copy.copy(self)
        for name, value in (("path", path), ("line", line), ("row", row), ("record", record)):
            if getattr(placed, name) is None:
                setattr(placed, name, value)
        return placed
