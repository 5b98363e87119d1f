"""The table of phosphorylation sites that PhosphoSitePlus offers."""

import re
from collections.abc import Iterator

from phosphot5.data.files.numbers import whole_number
from phosphot5.data.files.tables import find_columns, read_rows
from phosphot5.data.records import SiteState
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel, grouped
from phosphot5.errors import InputFormatError

__all__ = ["is_header", "read_phosphositeplus"]

_NEEDED = {"accession": ("ACC_ID",), "site": ("MOD_RSD",)}
_OPTIONAL = {"organism": ("ORGANISM",)}
_COUNTS = ("LT_LIT", "MS_LIT", "MS_CST")
"""Columns with the number of reports: other methods, published and unpublished mass spectrometry."""
_SITE = re.compile(r"([A-Z])(\d+)-([a-z0-9]+)", re.ASCII)
_PREAMBLE = 20
"""Rows before the header, at most."""


def is_header(cells: list[str]) -> bool:
    """Tell whether these are the names of the columns."""
    return {"ACC_ID", "MOD_RSD"} <= set(cells)


def read_phosphositeplus(context: ReadContext) -> Iterator[Entry]:
    """Read ``Phosphorylation_site_dataset``: some lines of preamble, then a table; it has no sequences.

    Parameters
    ----------
    context : ReadContext
        The file, plain or gzip, and the organism to take.

    Raises
    ------
    InputFormatError
        If there is no header with the needed columns, or at the first row that cannot be read (unless bad ones
        are skipped).
    """
    return grouped(_claims(context))


def _claims(context: ReadContext) -> Iterator[tuple[str, SiteLabel]]:
    rows = read_rows(context.path, "\t", quotes=False)
    line, header = _header(context, rows)
    needed = _NEEDED | (_OPTIONAL if context.organism else {})
    columns = find_columns(header, needed, path=context.path, line=line)
    counts = {name: header.index(name) for name in _COUNTS if name in header}
    for line, row in rows:
        row += [""] * (len(header) - len(row))  # cells at the end of a row are left out when empty
        name, text = row[columns["accession"]], row[columns["site"]]
        if context.organism and row[columns["organism"]].lower() != context.organism.lower():
            context.not_taken["of another organism"] += 1
            continue
        site = _SITE.fullmatch(text)
        position = whole_number(site[2]) if site else None
        if site is None or position is None or not name:
            found = repr(text) if name else "a row without accession"
            expected = "a site such as S15-p" if name else "one"
            context.refuse(InputFormatError(found, expected, line=line, record=name))
        elif site[3] != "p":
            context.not_taken["another modification"] += 1
        elif context.on_phospho_residue(site[1], position):
            evidence = ",".join(f"{name}={row[column]}" for name, column in counts.items() if row[column])
            yield name, SiteLabel(position, site[1], SiteState.POSITIVE, evidence, line)


def _header(context: ReadContext, rows: Iterator[tuple[int, list[str]]]) -> tuple[int, list[str]]:
    """Return line and names of the columns; without a header, the widest row says what was found."""
    widest: tuple[int, list[str]] = (1, [])
    for line, cells in rows:
        if is_header(cells):
            return line, cells
        widest = max(widest, (line, cells), key=lambda row: len(row[1]))
        if line > _PREAMBLE:
            break
    return widest
