"""How well families of kinases are told, as peers measure it and as users meet it."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from phosphot5.evaluation.metrics import calibration_error

__all__ = ["family_metrics", "ranking"]

LEAST = 10
"""Positives and negatives that a ranking needs."""


class _Sites(Protocol):
    """What is asked of the sites."""

    protein: np.ndarray
    targets: Any
    fitting: Any
    annotated: Any


def ranking(truth: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """Return AUROC, AP and sensitivity at 5 % false positives; nothing with fewer than 10 positives or negatives.

    Parameters
    ----------
    truth : numpy.ndarray of bool of shape (sites,)
    score : numpy.ndarray of float of shape (sites,)
        Higher at sites of the family.
    """
    if min(truth.sum(), (~truth).sum()) < LEAST:
        return {}
    limit = np.quantile(score[~truth], 0.95)
    return {
        "auroc": float(roc_auc_score(truth, score)),
        "ap": float(average_precision_score(truth, score)),
        "sensitivity": float((score[truth] > limit).mean()),
    }


def _with_error(truth: np.ndarray, score: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Return the ranking and the expected calibration error, or nothing where there are too few sites."""
    found = ranking(truth, score)
    return found and found | {"ece": calibration_error(probability, truth)}


class _Scores(Protocol):
    """What is asked of the scores."""

    family: np.ndarray
    family_known: np.ndarray

    def product(self, column: int) -> np.ndarray:
        """Return the probability that a site is one of a family."""


def family_metrics(families: Sequence[str], states: _Sites, scores: _Scores) -> dict[str, dict[str, float]]:
    """Measure every family in two ways.

    Parameters
    ----------
    families : sequence of str
        Names.
    states : SiteStates
        The sites.
    scores : CrossFitted
        Scores of these sites.

    Returns
    -------
    dict of str to dict
        Family to ``sites``; AUROC, AP and sensitivity of the product among all S and T, or Y, of the family's
        substrates (``substrates_auroc``, ...); and those of the family given phosphorylation among all sites with a
        known kinase (``kinases_auroc``, ...; with known sites shown ``kinases_known_auroc``, ...). The expected
        calibration errors of both probabilities on these sites are ``substrates_ece`` and ``kinases_ece``.
    """
    found = {}
    for column, name in enumerate(families):
        truth, fitting = (np.asarray(value)[:, column] for value in (states.targets, states.fitting))
        substrates = np.isin(states.protein, np.unique(states.protein[truth])) & fitting
        annotated = np.asarray(states.annotated) & fitting
        product, family = scores.product(column)[substrates], scores.family[annotated, column].astype(float)
        measured = {
            "substrates": _with_error(truth[substrates], product, product),
            "kinases": _with_error(truth[annotated], family, 1 / (1 + np.exp(-family))),
            "kinases_known": ranking(truth[annotated], scores.family_known[annotated, column]),
        }
        found[name] = {"sites": float(truth.sum())} | {
            f"{task}_{metric}": round(value, 4)
            for task, row in measured.items()
            for metric, value in row.items()
        }
    return found
