"""Metrics of site scores: one place, numpy and scikit-learn."""

import numpy as np
from sklearn.metrics import average_precision_score, matthews_corrcoef, roc_auc_score, roc_curve

__all__ = ["CLASSES", "site_metrics"]

CLASSES = {"st": "ST", "s": "S", "t": "T", "y": "Y"}
"""Name of each reported class and the residues it holds."""


def site_metrics(scores: np.ndarray, truth: np.ndarray, residues: np.ndarray) -> dict[str, float]:
    """AUROC, average precision and MCC per residue class.

    Parameters
    ----------
    scores : numpy.ndarray of float of shape (sites,)
        Any monotonous score, higher for phosphorylated.
    truth : numpy.ndarray of bool of shape (sites,)
        True at positives; sites of unknown state must be left out.
    residues : numpy.ndarray of str of shape (sites,)
        ``"S"``, ``"T"`` or ``"Y"``.

    Returns
    -------
    dict of str to float
        For each class with positives and negatives ``CLASS_auroc``, ``CLASS_ap`` (average precision),
        ``CLASS_mcc`` (at its best threshold), ``CLASS_sites`` and ``CLASS_prevalence``; and
        ``mean_ap``, the mean of ``st_ap`` and ``y_ap`` over S/T and Y, where both can be had.

    Raises
    ------
    ValueError
        If a score is not finite, or no class has both positives and negatives.
    """
    if not np.isfinite(scores).all():
        raise ValueError(f"{(~np.isfinite(scores)).sum()} of {scores.size} scores are not finite")
    metrics: dict[str, float] = {}
    for key, letters in CLASSES.items():
        at = np.isin(residues, list(letters))
        score, true = scores[at], truth[at]
        if not true.any() or true.all():
            continue
        metrics[f"{key}_auroc"] = float(roc_auc_score(true, score))
        metrics[f"{key}_ap"] = float(average_precision_score(true, score))
        metrics[f"{key}_mcc"] = float(matthews_corrcoef(true, score >= _best_threshold(score, true)))
        metrics[f"{key}_sites"] = int(at.sum())
        metrics[f"{key}_prevalence"] = float(true.mean())
    chosen = [metrics[key] for key in ("st_ap", "y_ap") if key in metrics]
    if not chosen:
        raise ValueError(
            "found no residue class with both positive and negative sites, expected at least one"
        )
    metrics["mean_ap"] = float(np.mean(chosen))
    return metrics


def _best_threshold(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the threshold of highest MCC."""
    false_rate, true_rate, thresholds = roc_curve(truth, scores)
    positives, negatives = truth.sum(), (~truth).sum()
    tp, fp = true_rate * positives, false_rate * negatives
    fn, tn = positives - tp, negatives - fp
    denominator = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    with np.errstate(invalid="ignore"):
        mcc = np.where(denominator > 0, (tp * tn - fp * fn) / denominator, 0.0)
    return float(thresholds[mcc.argmax()])
