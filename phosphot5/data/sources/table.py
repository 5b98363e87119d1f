"""Tables of sites of a user's own: CSV, TSV or Parquet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phosphot5.data.files.parquet import open_parquet
from phosphot5.data.files.tables import POSITION_COLUMNS, PROTEIN_COLUMNS, find_columns, parse_site, read_rows
from phosphot5.data.records import SiteState
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel
from phosphot5.errors import InputFileError, InputFormatError

__all__ = ["STATES", "read_table"]

STATES = {
    "positive": SiteState.POSITIVE,
    "1": SiteState.POSITIVE,
    "true": SiteState.POSITIVE,
    "negative": SiteState.NEGATIVE,
    "0": SiteState.NEGATIVE,
    "false": SiteState.NEGATIVE,
    "unknown": SiteState.UNKNOWN,
}
"""What a state may be called."""

_NEEDED = {"protein": PROTEIN_COLUMNS, "position": POSITION_COLUMNS}
_OPTIONAL = {
    "residue": ("residue", "amino_acid"),
    "state": ("state", "label"),
    "evidence": ("evidence",),
    "sequence": ("sequence",),
}


def read_table(context: ReadContext) -> Iterator[Entry]:
    """Read a table with one site a row, told by its ending: CSV, Parquet, or text with tabs.

    Needed columns are one with the protein and one with the position (``15``, ``S15`` or ``S15-p``); ``residue``,
    ``state`` (without it every row is a positive), ``evidence`` and ``sequence`` may be there.

    Parameters
    ----------
    context : ReadContext
        The file; text also as gzip.

    Raises
    ------
    InputFileError
        If the ending is another, or the file is missing, unreadable or damaged.
    InputFormatError
        If a column is missing, or at the first row that cannot be read (unless bad ones are skipped).
    """
    rows = _rows(context.path)
    line, header = next(rows, (1, []))
    columns = find_columns(header, _NEEDED, _OPTIONAL, path=context.path, line=line)
    entries: dict[str, Entry] = {}
    for line, row in rows:
        row += [""] * (len(header) - len(row))
        cells = {role: row[column] for role, column in columns.items()}
        name = cells["protein"]
        try:
            claim = _claim(context, cells, line)
            entry = entries.get(name) or Entry(name, line, cells.get("sequence"))
            if entry.sequence != cells.get("sequence"):
                found = "a sequence that differs from that of an earlier row"
                raise InputFormatError(found, "one sequence for each protein")
        except InputFormatError as error:
            context.refuse(error.at(line=line, record=name))
            continue
        if claim is not None:
            entries.setdefault(name, entry).claims.append(claim)
    yield from entries.values()


def _claim(context: ReadContext, cells: dict[str, str], line: int) -> SiteLabel | None:
    if not cells["protein"]:
        raise InputFormatError("a row without protein", "one")
    residue, position = parse_site(cells["position"])
    given = cells.get("residue", "").upper()
    if residue and given and residue != given:
        raise InputFormatError(f"residue {given!r}", f"the residue of {cells['position']}")
    state = cells.get("state", "positive").lower()
    if state not in STATES:
        raise InputFormatError(f"state {cells['state']!r}", f"one of {', '.join(STATES)}")
    if not context.on_phospho_residue(residue or given):
        return None
    if STATES[state] is SiteState.UNKNOWN:
        context.not_taken["state given as unknown"] += 1
    return SiteLabel(position, residue or given, STATES[state], cells.get("evidence", ""), line)


def _rows(path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line (the row, of Parquet) and cells, the header first."""
    suffix = Path(path.removesuffix(".gz")).suffix.lower()
    if suffix == ".parquet":
        yield from _parquet_rows(path)
    elif suffix in (".csv", ".tsv", ".tab", ".txt"):
        yield from read_rows(path, "," if suffix == ".csv" else "\t")
    else:
        expected = ".csv, .tsv, .tab, .txt, .parquet"
        raise InputFileError(f"{path}: unknown ending {suffix!r}; use one of {expected}")


def _parquet_rows(path: str) -> Iterator[tuple[int, list[str]]]:
    number = 0
    with open_parquet(path) as file:
        yield 0, list(file.schema_arrow.names)
        for batch in file.iter_batches():
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield number, [_cell(value) for value in row]


def _cell(value: Any) -> str:
    return "" if value is None else str(value).strip()
