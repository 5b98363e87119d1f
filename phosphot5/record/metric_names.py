"""How metrics are named in records and shown to people: ``<class>_<metric>``, such as ``st_auroc``."""

from collections.abc import Mapping

__all__ = ["CLASSES", "CLASS_TITLES", "HEADLINE", "enough_positives"]

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
