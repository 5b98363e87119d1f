"""Sites of a protein with and without a variant: which are gained, lost or change, and by how much."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS, FLANK, RARE, false_positive_rate, site_call
from phosphot5.variants.wild_types import Variant

__all__ = [
    "DIGITS",
    "SITE_COLUMNS",
    "SUMMARY_COLUMNS",
    "Comparison",
    "ScoredSites",
    "log2_odds_ratio",
    "refused_row",
]

DIGITS = 4
"""Decimals of probabilities and differences."""
PROBABILITY_EPS = 1e-6
"""How close to 0 and 1 probabilities count in log-odds."""
SITE_COLUMNS = {
    "protein": str,
    "variant": str,
    "source": str,
    "change": str,
    "position": int,
    "residue": str,
    "variant_position": int,
    "variant_residue": str,
    "distance": int,
    "probability": float,
    "variant_probability": float,
    "log2_odds_ratio": float,
    "call": str,
    "variant_call": str,
    "window": str,
    "variant_window": str,
}
"""Columns of the table of sites, and what they hold; every cell may be empty."""
SUMMARY_COLUMNS = {
    "protein": str,
    "variant": str,
    "source": str,
    "status": str,
    "reason": str,
    "lost": int,
    "gained": int,
    "changed": int,
    "calls_lost": int,
    "calls_gained": int,
    "largest_change": float,
    "largest_change_site": str,
    "largest_change_distance": int,
}
"""Columns of the table of variants, and what they hold."""


def log2_odds_ratio(before: float, after: float) -> float:
    """Return log2 of the ratio of the odds of two probabilities: 1 if the odds double, -1 if they halve.

    Examples
    --------
    >>> round(log2_odds_ratio(0.5, 0.8), 3)
    2.0
    """
    low, high = PROBABILITY_EPS, 1 - PROBABILITY_EPS
    a, b = (min(max(value, low), high) for value in (before, after))
    return math.log2(b / (1 - b)) - math.log2(a / (1 - a))


@dataclass(frozen=True)
class ScoredSites:
    """A sequence and the probabilities of its sites.

    Parameters
    ----------
    sequence : str
        Residues in capital letters.
    scores : numpy.ndarray of float32 of shape (residues,)
        Probabilities, NaN where there is no site.
    fpr_table : mapping or None
        Residue to false-positive rates.
    """

    sequence: str
    scores: np.ndarray = field(repr=False)
    fpr_table: Mapping[str, dict[str, list[float]]] | None = field(repr=False)

    @cached_property
    def probabilities(self) -> dict[int, float]:
        """Probability of each site by position, 1-based."""
        places = np.flatnonzero(~np.isnan(self.scores))
        return dict(zip((places + 1).tolist(), self.scores[places].tolist(), strict=True))

    @cached_property
    def calls(self) -> dict[int, str]:
        """Call of each site by position."""
        table = self.fpr_table or {}
        return {
            position: site_call(false_positive_rate(probability, table.get(self.sequence[position - 1])))
            for position, probability in self.probabilities.items()
        }

    def called(self, weakest_call: str) -> set[int]:
        """Return the positions of the sites with at least this call."""
        calls = list(CALLS)[: list(CALLS).index(weakest_call) + 1]
        return {position for position, call in self.calls.items() if call in calls}

    def cells(self, position: int | None, prefix: str = "") -> dict[str, Any]:
        """Return the cells of a row that describe one site, or that there is none."""
        site = position if position in self.probabilities else None
        letter = None if position is None else self.sequence[position - 1]
        cells = {
            "position": position,
            "residue": letter,
            "probability": None if site is None else round(self.probabilities[site], DIGITS),
            "call": None if site is None else self.calls[site],
            "window": None if site is None else self._window(site),
        }
        return {f"{prefix}{name}": value for name, value in cells.items()}

    def _window(self, position: int) -> str:
        around = self.sequence[max(0, position - 1 - FLANK) : position + FLANK].translate(RARE)
        before, behind = FLANK + 1 - position, position + FLANK - len(self.sequence)
        return "_" * before + around + "_" * behind


@dataclass(frozen=True)
class Comparison:
    """The sites of a protein beside those of its variant.

    Parameters
    ----------
    variant : Variant
        What is different.
    before, after : ScoredSites
        The protein without the variant and with it.
    """

    variant: Variant
    before: ScoredSites
    after: ScoredSites

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """Position before and after of every site that both have."""
        edit = self.variant.edit
        moved = ((position, edit.position_in_variant(position)) for position in self.before.probabilities)
        return [(old, new) for old, new in moved if new in self.after.probabilities and new is not None]

    @cached_property
    def ratios(self) -> list[float]:
        """`log2_odds_ratio` of each of the :attr:`pairs`."""
        before, after = self.before.probabilities, self.after.probabilities
        return [log2_odds_ratio(before[old], after[new]) for old, new in self.pairs]

    @cached_property
    def lost(self) -> list[int]:
        """Positions of sites that the variant does not have."""
        kept = {old for old, _ in self.pairs}
        return [position for position in self.before.probabilities if position not in kept]

    @cached_property
    def gained(self) -> list[int]:
        """Positions in the variant of sites that only it has."""
        kept = {new for _, new in self.pairs}
        return [position for position in self.after.probabilities if position not in kept]

    def rows(self, smallest_change: float) -> list[dict[str, Any]]:
        """Return a row for every site that is gained, lost or changes, in the order of the variant's sequence.

        Parameters
        ----------
        smallest_change : float
            Size of `log2_odds_ratio` from which a site that both have is listed. A site whose residue is another one
            is listed in any case.
        """
        edit = self.variant.edit
        rows = [(old, self._row("lost", old, edit.position_in_variant(old), None)) for old in self.lost]
        for new in self.gained:
            place, in_place = edit.origin(new)
            rows.append((place, self._row("gained", place if in_place else None, new, None)))
        rows += [
            (old, self._row("changed", old, new, ratio))
            for (old, new), ratio in zip(self.pairs, self.ratios, strict=True)
            if abs(ratio) >= smallest_change or self.before.sequence[old - 1] != self.after.sequence[new - 1]
        ]
        return [row for _, row in sorted(rows, key=lambda item: (item[0], item[1]["variant_position"] or 0))]

    def summary(self, rows: Collection[Mapping[str, Any]], weakest_call: str) -> dict[str, Any]:
        """Return the row of the variant in the table of variants.

        Parameters
        ----------
        rows : collection of mapping
            From :meth:`rows`.
        weakest_call : str
            Weakest call that counts as a site called.
        """
        before, after = self.before.called(weakest_call), self.after.called(weakest_call)
        partners = dict(self.pairs)
        kept = {partners[position] for position in before if position in partners} & after
        index = max(range(len(self.ratios)), key=lambda i: abs(self.ratios[i]), default=None)
        largest = None if index is None else self.pairs[index][0]
        return {
            "protein": self.variant.protein.id,
            "variant": self.variant.text,
            "source": self.variant.source or None,
            "status": "scored",
            "reason": None,
            "lost": len(self.lost),
            "gained": len(self.gained),
            "changed": sum(row["change"] == "changed" for row in rows),
            "calls_lost": len(before) - len(kept),
            "calls_gained": len(after) - len(kept),
            "largest_change": None if index is None else round(self.ratios[index], DIGITS),
            "largest_change_site": None
            if largest is None
            else f"{self.before.sequence[largest - 1]}{largest}",
            "largest_change_distance": None if largest is None else self.variant.edit.distance(largest),
        }

    def _row(self, change: str, old: int | None, new: int | None, ratio: float | None) -> dict[str, Any]:
        edit = self.variant.edit
        cells = {
            "protein": self.variant.protein.id,
            "variant": self.variant.text,
            "source": self.variant.source or None,
            "change": change,
            "distance": 0 if old is None else edit.distance(old),
            "log2_odds_ratio": None if ratio is None else round(ratio, DIGITS),
            **self.before.cells(old),
            **self.after.cells(new, "variant_"),
        }
        return {column: cells[column] for column in SITE_COLUMNS}


def refused_row(protein: str, text: str, source: str, reason: str) -> dict[str, Any]:
    """Return the row of a variant that could not be applied in the table of variants."""
    row: dict[str, Any] = dict.fromkeys(SUMMARY_COLUMNS)
    return row | {
        "protein": protein or None,
        "variant": text,
        "source": source or None,
        "status": "refused",
        "reason": reason,
    }
