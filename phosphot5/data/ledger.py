"""Accounting for input records: nothing vanishes without a line that says why."""

from collections import Counter
from dataclasses import dataclass, field

from phosphot5.errors import PhosphoT5Error
from phosphot5.wording import counted

__all__ = ["Ledger", "Skipped"]

SHOWN = 5
"""Names shown in the summary before "and N more"."""


@dataclass(frozen=True)
class Skipped:
    """One record that was left out.

    Parameters
    ----------
    id : str
        Identifier of the record, empty if it has none.
    reason : str
        Short reason, the same words for the same cause, such as ``no residues``.
    detail : str
        The full message, if there is more to say.
    """

    id: str
    reason: str
    detail: str = ""


@dataclass
class Ledger:
    """Every record read is either used or skipped with a reason.

    A reader calls `enter` for each record. Whoever leaves one out, reader or a later step, calls `skip`; all
    others count as used, so that ``read == used + skipped`` always holds. `check` compares that with what
    came out at the end.

    Attributes
    ----------
    skipped_records : list of Skipped
        The records left out, in the order in which they were.
    notes : Counter of str
        What else is to be said of records, and of how many.
    """

    skipped_records: list[Skipped] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    _entries: Counter[str] = field(default_factory=Counter, repr=False)
    _skips: Counter[str] = field(default_factory=Counter, repr=False)

    @property
    def read(self) -> int:
        """Number of records read."""
        return self._entries.total()

    @property
    def skipped(self) -> int:
        """Number of records left out."""
        return len(self.skipped_records)

    @property
    def used(self) -> int:
        """Number of records used."""
        return self.read - self.skipped

    @property
    def reasons(self) -> dict[str, int]:
        """Number of skipped records by reason, in order of first appearance."""
        return dict(Counter(record.reason for record in self.skipped_records))

    @property
    def duplicates(self) -> dict[str, int]:
        """Identifiers read more than once and how often; all such records are kept."""
        return {name: count for name, count in self._entries.items() if count > 1 and name}

    def enter(self, record_id: str) -> None:
        """Count one record as read; ``record_id`` is empty if it has none."""
        self._entries[record_id] += 1

    def note(self, text: str) -> None:
        """Count one record of which something is to be said, such as ``read as Latin-1``."""
        self.notes[text] += 1

    def skip(self, record_id: str, reason: str, detail: str = "") -> None:
        """Count one record, read before, as left out.

        Parameters
        ----------
        record_id, reason, detail : str
            As in `Skipped`.

        Raises
        ------
        ValueError
            If no such record was entered, or it was skipped already.
        """
        if self._skips[record_id] >= self._entries[record_id]:
            raise ValueError(
                f"record {record_id!r} skipped {self._skips[record_id] + 1} times but read "
                f"{self._entries[record_id]} times; enter every record once and skip it at most once."
            )
        self._skips[record_id] += 1
        self.skipped_records.append(Skipped(record_id, reason, detail))

    def check(self, written: int) -> None:
        """Compare with the number of records that came out.

        Parameters
        ----------
        written : int
            Records in the output.

        Raises
        ------
        PhosphoT5Error
            If a record was lost or doubled on the way.
        """
        if written != self.used:
            raise PhosphoT5Error(
                f"found {written} records in the output, expected {self.used} "
                f"({self.read} read, {self.skipped} skipped); this is a fault of the program, report it"
            )

    def summary(self) -> str:
        """Return one line for people: how many read, used and skipped, why, and repeated identifiers."""
        text = f"{counted(self.read, 'record')} read, {self.used} used, {self.skipped} skipped"
        if self.skipped:
            text += f" ({', '.join(f'{reason}: {n}' for reason, n in self.reasons.items())})"
        if repeated := self.duplicates:
            names = [f"{name} ({count} times)" for name, count in list(repeated.items())[:SHOWN]]
            more = f" and {len(repeated) - SHOWN} more" if len(repeated) > SHOWN else ""
            text += f"; repeated identifiers, all records kept: {', '.join(names)}{more}"
        for note, count in self.notes.items():
            text += f"; {note}: {counted(count, 'record')}"
        return text

    def as_dict(self) -> dict[str, object]:
        """Return everything as plain types, ready for JSON.

        Returns
        -------
        dict
            Keys ``read``, ``used``, ``skipped`` (int), ``reasons``, ``duplicates`` (str to int) and
            ``skipped_records`` (list of ``id``, ``reason``, ``detail``).
        """
        return {
            "read": self.read,
            "used": self.used,
            "skipped": self.skipped,
            "reasons": self.reasons,
            "duplicates": self.duplicates,
            "skipped_records": [vars(record) for record in self.skipped_records],
        }
