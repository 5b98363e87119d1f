"""95 % intervals by bootstrap over proteins, and paired differences of two scores on the same sites.

Sites of one protein are not independent, so whole proteins are drawn, with replacement, as many as there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from phosphot5.evaluation.metrics import (
    called_sites,
    classes_with_both,
    mean_ap,
    probability_metrics,
    site_metrics,
)
from phosphot5.evaluation.weighted import WeightedMetrics

__all__ = [
    "Difference",
    "bootstrap",
    "differences",
    "intervals",
    "measure",
    "paired_difference",
    "resample",
    "with_intervals",
]

BOUNDS = (2.5, 97.5)
"""Percentiles that bound a 95 % interval."""


@dataclass(frozen=True)
class Difference:
    """How much higher one score's metric is than the other's on the same sites.

    Parameters
    ----------
    difference : float
        First minus second.
    low, high : float
        95 % interval.
    above_zero : float
        Share of the resamples in which the difference is above zero.
    """

    difference: float
    low: float
    high: float
    above_zero: float


def measure(
    scores: np.ndarray,
    truth: np.ndarray,
    residues: np.ndarray,
    thresholds: Mapping[str, float] | None = None,
    probability: bool = True,
) -> dict[str, float]:
    """Return the metrics of :func:`~phosphot5.evaluation.metrics.site_metrics`.

    Parameters
    ----------
    scores, truth, residues, thresholds
        As there.
    probability : bool
        Add those of :func:`~phosphot5.evaluation.metrics.probability_metrics`: the scores are probabilities.
    """
    metrics = site_metrics(scores, truth, residues, thresholds)
    return metrics | (probability_metrics(scores, truth, residues) if probability else {})


def bootstrap(
    scores: np.ndarray,
    truth: np.ndarray,
    residues: np.ndarray,
    proteins: np.ndarray,
    resamples: int = 1000,
    seed: int = 0,
    thresholds: Mapping[str, float] | None = None,
    probability: bool = True,
) -> dict[str, tuple[float, float]]:
    """Bound each metric by the 2.5th and 97.5th percentile over resamples of the proteins.

    Thresholds and the bins of the calibration error stay those of the sites as they are. Resamples in which a
    class has no positive or no negative site are left out of its intervals. Resampling adds noise to every bin
    of the calibration error, so a small ``CLASS_ece`` may lie below its own interval.

    Parameters
    ----------
    scores, truth, residues, thresholds
        As for :func:`~phosphot5.evaluation.metrics.site_metrics`.
    proteins : numpy.ndarray of int of shape (sites,)
        Protein of each site, any numbers.
    resamples : int
        Number of resamples, 1 or more.
    seed : int
        Resample i is drawn from ``numpy.random.default_rng([seed, i])``: the same for all scores of the sites.
    probability : bool
        The scores are probabilities; without it there is no Brier score and no calibration error.

    Returns
    -------
    dict of str to tuple of float and float
        Lower and upper bound of every metric of :func:`measure` but ``CLASS_sites`` and ``CLASS_prevalence``.

    Raises
    ------
    ValueError
        As :func:`measure`, or if there are fewer than two proteins or no resamples.
    """
    return intervals(resample(scores, truth, residues, proteins, resamples, seed, thresholds, probability))


def paired_difference(
    scores: np.ndarray,
    others: np.ndarray,
    truth: np.ndarray,
    residues: np.ndarray,
    proteins: np.ndarray,
    resamples: int = 1000,
    seed: int = 0,
    thresholds: Mapping[str, float] | None = None,
    other_thresholds: Mapping[str, float] | None = None,
    probability: bool = True,
) -> dict[str, Difference]:
    """Compare two scores of the same sites on the same resamples of the proteins.

    Parameters
    ----------
    scores, others : numpy.ndarray of float of shape (sites,)
        The two scores.
    truth, residues, proteins, resamples, seed
        As for :func:`bootstrap`.
    thresholds, other_thresholds : mapping of str to float, optional
        Those of the first and of the second score.
    probability : bool
        Both scores are probabilities; without it there is no Brier score and no calibration error.

    Returns
    -------
    dict of str to Difference
        First minus second, for the metrics of :func:`bootstrap`.

    Raises
    ------
    ValueError
        As :func:`bootstrap`.
    """
    known = (truth, residues, proteins, resamples, seed)
    return differences(
        measure(scores, truth, residues, thresholds, probability),
        measure(others, truth, residues, other_thresholds, probability),
        resample(scores, *known, thresholds, probability),
        resample(others, *known, other_thresholds, probability),
    )


def resample(
    scores: np.ndarray,
    truth: np.ndarray,
    residues: np.ndarray,
    proteins: np.ndarray,
    resamples: int,
    seed: int,
    thresholds: Mapping[str, float] | None,
    probability: bool,
) -> dict[str, np.ndarray]:
    """Measure every resample; parameters and errors as for :func:`bootstrap`.

    Returns
    -------
    dict of str to numpy.ndarray of float of shape (resamples,)
        NaN where a resample leaves a class no positive or no negative site.
    """
    names, index = np.unique(proteins, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"resampling needs sites of at least 2 proteins, not of {len(names)}")
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}, expected 1 or more")
    counts = _draws(len(names), resamples, seed)
    drawn: dict[str, np.ndarray] = {}
    for key, at in classes_with_both(scores, truth, residues):
        called = called_sites(scores[at], truth[at], residues[at], thresholds)
        sites = WeightedMetrics(scores[at], truth[at], called, index[at], len(names), probability)
        drawn |= {f"{key}_{name}": values for name, values in sites.values(counts).items()}
    return drawn | {"mean_ap": mean_ap(drawn)}


def intervals(drawn: Mapping[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """Bound each metric of :func:`resample` by its 2.5th and 97.5th percentile."""
    return {name: _interval(values) for name, values in drawn.items()}


def differences(
    first: Mapping[str, float],
    second: Mapping[str, float],
    drawn_first: Mapping[str, np.ndarray],
    drawn_second: Mapping[str, np.ndarray],
) -> dict[str, Difference]:
    """Compare two scores on the same resamples.

    Parameters
    ----------
    first, second : mapping of str to float
        Metrics of the two scores on the sites as they are, from :func:`measure`.
    drawn_first, drawn_second : mapping of str to numpy.ndarray of shape (resamples,)
        The same on the resamples, from :func:`resample` with one seed.

    Returns
    -------
    dict of str to Difference
        First minus second, for the metrics that both have.
    """
    result = {}
    for name in drawn_first:
        if name in drawn_second:
            gaps = drawn_first[name] - drawn_second[name]
            gaps = gaps[~np.isnan(gaps)]
            above = float((gaps > 0).mean()) if gaps.size else np.nan
            result[name] = Difference(first[name] - second[name], *_interval(gaps), above)
    return result


def with_intervals(
    metrics: Mapping[str, float], bounds: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Put ``<name>_low`` and ``<name>_high`` beside each metric that has an interval."""
    result = {}
    for name, value in metrics.items():
        result[name] = value
        if name in bounds:
            result[f"{name}_low"], result[f"{name}_high"] = bounds[name]
    return result


def _draws(count: int, resamples: int, seed: int) -> np.ndarray:
    """How often each protein is in each resample; shape (proteins, resamples)."""
    counts = np.empty((count, resamples), dtype=np.uint16)
    for number in range(resamples):
        drawn = np.random.default_rng([seed, number]).integers(count, size=count)
        counts[:, number] = np.bincount(drawn, minlength=count)
    return counts


def _interval(values: np.ndarray) -> tuple[float, float]:
    values = values[~np.isnan(values)]
    return tuple(np.percentile(values, BOUNDS).tolist()) if values.size else (np.nan, np.nan)
