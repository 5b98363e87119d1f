"""Small inputs that several tests of the data commands need."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "helpers"))

import numpy as np
from entries import P53

from phosphot5.data.homology import split_folder
from phosphot5.data.homology.leakage import Leakage


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
def no_mmseqs(monkeypatch):
    """Cluster by the first two letters and find no leaks, without MMseqs2."""

    def cluster(proteins, identity, coverage):
        letters = sorted({protein.sequence[:2] for protein in proteins})
        return np.array([letters.index(protein.sequence[:2]) for protein in proteins])

    def measure(parts, against, coverage):
        levels = {0.3: 1, 0.5: 0, 0.9: 0}
        return [Leakage(name, tuple(a), len(parts[name]), levels, levels) for name, a in against.items()]

    monkeypatch.setattr(split_folder, "cluster_proteins", cluster)
    monkeypatch.setattr(split_folder, "measure_leakage", measure)
    monkeypatch.setattr(split_folder, "mmseqs_version", lambda: "18")
