"""Homologs between training files and the sets that models are chosen and tested on."""

import random

import pytest

from phosphot5.data import Protein

LETTERS = "ALGVSREDTIPKFQNYMHWC"


@pytest.fixture
def script(benchmarks):
    return benchmarks("benchmarks.accuracy.leakage")


@pytest.fixture
def recorded(benchmarks):
    return benchmarks("benchmarks.common").load("leakage")


def protein(name, seed, changed=0.0):
    """A random protein of 200 residues, a share of them changed afterwards."""
    text = random.Random(seed).choices(LETTERS, k=200)
    draw = random.Random(name)
    for place in draw.sample(range(200), round(200 * changed)):
        text[place] = draw.choice(LETTERS.replace(text[place], ""))
    return Protein(id=name, sequence="".join(text))


@pytest.mark.slow
def test_a_planted_homolog_is_found(script):
    training = [protein(f"t{seed}", seed) for seed in range(5)]
    held_out = {
        "near": [protein("far", 10), protein("close", 3, changed=0.2)],
        "none": [protein("distant", 3, changed=0.7), protein("other", 11)],
    }
    found = script.with_homologs(held_out, training)
    assert {name: [p.id for p in near] for name, near in found.items()} == {"near": ["close"], "none": []}
    other = script.with_homologs(held_out, [protein("t10", 10), protein("t3", 3)])
    assert script.in_any_file([found, other]) == {"near": 2, "none": 0}


@pytest.mark.slow
def test_counts_of_files(script, tmp_path):
    held_out = [protein("a", 1), protein("b", 2, changed=0.2), protein("c", 3)]
    for name, proteins in {"held": held_out, "train": [protein("t1", 1), protein("t2", 2)]}.items():
        (tmp_path / name).write_text("".join(f">{p.id}\n{p.sequence}\n" for p in proteins))
    found = script.measure({"held": tmp_path / "held"}, {"train": tmp_path / "train"})
    assert found["held_out"]["held"]["proteins"] == 3
    assert found["training"]["train"]["homologs"] == {
        "held": {"proteins": 2, "equal": 1, "first": ["a", "b"]}
    }
    assert found["in_any_file"] == {"held": 2}


def test_every_pair_is_recorded(script, recorded):
    assert set(recorded["training"]) == set(script.TRAINING)
    assert len(recorded["held_out"]) == len(script.HELD_OUT) + 1
    for found in recorded["training"].values():
        assert set(found["homologs"]) == set(recorded["held_out"])
    for name, proteins in recorded["in_any_file"].items():
        counts = [found["homologs"][name]["proteins"] for found in recorded["training"].values()]
        assert max(counts) <= proteins <= min(sum(counts), recorded["held_out"][name]["proteins"])


def test_no_training_file_has_a_homolog_of_any_set(recorded):
    assert not any(recorded["in_any_file"].values())
    found = [leaks for file in recorded["training"].values() for leaks in file["homologs"].values()]
    assert not any(leaks["proteins"] or leaks["equal"] for leaks in found)
