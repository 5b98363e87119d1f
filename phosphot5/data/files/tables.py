"""Tables of sites as people keep them: columns known by several names, sites written in several ways."""

import re
from collections.abc import Mapping, Sequence

from phosphot5.data.files.numbers import whole_number
from phosphot5.errors import InputFormatError
from phosphot5.output import PathLike

__all__ = [
    "POSITION_COLUMNS",
    "PROTEIN_COLUMNS",
    "AnotherModificationError",
    "find_columns",
    "one_letter",
    "parse_site",
    "plain_name",
]

PROTEIN_COLUMNS = ("accession", "acc_id", "uniprot", "uniprot_id", "entry", "protein", "protein_id", "id")
"""Names of the column with the protein; a table with several is read by the first of this list."""
POSITION_COLUMNS = ("position", "pos", "site", "mod_rsd")
"""Names of the column with the position, alone or as ``S15`` or ``S15-p``."""

_LETTERS = {
    "ala": "A", "arg": "R", "asn": "N", "asp": "D", "cys": "C", "gln": "Q", "glu": "E", "gly": "G", "his": "H",
    "ile": "I", "leu": "L", "lys": "K", "met": "M", "phe": "F", "pro": "P", "ser": "S", "thr": "T", "trp": "W",
    "tyr": "Y", "val": "V", "sec": "U", "serine": "S", "threonine": "T", "tyrosine": "Y",
}  # fmt: skip
_SITE = re.compile(
    r"(?:(?:phospho|p)-?(?=s|t|y))?([a-z]{3}|[a-z])?-?(\d+(?:\.0+)?)(?:-?([a-z]+\d?))?",
    re.ASCII | re.IGNORECASE,
)
_PHOSPHO_ENDINGS = ("", "p", "ph", "phos", "phospho")
_COLUMNS_SHOWN = 8
_NAMES_SHOWN = 6


class AnotherModificationError(InputFormatError):
    """A site of another modification, such as ``K120-ac``."""


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
    names = [plain_name(name) for name in header]
    columns = {}
    for role, choices in (dict(needed) | dict(optional or {})).items():
        fitting = [plain_name(choice) for choice in choices if plain_name(choice) in names]
        if fitting:
            columns[role] = names.index(fitting[0])
        elif role in needed:
            more = f" and {len(header) - _COLUMNS_SHOWN} more" if len(header) > _COLUMNS_SHOWN else ""
            other = " or the like" if len(choices) > _NAMES_SHOWN else ""
            raise InputFormatError(
                f"the columns {', '.join(map(repr, header[:_COLUMNS_SHOWN]))}{more}",
                f"one with the {role}, called {', '.join(choices[:_NAMES_SHOWN])}{other}",
                "name the columns in the first line",
                path=path,
                line=line,
            )
        if fitting and names.count(fitting[0]) > 1:
            found = f"the column {header[columns[role]]!r} more than once"
            raise InputFormatError(found, "it once", path=path, line=line)
    return columns


def parse_site(text: str) -> tuple[str, int]:
    """Split a site such as ``15``, ``15.0``, ``S15``, ``pS15``, ``Ser15`` or ``S15-p``.

    Returns
    -------
    residue : str
        One capital letter, empty if the text gives none.
    position : int
        1-based.

    Raises
    ------
    AnotherModificationError
        If the text is a site of another modification, such as ``K120-ac``.
    InputFormatError
        If it is no site.
    """
    site = _SITE.fullmatch(text)
    residue = one_letter(site[1] or "") if site else None
    position = whole_number(site[2]) if site else None
    if site is None or residue is None or position is None:
        raise InputFormatError(repr(text), "a site such as 15, S15 or S15-p")
    if (site[3] or "").lower() not in _PHOSPHO_ENDINGS:
        raise AnotherModificationError(repr(text), "a site such as 15, S15 or S15-p")
    return residue, position


def one_letter(residue: str) -> str | None:
    """Return the capital letter of a residue, ``S`` of ``s``, ``Ser`` and ``pS``; None if the text is none."""
    residue = residue.lower()
    if len(residue) == 1 and residue.isascii() and residue.isalpha() or not residue:
        return residue.upper()
    return {"ps": "S", "pt": "T", "py": "Y"}.get(residue) or _LETTERS.get(residue.removeprefix("phospho"))


def plain_name(name: str) -> str:
    """Return the letters and digits of a column's name, in lower case."""
    return "".join(character for character in name.lower() if character.isalnum())
