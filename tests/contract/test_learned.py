"""The functions behind docs/learned.md compute what the page says."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

from phosphot5.data import Protein
from phosphot5.data.encode import encode
from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration

ROOT = Path(__file__).parents[2]


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module


@pytest.fixture
def logos(load):
    return load("benchmarks.learned.logos")


def cut(logos, *texts):
    """Windows of sites in the middle of texts of 15 letters, ``_`` for beyond the ends."""
    codes = {letter: code for code, letter in enumerate(logos.AMINO_ACIDS)} | {"_": -1}
    return np.array([[codes[letter] for letter in text] for text in texts], dtype=np.int8)


def test_windows_end_with_the_protein(logos):
    proteins = [
        Protein(id="a", sequence="MSK", states=bytes(3)),
        Protein(id="b", sequence="AXT", states=bytes(3)),
    ]
    found = logos.windows(proteins, np.array([0, 1]), np.array([1, 2]))
    assert np.array_equal(found, cut(logos, "______MSK______", "_____A_T_______"))


def test_log_odds_compare_with_the_background(logos):
    background = cut(logos, *["AAAAAAASAAAAAAA"] * 30, *["PPPPPPPSPPPPPPP"] * 10)
    windows = cut(logos, *["AAAAAAASPAAAAAA"] * 40)
    found = logos.log_odds(windows, background)
    proline, place = logos.AMINO_ACIDS.index("P"), logos.OFFSETS.index(1)
    assert found.shape == (20, 14)
    assert found[proline, place] == pytest.approx(np.log2((40 + 2.5) / 50 / 0.25))
    assert found[logos.AMINO_ACIDS.index("W")].tolist() == [0.0] * 14
    assert np.allclose(logos.log_odds(background, background), 0)
    assert logos.strongest(windows, background)[0] == "P+1"
    assert logos.logo(background, background).any() == np.False_


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("AAAAAAASPAAAAAA", "proline-directed"),
        ("AAAARAASPDDDDDA", "proline-directed"),
        ("AAAARAASDDDDDAA", "acidophilic"),
        ("AAAARAASDAAAAAA", "basophilic"),
        ("AAAAAAASAADAAAA", "acidophilic"),
        ("AKAAKRASAAADAAA", "basophilic"),
        ("AAAAAAASAAADAAA", "other"),
        ("_______S_______", "other"),
    ],
)
def test_motif_class_of_serines(logos, window, expected):
    assert logos.motif_classes(cut(logos, window), "S/T").tolist() == [expected]


def test_motif_class_of_tyrosines(logos):
    windows = cut(logos, "AAAAAADYAAPAAAA", "AAAADAAYDAAAAAA", "AAADAAAYAADAAAA", "AAADAAAYAAADAAA")
    found = logos.motif_classes(windows, "Y").tolist()
    assert found == ["P at +3", "acidic before", "acidic after", "other"]


def test_motifs_match_every_letter_of_theirs(logos):
    motif = next(m for m in logos.MOTIFS["S/T"] if m.pattern == "RxRxx[ST]")
    found = logos.matches(cut(logos, "AARARAASAAAAAAA", "AARAAAASAAAAAAA"), motif)
    assert found.tolist() == [True, False]


def test_no_protein_gives_more_than_its_share(logos):
    score, protein = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([0, 0, 0, 1, 1])
    assert logos.best_sites(score, protein, 3, 2).tolist() == [0, 1, 3]


def test_rows_come_back_as_they_were_written(logos):
    matrix = np.array([[0.5, -1.25], [0.0, 3.0]])
    assert np.array_equal(logos.from_rows(logos.to_rows(matrix, "AC")), matrix)


@pytest.fixture
def segment(load):
    return load("benchmarks.learned.mutations"), encode("A" * 40 + "S" + "G" * 40)


def test_mutants_differ_in_one_residue(segment):
    module, ids = segment
    frequency = np.full(20, 0.05)
    rows = module.mutants(ids, frequency, np.random.default_rng(0))
    changed = (rows != ids).sum(1)
    near = len(module.NEAR) * 20
    assert changed[0] == 0
    assert changed[1 : 1 + near].tolist() == (rows[1 : 1 + near] != ids).any(1).astype(int).tolist()
    assert (changed[1 : 1 + near] == 0).sum() == len(module.NEAR)  # the letter that is there
    assert (changed[1 + near :] == 1).all()
    assert (rows[:, module.FLANK] == ids[module.FLANK]).all()


def test_effects_find_an_additive_score(segment):
    module, ids = segment
    frequency = np.random.default_rng(1).dirichlet(np.ones(20))
    weights = np.random.default_rng(2).normal(size=(len(ids), 40))
    rows = module.mutants(ids, frequency, np.random.default_rng(0))
    odds = weights[np.arange(len(ids)), rows].sum(1)
    letters, size = module.effects(odds, ids, frequency)
    expected = weights[module.FLANK + module.NEAR][:, module.LETTERS].T
    assert np.allclose(letters, expected - frequency @ expected)
    assert size[module.FLANK] == 0
    assert (size[np.arange(len(size)) != module.FLANK] > 0).all()


def test_any_model_can_be_scanned(load):
    module = load("benchmarks.learned.mutations")
    torch.manual_seed(0)
    model = PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny", alignment=False)).eval()
    sequence = "ACDEFGHIKLMNPQRSTVWY" * 5
    proteins = [Protein(id="a", sequence=sequence, states=bytes(len(sequence)))]
    found = module.scan(model, proteins, np.array([0]), np.array([55]))
    assert [part.shape for part in found] == [(1, 20, 14), (1, 81), (1,)]
    assert list(module.position_biases(model)) == ["encoder self-attention"]
