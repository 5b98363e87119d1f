"""Tables of sites as people keep them: rows, columns known by several names, sites written in several ways."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence

from phosphot5.data.files.text import read_lines
from phosphot5.errors import InputFormatError
from phosphot5.output import PathLike

__all__ = ["POSITION_COLUMNS", "PROTEIN_COLUMNS", "find_columns", "parse_site", "read_rows"]

PROTEIN_COLUMNS = ("accession", "acc_id", "uniprot", "uniprot_id", "entry", "protein", "protein_id", "id")
"""Names of the column with the protein; a table with several is read by the first of this list."""
POSITION_COLUMNS = ("position", "pos", "site", "mod_rsd")
"""Names of the column with the position, alone or as ``S15`` or ``S15-p``."""

_SITE = re.compile(r"([A-Z]?)(\d+)(?:-p)?", re.ASCII | re.IGNORECASE)


def read_rows(path: PathLike, delimiter: str, *, quotes: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a text table that are not empty, the header included.

    Parameters
    ----------
    path : str or os.PathLike
        The file, plain or gzip.
    delimiter : str
        What stands between cells.
    quotes : bool
        Whether ``"`` around a cell is no part of it.

    Yields
    ------
    line : int
        Line of the file on which the row ends, 1-based.
    cells : list of str
        Cells without the blanks around them.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged.
    InputFormatError
        If a row cannot be split.
    """
    lines = (line for _, line in read_lines(path))
    reader = csv.reader(
        lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE, strict=True
    )
    try:
        for row in reader:
            if any(row):
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise InputFormatError(
            f"a row that cannot be split ({error})",
            'cells as they are or wholly in "quotes"',
            path=path,
            line=reader.line_num,
        ) from None


def find_columns(
    header: Sequence[str],
    needed: Mapping[str, Sequence[str]],
    optional: Mapping[str, Sequence[str]] | None = None,
    *,
    path: PathLike,
    line: int | None = None,
) -> dict[str, int]:
    """Find the columns of a table by their names; case, blanks and punctuation in names do not count.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    needed, optional : mapping of str to sequence of str
        What a column is for, to the names it may have, the preferred one first.
    path, line
        Where the header stands, for messages.

    Returns
    -------
    dict of str to int
        What a column is for, to its index, 0-based; optional ones that are missing have no entry.

    Raises
    ------
    InputFormatError
        If a needed column is missing, or one that is read occurs twice.
    """
    names = [_plain(name) for name in header]
    columns = {}
    for role, choices in (dict(needed) | dict(optional or {})).items():
        fitting = [_plain(choice) for choice in choices if _plain(choice) in names]
        if fitting:
            columns[role] = names.index(fitting[0])
        elif role in needed:
            raise InputFormatError(
                f"the columns {', '.join(map(repr, header))}",
                f"one with the {role}, called {', '.join(choices)}",
                "name the columns in the first line",
                path=path,
                line=line,
            )
        if fitting and names.count(fitting[0]) > 1:
            found = f"the column {header[columns[role]]!r} more than once"
            raise InputFormatError(found, "it once", path=path, line=line)
    return columns


def parse_site(text: str) -> tuple[str, int]:
    """Split a site such as ``15``, ``S15`` or ``S15-p`` into residue (upper case or empty) and position.

    Raises
    ------
    InputFormatError
        If the text is no site.
    """
    site = _SITE.fullmatch(text)
    if site is None:
        raise InputFormatError(repr(text), "a site such as 15, S15 or S15-p")
    return site[1].upper(), int(site[2])


def _plain(name: str) -> str:
    """Return the letters and digits of a column's name, in lower case."""
    return "".join(character for character in name.lower() if character.isalnum())
