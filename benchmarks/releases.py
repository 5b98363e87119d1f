"""What one release loses against the one before, in any group of the choosing sets."""

from collections.abc import Mapping
from typing import Any

from benchmarks.common import RESULTS

__all__ = ["ALLOWED", "CLASSES", "Loss", "losses", "measured_releases"]

ALLOWED = {"auroc": 0.005, "ap": 0.01}
"""Metric to the loss that a release may bring in a group without a word in the changelog."""
CLASSES = {"st": "S/T", "y": "Y"}

Loss = tuple[str, str, str, float]
"""Group, class, metric and the change, which is negative."""


def measured_releases() -> list[str]:
    """Return the releases that `benchmarks/accuracy/groups.py` has measured, oldest first."""
    found = (path.stem for path in (RESULTS / "groups").glob("*.json"))
    return sorted(found, key=lambda release: tuple(map(int, release.split("."))))


def losses(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Loss]:
    """Return where ``after`` is worse than ``before`` by more than is allowed.

    Parameters
    ----------
    before, after : mapping
        Results of `benchmarks/accuracy/groups.py`.

    Raises
    ------
    KeyError
        If ``after`` lacks a set, a group or a class of ``before``.
    """
    found = []
    for name, part in before["sets"].items():
        for group, figures in part["groups"].items():
            for key, title in CLASSES.items():
                if key not in figures:
                    continue
                new = after["sets"][name]["groups"][group][key]
                for metric, allowed in ALLOWED.items():
                    change = round(new[metric] - figures[key][metric], 4)
                    if change < -allowed:
                        found.append((group, title, metric, change))
    return found
