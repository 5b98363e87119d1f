"""Writers of predictions: site tables and annotated sequences."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, Any

from phosphot5.data import Protein, SiteState, render
from phosphot5.errors import OutputFileError
from phosphot5.modeling_phosphot5.families_phosphot5 import FAMILY_COLUMNS, KINASE_COLUMNS, family_rows
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS, COLUMNS
from phosphot5.output import ending_of

__all__ = ["FORMATS", "Format", "choose_format"]

Rows = list[dict[str, Any]]

_NOTES = {"S": "Phosphoserine", "T": "Phosphothreonine", "Y": "Phosphotyrosine"}
_NOT_IN_ATTRIBUTE = re.compile(r"[;=&,%\x00-\x1f\x7f]")
"""What GFF3 wants escaped in its last column."""
_NOT_IN_SEQID = re.compile(r"[^a-zA-Z0-9.:^*$@!+_?|-]+")
"""What GFF3 wants escaped in its first column."""
_NOT_IN_BED = re.compile(r"[%#]|^(?:t(?=rack)|b(?=rowser))", re.IGNORECASE)
"""What BED would take for a comment or a line about the display; it knows no escapes, so it gets those of GFF3."""


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
    """

    name: str
    suffixes: tuple[str, ...]
    header: str
    write: Callable[[IO[str], Protein, Rows, str], None]

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
        if self.name == "gff3" and kinases != "all":
            return self  # its attributes are those of the row
        if self.name not in ("tsv", "jsonl"):
            option, places = ("--kinases all", "tsv or jsonl") if kinases == "all" else ("--kinases", PLACES)
            raise OutputFileError(f"{option}: the format {self.name} has no place for kinases; use {places}")
        columns = FAMILY_COLUMNS if kinases == "all" else (*COLUMNS, *KINASE_COLUMNS)
        if self.name == "jsonl":
            return replace(self, write=partial(_write_jsonl, every=kinases == "all"))
        write = partial(_write_tsv, columns=columns, every=kinases == "all")
        return replace(self, header="\t".join(columns) + "\n", write=write)


PLACES = "tsv, jsonl or gff3"
"""Formats with a place for the best family of a site."""


def _write_tsv(
    handle: IO[str],
    protein: Protein,
    rows: Rows,
    weakest_call: str,
    columns: Sequence[str] = COLUMNS,
    every: bool = False,
) -> None:
    numeric = [(column, column.endswith(("probability", "fpr"))) for column in columns]
    for row in family_rows(rows) if every else rows:
        handle.write("\t".join([_tsv_text(row[column], number) for column, number in numeric]) + "\n")


def _tsv_text(value: Any, number: bool) -> str:
    if value is None:
        return ""
    if number:
        return f"{value:.4f}"
    text = str(value)
    # quoted as csv and pandas want it, and only where they do
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if '"' in text else text


def _write_jsonl(
    handle: IO[str], protein: Protein, rows: Rows, weakest_call: str, every: bool = False
) -> None:
    for row in family_rows(rows) if every else rows:
        handle.write(json.dumps(row) + "\n")


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
        place = (name, "PhosphoT5", "Modified residue", str(row["position"]), str(row["position"]))
        attributes = (
            f"Note={_NOTES[row['residue']]};residue={row['residue']};{fpr}"
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
        Format("tsv", (".tsv", ".txt", ".tab"), "\t".join(COLUMNS) + "\n", _write_tsv),
        Format("jsonl", (".jsonl",), "", _write_jsonl),
        Format("fasta", (".fasta", ".fa", ".faa"), "", partial(_write_annotated, notation="hash")),
        Format("proforma", (".proforma",), "", partial(_write_annotated, notation="proforma")),
        Format("gff3", (".gff3", ".gff"), "##gff-version 3\n", _write_gff3),
        Format("bed", (".bed",), "", _write_bed),
    )
}
"""Format by name.

``tsv`` and ``jsonl`` list every site; a known one has no probability and no false-positive rate. The others show
sites called at least ``weakest_call``, and known sites always: ``fasta`` marks them with ``#``, ``proforma``
with ``[Phospho]``; ``gff3`` lists them as UniProt does, 1-based, with the probability as score (``.`` for known
sites); ``bed`` lists them 0-based and half-open, named like ``S15``, with 1000 times the probability as score
(1000 for known sites), identifiers with ``%`` or ``#``, or that begin with ``track`` or ``browser``, escaped as in
GFF3.
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
        If the ending stands for no format.
    """
    if name is None:
        endings = {format.name: format.suffixes for format in FORMATS.values()}
        name = "tsv" if path == "-" else ending_of(path, endings)
    return FORMATS[name]
