"""Writers of predictions: site tables, annotated sequences, features and a report."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from phosphot5.data import Protein, SiteState, render
from phosphot5.errors import OutputFileError
from phosphot5.modeling_phosphot5.families_phosphot5 import FAMILY_COLUMNS, KINASE_COLUMNS, family_rows
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS, COLUMNS
from phosphot5.prediction.about import About
from phosphot5.prediction.html_report import MOST_SITES, report_line, write_report
from phosphot5.prediction.tables import (
    BINARY,
    ENDINGS,
    MOST_EXCEL_ROWS,
    choose_table,
    header_text,
    row_text,
    too_many_rows,
)

__all__ = ["FORMATS", "Format", "choose_format"]

Rows = list[dict[str, Any]]

_NOTES = {"S": "Phosphoserine", "T": "Phosphothreonine", "Y": "Phosphotyrosine"}
_SEQUENCE_ONTOLOGY = {"S": "modified_L_serine", "T": "modified_L_threonine", "Y": "modified_L_tyrosine"}
"""Types of features, which GFF3 takes from the Sequence Ontology."""
_PSI_MOD = {"S": "MOD:00046", "T": "MOD:00047", "Y": "MOD:00048"}
"""Phosphorylated residues in the ontology of protein modifications that ProteomeXchange uses."""
_NOT_IN_ATTRIBUTE = re.compile(r"[;=&,%\"\\\x00-\x1f\x7f]")
"""What GFF3 wants escaped in its last column."""
_NOT_IN_SEQID = re.compile(r"[^a-zA-Z0-9.:^*$@!+_?|-]+")
"""What GFF3 wants escaped in its first column."""
_NOT_IN_BED = re.compile(r"[%#]|^(?:@|t(?=rack)|b(?=rowser))", re.IGNORECASE)
"""What readers of BED would take for a comment, a header of SAM or a line about the display; BED knows no escapes, so
it gets those of GFF3."""


@dataclass(frozen=True)
class Format:
    """One way to write predictions.

    Parameters
    ----------
    name : str
        Name for the command line.
    suffixes : tuple of str
        File name endings that stand for it.
    header : str
        First line, empty if there is none.
    write : callable
        Writes one protein: ``write(handle, protein, rows, weakest_call)``, the last a key of
        :data:`~phosphot5.modeling_phosphot5.sites_phosphot5.CALLS`; :data:`FORMATS` says what it decides.
    assemble : callable, optional
        Makes the file from the lines that `write` has written: ``assemble(lines, path, about)``. Without it, these
        lines are the file.
    most_rows : int, optional
        Rows that a file holds.
    """

    name: str
    suffixes: tuple[str, ...]
    header: str
    write: Callable[[IO[str], Protein, Rows, str], None]
    assemble: Callable[[Iterable[str], Path, About], None] | None = None
    most_rows: int | None = None

    def with_kinases(self, kinases: bool | str) -> "Format":
        """Return the format that writes rows with kinases.

        Parameters
        ----------
        kinases : bool or "all"
            True: the best family beside each site; ``"all"``: a table of all families of each site.

        Raises
        ------
        OutputFileError
            If the format has no place for them.
        """
        if not kinases:
            return self
        if self.name in _WITH_BEST_KINASE and kinases != "all":
            return self  # they show what is in the row
        if self.name not in ENDINGS:
            option = "--kinases all" if kinases == "all" else "--kinases"
            *most, last = [*ENDINGS, *(_WITH_BEST_KINASE if kinases != "all" else ())]
            raise OutputFileError(
                f"{option}: the format {self.name} has no place for kinases; use {', '.join(most)} or {last}"
            )
        columns = FAMILY_COLUMNS if kinases == "all" else (*COLUMNS, *KINASE_COLUMNS)
        return _table_format(self.name, columns, every=kinases == "all")

    def check_rows(self, path: str, rows: int) -> None:
        """Refuse more rows than a file holds.

        Raises
        ------
        OutputFileError
            If there are more.
        """
        if self.most_rows is not None and rows > self.most_rows:
            raise too_many_rows(path, self.name, self.most_rows)


_WITH_BEST_KINASE: tuple[str, ...] = ("gff3", "html")
"""Formats beside tables that have a place for the best family of a site."""


def _table_format(name: str, columns: Sequence[str], every: bool = False) -> Format:
    """Make the format of a table; ``every``: of the families of each site."""
    types = {column: _type(column) for column in columns}
    if name not in BINARY:
        write = partial(_write_rows, name=name, columns=types, every=every)
        return Format(name, ENDINGS[name], header_text(name, types), write)
    write = partial(_write_rows, name="jsonl", columns=types, every=every)
    assemble = partial(_assemble_table, name=name, columns=types)
    return Format(name, ENDINGS[name], "", write, assemble, MOST_EXCEL_ROWS if name == "xlsx" else None)


def _type(column: str) -> type:
    if column == "position":
        return int
    return float if column.endswith(("probability", "fpr")) else str


def _write_rows(
    handle: IO[str],
    protein: Protein,
    rows: Rows,
    weakest_call: str,
    name: str,
    columns: dict[str, type],
    every: bool,
) -> None:
    for row in family_rows(rows) if every else rows:
        handle.write(row_text(name, columns, row))


def _assemble_table(
    lines: Iterable[str], path: Path, about: About, name: str, columns: dict[str, type]
) -> None:
    with BINARY[name](path, columns, about) as write:
        for line in lines:
            write(json.loads(line))


def _write_report_line(handle: IO[str], protein: Protein, rows: Rows, weakest_call: str) -> None:
    handle.write(report_line(protein, rows))


def _shown(rows: Rows, weakest_call: str) -> Rows:
    """Return the sites called at least ``weakest_call`` and the known ones."""
    calls = list(CALLS)[: list(CALLS).index(weakest_call) + 1]
    return [row for row in rows if row["call"] in calls or row["status"] == "known"]


def _write_annotated(handle: IO[str], protein: Protein, rows: Rows, weakest_call: str, notation: str) -> None:
    shown = {row["position"] for row in _shown(rows, weakest_call)}
    positions = map(protein.given_position, range(1, len(protein.sequence) + 1))
    states = bytes(SiteState.POSITIVE if position in shown else SiteState.UNKNOWN for position in positions)
    marked = replace(protein, states=states, other_modifications=(), localisations=())
    handle.write(f">{protein.header}\n{render(marked, notation)}\n")


def _escaped(name: str, wrong: re.Pattern[str]) -> str:
    """Write characters as ``%23``, so that `urllib.parse.unquote` gives the name back."""
    return wrong.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), name)


def _write_gff3(handle: IO[str], protein: Protein, rows: Rows, weakest_call: str) -> None:
    name = _escaped(protein.id, _NOT_IN_SEQID)
    handle.write(f"##sequence-region {name} 1 {protein.given_position(len(protein))}\n")
    for row in _shown(rows, weakest_call):
        score = "." if row["probability"] is None else f"{row['probability']:.4f}"
        fpr = "" if row["fpr"] is None else f"fpr={row['fpr']:.4f};"
        residue, position = row["residue"], str(row["position"])
        place = (name, "PhosphoT5", _SEQUENCE_ONTOLOGY[residue], position, position)
        attributes = (
            f"Note={_NOTES[residue]};Ontology_term={_PSI_MOD[residue]};residue={residue};{fpr}"
            f"call={row['call']};status={row['status']}{_kinase_attributes(row)}"
        )
        handle.write("\t".join((*place, score, ".", ".", attributes)) + "\n")


def _kinase_attributes(row: dict[str, Any]) -> str:
    """Return the attributes of the best family of a site, if the row has one."""
    if row.get("kinase") is None:
        return ""
    values = {name: row[name] for name in KINASE_COLUMNS if row[name] is not None}
    return "".join(
        f";{name}={_escaped(value, _NOT_IN_ATTRIBUTE) if isinstance(value, str) else f'{value:.4f}'}"
        for name, value in values.items()
    )


def _write_bed(handle: IO[str], protein: Protein, rows: Rows, weakest_call: str) -> None:
    name = _escaped(protein.id, _NOT_IN_BED)
    for row in _shown(rows, weakest_call):
        score = 1000 if row["probability"] is None else round(1000 * row["probability"])
        end = row["position"]
        handle.write(f"{name}\t{end - 1}\t{end}\t{row['residue']}{end}\t{score}\n")


FORMATS = {
    format.name: format
    for format in (
        *(_table_format(name, COLUMNS) for name in ENDINGS),
        Format("fasta", (".fasta", ".fa", ".faa"), "", partial(_write_annotated, notation="hash")),
        Format("proforma", (".proforma",), "", partial(_write_annotated, notation="proforma")),
        Format("gff3", (".gff3", ".gff"), "##gff-version 3\n", _write_gff3),
        Format("bed", (".bed",), "", _write_bed),
        Format("html", (".html", ".htm"), "", _write_report_line, write_report, MOST_SITES),
    )
}
"""Format by name.

