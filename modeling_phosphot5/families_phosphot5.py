"""Families of kinases as a site table shows them: which are groups, which is the best at a site, all of a site."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .sites_phosphot5 import DIGITS, false_positive_rate

__all__ = [
    "FAMILY_COLUMNS",
    "KINASE_COLUMNS",
    "FamilyTable",
    "family_rows",
    "require_families",
    "single_families",
]

KINASE_COLUMNS = ("kinase", "kinase_probability", "kinase_fpr")
"""Columns of the best family of a site, behind those of a site table."""
FAMILY_COLUMNS = (
    "protein",
    "position",
    "residue",
    "family",
    "family_probability",
    "family_fpr",
    "probability",
)
"""Columns of the table of all families, in this order."""


@dataclass(frozen=True)
class FamilyTable:
    """The families that a model tells apart, and what it takes to write them beside the sites of a protein.

    Parameters
    ----------
    families : dict
        ``config.kinase_families``.
    fpr_table : dict or None
        ``config.kinase_fpr_table``, of the kind of label that was asked for.
    """

    families: dict[str, dict[str, Any]]
    fpr_table: dict[str, dict[str, list[float]]] | None

    @cached_property
    def _of_residue(self) -> dict[str, tuple[list[int], list[int]]]:
        """Residue to the places of all families that phosphorylate it, and of those that are no groups."""
        single = single_families(self.families)
        found: dict[str, tuple[list[int], list[int]]] = {}
        for place, about in enumerate(self.families.values(), 1):
            for residue in about["residues"]:
                every, singles = found.setdefault(residue, ([], []))
                every.append(place)
                if single[place - 1]:
                    singles.append(place)
        return found

    @cached_property
    def _names_and_rates(self) -> list[tuple[str, dict[str, list[float]] | None]]:
        """Name and table of false-positive rates of each family."""
        return [(name, (self.fpr_table or {}).get(name)) for name in self.families]

    def add_to(
        self,
        rows: Iterable[dict[str, Any]],
        scores: Iterable[Sequence[float]],
        every: bool = False,
        most: int | None = None,
    ) -> None:
        """Add the kinases to the rows of one protein.

        Parameters
        ----------
        rows : iterable of dict
            From :func:`~phosphot5.modeling_phosphot5.sites_phosphot5.site_rows`; each gets the keys
            :data:`KINASE_COLUMNS`: the most probable family given phosphorylation, groups aside, the probability,
            and the false-positive rate. The last is None at known sites and where there is no table; all three are
            None where no family phosphorylates the residue.
        scores : iterable of sequence of float
            For each row, what ``score_kinases`` gives behind the probability of the site: the probability of a site
            with a known kinase, and that of each family.
        every : bool
            Add the key ``kinases`` as well: a dict with ``family``, ``family_probability`` and ``family_fpr`` for
            each family that phosphorylates the residue, groups included, the most probable one first.
        most : int, optional
            Keep so many of these.

        Raises
        ------
        ValueError
            If a family that phosphorylates the residue has no finite score: names protein and position.
        """
        for row, given in zip(rows, scores, strict=True):
            places, singles = self._of_residue.get(row["residue"], ([], []))
            site = None if row["status"] == "known" else given[0]
            if not math.isfinite(sum([given[place] for place in places], site or 0.0)):
                raise ValueError(
                    f"protein {row['protein']!r}, position {row['position']} ({row['residue']}): the model's scores "
                    "of kinases are not all numbers; its weights are damaged"
                )
            score = given.__getitem__
            best = max(singles, key=score) if singles else None
            values = (None, None, None) if best is None else self._shown(best, given[best], site)
            row["kinase"], row["kinase_probability"], row["kinase_fpr"] = values
            if every:
                ranked = sorted(places, key=score, reverse=True)[:most]  # equal ones stay in their order
                shown = [self._shown(place, given[place], site) for place in ranked]
                row["kinases"] = [
                    {"family": name, "family_probability": probability, "family_fpr": fpr}
                    for name, probability, fpr in shown
                ]

    def _shown(self, place: int, probability: float, site: float | None) -> tuple[str, float, float | None]:
        """Return name, probability and rate of a family at a site as they are written; ``site`` is None if known."""
        name, table = self._names_and_rates[place - 1]
        rate = None if site is None else false_positive_rate(site * probability, table)
        return name, round(probability, DIGITS), rate


def family_rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make the table of all families from rows with the key ``kinases``.

    Parameters
    ----------
    rows : iterable of dict
        From :meth:`FamilyTable.add_to`.

    Returns
    -------
    list of dict
        A row for each site and family, with the keys :data:`FAMILY_COLUMNS`.
    """
    return [
        {"protein": row["protein"], "position": row["position"], "residue": row["residue"]}
        | family
        | {"probability": row["probability"]}
        for row in rows
        for family in row["kinases"]
    ]


def single_families(families: dict[str, dict[str, Any]]) -> list[bool]:
    """Tell families from groups: a group has all members of another family, and more.

    Parameters
    ----------
    families : dict
        ``config.kinase_families``.

    Returns
    -------
    list of bool
        True for a family, False for a group, in the order of the families.
    """
    members = [set(about["members"]) for about in families.values()]
    return [not any(other < own for other in members) for own in members]


def require_families(families: dict[str, Any]) -> None:
    """Refuse a model that tells no families of kinases.

    Parameters
    ----------
    families : dict
        ``config.kinase_families``.

    Raises
    ------
    ValueError
        If there are none.
    """
    if not families:
        raise ValueError(
            "this model tells no families of kinases; use one whose configuration has kinase_families"
        )
