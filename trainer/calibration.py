"""Calibration of site scores on validation data, stored in the model's configuration."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from phosphot5.data import Protein, SiteState
from phosphot5.data.encode import encode
from phosphot5.evaluation.metrics import best_threshold
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.calibration_phosphot5 import site_contexts
from phosphot5.modeling_phosphot5.configuration_phosphot5 import UNSPECIFIED
from phosphot5.prediction.scoring import score_proteins

__all__ = ["WEIGHTS", "calibrate", "false_positive_rates", "fit_calibration", "uncalibrated_scores"]

logger = logging.getLogger(__name__)

FPR_GRID = np.concatenate([np.geomspace(0.001, 0.1, 21), np.linspace(0.15, 1.0, 18)])
"""False-positive rates near which the table holds a probability, as far as there are negatives enough."""
MIN_SITES = 20
"""Positives and negatives a residue needs to be calibrated on its own."""
MIN_SITES_OF_CONTEXT = 200
"""And to have its contexts count."""
WEIGHTS = ("slope", "neighbours", "protein")
"""Names in the configuration of the weights of log-odds and contexts."""


def calibrate(
    model: PhosphoT5ForConditionalGeneration, proteins: Sequence[Protein]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit the calibration to whole proteins and store it with the false-positive rates in the configuration.

    A residue with too few labelled sites keeps the calibration it had, if any. Each kind of label is fitted to its
    own proteins, and "unspecified" to those of the model's default.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : sequence of Protein
        Labelled proteins that the model was not trained on; a
        :class:`~phosphot5.trainer.dataset.TrainingProtein` may name its kind of label, or be left out.

    Returns
    -------
    tuple of numpy.ndarray
        What was fitted to, as :func:`uncalibrated_scores` gives it.
    """
    config = model.config
    default = config.label_source or UNSPECIFIED
    of_kind: dict[str, list[Protein]] = {}
    for protein in proteins:
        if getattr(protein, "calibrate", True):
            of_kind.setdefault(getattr(protein, "label_source", "") or default, []).append(protein)
    if not config.label_sources:
        scored, calibration, table = _fitted(model, of_kind[UNSPECIFIED], None)
        config.calibration, config.fpr_table = calibration or None, table or None
        return scored
    fits = {kind: _fitted(model, members, kind) for kind, members in of_kind.items()}
    if UNSPECIFIED not in fits and default in of_kind:
        fits[UNSPECIFIED] = _fitted(model, of_kind[default], UNSPECIFIED)
    lines = {kind: fit[1] for kind, fit in fits.items() if fit[1]}
    tables = {kind: fit[2] for kind, fit in fits.items() if fit[2]}
    config.calibration = ((config.calibration or {}) | lines) or None
    config.fpr_table = ((config.fpr_table or {}) | tables) or None
    scores, truth, residues = zip(*(fits[kind][0] for kind in of_kind), strict=True)
    return np.concatenate(scores, axis=1), np.concatenate(truth), np.concatenate(residues)


def _fitted(
    model: PhosphoT5ForConditionalGeneration, proteins: list[Protein], kind: str | None
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], dict[str, Any], dict[str, Any]]:
    """Score and fit one kind of label; give its scores, calibration and table of rates."""
    scored = uncalibrated_scores(model, proteins, kind)
    calibration, table = fit_calibration(*scored)
    before = model.config.calibration_of(kind) or {}
    for residue in sorted(set("STY") - set(calibration)):
        kept = "kept as it was" if residue in before else "left uncalibrated"
        where = "" if kind is None else f" ({kind})"
        logger.info("too few validation sites to calibrate %s%s: %s", residue, where, kept)
    return scored, before | calibration, (model.config.fpr_table_of(kind) or {}) | table


