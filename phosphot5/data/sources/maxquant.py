"""MaxQuant's table of phosphorylation sites."""

from collections.abc import Iterator

from phosphot5.data.files.numbers import whole_number
from phosphot5.data.files.tables import find_columns, read_rows
from phosphot5.data.records import SiteState
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel, grouped
from phosphot5.errors import InputFormatError

__all__ = ["is_header", "read_maxquant"]

_NEEDED = {
    "proteins": ("Proteins",),
    "positions": ("Positions within proteins",),
    "residue": ("Amino acid",),
    "localisation": ("Localization prob",),
}
_OPTIONAL = {
    "leading": ("Leading proteins",),
    "decoy": ("Reverse", "Decoy"),
    "contaminant": ("Potential contaminant", "Contaminant"),
}
"""Columns that some versions lack, or Perseus leaves out."""


def is_header(cells: list[str]) -> bool:
    """Tell whether these are the names of the columns."""
    return {"Positions within proteins", "Localization prob"} <= set(cells)


def read_maxquant(context: ReadContext) -> Iterator[Entry]:
    """Read ``Phospho (STY)Sites.txt``; it has no sequences.

    A site counts for each of its ``Leading proteins`` (for all ``Proteins`` where a table lacks that column).
    Decoys, contaminants and sites below the localisation probability are not taken; the latter stay unknown.

    Parameters
    ----------
    context : ReadContext
        The file, plain or gzip, and the lowest localisation probability.

    Raises
    ------
    InputFormatError
        If a column is missing, or at the first row that cannot be read (unless bad ones are skipped).
    """
    return grouped(_claims(context))


def _claims(context: ReadContext) -> Iterator[tuple[str, SiteLabel]]:
    rows = read_rows(context.path, "\t", quotes=False)
    line, header = next(rows, (1, []))
    columns = find_columns(header, _NEEDED, _OPTIONAL, path=context.path, line=line)
    for line, row in rows:
        row += [""] * (len(header) - len(row))
        cells = {role: row[column] for role, column in columns.items()}
        names = cells["proteins"].split(";")
        reasons = [
            context.foreign(name, cells.get("decoy", ""), cells.get("contaminant", "")) for name in names
        ]
        if all(reasons):
            context.not_taken[reasons[0]] += 1
            continue
        try:
            yield from _claims_of_row(context, cells, line)
        except InputFormatError as error:
            context.refuse(error.at(line=line, record=cells["proteins"]))


def _claims_of_row(context: ReadContext, cells: dict[str, str], line: int) -> list[tuple[str, SiteLabel]]:
    proteins, positions = cells["proteins"].split(";"), cells["positions"].split(";")
    if len(proteins) != len(positions):
        found = f"{len(proteins)} proteins and {len(positions)} positions"
        raise InputFormatError(found, "one position for each protein")
    places = [whole_number(text) for text in positions]
    if None in places:
        raise InputFormatError(f"position {positions[places.index(None)]!r}", "a whole number, 1-based")
    if not context.on_phospho_residue(cells["residue"], places[0] or 0):
        return []
    state = SiteState.POSITIVE if context.localised(cells["localisation"]) else SiteState.UNKNOWN
    leading = set(cells.get("leading", cells["proteins"]).split(";"))
    evidence = f"localisation={cells['localisation']}"
    return [
        (name, SiteLabel(place, cells["residue"], state, evidence, line))
        for name, place in zip(proteins, places, strict=True)
        if place is not None and name in leading and not context.foreign(name)
    ]
