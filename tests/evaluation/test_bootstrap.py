"""Intervals and paired differences against a bootstrap that repeats sites one by one."""

import numpy as np
import pytest

from phosphot5.evaluation.bootstrap import (
    bootstrap,
    intervals,
    measure,
    paired_difference,
    resample,
    with_intervals,
)

THRESHOLDS = {"S": 0.5, "T": 0.6, "Y": 0.4}


def sites(count: int = 600, proteins: int = 30, seed: int = 0, signal: float = 1.0):
    rng = np.random.default_rng(seed)
    truth = rng.random(count) < 0.3
    scores = (1 / (1 + np.exp(-rng.normal(size=count) - signal * truth))).round(2)
    return scores, truth, rng.choice(list("STY"), count), rng.integers(proteins, size=count)


def test_each_resample_is_measured_as_the_repeated_sites_are():
    scores, truth, residues, proteins = sites()
    drawn = resample(scores, truth, residues, proteins, 6, 3, THRESHOLDS, True)
    names = np.unique(proteins)
    for number in range(6):
        chosen = names[np.random.default_rng([3, number]).integers(len(names), size=len(names))]
        rows = np.concatenate([np.flatnonzero(proteins == name) for name in chosen])
        expected = measure(scores[rows], truth[rows], residues[rows], THRESHOLDS)
        for name, values in drawn.items():
            if not name.endswith("ece"):  # its bins stay those of the sites as they are
                assert values[number] == pytest.approx(expected[name], abs=1e-12), name
    assert set(expected) - set(drawn) == {
        f"{key}_{n}" for key in ("st", "s", "t", "y") for n in ("sites", "prevalence")
    }


def test_bounds_are_the_percentiles_of_the_resamples():
    drawn = resample(*sites(), 200, 0, None, True)
    bounds = bootstrap(*sites(), resamples=200)
    assert bounds == intervals(drawn)
    assert bounds["st_ap"] == pytest.approx(tuple(np.percentile(drawn["st_ap"], [2.5, 97.5])))
    metrics = measure(*sites()[:3])
    for name, (low, high) in bounds.items():
        assert low < high
        assert low <= metrics[name] <= high or name.endswith("ece"), name


def test_the_same_seed_gives_the_same_bounds_and_another_seed_others():
    assert bootstrap(*sites(), resamples=50, seed=1) == bootstrap(*sites(), resamples=50, seed=1)
    assert bootstrap(*sites(), resamples=50, seed=1) != bootstrap(*sites(), resamples=50, seed=2)


def test_more_resamples_begin_with_the_same_ones():
    few, more = (resample(*sites(), number, 0, None, True) for number in (5, 9))
    assert more["y_ap"][:5].tolist() == few["y_ap"].tolist()


def test_whole_proteins_are_drawn():
    """Sites that repeat one another widen the interval: they are no more evidence than one of them."""
    scores, truth, residues, proteins = sites()
    times = [np.repeat(values, 20) for values in (scores, truth, residues)]
    low, high = bootstrap(*times, np.repeat(proteins, 20), 300)["st_auroc"]
    assert (low, high) == pytest.approx(bootstrap(scores, truth, residues, proteins, 300)["st_auroc"])
    narrow = bootstrap(*times, np.arange(len(times[0])), 300)["st_auroc"]
    assert narrow[1] - narrow[0] < (high - low) / 3


def test_scores_that_are_no_probabilities_have_no_calibration():
    scores, truth, residues, proteins = sites()
    bounds = bootstrap(scores * 7 - 3, truth, residues, proteins, 20, probability=False)
    assert not any(name.endswith(("brier", "ece")) for name in bounds)
    with pytest.raises(ValueError, match="not probabilities"):
        measure(scores * 7 - 3, truth, residues)


def test_resamples_without_both_kinds_are_left_out():
    scores, truth = np.array([0.9, 0.2, 0.3, 0.4]), np.array([True, False, True, False])
    letters, proteins = np.full(4, "S"), np.array([0, 1, 1, 1])
    drawn = resample(
        scores[[0, 1, 3]], truth[[0, 1, 3]], letters[:3], np.array([0, 1, 2]), 100, 0, None, True
    )
    missing = np.isnan(drawn["s_auroc"])
    assert 0 < missing.sum() < 100
    assert np.isfinite(intervals(drawn)["s_auroc"]).all()
    assert np.isnan(intervals({"s_auroc": np.full(5, np.nan)})["s_auroc"]).all()
    assert np.isfinite(bootstrap(scores, truth, letters, proteins, 20)["s_ap"]).all()


def test_differences_are_paired():
    scores, truth, residues, proteins = sites()
    worse = sites(signal=0.2)[0]
    found = paired_difference(scores, worse, truth, residues, proteins, 100, 4, THRESHOLDS, None)
    one = resample(scores, truth, residues, proteins, 100, 4, THRESHOLDS, True)
    other = resample(worse, truth, residues, proteins, 100, 4, None, True)
    first, second = measure(scores, truth, residues, THRESHOLDS), measure(worse, truth, residues)
    for name, gap in found.items():
        gaps = one[name] - other[name]
        assert gap.difference == pytest.approx(first[name] - second[name])
        assert (gap.low, gap.high) == pytest.approx(tuple(np.percentile(gaps, [2.5, 97.5])))
        assert gap.above_zero == (gaps > 0).mean()
    assert found["st_auroc"].low > 0
    assert found["st_auroc"].above_zero == 1


def test_a_score_does_not_differ_from_itself():
    scores, truth, residues, proteins = sites()
    found = paired_difference(scores, scores, truth, residues, proteins, 20)
    assert {(gap.difference, gap.low, gap.high, gap.above_zero) for gap in found.values()} == {(0, 0, 0, 0)}


def test_a_difference_that_no_resample_has_is_not_a_number():
    scores, truth = np.array([0.9, 0.1]), np.array([True, False])
    seed = next(
        s for s in range(99) if len(set(np.random.default_rng([s, 0]).integers(2, size=2).tolist())) == 1
    )
    gap = paired_difference(scores, scores, truth, np.full(2, "S"), np.arange(2), 1, seed)["s_auroc"]
    assert gap.difference == 0
    assert np.isnan([gap.low, gap.high, gap.above_zero]).all()


def test_one_protein_and_no_resamples_are_refused():
    scores, truth, residues, proteins = sites()
    with pytest.raises(ValueError, match="at least 2 proteins, not of 1"):
        bootstrap(scores, truth, residues, proteins * 0)
    with pytest.raises(ValueError, match="resamples is 0, expected 1 or more"):
        bootstrap(scores, truth, residues, proteins, 0)


def test_bounds_stand_beside_their_metric():
    result = with_intervals({"st_ap": 0.5, "st_sites": 3}, {"st_ap": (0.4, 0.6)})
    assert list(result.items()) == [("st_ap", 0.5), ("st_ap_low", 0.4), ("st_ap_high", 0.6), ("st_sites", 3)]


@pytest.mark.slow
def test_intervals_hold_the_true_value_about_as_often_as_they_say():
    """AUROC of two normal distributions one apart, with an effect of the protein, is known."""
    from statistics import NormalDist

    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        proteins = np.repeat(np.arange(80), 15)
        truth = rng.random(1200) < 0.3
        scores = rng.normal(size=1200) + rng.normal(size=80)[proteins] + truth
        low, high = bootstrap(scores, truth, np.full(1200, "S"), proteins, 200, seed, probability=False)[
            "s_auroc"
        ]
        inside += low <= NormalDist().cdf(1 / np.sqrt(4)) <= high
    assert 0.90 < inside / 200 < 0.99
