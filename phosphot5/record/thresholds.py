"""From a rate of false positives to the probability that keeps it."""

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["probability_at"]


def probability_at(table: Mapping[str, Sequence[float]], rate: float) -> float | None:
    """Return the lowest probability that keeps a rate of false positives.

    Parameters
    ----------
    table : mapping of str to sequence of float
        ``fpr`` ascending and ``probability`` descending, of one residue: an entry of ``config.fpr_table``.
    rate : float
        Highest rate of false positives.

    Returns
    -------
    float or None
        Interpolated between the table's entries; None if no probability keeps the rate.
    """
    return None if rate < table["fpr"][0] else float(np.interp(rate, table["fpr"], table["probability"]))
