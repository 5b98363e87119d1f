"""How metrics are named in records and shown to people: ``<class>_<metric>``, such as ``st_auroc``."""

from collections.abc import Mapping

__all__ = ["CLASSES", "CLASS_TITLES", "HEADLINE", "enough_positives", "without_small_classes"]

CLASSES = {"st": "ST", "s": "S", "t": "T", "y": "Y"}
"""Name of each reported class and the residues it holds."""
CLASS_TITLES = {"st": "S/T", "s": "S", "t": "T", "y": "Y"}
"""How each class is shown."""
HEADLINE = {"auroc": "AUROC", "ap": "AP", "mcc": "MCC", "f1": "F1", "brier": "Brier", "ece": "ECE"}
"""Metrics of the first table and their headings."""
FEWEST = 20
"""Positives that a class of a group needs to be measured."""


def enough_positives(metrics: Mapping[str, float | None], key: str) -> bool:
    """Tell whether a class, a key of :data:`CLASSES`, has the 20 positives that a group needs to be measured."""
    sites, share = (metrics.get(f"{key}_{name}") or 0 for name in ("sites", "prevalence"))
    return round(sites * share) >= FEWEST


def without_small_classes(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the metrics of a group without those of classes that lack positives; counts of their sites stay.

    The mean of S/T and Y goes with either of them.
    """
    small = [key for key in CLASSES if f"{key}_sites" in metrics and not enough_positives(metrics, key)]
    kept = {f"{key}_{name}" for key in small for name in ("sites", "prevalence")}
    if {"st", "y"} & set(small):
        small.append("mean")
    return {
        name: value for name, value in metrics.items() if name in kept or name.partition("_")[0] not in small
    }
