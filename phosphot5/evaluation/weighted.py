"""What is measured on the sites of one residue class, for many weightings of its proteins at once.

One definition serves the figures themselves (every protein counts once) and their bootstrap (a protein counts as
often as it was drawn).
"""

import numpy as np

__all__ = [
    "CALLED",
    "ECE_BINS",
    "PROBABILISTIC",
    "RANKING",
    "WeightedMetrics",
    "equal_count_bins",
]

RECALLS = (60, 80)
"""Recalls, in percent, at which precision is given."""
SPECIFICITIES = (90, 95, 99)
"""Specificities, in percent, at which sensitivity is given."""
RANKING = (
    "auroc",
    "ap",
    *(f"precision_at_recall_{percent}" for percent in RECALLS),
    *(f"sensitivity_at_specificity_{percent}" for percent in SPECIFICITIES),
)
"""Metrics that only the order of the scores decides."""
CALLED = ("mcc", "f1")
"""Metrics of the sites called phosphorylated, those that score at least the threshold."""
PROBABILISTIC = ("brier", "ece")
"""Metrics of scores that are probabilities."""
ECE_BINS = 15
"""Bins of the expected calibration error, of equal counts of sites as far as equal probabilities allow."""
BLOCK = 1 << 21
"""Weights held at a time: bounds the memory to some 100 MB."""
ROUNDING = 1e-9
"""Tolerance for rounding errors: 0.6 * 5 counts as 3 sites."""


def equal_count_bins(probability: np.ndarray, bins: int = ECE_BINS) -> np.ndarray:
    """Sort sites into bins of equal counts; equal probabilities share a bin.

    Parameters
    ----------
    probability : numpy.ndarray of float of shape (sites,)
    bins : int
        Number of bins; some stay empty where many sites share a probability.

    Returns
    -------
    numpy.ndarray of int of shape (sites,)
        Bin of each site, 0-based, ascending with the probability.

    Examples
    --------
    >>> equal_count_bins(np.array([0.1, 0.9, 0.2, 0.8]), bins=2).tolist()
    [0, 1, 0, 1]
    """
    edges = np.quantile(probability, np.arange(1, bins) / bins, method="lower")
    return np.searchsorted(edges, probability, side="left")


