"""Writers of predictions: site tables and annotated sequences."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from phosphot5.data import Protein, SiteState, render
from phosphot5.errors import OutputFileError
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS, COLUMNS

__all__ = ["FORMATS", "Format", "choose_format"]

Rows = list[dict[str, Any]]


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
        Writes one protein: ``write(handle, protein, rows, weakest_call)``.
    """

    name: str
    suffixes: tuple[str, ...]
    header: str
    write: Callable[[TextIO, Protein, Rows, str], None]


def _write_tsv(handle: TextIO, protein: Protein, rows: Rows, weakest_call: str) -> None:
    for row in rows:
        fpr = "" if row["fpr"] is None else f"{row['fpr']:.4f}"
        shown = row | {"probability": f"{row['probability']:.4f}", "fpr": fpr}
        handle.write("\t".join(str(shown[column]) for column in COLUMNS) + "\n")


def _write_jsonl(handle: TextIO, protein: Protein, rows: Rows, weakest_call: str) -> None:
    for row in rows:
        handle.write(json.dumps(row) + "\n")


def _write_annotated(handle: TextIO, protein: Protein, rows: Rows, weakest_call: str, notation: str) -> None:
    calls = list(CALLS)[: list(CALLS).index(weakest_call) + 1]
    called = {row["position"] for row in rows if row["call"] in calls}
    positions = map(protein.given_position, range(1, len(protein.sequence) + 1))
    states = bytes(SiteState.POSITIVE if position in called else SiteState.UNKNOWN for position in positions)
    marked = replace(protein, states=states, other_modifications=(), localisations=())
    title = f"{protein.id} {protein.description}".rstrip()
    handle.write(f">{title}\n{render(marked, notation)}\n")


FORMATS = {
    format.name: format
    for format in (
        Format("tsv", (".tsv", ".txt", ".tab"), "\t".join(COLUMNS) + "\n", _write_tsv),
        Format("jsonl", (".jsonl",), "", _write_jsonl),
        Format("fasta", (".fasta", ".fa", ".faa"), "", partial(_write_annotated, notation="hash")),
        Format("proforma", (".proforma",), "", partial(_write_annotated, notation="proforma")),
    )
}
"""Format by name. ``fasta`` marks called sites with ``#``, ``proforma`` with ``[Phospho]``."""


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
    if name is not None:
        return FORMATS[name]
    if path == "-":
        return FORMATS["tsv"]
    suffix = Path(path.removesuffix(".gz")).suffix.lower()
    for format in FORMATS.values():
        if suffix in format.suffixes:
            return format
    known = ", ".join(suffix for format in FORMATS.values() for suffix in format.suffixes)
    raise OutputFileError(f"{path}: found the ending {suffix!r}, expected one of {known}; or give --format")
