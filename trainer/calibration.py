"""Calibration of site scores on validation data, stored in the model's configuration."""

import numpy as np
from sklearn.linear_model import LogisticRegression

__all__ = ["fit_calibration"]

FPR_GRID = np.concatenate([np.geomspace(0.001, 0.1, 21), np.linspace(0.15, 1.0, 18)])
"""False-positive rates at which the table holds a probability."""
MIN_SITES = 20
"""Positives and negatives a residue needs to be calibrated on its own."""


def fit_calibration(
    log_odds: np.ndarray, truth: np.ndarray, residues: np.ndarray
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, list[float]]]]:
    """Fit a straight line through the log-odds (Platt) and tabulate false-positive rates, per residue.

    Parameters
    ----------
    log_odds : numpy.ndarray of float of shape (sites,)
        Marginal log-odds of the model on validation sites.
    truth : numpy.ndarray of bool of shape (sites,)
        True at positives.
    residues : numpy.ndarray of str of shape (sites,)
        ``"S"``, ``"T"`` or ``"Y"``.

    Returns
    -------
    calibration : dict of str to dict
        Residue to ``{"slope", "intercept"}``.
    fpr_table : dict of str to dict
        Residue to ``{"fpr": [...], "probability": [...]}``: the share of negatives that score at or above
        each calibrated probability. Residues with fewer than 20 positives or negatives are in neither.
    """
    calibration, table = {}, {}
    for residue in "STY":
        at = residues == residue
        score, true = log_odds[at].astype(np.float64), truth[at]
        if min(true.sum(), (~true).sum()) < MIN_SITES:
            continue
        fit = LogisticRegression(C=np.inf).fit(score[:, None], true)
        slope, intercept = float(fit.coef_[0, 0]), float(fit.intercept_[0])
        if slope <= 0:
            continue  # scores that do not rank positives first must not be turned round
        calibration[residue] = {"slope": round(slope, 6), "intercept": round(intercept, 6)}
        probability = 1 / (1 + np.exp(-(slope * score[~true] + intercept)))
        levels = np.quantile(probability, 1 - FPR_GRID, method="higher")
        table[residue] = {
            "fpr": [round(float(f), 6) for f in FPR_GRID],
            "probability": [round(float(p), 6) for p in levels],
        }
    return calibration, table
