"""Writers of predictions: site tables and annotated sequences."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
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


def _annotated_writer(notation: str) -> Callable[[TextIO, Protein, Rows, str], None]:
    def write(handle: TextIO, protein: Protein, rows: Rows, weakest_call: str) -> None:
        called = list(CALLS)[: list(CALLS).index(weakest_call) + 1]
        states = bytearray(len(protein.sequence))
        index_of = {protein.given_position(i + 1): i for i in range(len(states))} if protein.removed else None
        for row in rows:
            if row["call"] in called:
                position = row["position"]
                states[position - 1 if index_of is None else index_of[position]] = SiteState.POSITIVE
        marked = replace(protein, states=bytes(states), other_modifications=(), localisations=())
        title = f"{protein.id} {protein.description}".rstrip()
        handle.write(f">{title}\n{render(marked, notation)}\n")

    return write


FORMATS = {
    format.name: format
    for format in (
        Format("tsv", (".tsv", ".txt", ".tab"), "\t".join(COLUMNS) + "\n", _write_tsv),
        Format("jsonl", (".jsonl",), "", _write_jsonl),
        Format("fasta", (".fasta", ".fa", ".faa"), "", _annotated_writer("hash")),
        Format("proforma", (".proforma",), "", _annotated_writer("proforma")),
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
