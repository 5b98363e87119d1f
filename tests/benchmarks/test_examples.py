"""Sites of the literature: right residues, right scores in README, and where the proteins were seen."""

import re
from pathlib import Path

import pytest

from phosphot5.data import read_fasta
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import predict_sites
from phosphot5.record.facts import DataFile

ROOT = Path(__file__).parents[2]
PROTEINS = ROOT / "examples" / "proteins.fasta"
OFFSETS = {"P10636": 317, "P00533": 24}
"""Residues of the UniProtKB sequence that the usual numbering leaves out before a site."""


@pytest.fixture
def script(benchmarks):
    return benchmarks("benchmarks.accuracy.examples")


def test_letters_fit_the_sequences(script):
    assert [protein.id for protein in script.checked_proteins()] == ["P04637", "P10636", "P35222", "P00533"]


def test_a_wrong_letter_is_refused(script, tmp_path, monkeypatch):
    path = tmp_path / "sites.tsv"
    path.write_text("accession\tsite\tknown_as\nP04637\tS16\t\n")
    sites = script.literature_sites(path)
    monkeypatch.setattr(script, "literature_sites", lambda: sites)
    with pytest.raises(SystemExit, match="P04637 has Q at 16, expected S"):
        script.checked_proteins()


def test_usual_names_are_the_same_residues(script):
    for name, sites in script.literature_sites().items():
        for position, (residue, usual) in sites.items():
            counted = int(usual[1:])
            assert usual[0] == residue
            assert position in (counted, counted + OFFSETS.get(name, 0)), (name, usual)


def test_figures_on_the_page_are_the_model_s(script):
    model = load_model("bundled")[0]
    rows = {
        (protein.id, f"{row['residue']}{row['position']}"): row
        for protein, scored in predict_sites(model, read_fasta(PROTEINS))
        for row in scored
    }
    part = (
        (ROOT / "docs" / "accuracy.md")
        .read_text()
        .partition("begin: examples")[2]
        .partition("end: examples")[0]
    )
    genes = dict(re.findall(r"^\| (\w+), \[(\w+)\]", part, re.MULTILINE))
    shown = re.findall(
        r"^\| (\w+) \| ([STY]\d+) \| \w* ?\| ([\d.]+) \| ([\d.]+) \| ([\w-]+) \|", part, re.MULTILINE
    )
    assert len(shown) == sum(map(len, script.literature_sites().values()))
    for gene, site, probability, fpr, call in shown:
        row = rows[genes[gene], site]
        assert (probability, fpr, call) == (f"{row['probability']:.3f}", f"{row['fpr']:.3f}", row["call"])
    called = sum(call in ("high", "medium") for *_, call in shown)
    assert f"Of {len(shown)} known sites {called} are called at 5 % false positives." in part


def test_membership_is_told_by_identifiers(script, tmp_path):
    (tmp_path / "multisource").mkdir()
    train, test = tmp_path / "train.fasta", tmp_path / script.TEST
    train.write_text(">sp|P1|ONE\nMS#K\n>P2\nMS@K\n")
    test.write_text(">P3\nMS#K\n")
    listed = [
        DataFile.read(train, "train", records=2, positives=1, negatives=1),
        DataFile("gone.fasta", "valid", "0" * 64, 1, 1, 1),
    ]
    found = script.membership(["P1", "P3", "P9"], tmp_path, listed)
    assert found["files"] == {
        "P1": [{"file": "train.fasta", "role": "train"}],
        "P3": [{"file": "multisource/test.fasta.gz", "role": "test"}],
        "P9": [],
    }
    assert found["not_read"] == ["gone.fasta"]


def test_every_file_of_the_model_was_looked_into(benchmarks):
    """A file that was not read would make a protein of the training set look unseen."""
    assert benchmarks("benchmarks.common").load("examples")["not_read"] == []
