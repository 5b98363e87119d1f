"""Two variants of a protein side by side: where they differ, and what that does to their sites."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from phosphot5.app.scoring import Scored
from phosphot5.app.sequence import site_text
from phosphot5.app.track import Mark

__all__ = ["COLUMNS", "Comparison", "align"]

COLUMNS = (
    "position A",
    "residue A",
    "probability A",
    "call A",
    "position B",
    "residue B",
    "probability B",
    "call B",
    "difference",
    "change",
)
"""Columns of the table of differences; ``difference`` is B minus A."""
NOT_IN_MATRIX = str.maketrans("UOJ", "XXX")
"""Residues that BLOSUM62 does not know count as unknown in the alignment."""

Pairs = list[tuple[int | None, int | None]]


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
        The variants.
    pairs : list of tuple of int or None
        From `align`.
    """

    first: Scored
    second: Scored
    pairs: Pairs

    @classmethod
    def from_scored(cls, first: Scored, second: Scored) -> "Comparison":
        """Align two scored variants."""
        return cls(first, second, align(first.protein.sequence, second.protein.sequence))

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
        differ = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        table = self.table()
        counts = [sum(row[-1] == f"site {what}" for row in table) for what in ("gained", "lost")]
        calls = sum("call " in row[-1] for row in table)
        return (
            f"{same:,} of {len(self.pairs):,} aligned columns are identical ({same / len(self.pairs):.1%}). "
            f"Differences of B from A: {differ or 'none'}. Sites gained: {counts[0]}, lost: {counts[1]}; "
            f"other calls changed: {calls}."
        )

    def table(self) -> list[list[Any]]:
        """Return a row of `COLUMNS` for every column with a site, sites gained and lost first, then by difference."""
        rows = zip(self.pairs, self._rows(), strict=True)
        table = [self._table_row(pair, sites) for pair, sites in rows if any(sites)]
        return sorted(table, key=lambda row: -2 if row[-2] is None else -abs(row[-2]))

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
        self, pair: tuple[int | None, int | None], sites: tuple[dict[str, Any] | None, dict[str, Any] | None]
    ) -> list[Any]:
        cells: list[Any] = []
        for side, index, row in zip((self.first, self.second), pair, sites, strict=True):
            letter = "" if index is None else side.protein.sequence[index]
            score = (None, "") if row is None else (row["probability"], row["call"])
            cells += [self._given(side, index), letter, *score]
        a, b = sites
        if a is None or b is None:
            return [*cells, None, "site gained" if a is None else "site lost"]
        change = "" if a["call"] == b["call"] else f"call {a['call']} to {b['call']}"
        if a["residue"] != b["residue"]:
            change = f"{a['residue']} to {b['residue']}" + (f", {change}" if change else "")
        return [*cells, round(b["probability"] - a["probability"], 4), change]

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
