"""Small inputs that several tests of the data commands need."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "helpers"))

from entries import P53
from proteins import FASTA, labels_of


@pytest.fixture
def write(tmp_path):
    """Write a text and return its path as a str."""

    def write(text, name):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def p53_fasta(write):
    """FASTA with p53's first residues and those of an isoform."""
    header = "sp|P04637|P53_HUMAN Cellular tumor antigen p53 OS=Homo sapiens"
    return write(f">{header}\n{P53}\n>sp|P04637-7|P53_HUMAN Isoform 7\n{P53[39:]}\n", "p53.fasta")


@pytest.fixture
def labels(write, tmp_path):
    """Convert a file, or a text that is written as one, beside two made-up proteins; see `proteins.labels_of`."""

    def labels(content, name="table.tsv", fasta=FASTA, form=None, **options):
        path = write(content, name) if isinstance(content, str) else content
        proteins = write(fasta, "proteins.fasta") if fasta else None
        return labels_of(path, proteins, form, **options)

    return labels
