"""What a layout of a table is: by which columns it is known, and what its columns are for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from phosphot5.data.files.tables import plain_name

__all__ = ["Layout", "Names", "matching"]

Names = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """One kind of table.

    Names of columns are compared without case, blanks and punctuation; one that begins with ``~`` is a regular
    expression for what is left of a name.

    Parameters
    ----------
    format : str
        Name of the format in `phosphot5.data.sources.FORMATS`.
    about : str
        What it is, in a few words.
    marks : tuple of tuple of str
        By which columns it is known: one of each inner tuple.
    rows : {"sites", "lists", "peptides"}
        Whether a row is a site, has a cell that lists sites, or is a modified peptide.
    columns : mapping of str to tuple of str
        What a column is for, to the names it may have, the preferred one first.
    unless : tuple of str
        Columns of which it has none.
    needed : tuple of str
        What there must be a column for.
    facts : tuple of str
        Columns that are quoted as evidence.
    percent : bool
        Whether localisation probabilities are from 0 to 100.
    """

    format: str
    about: str
    marks: tuple[Names, ...]
    rows: Literal["sites", "lists", "peptides"]
    columns: Mapping[str, Names]
    needed: Names = ("protein", "position")
    unless: Names = ()
    facts: Names = ()
    percent: bool = False

    def fits(self, header: Sequence[str]) -> bool:
        """Tell whether these are the names of its columns."""
        names = {plain_name(name) for name in header}
        if any(plain_name(name) in names for name in self.unless):
            return False
        return all(any(matching(choice, names) for choice in choices) for choices in self.marks)


def matching(choice: str, names: Sequence[str] | set[str]) -> list[str]:
    """Return those of some plain names that a column's name, or pattern, means."""
    if not choice.startswith("~"):
        return [plain_name(choice)] if plain_name(choice) in names else []
    return [name for name in names if _pattern(choice).fullmatch(name)]


@cache
def _pattern(choice: str) -> re.Pattern[str]:
    return re.compile(choice[1:])
