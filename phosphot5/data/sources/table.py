"""Tables of sites or modified peptides, of a user's own or of a program for mass spectrometry."""

import re
from collections.abc import Iterator
from itertools import islice

from phosphot5.data.files.sheets import read_sheet
from phosphot5.data.files.tables import plain_name
from phosphot5.data.identifiers import identity
from phosphot5.data.peptides.modified import parse_modified_peptide
from phosphot5.data.sources.layout import Layout
from phosphot5.data.sources.layouts import GENERIC, LAYOUTS, PEPTIDE, find_layout
from phosphot5.data.sources.peptide_rows import peptide_labels, table_peptide
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel
from phosphot5.data.sources.site_lists import protein_sites
from phosphot5.data.sources.site_rows import listed_labels, site_labels
from phosphot5.data.sources.table_columns import Columns
from phosphot5.errors import InputFileError, InputFormatError

__all__ = ["read_table", "table_format"]

_PEPTIDES = "give the proteins with --fasta if the column holds peptides"
_ROWS = 1000
"""Rows that are looked at to tell what a column holds."""
_MASS_IN_NAME = re.compile(r"combined_site_[A-Z]+_(\d+\.\d+)", re.ASCII)
"""FragPipe tells only by the name of a file which modification its sites have."""

Labels = list[tuple[str, SiteLabel]]


def read_table(context: ReadContext, input_format: str = "table") -> Iterator[Entry]:
    """Read a table, as text, Excel or Parquet; its columns are known by their names.

    Parameters
    ----------
    context : ReadContext
        The file.
    input_format : str
        Format of the layouts that are tried (`phosphot5.data.sources.layouts`); ``table``: all of them.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged, or no table.
    InputFormatError
        If a column is missing, or at the first row (unless bad ones are skipped) that cannot be read or whose
        columns contradict each other.
    """
    layouts = [layout for layout in LAYOUTS if input_format in ("table", layout.format)]
    sheet = read_sheet(context.path, lambda cells: find_layout(cells, layouts) is not None)
    layout = find_layout(sheet.header, layouts) or _expected(input_format, layouts)
    columns = Columns(
        sheet.header,
        layout,
        fasta=context.sequences is not None,
        predictions=context.known,
        organism=bool(context.organism),
        path=context.path,
        line=sheet.line,
    )
    _check_name(context.path, layout)
    entries: dict[str, Entry] = {}
    for line, row in context.account.each(sheet):
        name = ""
        try:
            cells = columns.cells(row)
            name = cells.get("protein", "")
            labels = _labels(context, columns, row, cells, line)
            for name, _ in labels:
                _check_sequence(entries.get(name), cells.get("sequence"))
        except InputFormatError as error:
            context.refuse(error.at(line=line, record=name))
            continue
        for name, label in labels:
            entries.setdefault(name, Entry(name, line, cells.get("sequence"))).claims.append(label)
    context.account.notes += [f"{context.path}: {text}" for text in sheet.warnings()]
    yield from entries.values()


def table_format(path: str) -> str:
    """Return the format of a table by the names of its columns, empty if they do not say.

    Parameters
    ----------
    path : str
        Text, Excel or Parquet.
    """
    try:
        sheet = read_sheet(path, lambda cells: find_layout(cells) is not None)
    except InputFormatError:
        return ""
    layout = find_layout(sheet.header)
    return layout.format if layout else _format_by_rows(path)


def _format_by_rows(path: str) -> str:
    """Tell a table of peptides by the modifications in a column that may also hold bare sequences."""
    names = {plain_name(name) for name in PEPTIDE}
    sheet = read_sheet(path, lambda cells: any(plain_name(cell) in names for cell in cells))
    columns = [i for i, name in enumerate(sheet.header) if plain_name(name) in names]
    for _, row in islice(sheet, _ROWS):
        for cell in (row[i] for i in columns if i < len(row)):
            try:
                peptide = parse_modified_peptide(cell)
            except InputFormatError:
                continue
            if peptide.sites or peptide.others:
                return "peptides"
    return ""


def _expected(input_format: str, layouts: list[Layout]) -> Layout:
    """Return the layout whose missing columns an error shall name."""
    generic = [layout for layout in GENERIC if layout.format == input_format]
    return (generic or layouts)[0]


def _labels(
    context: ReadContext, columns: Columns, row: list[str], cells: dict[str, str], line: int
) -> Labels:
    """Return proteins and labels of a row; those that are not taken are counted."""
    if columns.layout.rows == "sites":
        return site_labels(context, columns, row, cells, line)
    if columns.layout.rows == "lists":
        return listed_labels(context, columns, cells, line)
    if not cells["peptide"]:
        context.leave_out("no peptide given")
        return []
    labels = peptide_labels(context, table_peptide(columns, row, cells, line))
    if labels and cells.get("sites"):
        try:
            _check_sites(columns, cells["sites"], labels)
        except InputFormatError:
            context.account.labelled.subtract(label.state for _, label in labels if label.state)
            raise
    return labels


def _check_sites(columns: Columns, cell: str, labels: Labels) -> None:
    """Compare where peptides lie with where the table says that their sites are."""
    stated: dict[str, set[int]] = {}
    for site in protein_sites(cell):
        stated.setdefault(identity(site.protein).key, set()).add(site.position)
    for name, label in labels:
        if label.state and label.position not in stated.get(name, {label.position}):
            raise InputFormatError(
                f"{cell!r} in column {columns.name('sites')!r}",
                f"{name}:{label.residue}{label.position}, where the peptide has it",
                "the FASTA file may be of another release than the one that was searched",
            )


def _check_sequence(before: Entry | None, sequence: str | None) -> None:
    if before is not None and before.sequence != sequence:
        found = "a sequence that differs from that of an earlier row"
        raise InputFormatError(found, "one sequence for each protein", _PEPTIDES)


def _check_name(path: str, layout: Layout) -> None:
    """Refuse FragPipe's sites of another modification, whose mass stands in the name of the file only."""
    mass = _MASS_IN_NAME.search(path)
    if layout.format == "fragpipe" and mass and not mass[1].startswith("79.96"):
        raise InputFileError(f"{path}: sites of a modification of {mass[1]} Da; phosphorylation has 79.9663")
