"""MaxQuant's table of phosphorylation sites."""

from collections.abc import Iterator

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
    "decoy mark": ("Reverse",),
    "contaminant mark": ("Potential contaminant", "Contaminant"),
}
_OPTIONAL = {"leading": ("Leading proteins",)}
_FOREIGN = ("CON__", "REV__")
"""Starts of the names of contaminants and decoys."""


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
        if cells["decoy mark"] or cells["contaminant mark"]:
            context.not_taken["decoy" if cells["decoy mark"] else "contaminant"] += 1
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
    if wrong := [text for text in positions if not (text.isascii() and text.isdigit())]:
        raise InputFormatError(f"position {wrong[0]!r}", "a whole number, 1-based")
    try:
        probability = float(cells["localisation"])
    except ValueError:
        found = f"localisation probability {cells['localisation']!r}"
        raise InputFormatError(found, "a number from 0 to 1") from None
    if not context.on_phospho_residue(cells["residue"]):
        return []
    taken = probability >= context.localisation
    if not taken:
        context.not_taken[f"localisation probability below {context.localisation:g}"] += 1
    leading = set(cells.get("leading", cells["proteins"]).split(";"))
    state = SiteState.POSITIVE if taken else SiteState.UNKNOWN
    return [
        (
            name,
            SiteLabel(int(position), cells["residue"], state, f"localisation={cells['localisation']}", line),
        )
        for name, position in zip(proteins, positions, strict=True)
        if name in leading and not name.startswith(_FOREIGN)
    ]
