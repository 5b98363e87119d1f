"""How metrics are named in records and shown to people: ``<class>_<metric>``, such as ``st_auroc``."""

__all__ = ["CLASSES", "CLASS_TITLES", "HEADLINE"]

CLASSES = {"st": "ST", "s": "S", "t": "T", "y": "Y"}
"""Name of each reported class and the residues it holds."""
CLASS_TITLES = {"st": "S/T", "s": "S", "t": "T", "y": "Y"}
"""How each class is shown."""
HEADLINE = {"auroc": "AUROC", "ap": "AP", "mcc": "MCC", "f1": "F1", "brier": "Brier", "ece": "ECE"}
"""Metrics of the first table and their headings."""
