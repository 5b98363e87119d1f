"""Data in and out: records, FASTA, notations and the ledger. Imports neither torch nor transformers.

The encoder is in `phosphot5.data.encode`; it takes its vocabulary from the tokenizer and therefore imports
transformers, so it is not loaded here.
"""

from phosphot5.data.files.fasta import read_fasta, write_fasta
from phosphot5.data.files.text import read_lines
from phosphot5.data.labelled import LabelledProtein, read_labelled, write_labelled
from phosphot5.data.ledger import Ledger, Skipped
from phosphot5.data.notations import NOTATIONS, parse, render, unsupported_by
from phosphot5.data.records import (
    PHOSPHO_RESIDUES,
    RESIDUES,
    Annotated,
    Localisation,
    OtherModification,
    Protein,
    Site,
    SiteState,
)
from phosphot5.output import atomic_text, check_output
from phosphot5.record.fingerprints import file_digest

__all__ = [
    "NOTATIONS",
    "PHOSPHO_RESIDUES",
    "RESIDUES",
    "Annotated",
    "LabelledProtein",
    "Ledger",
    "Localisation",
    "OtherModification",
    "Protein",
    "Site",
    "SiteState",
    "Skipped",
    "atomic_text",
    "check_output",
    "file_digest",
    "unsupported_by",
    "parse",
    "read_fasta",
    "read_labelled",
    "read_lines",
    "render",
    "write_fasta",
    "write_labelled",
]
