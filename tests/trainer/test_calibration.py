"""The line through the log-odds and the table of false-positive rates."""

import numpy as np
import pytest
import torch
from sklearn.metrics import matthews_corrcoef

from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.modeling_phosphot5.calibration_phosphot5 import calibrated_probability
from phosphot5.modeling_phosphot5.sites_phosphot5 import false_positive_rate
from phosphot5.trainer.calibration import WEIGHTS, fit_calibration


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def draw(count: int, slope: float, intercept: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-1, 2, count).astype(np.float32)
    return log_odds, rng.random(count) < sigmoid(slope * log_odds + intercept)


def test_a_known_line_is_found_for_every_residue() -> None:
    lines = {"S": (1.5, -0.5), "T": (0.6, 0.3), "Y": (1.0, 0.0)}
    drawn = [draw(40_000, *line, seed) for seed, line in enumerate(lines.values())]
    order = np.random.default_rng(9).permutation(120_000)
    residues = np.repeat(list(lines), 40_000)[order]
    log_odds, truth = (np.concatenate(part)[order] for part in zip(*drawn, strict=True))
    calibration, _ = fit_calibration(log_odds, truth, residues)
    for residue, (slope, intercept) in lines.items():
        assert calibration[residue]["slope"] == pytest.approx(slope, abs=0.05)
        assert calibration[residue]["intercept"] == pytest.approx(intercept, abs=0.05)


def test_contexts_get_the_weights_that_they_deserve() -> None:
    scores = np.random.default_rng(0).normal(-1, 2, (3, 40_000)).astype(np.float32)
    truth = np.random.default_rng(1).random(40_000) < sigmoid(
        0.5 * scores[0] + 0.8 * scores[1] - 0.3 * scores[2]
    )
    calibration, table = fit_calibration(scores, truth, np.full(40_000, "Y"))
    line = calibration["Y"]
    assert [line[name] for name in WEIGHTS] == pytest.approx([0.5, 0.8, -0.3], abs=0.05)
    assert line["intercept"] == pytest.approx(0, abs=0.05)
    negatives = sigmoid(np.array([line[name] for name in WEIGHTS]) @ scores[:, ~truth] + line["intercept"])
    assert table["Y"]["fpr"][10] == pytest.approx(
        (negatives >= table["Y"]["probability"][10]).mean(), abs=1e-4
    )


def test_contexts_of_few_sites_are_left_out() -> None:
    scores = np.random.default_rng(0).normal(-1, 2, (3, 1000))
    truth = np.arange(1000) < 199
    scores[0, truth] += 3
    assert set(fit_calibration(scores, truth, np.full(1000, "Y"))[0]["Y"]) == {
        "slope",
        "intercept",
        "threshold",
    }
    truth[199] = True
    assert "protein" in fit_calibration(scores, truth, np.full(1000, "Y"))[0]["Y"]


@pytest.mark.parametrize("count", [80, 1000, 30_000])
def test_the_table_is_what_counting_gives(count: int) -> None:
    log_odds, truth = draw(count, 1.2, 0.1)
    calibration, tables = fit_calibration(log_odds, truth, np.full(count, "T"))
    line, table = calibration["T"], tables["T"]
    negatives = sigmoid(line["slope"] * log_odds[~truth].astype(float) + line["intercept"]).round(6)
    for rate, level in zip(table["fpr"], table["probability"], strict=True):
        assert rate == pytest.approx((negatives >= level).mean(), abs=1e-6)
    assert table["fpr"] == sorted(set(table["fpr"]))
    assert table["probability"] == sorted(set(table["probability"]), reverse=True)
    assert table["fpr"][0] >= 1 / len(negatives) - 1e-6  # no rate finer than the negatives can tell
    assert table["fpr"][-1] == 1


def test_the_rate_of_a_site_is_the_share_of_negatives_at_or_above_it() -> None:
    log_odds, truth = draw(20_000, 1.0, 0.0)
    calibration, tables = fit_calibration(log_odds, truth, np.full(20_000, "Y"))
    site_token_ids = PhosphoT5Config().site_token_ids
    ids = torch.full((1, 20_000), site_token_ids["Y"][0])
    drawn = torch.from_numpy(log_odds)[None]
    probability = calibrated_probability(drawn, ids, None, site_token_ids, calibration)[0]
    negatives = probability[torch.from_numpy(~truth)]
    for value in probability[:500].tolist():
        share = (negatives >= value).float().mean().item()
        found = false_positive_rate(value, tables["Y"])
        assert found == pytest.approx(share, rel=0.15, abs=0.002)
    for named in (0.01, 0.05, 0.1):
        called = [p for p in negatives.tolist() if false_positive_rate(p, tables["Y"]) <= named]
        assert len(called) / len(negatives) == pytest.approx(named, rel=0.1)


def test_too_few_sites_are_not_calibrated() -> None:
    log_odds, truth = draw(2000, 1.0, 0.0)
    residues = np.full(2000, "S")
    residues[np.flatnonzero(truth)[:19]] = "T"
    residues[np.flatnonzero(~truth)[:500]] = "T"
    calibration, table = fit_calibration(log_odds, truth, residues)
    assert list(calibration) == list(table) == ["S"]


def test_scores_that_rank_negatives_first_are_not_turned_round() -> None:
    log_odds, truth = draw(2000, -1.0, 0.0)
    assert fit_calibration(log_odds, truth, np.full(2000, "S")) == ({}, {})


def test_scores_that_separate_perfectly_have_a_finite_line() -> None:
    truth = np.repeat([False, True], 50)
    log_odds = np.where(truth, 9.0, -9.0) + np.random.default_rng(0).normal(size=100)
    calibration, table = fit_calibration(log_odds, truth, np.full(100, "S"))
    at = sigmoid(calibration["S"]["slope"] * np.array([-9.0, 9.0]) + calibration["S"]["intercept"])
    assert at == pytest.approx([1 / 52, 51 / 52], rel=0.3)
    assert table["S"]["fpr"][0] == pytest.approx(1 / 50)


def test_the_threshold_is_that_of_the_highest_mcc() -> None:
    log_odds, truth = draw(3000, 1.4, -0.6)
    calibration, _ = fit_calibration(log_odds, truth, np.full(3000, "S"))
    line = calibration["S"]
    probability = sigmoid(line["slope"] * log_odds.astype(float) + line["intercept"])
    best = max(np.linspace(0.02, 0.98, 97), key=lambda t: matthews_corrcoef(truth, probability >= t))
    at = matthews_corrcoef(truth, probability >= line["threshold"])
    assert at >= matthews_corrcoef(truth, probability >= best) - 1e-3
