"""Metrics against hand values and by other routes."""

import numpy as np
import pytest
from sklearn.metrics import auc, brier_score_loss, f1_score, matthews_corrcoef, precision_recall_curve

from phosphot5.evaluation.metrics import probability_metrics, site_metrics


def sites(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random(count) < 0.3
    scores = (rng.normal(size=count) + truth).round(1)  # with ties
    return scores, truth, rng.choice(list("STY"), count)


def test_hand_values() -> None:
    truth = np.array([1, 0, 1, 0, 0, 1], dtype=bool)
    scores = np.array([6.0, 5, 4, 3, 2, 1])
    metrics = site_metrics(scores, truth, np.array(list("SSTTYY")))
    assert metrics["s_auroc"] == metrics["s_ap"] == metrics["s_mcc"] == 1
    assert metrics["st_auroc"] == pytest.approx(3 / 4)
    assert metrics["st_ap"] == pytest.approx((1 + 2 / 3) / 2)
    assert metrics["st_mcc"] == pytest.approx(1 / np.sqrt(3))  # tp 1, fn 1, fp 0, tn 2, or tp 2, fp 1, tn 1
    assert metrics["y_ap"] == 1 / 2
    assert metrics["y_auroc"] == 0
    assert (metrics["st_sites"], metrics["y_sites"], metrics["st_prevalence"]) == (4, 2, 0.5)
    assert metrics["mean_ap"] == pytest.approx((5 / 6 + 1 / 2) / 2)


@pytest.mark.parametrize("seed", range(3))
def test_ranking_metrics_by_another_route(seed: int) -> None:
    scores, truth, residues = sites(400, seed)
    metrics = site_metrics(scores, truth, residues)
    for key, letters in {"st": "ST", "s": "S", "t": "T", "y": "Y"}.items():
        at = np.isin(residues, list(letters))
        plus, minus = scores[at & truth][:, None], scores[at & ~truth][None]
        assert metrics[f"{key}_auroc"] == pytest.approx(((plus > minus) + 0.5 * (plus == minus)).mean())
        precision, recall, _ = precision_recall_curve(truth[at], scores[at])
        assert metrics[f"{key}_ap"] == pytest.approx(-np.sum(np.diff(recall) * precision[:-1]))
        assert metrics[f"{key}_ap"] == pytest.approx(auc(recall, precision), abs=0.05)
        best = max(matthews_corrcoef(truth[at], scores[at] >= level) for level in np.unique(scores[at]))
        assert metrics[f"{key}_mcc"] == pytest.approx(best)


def test_scores_that_mislead_have_no_mcc_below_that_of_calling_nothing() -> None:
    truth = np.repeat([False, True], 5)
    assert site_metrics(-truth.astype(float), truth, np.full(10, "S"))["s_mcc"] == 0


def test_any_monotonous_score_and_any_order_will_do() -> None:
    scores, truth, residues = sites(300)
    order = np.random.default_rng(1).permutation(300)
    turned = site_metrics(np.exp(3 * scores[order]), truth[order], residues[order])
    assert turned == pytest.approx(site_metrics(scores, truth, residues))


def test_a_residue_with_one_kind_of_site_is_left_out() -> None:
    scores, truth, residues = sites(300)
    metrics = site_metrics(scores, truth & (residues != "Y"), residues)
    assert not any(name.startswith("y_") for name in metrics)
    assert metrics["mean_ap"] == metrics["st_ap"]


def test_nothing_to_rank_is_refused() -> None:
    with pytest.raises(ValueError, match="no residue class has both positive and negative"):
        site_metrics(np.zeros(3), np.ones(3, dtype=bool), np.array(list("STY")))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused(bad: float) -> None:
    scores, truth, residues = sites(50)
    scores[[3, 7]] = bad
    with pytest.raises(ValueError, match="2 of 50 scores are not finite"):
        site_metrics(scores, truth, residues)


def test_operating_points_by_hand() -> None:
    truth = np.array([1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], dtype=bool)  # 3 positives, 10 negatives
    scores = np.array([9.0, 8, 7, 6, 6, 5, 4, 4, 4, 4, 4, 4, 4])
    metrics = site_metrics(scores, truth, np.full(13, "S"))
    assert metrics["s_precision_at_recall_60"] == pytest.approx(2 / 3)  # two positives found at 7
    assert metrics["s_precision_at_recall_80"] == pytest.approx(3 / 6)  # all three, at 5
    assert metrics["s_sensitivity_at_specificity_90"] == pytest.approx(2 / 3)  # one negative may pass
    assert metrics["s_sensitivity_at_specificity_95"] == pytest.approx(1 / 3)  # none may
    assert metrics["s_sensitivity_at_specificity_99"] == pytest.approx(1 / 3)


def test_no_threshold_keeps_a_specificity_when_the_first_level_holds_too_many_negatives() -> None:
    metrics = site_metrics(np.array([1.0, 1.0, 0.0]), np.array([True, False, False]), np.full(3, "T"))
    assert metrics["t_sensitivity_at_specificity_90"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_operating_points_by_trying_every_threshold(seed: int) -> None:
    scores, truth, residues = sites(300, seed)
    metrics = site_metrics(scores, truth, residues)
    at = np.isin(residues, list("ST"))
    score, true = scores[at], truth[at]
    points = []
    for level in np.unique(score):
        called = score >= level
        points.append((level, true[called].mean(), called[true].mean(), (~called)[~true].mean()))
    for recall in (60, 80):
        highest = max(point for point in points if point[2] >= recall / 100)
        assert metrics[f"st_precision_at_recall_{recall}"] == pytest.approx(highest[1])
    for specificity in (90, 95, 99):
        kept = [point[2] for point in points if point[3] >= specificity / 100]
        assert metrics[f"st_sensitivity_at_specificity_{specificity}"] == pytest.approx(max(kept, default=0))


def test_given_thresholds_hold_for_each_residue() -> None:
    scores, truth, residues = sites(400)
    thresholds = {"S": 0.4, "T": 0.9, "Y": -0.3}
    metrics = site_metrics(scores, truth, residues, thresholds)
    called = scores >= np.array([thresholds[residue] for residue in residues])
    for key, letters in {"st": "ST", "s": "S", "t": "T", "y": "Y"}.items():
        at = np.isin(residues, list(letters))
        assert metrics[f"{key}_mcc"] == pytest.approx(matthews_corrcoef(truth[at], called[at]))
        assert metrics[f"{key}_f1"] == pytest.approx(f1_score(truth[at], called[at]))


def test_f1_without_thresholds_is_at_the_threshold_of_best_mcc() -> None:
    scores, truth, residues = sites(400)
    metrics = site_metrics(scores, truth, residues)
    at = residues == "Y"
    best = max(np.unique(scores[at]), key=lambda t: matthews_corrcoef(truth[at], scores[at] >= t))
    assert metrics["y_f1"] == pytest.approx(f1_score(truth[at], scores[at] >= best))


def test_a_residue_without_threshold_is_refused() -> None:
    scores, truth, residues = sites(100)
    with pytest.raises(ValueError, match="no threshold for Y; give one for each residue"):
        site_metrics(scores, truth, residues, {"S": 0.1, "T": 0.1})


def test_probability_metrics_by_hand() -> None:
    probability = np.array([0.2] * 5 + [0.6] * 5)
    truth = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 0], dtype=bool)  # shares 0.2 and 0.8
    metrics = probability_metrics(probability, truth, np.full(10, "Y"))
    assert metrics == pytest.approx({"y_brier": brier_score_loss(truth, probability), "y_ece": 0.1})


def test_calibrated_probabilities_have_a_small_error() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random(50_000)
    truth, residues = rng.random(50_000) < probability, rng.choice(list("STY"), 50_000)
    good = probability_metrics(probability, truth, residues)
    bad = probability_metrics(probability**2, truth, residues)
    assert max(good[name] for name in good if name.endswith("ece")) < 0.03
    assert bad["st_ece"] == pytest.approx(np.mean(np.abs(probability - probability**2)), abs=0.01)


@pytest.mark.parametrize("bad", [-0.1, 1.5])
def test_scores_that_are_no_probabilities_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="not probabilities from 0 to 1"):
        probability_metrics(np.array([0.5, bad]), np.array([True, False]), np.array(["S", "S"]))


def test_probabilities_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="1 of 2 scores are not finite"):
        probability_metrics(np.array([0.5, np.nan]), np.array([True, False]), np.array(["S", "S"]))
