"""Tables of sites of a user's own, or of a program for mass spectrometry: CSV, TSV or Parquet."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phosphot5.data.files.parquet import open_parquet
from phosphot5.data.files.tables import AnotherModificationError, one_letter, parse_site, read_rows
from phosphot5.data.identifiers import identity
from phosphot5.data.records import SiteState
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel
from phosphot5.data.sources.site_lists import SITE_LISTS
from phosphot5.data.sources.table_columns import Columns
from phosphot5.data.uniprot import is_phosphorylation, phosphorylated_residue
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

_PEPTIDES = "give the proteins with --fasta if the column holds peptides"

Claims = list[tuple[str, SiteLabel]]


def read_table(context: ReadContext) -> Iterator[Entry]:
    """Read a table of sites, told by its ending: CSV, Parquet, or text with tabs, commas or semicolons.

    Columns are known by their names (`phosphot5.data.sources.table_columns`). Needed are one with the protein and
    one with the position (``15``, ``S15``, ``pS15`` or ``S15-p``; several with ``;`` between), or one that lists
    sites as FragPipe, DIA-NN or UniProt do. ``residue``, ``state`` (without it every row is a positive),
    ``evidence``, ``modification`` (rows of another one are not taken), ``localization_prob`` (sites below the
    lowest stay unknown), ``decoy``, ``contaminant`` and, unless there is a FASTA file, ``sequence`` may be there.

    Parameters
    ----------
    context : ReadContext
        The file; text also as gzip.

    Raises
    ------
    InputFileError
        If the ending is another, or the file is missing, unreadable or damaged.
    InputFormatError
        If a column is missing, or at the first row (unless bad ones are skipped) that cannot be read or whose
        columns contradict each other.
    """
    rows = _rows(context.path)
    line, header = next(rows, (1, []))
    if not header:
        raise InputFormatError("an empty file", "a table with a header", path=context.path)
    columns = Columns(header, fasta=context.fasta, predictions=context.known, path=context.path, line=line)
    entries: dict[str, Entry] = {}
    for line, row in rows:
        name = ""
        try:
            cells = columns.cells(row)
            name = cells.get("protein", "")
            claims = _claims(context, columns, cells, row, line)
            for name, _ in claims:
                _check_sequence(entries.get(name), cells.get("sequence"))
        except InputFormatError as error:
            context.refuse(error.at(line=line, record=name))
            continue
        for name, claim in claims:
            entries.setdefault(name, Entry(name, line, cells.get("sequence"))).claims.append(claim)
    yield from entries.values()


def _check_sequence(before: Entry | None, sequence: str | None) -> None:
    if before is not None and before.sequence != sequence:
        found = "a sequence that differs from that of an earlier row"
        raise InputFormatError(found, "one sequence for each protein", _PEPTIDES)


def _claims(
    context: ReadContext, columns: Columns, cells: dict[str, str], row: list[str], line: int
) -> Claims:
    """Return proteins and labels of a row; those that are not taken are counted."""
    if reason := _not_taken(context, cells):
        context.not_taken[reason] += 1
        return []
    if columns.sites:
        return _listed(context, columns, cells, line)
    places = _places(context, columns, cells, row)
    state = cells.get("state", "positive").lower()
    if state not in STATES:
        raise InputFormatError(f"state {cells['state']!r}", f"one of {', '.join(STATES)}")
    taken = [place for place in places if context.on_phospho_residue(*place[1:])]
    judged = _localised(context, cells, STATES[state]) if taken else STATES[state]
    if taken and STATES[state] is SiteState.UNKNOWN:
        context.not_taken["state given as unknown"] += len(taken)
    evidence = cells.get("evidence", "")
    return [(name, SiteLabel(position, residue, judged, evidence, line)) for name, residue, position in taken]


def _not_taken(context: ReadContext, cells: dict[str, str]) -> str:
    """Return the reason to pass over a whole row, empty if there is none."""
    if reason := context.foreign(
        cells.get("protein", ""), cells.get("decoy", ""), cells.get("contaminant", "")
    ):
        return reason
    if "modification" in cells and not is_phosphorylation(cells["modification"]):
        return "another modification" if cells["modification"] else "no modification given"
    return ""


def _localised(context: ReadContext, cells: dict[str, str], state: SiteState) -> SiteState:
    """Return the state in the light of the localisation probability, if there is one."""
    if "localisation" not in cells or state is SiteState.UNKNOWN:
        return state
    return state if context.localised(cells["localisation"]) else SiteState.UNKNOWN


def _listed(context: ReadContext, columns: Columns, cells: dict[str, str], line: int) -> Claims:
    """Return the labels of a cell that lists sites."""
    sites = SITE_LISTS[columns.sites](cells["position"]) if cells["position"] else []
    claims = []
    if not sites:
        context.not_taken["no site given"] += 1
    localised = not sites or _localised(context, cells, SiteState.POSITIVE)
    for site in sites:
        name = site.protein or cells["protein"]
        if not name:
            raise InputFormatError("a row without protein", "one")
        if site.protein and "protein" in cells and columns.sites == "index":
            _check_protein(site.protein, cells["protein"])
        if reason := context.foreign(name):
            context.not_taken[reason] += 1
        elif site.note is not None:
            if not site.position and phosphorylated_residue(site.note):
                context.not_taken["uncertain position"] += 1
            elif claim := context.modified_residue(site.note, site.evidence, site.position, line):
                claims.append((name, claim))
        elif context.on_phospho_residue(site.residue, site.position, listed=True):
            state = SiteState.POSITIVE if localised else SiteState.UNKNOWN
            claims.append(
                (name, SiteLabel(site.position, site.residue, state, cells.get("evidence", ""), line))
            )
    return claims


def _check_protein(listed: str, given: str) -> None:
    known = identity(given)
    if given and listed not in (known.full, known.accession, *known.names):
        raise InputFormatError(f"protein {given!r}", f"{listed!r} as in the column Index")


def _places(
    context: ReadContext, columns: Columns, cells: dict[str, str], row: list[str]
) -> list[tuple[str, str, int]]:
    """Return protein, residue (may be empty) and position of each site of a row."""
    if not cells["protein"]:
        raise InputFormatError("a row without protein", "one")
    texts = _parts(cells["position"]) or [cells["position"]]
    proteins = _parts(cells["protein"]) if len(texts) > 1 else [cells["protein"]]
    if len(proteins) not in (1, len(texts)):
        raise InputFormatError(f"{len(proteins)} proteins and {len(texts)} positions", "as many of both")
    sites = [site for text in texts if (site := _site(context, text))]
    if not sites:
        return []
    if len(sites) < len(texts):
        raise InputFormatError(f"sites of several modifications, {cells['position']!r}", "a row for each")
    for name, cell in columns.others(row, "position"):
        _check_position(name, cell, texts, sites)
    residues = [{residue} - {""} for residue, _ in sites]
    stated = [cells.get("residue", ""), *(cell for _, cell in columns.others(row, "residue"))]
    stated.append(phosphorylated_residue(cells.get("modification", "")))
    for cell in stated:
        _add_residues(residues, _parts(cell), cells["position"])
    return [
        (proteins[index % len(proteins)], "".join(residues[index]), position)
        for index, (_, position) in enumerate(sites)
    ]


def _site(context: ReadContext, text: str) -> tuple[str, int] | None:
    """Return residue and position; None, and count it, if this is a site of another modification."""
    try:
        return parse_site(text)
    except AnotherModificationError:
        context.not_taken["another modification"] += 1
        return None


def _add_residues(residues: list[set[str]], given: list[str], position: str) -> None:
    """Take what one column says of the residues of a row's sites; what contradicts is an error."""
    if len(given) not in (0, 1, len(residues)):
        raise InputFormatError(f"{len(given)} residues and {len(residues)} positions", "as many of both")
    for index, known in enumerate(residues if given else ()):
        text = given[index % len(given)]
        letter = one_letter(text)
        if letter is None:
            raise InputFormatError(f"residue {text!r}", "S, T or Y")
        if known and letter not in known:
            raise InputFormatError(f"residue {text!r}", f"the residue of {position}")
        known.add(letter)


def _check_position(column: str, cell: str, texts: list[str], sites: list[tuple[str, int]]) -> None:
    """Refuse a second column with other positions; one that holds none is for something else."""
    try:
        others = [parse_site(text) for text in _parts(cell)]
    except InputFormatError:
        return
    same = len(others) == len(sites) and all(
        one[1] == other[1] and (one[0] == other[0] or not one[0] or not other[0])
        for one, other in zip(sites, others, strict=True)
    )
    if not same:
        raise InputFormatError(
            f"{cell!r} in column {column!r}", f"{'; '.join(texts)} as in the column before"
        )


def _parts(cell: str) -> list[str]:
    """Split a cell that may hold several values."""
    return [part for part in re.split(r"[;,\s]+", cell) if part]


def _rows(path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line (the row, of Parquet) and cells, the header first."""
    suffix = Path(path.removesuffix(".gz")).suffix.lower()
    if suffix == ".parquet":
        yield from _parquet_rows(path)
    elif suffix in (".csv", ".tsv", ".tab", ".txt"):
        yield from read_rows(path, ",;\t" if suffix == ".csv" else "\t;,")
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
