"""Metrics of site scores, per residue class: the one place that defines them."""

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
from sklearn.metrics import roc_curve

from phosphot5.evaluation.weighted import CALLED, PROBABILISTIC, RANKING, WeightedMetrics
from phosphot5.record.metric_names import CLASSES, enough_positives

__all__ = [
    "best_threshold",
    "calibration_error",
    "called_sites",
    "classes_with_both",
    "enough_positives",
    "group_metrics",
    "mean_ap",
    "probability_metrics",
    "site_metrics",
]


def site_metrics(
    scores: np.ndarray,
    truth: np.ndarray,
    residues: np.ndarray,
    thresholds: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Measure how well scores tell positives from negatives, per residue class.

    AUROC and average precision are those of scikit-learn's ``roc_auc_score`` and ``average_precision_score``.
    Precision at a recall is that of the highest threshold that reaches the recall, sensitivity at a specificity
    that of the lowest threshold that keeps it; nothing is interpolated, and sites of one score pass together.

    Parameters
    ----------
    scores : numpy.ndarray of float of shape (sites,)
        Any monotonous score, higher for phosphorylated.
    truth : numpy.ndarray of bool of shape (sites,)
        True at positives; sites of unknown state must be left out.
    residues : numpy.ndarray of str of shape (sites,)
        ``"S"``, ``"T"`` or ``"Y"``.
    thresholds : mapping of str to float, optional
        Residue to the lowest score that calls it phosphorylated, chosen beforehand on other sites. Without it,
        MCC and F1 of a class are those at its threshold of highest MCC on these very sites, which flatters.

    Returns
    -------
    dict of str to float
        For each class with positives and negatives ``CLASS_auroc``, ``CLASS_ap`` (average precision),
        ``CLASS_precision_at_recall_60`` and ``_80``, ``CLASS_sensitivity_at_specificity_90``, ``_95`` and
        ``_99``, ``CLASS_mcc``, ``CLASS_f1``, ``CLASS_sites`` and ``CLASS_prevalence``; and ``mean_ap``, the mean
        of ``st_ap`` and ``y_ap`` over S/T and Y, where both can be had.

    Raises
    ------
    ValueError
        If a score is not finite, no class has both positives and negatives, or a residue has no threshold.
    """
    metrics: dict[str, float] = {}
    for key, at in classes_with_both(scores, truth, residues):
        called = called_sites(scores[at], truth[at], residues[at], thresholds)
        values = _unweighted(scores[at], truth[at], called, probability=False)
        metrics |= {f"{key}_{name}": values[name] for name in (*RANKING, *CALLED)}
        metrics[f"{key}_sites"] = int(at.sum())
        metrics[f"{key}_prevalence"] = float(truth[at].mean())
    return metrics | {"mean_ap": float(mean_ap(metrics))}


def probability_metrics(probability: np.ndarray, truth: np.ndarray, residues: np.ndarray) -> dict[str, float]:
    """Measure how far probabilities can be taken at their word, per residue class.

    Parameters
    ----------
    probability : numpy.ndarray of float of shape (sites,)
        From 0 to 1.
    truth, residues
        As for :func:`site_metrics`.

    Returns
    -------
    dict of str to float
        For each class with positives and negatives ``CLASS_brier``, the mean squared difference of probability
        and truth, and ``CLASS_ece``, the expected calibration error: over 15 bins of equal counts of sites
        (:func:`~phosphot5.evaluation.weighted.equal_count_bins`), the mean absolute difference of mean
        probability and share of positives.

    Raises
    ------
    ValueError
        If a probability is not finite or outside 0 to 1, or no class has both positives and negatives.
    """
    if ((probability < 0) | (probability > 1)).any():
        found = f"{probability.min():g} to {probability.max():g}"
        raise ValueError(f"scores from {found} are not probabilities from 0 to 1")
    metrics: dict[str, float] = {}
    for key, at in classes_with_both(probability, truth, residues):
        values = _unweighted(probability[at], truth[at], truth[at], probability=True)
        metrics |= {f"{key}_{name}": values[name] for name in PROBABILISTIC}
    return metrics


def calibration_error(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the expected calibration error of sites of one kind, as :func:`probability_metrics` does.

    Parameters
    ----------
    probability : numpy.ndarray of float of shape (sites,)
        From 0 to 1.
    truth : numpy.ndarray of bool of shape (sites,)
        With positives and negatives.
    """
    return _unweighted(probability, truth, truth, probability=True)["ece"]


def classes_with_both(
    scores: np.ndarray, truth: np.ndarray, residues: np.ndarray
) -> list[tuple[str, np.ndarray]]:
    """Check the sites and find the classes that hold both positives and negatives.

    Parameters
    ----------
    scores, truth, residues
        As for :func:`site_metrics`.

    Returns
    -------
    list of tuple of str and numpy.ndarray of bool of shape (sites,)
        Key of :data:`CLASSES` and a mask of its sites.

    Raises
    ------
    ValueError
        If a score is not finite, or no class has both.
    """
    if not np.isfinite(scores).all():
        raise ValueError(f"{(~np.isfinite(scores)).sum()} of {scores.size} scores are not finite")
    masks = {key: np.isin(residues, list(letters)) for key, letters in CLASSES.items()}
    found = [(key, at) for key, at in masks.items() if truth[at].any() and not truth[at].all()]
    if not found:
        raise ValueError("no residue class has both positive and negative sites")
    return found


def called_sites(
    scores: np.ndarray, truth: np.ndarray, residues: np.ndarray, thresholds: Mapping[str, float] | None
) -> np.ndarray:
    """Tell which sites of one class are called phosphorylated; parameters as for :func:`site_metrics`.

    Returns
    -------
    numpy.ndarray of bool of shape (sites,)

    Raises
    ------
    ValueError
        If a residue has no threshold.
    """
    if thresholds is None:
        return scores >= best_threshold(scores, truth)
    called = np.zeros(len(scores), dtype=bool)
    for residue in np.unique(residues).tolist():
        if residue not in thresholds:
            raise ValueError(f"no threshold for {residue}; give one for each residue with sites")
        called |= (residues == residue) & (scores >= thresholds[residue])
    return called


def best_threshold(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the threshold of highest MCC, infinity where calling no site is best.

    Parameters
    ----------
    scores : numpy.ndarray of float of shape (sites,)
    truth : numpy.ndarray of bool of shape (sites,)
        With positives and negatives.
    """
    false_rate, true_rate, thresholds = roc_curve(truth, scores)
    positives, negatives = truth.sum(), (~truth).sum()
    tp, fp = true_rate * positives, false_rate * negatives
    fn, tn = positives - tp, negatives - fp
    denominator = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    with np.errstate(invalid="ignore"):
        mcc = np.where(denominator > 0, (tp * tn - fp * fn) / denominator, 0.0)
    return float(thresholds[mcc.argmax()])


@overload
def mean_ap(metrics: Mapping[str, float]) -> float: ...
@overload
def mean_ap(metrics: Mapping[str, np.ndarray]) -> np.ndarray: ...
def mean_ap(metrics: Mapping[str, Any]) -> Any:
    """Return the mean of ``st_ap`` and ``y_ap``, or the one there is."""
    return np.mean([metrics[key] for key in ("st_ap", "y_ap") if key in metrics], axis=0)


def _unweighted(
    scores: np.ndarray, truth: np.ndarray, called: np.ndarray, probability: bool
) -> dict[str, float]:
    """Measure with every site counting once."""
    one_protein = np.zeros(len(scores), dtype=np.int64)
    values = WeightedMetrics(scores, truth, called, one_protein, 1, probability).values(np.ones((1, 1)))
    return {name: float(value[0]) for name, value in values.items()}


def group_metrics(
    scores: np.ndarray, truth: np.ndarray, residues: np.ndarray, groups: np.ndarray, names: Sequence[str]
) -> dict[str, float]:
    """Measure all sites, and those of every group; ``mean_ap`` and ``mean_auroc`` are then means over the groups.

    Parameters
    ----------
    scores, truth, residues
        As for :func:`site_metrics`.
    groups : numpy.ndarray of int of shape (sites,)
        Number of each site's group.
    names : sequence of str
        Names of the groups; none: the sites are of one group.

    Returns
    -------
    dict of str to float
        What :func:`site_metrics` gives for all sites, and for each group with 20 positives and some negatives
        ``GROUP_CLASS_auroc`` and ``GROUP_CLASS_ap`` of S/T (``st``) and Y (``y``). The means give every group the
        same weight, and within a group S/T and Y, where both can be had.
    """
    metrics = site_metrics(scores, truth, residues)
    means: dict[str, list[float]] = {"auroc": [], "ap": []}
    for number, name in enumerate(names):
        at = groups == number
        if not truth[at].any() or truth[at].all():
            continue
        found = site_metrics(scores[at], truth[at], residues[at])
        classes = [key for key in ("st", "y") if enough_positives(found, key)]
        for measure, values in means.items():
            of_classes = {f"{key}_{measure}": found[f"{key}_{measure}"] for key in classes}
            metrics |= {f"{name}_{key}": value for key, value in of_classes.items()}
            if of_classes:
                values.append(float(np.mean(list(of_classes.values()))))
    if means["ap"]:
        metrics |= {f"mean_{measure}": float(np.mean(values)) for measure, values in means.items()}
    return metrics
