"""Drawing training proteins so that large groups do not drown small ones, or what matters most comes most often."""

import logging
from collections.abc import Mapping

import datasets
import numpy as np

__all__ = ["balanced"]

logger = logging.getLogger(__name__)


def balanced(
    dataset: datasets.Dataset, exponent: float, seed: int, weights: Mapping[str, float] | None = None
) -> datasets.Dataset:
    """Repeat the segments of small groups: an epoch then has ``tokens ** exponent`` of a group, in proportion.

    The largest group stands in it once. A group that is repeated 2.5 times has all of its segments twice, and half
    of them, drawn at random, three times.

    Parameters
    ----------
    dataset : datasets.Dataset
        From :func:`~phosphot5.trainer.dataset.build_dataset`, with the column ``group``.
    exponent : float
        1: as the groups are; 0: as many tokens of each.
    seed : int
        Decides what is drawn.
    weights : mapping of str to float, optional
        Group to how many times as often as that it is drawn; a group that is not named: once.

    Returns
    -------
    datasets.Dataset
        In the order of the segments.

    Raises
    ------
    ValueError
        If the proteins have no groups, or not one that ``weights`` names.
    """
    if "group" not in dataset.column_names:
        raise ValueError(
            "data.balance needs groups; name a group for each file, or in the headers of the proteins"
        )
    names = dataset.features["group"].names
    for name in weights or {}:
        if name not in names:
            raise ValueError(
                f"data.group_weights names the group {name!r}, which no training protein has; the groups are "
                f"{', '.join(names)}"
            )
    groups, lengths = np.asarray(dataset["group"]), np.asarray(dataset["length"])
    tokens = np.bincount(groups, lengths)
    present = np.flatnonzero(tokens)
    repeats = np.zeros_like(tokens)
    repeats[present] = (tokens.max() / tokens[present]) ** (1 - exponent)
    for group in present:
        name = names[group]
        repeats[group] *= (weights or {}).get(name, 1)
        logger.info(
            "group %s: %s tokens, drawn %.2f times an epoch", name, f"{int(tokens[group]):,}", repeats[group]
        )
    draws = np.random.default_rng(seed).random(len(groups))
    times = np.floor(repeats[groups] + draws).astype(int)
    return dataset.select(np.repeat(np.arange(len(groups)), times))