def uncalibrated_scores(
    model: PhosphoT5ForConditionalGeneration, proteins: Iterable[Protein], label_source: str | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score the labelled sites of whole proteins, as predictions are made, without the model's calibration.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : iterable of Protein
        Of any length; no label is shown to the model.
    label_source : str, optional
        Kind of label as which they are scored; by default the model's.

    Returns
    -------
    tuple of numpy.ndarray
        ``scores`` of shape (3, sites), ``truth`` and ``residues`` of shape (sites,), as
        :func:`fit_calibration` takes them.
    """
    columns, residues = [np.empty((4, 0))], [np.empty(0, dtype="U1")]
    with _without_calibration(model):
        for protein, probabilities in score_proteins(model, proteins, label_source=label_source):
            odds = torch.logit(torch.from_numpy(probabilities))[None]
            ids = torch.from_numpy(encode(protein.sequence)[:-1].astype(np.int64))[None]  # without </s>
            contexts = site_contexts(odds, ids, None, model.config.site_token_ids)
            states = np.frombuffer(protein.states, dtype=np.uint8)
            at = (states == SiteState.POSITIVE) | (states == SiteState.NEGATIVE)
            scores = [values[0].numpy()[at] for values in (odds, *contexts)]
            columns.append(np.stack([*scores, states[at] == SiteState.POSITIVE]))
            residues.append(np.array(list(protein.sequence), dtype="U1")[at])
    *scores, truth = np.concatenate(columns, axis=1)
    return np.stack(scores), truth.astype(bool), np.concatenate(residues)


@contextmanager
def _without_calibration(model: PhosphoT5ForConditionalGeneration) -> Iterator[None]:
    kept, model.config.calibration = model.config.calibration, None
    try:
        yield
    finally:
        model.config.calibration = kept


def fit_calibration(
    scores: np.ndarray, truth: np.ndarray, residues: np.ndarray
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, list[float]]]]:
    """Fit a line through log-odds and contexts (Platt) and tabulate false-positive rates, per residue.

    Parameters
    ----------
    scores : numpy.ndarray of float of shape (3, sites) or (sites,)
        Marginal log-odds of the model on validation sites, and their contexts as ``site_contexts`` gives them;
        or log-odds alone.
    truth : numpy.ndarray of bool of shape (sites,)
        True at positives.
    residues : numpy.ndarray of str of shape (sites,)
        ``"S"``, ``"T"`` or ``"Y"``.

    Returns
    -------
    calibration : dict of str to dict
        Residue to ``{"slope", "neighbours", "protein", "intercept", "threshold"}``: the line, and the calibrated
        probability from which on calling sites gives the highest MCC on these sites. Contexts weigh nothing with
        fewer than 200 positives or negatives.
    fpr_table : dict of str to dict
        Residue to ``{"fpr": [...], "probability": [...]}``, ``fpr`` ascending: the share of negatives that
        score at or above each calibrated probability. Residues with fewer than 20 positives or negatives are
        in neither.
    """
    scores = np.atleast_2d(scores).astype(np.float64)
    calibration, table = {}, {}
    for residue in "STY":
        at = residues == residue
        true = truth[at]
        rarer = min(true.sum(), (~true).sum())
        if rarer < MIN_SITES:
            continue
        used = scores[:, at] if rarer >= MIN_SITES_OF_CONTEXT else scores[:1, at]
        weights, intercept = _platt(used, true)
        if weights[0] <= 0:
            continue  # scores that do not rank positives first must not be turned round
        probability = 1 / (1 + np.exp(-(weights @ used + intercept)))
        threshold = round(min(best_threshold(probability, true), 1.0), 6)
        line = dict(zip(WEIGHTS, weights.tolist(), strict=False))
        calibration[residue] = line | {"intercept": intercept, "threshold": threshold}
        table[residue] = false_positive_rates(probability[~true])
    return calibration, table


def _platt(score: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a weight for each row of scores and the intercept, fitted to targets a little inside 0 and 1.

    As Platt (1999) did, so the line stays finite also where the scores separate positives from negatives.
    """
    positives, negatives = true.sum(), (~true).sum()
    target = np.where(true, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    twice = np.concatenate([score, score], axis=1).T
    label = np.repeat([1, 0], len(true))
    fit = LogisticRegression(C=np.inf).fit(twice, label, sample_weight=np.concatenate([target, 1 - target]))
    return fit.coef_[0].round(6), round(float(fit.intercept_[0]), 6)


def false_positive_rates(negatives: np.ndarray, grid: np.ndarray = FPR_GRID) -> dict[str, list[float]]:
    """Tabulate the shares of negatives at or above some of their own probabilities, near the rates of a grid."""
    negatives = np.sort(negatives.round(6))
    levels = np.unique(np.quantile(negatives, 1 - grid, method="higher"))[::-1]
    rates = 1 - np.searchsorted(negatives, levels) / len(negatives)
    return {"fpr": rates.round(6).tolist(), "probability": levels.tolist()}
