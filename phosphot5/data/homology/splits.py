"""Parts of a data set, made of whole clusters."""

from collections.abc import Mapping

import numpy as np

from phosphot5.errors import PhosphoT5Error
from phosphot5.wording import counted

__all__ = ["assign"]


def assign(clusters: np.ndarray, weights: np.ndarray, shares: Mapping[str, float], seed: int) -> np.ndarray:
    """Assign whole clusters to parts so that every part gets its share of every weight, as nearly as it goes.

    The largest clusters are placed first, each where it does least harm; those of equal size in random order.

    Parameters
    ----------
    clusters : numpy.ndarray of int of shape (proteins,)
        Number of each protein's cluster, from 0.
    weights : numpy.ndarray of int of shape (proteins,) or (proteins, kinds)
        What is to be shared out, such as 1 for each protein, or the number of its positives. Kinds that sum to
        0 do not count.
    shares : mapping of str to float
        Name of each part and its share; they sum to 1.
    seed : int
        Another seed, another split. The order of the proteins makes no difference.

    Returns
    -------
    numpy.ndarray of str of shape (proteins,)
        Name of each protein's part.

    Raises
    ------
    PhosphoT5Error
        If a share is not above 0, they do not sum to 1, or there are more parts than clusters.
    """
    names, wanted = list(shares), np.array(list(shares.values()), dtype=np.float64)
    if not names or (wanted <= 0).any() or abs(wanted.sum() - 1) > 1e-6:
        text = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise PhosphoT5Error(f"shares ({text or 'none'}) must be above 0 and sum to 1")
    numbers, which = np.unique(clusters, return_inverse=True)
    if len(numbers) < len(names):
        raise PhosphoT5Error(
            f"only {counted(len(numbers), 'cluster')} for {len(names)} parts; give more "
            "proteins, ask for fewer parts, or cluster at a higher identity"
        )
    weights = np.asarray(weights).reshape(len(clusters), -1)
    sums = np.zeros((len(numbers), weights.shape[1]), dtype=np.int64)
    np.add.at(sums, which, weights)
    portions = sums[:, sums.sum(axis=0) > 0] / sums[:, sums.sum(axis=0) > 0].sum(axis=0)
    order = np.random.default_rng(seed).permutation(len(numbers))
    order = order[np.argsort(-portions[order].max(axis=1, initial=0), kind="stable")]
    parts: np.ndarray = np.array(names)[_fill(portions, wanted, order)[which]]
    return parts


def _fill(portions: np.ndarray, wanted: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the part of each cluster; every part gets at least one.

    ``portions`` has shape (clusters, kinds), each column sums to 1. The harm of a filling is the sum over parts
    and kinds of ``(filled - wanted)^2 / wanted``.
    """
    part_of = np.zeros(len(portions), dtype=np.int64)
    filled = np.zeros((len(wanted), portions.shape[1]))
    empty = np.ones(len(wanted), dtype=bool)
    for left, cluster in zip(range(len(order), 0, -1), order, strict=True):
        portion = portions[cluster]
        harm = (portion * (portion + 2 * (filled - wanted[:, None]))).sum(axis=1) / wanted
        if left <= empty.sum():
            harm[~empty] = np.inf
        part = int(harm.argmin())
        part_of[cluster] = part
        filled[part] += portion
        empty[part] = False
    return part_of
