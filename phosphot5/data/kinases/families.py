"""Families of human kinases, after KinBase (Manning et al. 2002; CK2 in CMGC), with the groups above them."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["Family", "known_families"]


@dataclass(frozen=True)
class Family:
    """A family of kinases, or a group of families.

    Parameters
    ----------
    name : str
        For instance ``CK2``.
    residues : str
        ``ST`` or ``Y``: what its kinases phosphorylate.
    members : frozenset of str
        Human gene symbols.
    """

    name: str
    residues: str
    members: frozenset[str]


@cache
def known_families() -> dict[str, Family]:
    """Return the families that tables are read by, groups before their families."""
    text = (resources.files(__package__) / "families.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {
        row["family"]: Family(row["family"], row["residues"], frozenset(row["members"].split()))
        for row in rows
    }