``tsv``, ``csv``, ``jsonl``, ``parquet``, ``xlsx`` and ``html`` list every site; a known one has no probability and no
false-positive rate. The others show sites called at least ``weakest_call``, and known sites always: ``fasta`` marks
them with ``#``, ``proforma`` with ``[Phospho]``; ``gff3`` lists them as features of the Sequence Ontology, 1-based,
with the probability as score (``.`` for known sites); ``bed`` lists them 0-based and half-open, named like ``S15``,
with 1000 times the probability as score (1000 for known sites), identifiers with ``%`` or ``#``, or that begin with
``@``, ``track`` or ``browser``, escaped as in GFF3.
"""


def choose_format(path: str, name: str | None = None) -> Format:
    """Choose a format by name or by the ending of the output file; standard output is a TSV.

    Parameters
    ----------
    path : str
        Output file, or ``-``; a final ``.gz`` is looked past.
    name : str, optional
        Key of :data:`FORMATS`; overrides the ending.

    Raises
    ------
    OutputFileError
        If the ending stands for no format, or the file cannot be written as asked.
    PhosphoT5Error
        If a package is missing that writes it.
    """
    endings = {format.name: format.suffixes for format in FORMATS.values()}
    whole = [format.name for format in FORMATS.values() if format.assemble is not None]
    return FORMATS[choose_table(path, name, endings, whole)]
