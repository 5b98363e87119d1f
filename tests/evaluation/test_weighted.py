"""Weighted metrics against scikit-learn, with ties and integer weights."""

import doctest

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    matthews_corrcoef,
    roc_auc_score,
)

from phosphot5.evaluation import weighted
from phosphot5.evaluation.weighted import RANKING, WeightedMetrics, equal_count_bins

DIGITS = pytest.mark.parametrize("digits", [16, 2, 1, 0], ids=["no-ties", "few", "many", "heavy"])


def sites(digits: int, count: int = 400, proteins: int = 25, seed: int = 0):
    """Scores rounded to some digits, truth, calls, and proteins of very different sizes."""
    rng = np.random.default_rng(seed)
    truth = rng.random(count) < 0.2
    scores = (1 / (1 + np.exp(-rng.normal(size=count) - truth))).round(digits)
    protein = rng.choice(proteins, count, p=rng.dirichlet(np.ones(proteins)))
    return scores, truth, scores >= 0.7, protein


def measured(digits: int, counts: np.ndarray, seed: int = 0):
    scores, truth, called, protein = sites(digits, seed=seed)
    return WeightedMetrics(scores, truth, called, protein, len(counts), True).values(counts)


@DIGITS
def test_unit_weights_give_what_scikit_learn_gives(digits):
    scores, truth, called, _ = sites(digits)
    values = {name: value.item() for name, value in measured(digits, np.ones((25, 1))).items()}
    assert values["auroc"] == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    assert values["ap"] == pytest.approx(average_precision_score(truth, scores), abs=1e-12)
    assert values["mcc"] == pytest.approx(matthews_corrcoef(truth, called), abs=1e-12)
    assert values["f1"] == pytest.approx(f1_score(truth, called), abs=1e-12)
    assert values["brier"] == pytest.approx(brier_score_loss(truth, scores), abs=1e-12)


@DIGITS
def test_integer_weights_give_what_sample_weights_give(digits):
    counts = np.random.default_rng(1).integers(0, 4, (25, 12))
    values = measured(digits, counts)
    scores, truth, called, protein = sites(digits)
    for column in range(12):
        weight = {"sample_weight": counts[protein, column]}
        assert values["auroc"][column] == pytest.approx(roc_auc_score(truth, scores, **weight), abs=1e-12)
        expected = average_precision_score(truth, scores, **weight)
        assert values["ap"][column] == pytest.approx(expected, abs=1e-12)
        assert values["mcc"][column] == pytest.approx(matthews_corrcoef(truth, called, **weight), abs=1e-12)
        assert values["f1"][column] == pytest.approx(f1_score(truth, called, **weight), abs=1e-12)
        assert values["brier"][column] == pytest.approx(brier_score_loss(truth, scores, **weight), abs=1e-12)


@DIGITS
def test_a_weight_of_n_is_the_site_n_times(digits):
    counts = np.random.default_rng(2).integers(0, 4, (25, 5))
    values = measured(digits, counts)
    scores, truth, called, protein = sites(digits)
    for column in range(5):
        copies = np.repeat(np.arange(len(scores)), counts[protein, column])
        one = np.zeros(len(copies), dtype=int)
        repeated = WeightedMetrics(scores[copies], truth[copies], called[copies], one, 1, False)
        for name, value in repeated.values(np.ones((1, 1))).items():
            assert values[name][column] == pytest.approx(value.item(), abs=1e-12), name


def test_the_calibration_error_keeps_its_bins_under_weights():
    scores, truth, called, protein = sites(16)
    counts = np.random.default_rng(3).integers(0, 3, (25, 4))
    values = WeightedMetrics(scores, truth, called, protein, 25, True).values(counts)
    bins = equal_count_bins(scores)
    for column in range(4):
        weight = counts[protein, column]
        gaps = [abs((weight * (scores - truth))[bins == b].sum()) for b in range(weighted.ECE_BINS)]
        assert values["ece"][column] == pytest.approx(sum(gaps) / weight.sum())


@pytest.mark.parametrize("block", [1, 400 * 3, 400 * 5 + 1])
def test_blocks_do_not_matter(monkeypatch, block):
    counts = np.random.default_rng(1).integers(0, 4, (25, 7))
    whole = measured(1, counts)
    monkeypatch.setattr(weighted, "BLOCK", block)
    for name, values in measured(1, counts).items():
        assert values == pytest.approx(whole[name], rel=1e-12)


def test_no_positive_or_no_negative_left_gives_nan():
    truth, protein = np.array([True, False, False]), np.array([0, 1, 1])
    sites = WeightedMetrics(np.array([0.9, 0.5, 0.1]), truth, truth, protein, 2, True)
    values = sites.values(np.array([[1, 0, 0, 2], [1, 1, 0, 1]]))
    for name in (*RANKING, "mcc", "f1", "brier", "ece"):
        assert np.isnan(values[name]).tolist() == [False, True, True, False], name
    assert "brier" not in WeightedMetrics(np.zeros(3), truth, truth, protein, 2, False).values(
        np.ones((2, 1))
    )


def test_calling_all_sites_alike_has_no_mcc():
    scores, truth, _, protein = sites(2)
    for called in (np.zeros(400, dtype=bool), np.ones(400, dtype=bool)):
        values = WeightedMetrics(scores, truth, called, protein, 25, False).values(np.ones((25, 1)))
        assert values["mcc"].item() == 0


def test_bins_have_equal_counts_and_keep_ties_together():
    rng = np.random.default_rng(0)
    assert np.bincount(equal_count_bins(rng.random(1500), 15)).tolist() == [100] * 15
    tied = rng.choice([0.1, 0.2, 0.9], 1000)
    bins = equal_count_bins(tied, 15)
    assert len({(value, place) for value, place in zip(tied.tolist(), bins.tolist(), strict=True)}) == 3
    assert bins.max() < 15
    assert np.array_equal(np.argsort(tied, kind="stable"), np.argsort(bins, kind="stable"))


def test_examples():
    result = doctest.testmod(weighted)
    assert (result.attempted, result.failed) == (1, 0)
