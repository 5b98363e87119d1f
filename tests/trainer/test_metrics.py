"""Metrics against hand values and by other routes."""

import numpy as np
import pytest
from sklearn.metrics import auc, matthews_corrcoef, precision_recall_curve

from phosphot5.trainer.metrics import site_metrics


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
    with pytest.raises(ValueError, match="no residue class with both positive and negative"):
        site_metrics(np.zeros(3), np.ones(3, dtype=bool), np.array(list("STY")))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused(bad: float) -> None:
    scores, truth, residues = sites(50)
    scores[[3, 7]] = bad
    with pytest.raises(ValueError, match="2 of 50 scores are not finite"):
        site_metrics(scores, truth, residues)
