"""What a reader did with every row of a file: the one place where that is counted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from phosphot5.data.records import SiteState
from phosphot5.wording import counted, some

__all__ = [
    "AMBIGUOUS",
    "ANOTHER_MODIFICATION",
    "CONTAMINANT",
    "DECOY",
    "NO_PHOSPHORYLATION",
    "NO_PROTEIN",
    "Account",
]

DECOY = "decoy"
CONTAMINANT = "contaminant"
ANOTHER_MODIFICATION = "another modification"
NO_PHOSPHORYLATION = "no phosphorylation"
NO_PROTEIN = "no such protein"
AMBIGUOUS = "ambiguous"
"""Why a site is left out, in the same words for every source."""

Row = TypeVar("Row")


@dataclass
class Account:
    """What became of the rows of one or more files.

    A row is what a source says at a time: a line of a table, a feature, an identified peptide. Each leaves at least
    one trace: the sites it labels, or the reason for which it, or one of its sites, is left out.

    Attributes
    ----------
    rows : int
        Rows read.
    labelled : Counter of SiteState
        Positive and negative labels that the rows gave.
    left_out : Counter of str
        Sites, or rows without any, that are left out, by reason.
    shared : int
        Identified peptides that lie in several proteins or places.
    missing : Counter of str
        Proteins that a file names and that are not among the sequences, and how often.
    problems : list of str
        What could not be read of records that are used, each with file and line.
    notes : list of str
        What else users should know of a file, one line each.
    """

    rows: int = 0
    labelled: Counter[SiteState] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    shared: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def each(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield rows and count them; one of which nothing was counted until the next has no phosphorylation."""
        for row in rows:
            self.rows += 1
            before = self._traces
            yield row
            if self._traces == before:
                self.left_out[NO_PHOSPHORYLATION] += 1

    def take_back(self, states: Iterable[SiteState], reason: str) -> None:
        """Count labels that were made as left out after all."""
        states = [state for state in states if state is not SiteState.UNKNOWN]
        self.labelled.subtract(states)
        self.left_out.update({reason: len(states)} if states else {})

    @property
    def _traces(self) -> int:
        return self.labelled.total() + self.left_out.total()

    def lines(self) -> list[str]:
        """Return lines for people: rows read, labels they gave, and what is left out, by reason."""
        labels = ", ".join(
            counted(self.labelled[state], f"{state.name.lower()} label")
            for state in (SiteState.POSITIVE, SiteState.NEGATIVE)
            if self.labelled[state] or state is SiteState.POSITIVE
        )
        lines = [f"{counted(self.rows, 'row')} read: {labels}"] if self.rows else []
        if self.shared:
            lines.append(f"  in several proteins or places: {counted(self.shared, 'peptide')}")
        if self.left_out:
            lines.append(f"{counted(self.left_out.total(), 'site')} left out")
        for reason, count in self.left_out.most_common():
            names = f" ({some(list(self.missing))})" if reason == NO_PROTEIN else ""
            lines.append(f"  left out, {reason}: {count:,}{names}")
        return lines