class WeightedMetrics:
    """The sites of one class, ready to be measured under weightings of their proteins.

    Parameters
    ----------
    scores : numpy.ndarray of float of shape (sites,)
        Higher for phosphorylated, finite; probabilities if ``probability`` is True.
    truth : numpy.ndarray of bool of shape (sites,)
        True at positives.
    called : numpy.ndarray of bool of shape (sites,)
        True at sites called phosphorylated.
    proteins : numpy.ndarray of int of shape (sites,)
        Protein of each site, 0-based.
    count : int
        Number of proteins, those without a site here included.
    probability : bool
        Whether to measure :data:`PROBABILISTIC`, too.
    """

    def __init__(
        self,
        scores: np.ndarray,
        truth: np.ndarray,
        called: np.ndarray,
        proteins: np.ndarray,
        count: int,
        probability: bool,
    ) -> None:
        order = np.argsort(-scores, kind="stable")
        positive, negative = order[truth[order]], order[~truth[order]]
        falling = -scores[positive], -scores[negative]
        # A level is a score that some positive has. Everything ranked is decided there: negatives between two
        # levels change neither the area under the ROC curve's steps nor the precision at any positive.
        last = np.append(falling[0][1:] != falling[0][:-1], True)
        self._ends = np.flatnonzero(last)  # last positive of each level
        levels = falling[0][self._ends]
        self._above = np.searchsorted(falling[1], levels, side="left")  # negatives that score higher
        self._reached = np.searchsorted(falling[1], levels, side="right")  # at least as high
        self._positive, self._negative = proteins[positive], proteins[negative]
        self._totals = _per_protein(
            [truth, ~truth, called & truth, called & ~truth], proteins, count
        )  # positives, negatives, true and false positives of each protein
        self._squares = self._gaps = None
        if probability:
            gap = scores.astype(np.float64) - truth
            self._squares = _per_protein([gap**2], proteins, count)
            bins = equal_count_bins(scores)
            places = np.bincount(proteins * ECE_BINS + bins, gap, count * ECE_BINS)
            self._gaps = places.reshape(count, ECE_BINS)

    def values(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """Measure under every weighting.

        Parameters
        ----------
        counts : numpy.ndarray of shape (proteins, weightings)
            Whole numbers: how often each protein counts.

        Returns
        -------
        dict of str to numpy.ndarray of float64 of shape (weightings,)
            Metrics of :data:`RANKING`, :data:`CALLED` and, for probabilities, :data:`PROBABILISTIC`; NaN
            where the weighting leaves no positive or no negative site.
        """
        counts = counts.astype(np.float64)
        totals = counts.T @ self._totals
        usable = (totals[:, :2] > 0).all(axis=1)
        # weightings of one kind of site only are measured as one of each, none called, and left out at the end
        positives, negatives, hits, alarms = np.where(usable[:, None], totals, [1, 1, 0, 0]).T
        result = {name: np.empty(counts.shape[1]) for name in RANKING}
        step = max(1, BLOCK // max(1, len(self._positive) + len(self._negative)))
        for start in range(0, counts.shape[1], step):
            block = slice(start, start + step)
            ranked = self._ranked(counts[:, block], positives[block], negatives[block])
            for name, values in ranked.items():
                result[name][block] = values
        result |= _called(hits, alarms, positives, negatives)
        if self._gaps is not None:
            sites = positives + negatives
            result["brier"] = (counts.T @ self._squares)[:, 0] / sites
            result["ece"] = np.abs(counts.T @ self._gaps).sum(1) / sites
        return {name: np.where(usable, values, np.nan) for name, values in result.items()}

    def _ranked(
        self, counts: np.ndarray, positives: np.ndarray, negatives: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Metrics of :data:`RANKING`; rows of all arrays are levels or sites, columns weightings."""
        found = np.cumsum(counts[self._positive], axis=0)[self._ends]
        passed = np.zeros((len(self._negative) + 1, counts.shape[1]))
        np.cumsum(counts[self._negative], axis=0, out=passed[1:])
        reached = passed[self._reached]
        gained = np.diff(found, axis=0, prepend=0)
        worse = (gained * (passed[self._above] + reached)).sum(0) / 2  # pairs in the wrong order, ties half
        precision = found / np.maximum(found + reached, 1)  # 0 where nothing weighs yet
        result = {
            "auroc": 1 - worse / (positives * negatives),
            "ap": (gained * precision).sum(0) / positives,
        }
        columns = np.arange(counts.shape[1])
        for percent in RECALLS:
            first = (found < percent / 100 * positives - ROUNDING).sum(0)
            result[f"precision_at_recall_{percent}"] = precision[first.clip(max=len(found) - 1), columns]
        for percent in SPECIFICITIES:
            levels = (reached <= (1 - percent / 100) * negatives + ROUNDING).sum(0)
            hits = found[levels.clip(min=1) - 1, columns]
            result[f"sensitivity_at_specificity_{percent}"] = np.where(levels > 0, hits, 0) / positives
        return result


def _per_protein(columns: list[np.ndarray], proteins: np.ndarray, count: int) -> np.ndarray:
    """Sum each column over the sites of each protein; shape (proteins, columns)."""
    return np.stack([np.bincount(proteins, column, count) for column in columns], axis=1)


def _called(
    hits: np.ndarray, alarms: np.ndarray, positives: np.ndarray, negatives: np.ndarray
) -> dict[str, np.ndarray]:
    """MCC, 0 where all sites are called alike, and F1, from true and false positives."""
    called, rest = hits + alarms, positives + negatives - hits - alarms
    product = np.sqrt(called * rest) * np.sqrt(positives * negatives)
    mcc = (hits * negatives - alarms * positives) / np.where(product > 0, product, 1)
    return {"mcc": np.where(product > 0, mcc, 0), "f1": 2 * hits / (called + positives)}
