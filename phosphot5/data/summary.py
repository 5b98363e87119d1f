"""What is in files of labelled proteins: counts, lengths, labels, and what may be wrong with them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from phosphot5.data.records import PHOSPHO_RESIDUES, Protein, SiteState
from phosphot5.data.uniprot import accession

__all__ = [
    "QUANTILES",
    "Summary",
    "describe",
    "part_table",
    "site_counts",
    "site_table",
    "summarise",
    "text_table",
]

STANDARD = frozenset("ACDEFGHIKLMNPQRSTVWY")
"""The 20 amino acids of most proteins."""
_OPPOSITE = {int(SiteState.POSITIVE), int(SiteState.NEGATIVE)}
SHOWN = 5
"""Repeated accessions that are named."""
QUANTILES = {"min": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95, "max": 1.0}
"""Quantiles of lengths that are told."""


@dataclass
class Summary:
    """What was counted in some proteins.

    Attributes
    ----------
    lengths : list of int
        Residues of each protein.
    sites : Counter of (str, SiteState)
        Sites by residue and state.
    letters : Counter of str
        Residues other than the 20 standard ones.
    unlabelled : int
        Proteins without any label.
    names, sequences : Counter of str
        How often each accession and each sequence occurs.
    contradictions : int
        Sites that are positive in one copy of a sequence and negative in another.
    """

    lengths: list[int] = field(default_factory=list)
    sites: Counter[tuple[str, SiteState]] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    unlabelled: int = 0
    names: Counter[str] = field(default_factory=Counter)
    sequences: Counter[str] = field(default_factory=Counter)
    contradictions: int = 0
    _states: dict[str, bytes] = field(default_factory=dict, repr=False)

    def add(self, protein: Protein) -> None:
        """Count one protein."""
        self.lengths.append(len(protein))
        self.sites.update(protein.counts())
        self.letters.update({x: protein.sequence.count(x) for x in set(protein.sequence) - STANDARD})
        self.unlabelled += not any(protein.states)
        self.names[accession(protein.id)] += 1
        self.sequences[protein.sequence] += 1
        before = self._states.setdefault(protein.sequence, protein.states)
        if before != protein.states:
            pairs = zip(before, protein.states, strict=True)
            self.contradictions += sum({a, b} == _OPPOSITE for a, b in pairs)

    @property
    def repeated_names(self) -> dict[str, int]:
        """Accessions that occur more than once, and how often."""
        return {name: count for name, count in self.names.items() if count > 1}

    @property
    def repeated_sequences(self) -> int:
        """Proteins whose sequence occurred before."""
        return self.sequences.total() - len(self.sequences)

    def quantiles(self) -> dict[str, int]:
        """Return the lengths at `QUANTILES`, rounded; empty without proteins."""
        if not self.lengths:
            return {}
        return {name: round(float(np.quantile(self.lengths, q))) for name, q in QUANTILES.items()}

    def prevalence(self, residue: str) -> float | None:
        """Return the share of positives among the labelled sites of a residue; None without any."""
        positive, negative = (
            self.sites[residue, state] for state in (SiteState.POSITIVE, SiteState.NEGATIVE)
        )
        return positive / (positive + negative) if positive + negative else None

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON."""
        return {
            "proteins": len(self.lengths),
            "residues": sum(self.lengths),
            "lengths": self.quantiles(),
            "sites": site_counts(self.sites),
            "prevalence": {residue: self.prevalence(residue) for residue in PHOSPHO_RESIDUES},
            "proteins_without_labels": self.unlabelled,
            "repeated_accessions": self.repeated_names,
            "repeated_sequences": self.repeated_sequences,
            "contradictory_sites": self.contradictions,
            "other_letters": dict(sorted(self.letters.items())),
        }


def summarise(proteins: Iterable[Protein]) -> Summary:
    """Count what is in proteins.

    Parameters
    ----------
    proteins : iterable of Protein
        Read once.
    """
    summary = Summary()
    for protein in proteins:
        summary.add(protein)
    return summary


def site_counts(counts: Mapping[tuple[str, SiteState], int]) -> dict[str, dict[str, int]]:
    """Return sites by residue, then by state in lower case, as plain types."""
    return {
        residue: {state.name.lower(): counts.get((residue, state), 0) for state in SiteState}
        for residue in PHOSPHO_RESIDUES
    }


def site_table(summary: Summary) -> list[str]:
    """Show the states of S, T and Y: a row for each, one line of text for each row."""
    rows: list[list[object]] = [["residue", "positive", "negative", "not labelled", "positive of labelled"]]
    for residue in PHOSPHO_RESIDUES:
        counts = [summary.sites[residue, state] for state in (SiteState.POSITIVE, SiteState.NEGATIVE)]
        rows.append(
            [residue, *counts, summary.sites[residue, SiteState.UNKNOWN], summary.prevalence(residue)]
        )
    return text_table(rows)


def part_table(summaries: Mapping[str, Summary]) -> list[str]:
    """Show proteins and labels of files or parts: a row for each, one line of text for each row.

    Parameters
    ----------
    summaries : mapping of str to Summary
        By the name of the file or part.
    """
    proteins = sum(len(summary.lengths) for summary in summaries.values())
    signs = {SiteState.POSITIVE: "+", SiteState.NEGATIVE: "-"}
    kinds = [(residue, state) for residue in PHOSPHO_RESIDUES for state in signs]
    labels = [f"{residue}{signs[state]}" for residue, state in kinds]
    rows: list[list[object]] = [["", "proteins", "share", "residues", *labels]]
    for name, summary in summaries.items():
        count = len(summary.lengths)
        rows.append(
            [name, count, count / proteins, sum(summary.lengths), *(summary.sites[kind] for kind in kinds)]
        )
    return text_table(rows)


def describe(whole: Summary, files: Mapping[str, Summary]) -> list[str]:
    """Tell everything a summary holds, in lines for people.

    Parameters
    ----------
    whole : Summary
        Of all proteins, at least one.
    files : mapping of str to Summary
        Of each file; shown if there are several.
    """
    quantiles = whole.quantiles()
    lines = [*part_table(files), ""] if len(files) > 1 else []
    lines += [f"{len(whole.lengths):,} proteins, {sum(whole.lengths):,} residues", ""]
    lines += [*site_table(whole), ""]
    lines += text_table([["residues of a protein", *quantiles], ["", *quantiles.values()]])
    letters = ", ".join(f"{letter} {count:,}" for letter, count in sorted(whole.letters.items()))
    repeated = whole.repeated_names
    names = ", ".join(f"{name} ({count} times)" for name, count in list(repeated.items())[:SHOWN])
    more = f" and {len(repeated) - SHOWN} more" if len(repeated) > SHOWN else ""
    return [
        *lines,
        "",
        f"proteins without any label: {whole.unlabelled:,}",
        f"accessions that occur more than once: {len(repeated):,}" + (f": {names}{more}" if names else ""),
        f"proteins whose sequence occurred before: {whole.repeated_sequences:,}",
        f"sites that are positive in one copy of a sequence and negative in another: {whole.contradictions:,}",
        f"letters other than the 20 amino acids: {letters or 'none'}",
    ]


def text_table(rows: Iterable[Iterable[object]]) -> list[str]:
    """Lay out rows in columns, the first to the left and numbers to the right.

    Parameters
    ----------
    rows : iterable of iterable
        The header first; whole numbers get commas, fractions become per cent, None is ``-``.

    Returns
    -------
    list of str
        One line for each row.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1%}".replace("%", " %")
    return f"{value:,}" if isinstance(value, int) else str(value)
