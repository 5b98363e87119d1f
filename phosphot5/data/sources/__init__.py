"""Readers of the sources of phosphorylation sites, by the name of their format."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from phosphot5.data.files.parquet import open_parquet
from phosphot5.data.files.text import read_lines
from phosphot5.data.sources import maxquant, phosphositeplus
from phosphot5.data.sources.marked import read_marked
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel
from phosphot5.data.sources.table import read_table
from phosphot5.data.sources.uniprot_gff import read_uniprot_gff
from phosphot5.data.sources.uniprot_text import read_uniprot_text
from phosphot5.data.sources.uniprot_xml import read_uniprot_xml
from phosphot5.errors import InputFileError

__all__ = ["FORMATS", "SiteLabel", "Entry", "Format", "ReadContext", "detect_format"]


@dataclass(frozen=True)
class Format:
    """One source of phosphorylation sites.

    Parameters
    ----------
    read : callable
        Its reader.
    about : str
        What it is, in a few words.
    options : frozenset of str
        Which of ``fasta``, ``localisation`` and ``organism`` it makes use of.
    """

    read: Callable[[ReadContext], Iterator[Entry]]
    about: str
    options: frozenset[str] = frozenset()


FORMATS = {
    "hash": Format(read_marked, "FASTA with S# positive and S@ negative, or Parquet as convert writes it"),
    "uniprot-text": Format(read_uniprot_text, "UniProtKB entries as text"),
    "uniprot-xml": Format(read_uniprot_xml, "UniProtKB entries as XML"),
    "uniprot-gff": Format(read_uniprot_gff, "UniProtKB features as GFF3", frozenset({"fasta"})),
    "phosphositeplus": Format(
        phosphositeplus.read_phosphositeplus,
        "Phosphorylation_site_dataset of PhosphoSitePlus",
        frozenset({"fasta", "organism"}),
    ),
    "maxquant": Format(
        maxquant.read_maxquant,
        "Phospho (STY)Sites.txt of MaxQuant",
        frozenset({"fasta", "localisation"}),
    ),
    "table": Format(
        read_table,
        "CSV, TSV or Parquet with a site a row, also of DIA-NN, FragPipe or UniProt",
        frozenset({"fasta", "localisation"}),
    ),
}
"""Formats by name."""

_HEAD = 2000
"""Lines that are looked at to tell a format."""
_PARQUET_MAGIC = b"PAR1"
_MARK = re.compile("[STYsty][#@]")


def detect_format(path: str) -> str:
    """Tell the format of a file by its content, never by likelihood.

    Parameters
    ----------
    path : str
        The file, plain or gzip.

    Returns
    -------
    str
        A name of `FORMATS`; never ``table``, whose content could be anything.

    Raises
    ------
    InputFileError
        If the content does not say, or the file is missing, unreadable or damaged.
    """
    name = "" if path == "-" else _detect(path)
    if not name:
        shown = "standard input" if path == "-" else path
        raise InputFileError(
            f"{shown}: format not recognised from the content; name it with --from, one of {', '.join(FORMATS)}"
        )
    return name


def _detect(path: str) -> str:
    if _is_parquet(path):
        with open_parquet(path) as file:
            return "hash" if {"protein", "sequence", "sites"} <= set(file.schema_arrow.names) else ""
    lines = [line for _, line in islice(read_lines(path), _HEAD) if line.strip()]
    first = lines[0] if lines else ""
    if first.startswith("ID   "):
        return "uniprot-text"
    if first.startswith("<") and any("uniprot.org/uniprot" in line for line in lines):
        return "uniprot-xml"
    if first.startswith("##gff-version"):
        return "uniprot-gff"
    if any(phosphositeplus.is_header(line.split("\t")) for line in lines):
        return "phosphositeplus"
    if maxquant.is_header(first.split("\t")):
        return "maxquant"
    marked = any(_MARK.search(line) for line in lines if not line.startswith(">"))
    return "hash" if first.startswith(">") and marked else ""


def _is_parquet(path: str) -> bool:
    try:
        with open(path, "rb") as handle:
            return handle.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
    except OSError:
        return False  # the text reader says what is wrong
