"""Checks of the values of a configuration, each with one clear message."""

import reprlib
from typing import Any

__all__ = [
    "check_calibration",
    "check_kinases",
    "check_label_sources",
    "check_number",
    "check_rates",
    "check_residues",
    "wrong",
]

CLASSES = ("ST", "Y")
"""Residues that a family of kinases phosphorylates: serine and threonine, or tyrosine."""

LINE: dict[str, Any] = dict.fromkeys(("slope", "intercept", "neighbours", "protein"), (float, -1e6, 1e6)) | {
    "threshold": (float, 0, 1)
}
"""Type, lowest and highest value of the numbers of a residue's calibration."""


def wrong(name: str, value: Any, expected: str) -> ValueError:
    """Make the error of a value that is not as expected."""
    return ValueError(f"{name} is {reprlib.repr(value)}, expected {expected}")


def check_number(name: str, value: Any, kind: type, low: float, high: float) -> None:
    """Refuse what is no number of a kind, int or float, from ``low`` to ``high``; NaN is in no range."""
    is_kind = isinstance(value, (int, float) if kind is float else int) and not isinstance(value, bool)
    if not is_kind or not low <= value <= high:
        raise wrong(name, value, f"{'an integer' if kind is int else 'a number'} from {low:,} to {high:,}")


def check_residues(name: str, table: Any, residues: Any = None) -> None:
    """Refuse what is no mapping from residues, or from other ones than ``residues``."""
    if not isinstance(table, dict) or not table or not all(isinstance(key, str) for key in table):
        raise wrong(name, table, "an entry for each residue")
    if residues is not None and (unknown := [key for key in table if key not in residues]):
        raise wrong(f"a residue of {name}", unknown[0], f"one of {', '.join(residues)}")


def check_label_sources(names: Any, adapters: Any, unspecified: str) -> None:
    """Refuse what are no names of kinds of label, and adapters of other kinds or without a hidden unit."""
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and name for name in names):
        raise wrong("label_sources", names, "a list of names")
    if len({unspecified, *names}) <= len(names):
        raise wrong("label_sources", names, f"different names, none of them {unspecified!r}")
    if not isinstance(adapters, dict) or not set(adapters) <= set(names):
        raise wrong("label_source_adapters", adapters, "an entry for some of the label_sources")
    for name, units in adapters.items():
        check_number(f"label_source_adapters of {name}", units, int, 1, 1_000_000)


def check_calibration(calibration: Any, fpr_table: Any, residues: Any, where: str = "") -> None:
    """Check a calibration and its table of false-positive rates; either may be ``None``.

    Raises
    ------
    ValueError
        Names the place, with ``where`` behind it, and what is expected there.
    """
    for name, table in (("calibration", calibration), ("fpr_table", fpr_table)):
        if table is not None:
            check_residues(f"{name}{where}", table, residues)
    for residue, line in (calibration or {}).items():
        place = f"calibration{where} of {residue}"
        if not isinstance(line, dict) or not {"slope", "intercept"} <= set(line) <= set(LINE):
            raise wrong(place, line, f"the numbers {', '.join(LINE)}; the first two are needed")
        for name, value in line.items():
            check_number(f"{place}, {name},", value, *LINE[name])
    for residue, columns in (fpr_table or {}).items():
        check_rates(f"fpr_table{where} of {residue}", columns)


def check_rates(place: str, columns: Any) -> None:
    """Refuse what is no table of false-positive rates: ascending ``fpr``, descending ``probability``."""
    if not isinstance(columns, dict) or set(columns) != {"fpr", "probability"}:
        raise wrong(place, columns, "the lists fpr and probability")
    for name, values in columns.items():
        if not isinstance(values, (list, tuple)) or not values:
            raise wrong(f"{place}, {name},", values, "a list of numbers")
        for value in values:
            check_number(f"{place}, {name},", value, float, 0, 1)
    rates, levels = list(columns["fpr"]), list(columns["probability"])
    if len(rates) != len(levels) or rates != sorted(rates) or levels != sorted(levels, reverse=True):
        raise ValueError(f"{place}: expected as many ascending rates as descending probabilities")


def check_kinases(families: Any, tables: dict[str, Any]) -> None:
    """Check the families of a configuration and their tables of false-positive rates.

    Parameters
    ----------
    families : dict
        Name to ``residues`` (``"ST"`` or ``"Y"``), ``members`` (gene symbols) and ``sites`` (of the training).
    tables : dict
        Kind of label, or an empty name, to a table: family to ``fpr`` and ``probability``.

    Raises
    ------
    ValueError
        Names the place and what is expected there.
    """
    if not isinstance(families, dict):
        raise wrong("kinase_families", families, "an entry for each family")
    for name, about in families.items():
        place = f"kinase_families of {name}"
        if not isinstance(about, dict) or set(about) != {"residues", "members", "sites"}:
            raise wrong(place, about, "residues, members and sites")
        if about["residues"] not in CLASSES:
            raise wrong(f"{place}, residues,", about["residues"], " or ".join(map(repr, CLASSES)))
        members = about["members"]
        if not isinstance(members, (list, tuple)) or not all(isinstance(member, str) for member in members):
            raise wrong(f"{place}, members,", members, "a list of gene symbols")
        check_number(f"{place}, sites,", about["sites"], int, 0, 10**9)
    for kind, table in tables.items():
        place = f"kinase_fpr_table{f' ({kind})' if kind else ''}"
        if not isinstance(table, dict) or not set(table) <= set(families):
            raise wrong(place, table, "an entry for families of kinase_families")
