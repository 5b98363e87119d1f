"""Two variants of a protein side by side: where they differ, and what that does to their sites."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from phosphot5.app.scoring import Scored
from phosphot5.app.sequence import site_text
from phosphot5.app.track import Mark
from phosphot5.variants.changes import Allele, Edit, Pairs
from phosphot5.variants.comparison import DIGITS, log2_odds_ratio

__all__ = ["COLUMNS", "Comparison", "align"]

COLUMNS = (
    "site",
    "change",
    "distance",
    "probability",
    "variant_probability",
    "log2_odds_ratio",
    "call",
    "variant_call",
)
"""Columns of the table of differences, as of ``phosphot5 variants``; ``site`` names the residues of A and B."""
LISTED = 1.0
"""Size of the log2 odds ratio from which a site counts as changed: odds that double or halve."""
NAMED = 12
"""Differences that the summary names."""
NOT_IN_MATRIX = str.maketrans("UOJ", "XXX")
"""Residues that BLOSUM62 does not know count as unknown in the alignment."""


def align(sequence: str, other: str) -> Pairs:
    """Align two sequences from end to end, by BLOSUM62 with affine gaps.

    Parameters
    ----------
    sequence, other : str
        Residues in capital letters.

    Returns
    -------
    list of tuple of int or None
        For each column the 0-based residue of either, None for a gap.
    """
    from Bio.Align import PairwiseAligner, substitution_matrices

    aligner = PairwiseAligner(
        mode="global",
        substitution_matrix=substitution_matrices.load("BLOSUM62"),
        open_gap_score=-11,
        extend_gap_score=-1,
    )
    best = aligner.align(sequence.translate(NOT_IN_MATRIX), other.translate(NOT_IN_MATRIX))[0]
    return [(None if a < 0 else int(a), None if b < 0 else int(b)) for a, b in best.indices.T]


@dataclass(frozen=True)
class Comparison:
    """Two scored variants and their alignment.

    Attributes
    ----------
    first, second : Scored
        The variants; their rows have the key ``score``, from `Scorer.score_pair`.
    pairs : list of tuple of int or None
        From `align`.
    """

    first: Scored
    second: Scored
    pairs: Pairs

    @classmethod
    def from_scored(cls, first: Scored, second: Scored, pairs: Pairs | None = None) -> "Comparison":
        """Compare two scored variants; without ``pairs`` they are aligned."""
        return cls(first, second, pairs or align(first.protein.sequence, second.protein.sequence))

    @property
    def changes(self) -> list[tuple[int, str]]:
        """Column (1-based) and name of every difference, such as ``P47S``; neighbouring gaps are one."""
        found = []
        for kind, run in groupby(enumerate(self.pairs, 1), key=lambda entry: self._kind(entry[1])):
            columns = list(run)
            if kind == "substituted":
                found += [(column, self._substitution(pair)) for column, pair in columns]
            elif kind != "same":
                found.append((columns[0][0], self._gap(kind, [pair for _, pair in columns])))
        return found

    @property
    def marks(self) -> tuple[list[Mark], list[Mark]]:
        """Sites of either variant at their columns, for the track."""
        sides: tuple[list[Mark], list[Mark]] = ([], [])
        for column, rows in enumerate(self._rows(), 1):
            for side, row, letter in zip(sides, rows, "AB", strict=True):
                if row is not None:
                    text = f"{letter}, {site_text(row)}"
                    side.append(Mark(column, row["residue"], row["probability"], row["call"], text))
        return sides

    @property
    def summary(self) -> str:
        """One line: how alike the variants are, how they differ, and which sites come and go."""
        same = sum(self._kind(pair) == "same" for pair in self.pairs)
        names = [name for _, name in self.changes]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        kinds = [row["change"] for row in self.table()]
        gained, lost, changed = (kinds.count(kind) for kind in ("gained", "lost", "changed"))
        return (
            f"{same:,} of {len(self.pairs):,} aligned columns are identical ({same / len(self.pairs):.1%}). "
            f"Differences of B from A: {', '.join(names[:NAMED]) or 'none'}{more}. "
            f"Sites gained: {gained}, lost: {lost}, changed: {changed}."
        )

    def table(self) -> list[dict[str, Any]]:
        """Return a row of `COLUMNS` for every column with a site: gained and lost first, then by difference.

        Rows have the number of the column, 1-based, as ``order``, and the ``names`` of the residues.
        """
        rows = zip(self.pairs, self._rows(), strict=True)
        table = [
            self._table_row(column, pair, sites) for column, (pair, sites) in enumerate(rows, 1) if any(sites)
        ]
        return sorted(
            table,
            key=lambda row: (
                -abs(row["log2_odds_ratio"] or 0) if row["call"] and row["variant_call"] else -math.inf
            ),
        )

    def _rows(self) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
        """Yield the site rows of every column."""
        by_position = [{row["position"]: row for row in side.rows} for side in (self.first, self.second)]
        for a, b in self.pairs:
            yield (
                by_position[0].get(self._given(self.first, a)),
                by_position[1].get(self._given(self.second, b)),
            )

    @staticmethod
    def _given(side: Scored, index: int | None) -> int | None:
        return None if index is None else side.protein.given_position(index + 1)

    def _table_row(
        self,
        column: int,
        pair: tuple[int | None, int | None],
        sites: tuple[dict[str, Any] | None, dict[str, Any] | None],
    ) -> dict[str, Any]:
        a, b = sites
        names = [
            "" if index is None else f"{side.protein.sequence[index]}{self._given(side, index)}"
            for side, index in zip((self.first, self.second), pair, strict=True)
        ]
        ratio = None if a is None or b is None else log2_odds_ratio(a["score"], b["score"])
        kind = "gained" if a is None else "lost" if b is None else ""
        if ratio is not None and (abs(ratio) >= LISTED or self._kind(pair) != "same"):
            kind = "changed"
        return {
            "order": column,
            "site": names[0] if names[0] == names[1] else " \u2192 ".join(name or "\u2013" for name in names),
            "names": [name for name in names if name],
            "change": kind,
            "distance": self._distance(pair),
            "probability": a and a["probability"],
            "variant_probability": b and b["probability"],
            "log2_odds_ratio": None if ratio is None else round(ratio, DIGITS),
            "call": a and a["call"],
            "variant_call": b and b["call"],
        }

    @cached_property
    def _replaced(self) -> list[Edit]:
        """What is replaced in A, run by run of differences; the new residues are left out."""
        found = []
        done = 0  # residues of A so far
        for same, run in groupby(self.pairs, key=lambda pair: self._kind(pair) == "same"):
            residues = sum(a is not None for a, _ in run)
            if not same:
                found.append(Edit(done + 1, residues, ""))
            done += residues
        return found

    def _distance(self, pair: tuple[int | None, int | None]) -> int | None:
        """Return how far a site is from the nearest residue of A that is replaced, negative towards the N-terminus."""
        index = pair[0]
        if index is None or self._kind(pair) != "same":
            return 0
        return Allele(tuple(self._replaced)).distance(index + 1) if self._replaced else None

    def _kind(self, pair: tuple[int | None, int | None]) -> str:
        a, b = pair
        if a is None or b is None:
            return "inserted" if a is None else "deleted"
        same = self.first.protein.sequence[a] == self.second.protein.sequence[b]
        return "same" if same else "substituted"

    def _substitution(self, pair: tuple[int | None, int | None]) -> str:
        a, b = pair
        if a is None or b is None:
            raise ValueError("found a gap, expected two residues")
        first, second = self.first.protein, self.second.protein
        return f"{first.sequence[a]}{first.given_position(a + 1)}{second.sequence[b]}"

    def _gap(self, kind: str, pairs: Pairs) -> str:
        """Name residues that only one variant has, by their positions there."""
        side, place = (self.second, 1) if kind == "inserted" else (self.first, 0)
        residues = [index for pair in pairs if (index := pair[place]) is not None]
        begin, end = (side.protein.given_position(residues[at] + 1) for at in (0, -1))
        letters = side.protein.sequence[residues[0] : residues[-1] + 1]
        named = letters if len(letters) <= 5 else f"{len(letters)} residues"
        return f"{named} {kind} ({'B' if place else 'A'} {begin}{f'-{end}' if end != begin else ''})"
