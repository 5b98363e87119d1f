"""Readers of the sources of phosphorylation sites, by the name of their format."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from phosphot5.data.files.parquet import PARQUET_MAGIC, open_parquet
from phosphot5.data.files.sheets import is_sheet_file
from phosphot5.data.files.text import read_lines
from phosphot5.data.sources.identifications import read_mzidentml, read_mztab, read_pepxml
from phosphot5.data.sources.layouts import LAYOUTS
from phosphot5.data.sources.marked import read_marked
from phosphot5.data.sources.peff import read_peff
from phosphot5.data.sources.phosphositeplus import has_marked_sequences, read_phosphositeplus
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel
from phosphot5.data.sources.table import read_table, table_format
from phosphot5.data.sources.uniprot_gff import read_uniprot_gff
from phosphot5.data.sources.uniprot_json import read_uniprot_json
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


def _of_tables(name: str) -> Format:
    """Return the format of the layouts of this name."""
    layouts = [layout for layout in LAYOUTS if layout.format == name]
    options = {"fasta"} | ({"organism"} if any("organism" in layout.columns for layout in layouts) else set())
    if any({"localisation", "probabilities"} & set(layout.columns) for layout in layouts):
        options.add("localisation")
    about = "; ".join(layout.about for layout in layouts)
    return Format(partial(read_table, input_format=name), about, frozenset(options))


_OF_PEPTIDES = frozenset({"fasta", "localisation"})
FORMATS = {
    "hash": Format(read_marked, "FASTA with S# positive and S@ negative, or Parquet as convert writes it"),
    "uniprot-text": Format(read_uniprot_text, "UniProtKB entries as text"),
    "uniprot-xml": Format(read_uniprot_xml, "UniProtKB entries as XML"),
    "uniprot-json": Format(read_uniprot_json, "UniProtKB entries as JSON", frozenset({"fasta"})),
    "uniprot-gff": Format(read_uniprot_gff, "UniProtKB features as GFF3", frozenset({"fasta"})),
    **{name: _of_tables(name) for name in dict.fromkeys(layout.format for layout in LAYOUTS)},
    "peff": Format(read_peff, "proteins with their modifications as PEFF"),
    "mztab": Format(read_mztab, "identified peptides as mzTab", _OF_PEPTIDES),
    "mzidentml": Format(read_mzidentml, "identified peptides as mzIdentML", _OF_PEPTIDES),
    "pepxml": Format(read_pepxml, "identified peptides as pepXML, with PTMProphet", _OF_PEPTIDES),
    "phosphositeplus": Format(
        read_phosphositeplus,
        "Phosphorylation_site_dataset or Phosphosite_PTM_seq.fasta of PhosphoSitePlus",
        frozenset({"fasta", "organism"}),
    ),
}
"""Formats by name."""

_HEAD = 2000
"""Lines that are looked at to tell a format."""
_XML = {
    "uniprot.org/uniprot": "uniprot-xml",
    "<MzIdentML": "mzidentml",
    "<msms_pipeline_analysis": "pepxml",
}
"""What stands in XML of each format."""
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
        A name of `FORMATS`; ``table`` or ``peptides`` only if the names of the columns say so.

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
    if is_sheet_file(path, PARQUET_MAGIC):
        with open_parquet(path) as file:
            labelled = {"protein", "sequence", "sites"} <= set(file.schema_arrow.names)
        return "hash" if labelled else table_format(path)
    if is_sheet_file(path):
        return table_format(path)
    lines = [line for _, line in islice(read_lines(path), _HEAD) if line.strip()]
    first = lines[0] if lines else ""
    if first.startswith("ID   "):
        return "uniprot-text"
    if first.startswith("<"):
        return next((name for text, name in _XML.items() if any(text in line for line in lines)), "")
    if first.startswith("# PEFF"):
        return "peff"
    if any(line.startswith("MTD\t") for line in lines):
        return "mztab"
    if first.startswith(("{", "[")):
        return "uniprot-json" if any('"primaryAccession"' in line for line in lines) else table_format(path)
    if first.startswith("##gff-version"):
        return "uniprot-gff"
    if has_marked_sequences(path):
        return "phosphositeplus"
    if first.startswith(">"):
        return "hash" if any(_MARK.search(line) for line in lines if not line.startswith(">")) else ""
    return table_format(path)
