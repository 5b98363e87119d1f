"""Changes of a sequence: checked against the protein they are said to change, and applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Allele", "Change", "Edit", "Pairs", "RefusedVariantError", "apply_all", "resolve", "resolve_all"]

Kind = Literal["substitution", "deletion", "insertion", "duplication", "frameshift", "stop"]
Pairs = list[tuple[int | None, int | None]]
"""For each column of an alignment of two sequences the 0-based residue of either, None for a gap."""


class RefusedVariantError(ValueError):
    """A variant that cannot be applied; the others are not concerned.

    Parameters
    ----------
    reason : str
        Why, in words that are the same for all variants of this kind.
    detail : str, optional
        What is wrong with this one.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True)
class Change:
    """What a notation says, before a sequence is looked at.

    Parameters
    ----------
    kind : str
        A deletion with new residues in its place (``delins``) is a substitution.
    first, last : int
        First and last residue that is named, 1-based: the residues replaced, deleted or duplicated, or the two
        between which residues are inserted. Equal where one is named.
    expected : tuple of (int, str)
        Residues that the notation expects in the protein, by the position of the first.
    inserted : str
        New residues.
    ends : bool
        The new protein ends behind the new residues.
    """

    kind: Kind
    first: int
    last: int
    expected: tuple[tuple[int, str], ...]
    inserted: str = ""
    ends: bool = False


@dataclass(frozen=True)
class Edit:
    """Residues of one sequence replaced by others.

    Parameters
    ----------
    first : int
        First residue replaced, 1-based; where none is, the residue behind the new ones.
    removed : int
        How many residues are replaced.
    inserted : str
        New residues.
    aligned : bool
        The new residues stand one by one in the places of those they replace.
    """

    first: int
    removed: int
    inserted: str
    aligned: bool = False

    def apply(self, sequence: str) -> str:
        """Return the changed sequence."""
        return sequence[: self.first - 1] + self.inserted + sequence[self.first - 1 + self.removed :]

    def position_in_variant(self, position: int) -> int | None:
        """Return where a residue is in the changed sequence, None if it is gone; 1-based.

        Parameters
        ----------
        position : int
            Position in the sequence as it was, 1-based.
        """
        if position < self.first or self.aligned:
            return position
        if position < self.first + self.removed:
            return None
        return position - self.removed + len(self.inserted)

    def origin(self, position: int) -> tuple[int, bool]:
        """Return where a new residue comes in, and whether it stands in the place of one residue.

        Parameters
        ----------
        position : int
            Position of the new residue in the changed sequence, 1-based.

        Returns
        -------
        int, bool
            Position in the sequence as it was, 1-based: of the residue in whose place it stands, or of the first
            residue replaced.
        """
        return (position, True) if self.aligned else (self.first, False)

    def distance(self, position: int) -> int:
        """Return how far a residue is from the nearest one that is replaced; 0 for those themselves.

        Parameters
        ----------
        position : int
            Position in the sequence as it was, 1-based. Residues towards the N-terminus have negative distances;
            those beside an insertion have -1 and 1.
        """
        if position < self.first:
            return position - self.first
        return max(0, position - (self.first + self.removed - 1))


@dataclass(frozen=True)
class Allele:
    """Several edits of one sequence at once, which do not touch each other; speaks of positions as :class:`Edit` does.

    Parameters
    ----------
    edits : tuple of Edit
        In the order of their positions, which are all those of the sequence as it was.
    """

    edits: tuple[Edit, ...]

    def apply(self, sequence: str) -> str:
        """Return the changed sequence."""
        for edit in reversed(self.edits):  # so that the places of those before stay what they are
            sequence = edit.apply(sequence)
        return sequence

    def position_in_variant(self, position: int) -> int | None:
        """Return where a residue is in the changed sequence, None if it is gone; 1-based."""
        place: int | None = position
        for edit in reversed(self.edits):
            if place is not None:
                place = edit.position_in_variant(place)
        return place

    def origin(self, position: int) -> tuple[int, bool]:
        """Return where a new residue comes in, and whether it stands in the place of one residue; 1-based."""
        for edit in self.edits:
            if position < edit.first + len(edit.inserted):
                break
            position += edit.removed - len(edit.inserted)
        return edit.origin(position)

    def distance(self, position: int) -> int:
        """Return how far a residue is from the nearest one that is replaced; negative towards the N-terminus."""
        return min((edit.distance(position) for edit in self.edits), key=abs)


def resolve_all(changes: Sequence[Change], sequence: str) -> Edit | Allele:
    """Check changes on one allele against a sequence and say which residues they replace.

    Parameters
    ----------
    changes : sequence of Change
        From :func:`~phosphot5.variants.hgvs.read_changes`.
    sequence : str
        Residues in capital letters.

    Raises
    ------
    RefusedVariantError
        If one cannot be applied, or two touch the same residue.
    """
    edits = [resolve(change, sequence) for change in changes]
    if len(edits) == 1:
        return edits[0]
    apply_all(edits, sequence)
    return Allele(tuple(sorted(edits, key=lambda edit: (edit.first, edit.removed))))


def resolve(change: Change, sequence: str) -> Edit:
    """Check a change against a sequence and say which residues it replaces.

    Parameters
    ----------
    change : Change
        From :func:`~phosphot5.variants.hgvs.read_change`.
    sequence : str
        Residues in capital letters.

    Raises
    ------
    RefusedVariantError
        If the sequence is shorter, has other residues than the notation expects, would stay as it is, or would have
        no residues left.

    Examples
    --------
    >>> change = Change("substitution", 2, 2, ((2, "P"),), "S")
    >>> resolve(change, "MPK").apply("MPK")
    'MSK'
    """
    if change.last > len(sequence):
        raise RefusedVariantError(
            "beyond the end of the protein", f"position {change.last} of {len(sequence)} residues"
        )
    for position, letters in change.expected:
        found = sequence[position - 1 : position - 1 + len(letters)]
        if found != letters:
            raise RefusedVariantError(
                "another residue in the protein", f"{found} at {position}, not {letters}"
            )
    edit = _edit(change, sequence)
    changed = edit.apply(sequence)
    if not changed:
        raise RefusedVariantError("no residues left")
    if changed == sequence:
        raise RefusedVariantError("no change of the sequence")
    return edit


def _edit(change: Change, sequence: str) -> Edit:
    if change.kind == "insertion":
        removed = len(sequence) - change.first if change.ends else 0
        return Edit(change.last, removed, change.inserted)
    if change.kind == "duplication":
        return Edit(change.last + 1, 0, sequence[change.first - 1 : change.last])
    last = len(sequence) if change.ends else change.last
    removed = last - change.first + 1
    aligned = change.kind == "substitution" and not change.ends and removed == len(change.inserted)
    return Edit(change.first, removed, change.inserted, aligned)


def apply_all(edits: Sequence[Edit], sequence: str) -> tuple[str, Pairs]:
    """Apply several edits of one sequence at once.

    Parameters
    ----------
    edits : sequence of Edit
        In any order; the positions of all are those of the sequence as it is.
    sequence : str
        Residues in capital letters.

    Returns
    -------
    str, list of tuple of int or None
        The changed sequence; and the two residues, 0-based, before and after, of every column of the alignment of
        both, None for a gap.

    Raises
    ------
    RefusedVariantError
        If two edits replace the same residue, or insert at the same place.

    Examples
    --------
    >>> apply_all([Edit(2, 1, ""), Edit(4, 1, "K", aligned=True)], "MSPE")
    ('MPK', [(0, 0), (1, None), (2, 1), (3, 2)])
    """
    changed: list[str] = []
    pairs: Pairs = []
    length = 0
    at = 0  # residues of the sequence that are done with
    last = -1  # first residue of the edit before
    for edit in sorted(edits, key=lambda edit: (edit.first, edit.removed)):
        start = edit.first - 1
        if start < at or start == last:
            raise RefusedVariantError("two changes at one place", f"position {edit.first}")
        changed += [sequence[at:start], edit.inserted]
        pairs += [(index, index - at + length) for index in range(at, start)]
        length += start - at
        at, last = start + edit.removed, start
        old, new = range(start, at), range(length, length + len(edit.inserted))
        length += len(new)
        both = edit.aligned
        pairs += (
            list(zip(old, new, strict=True)) if both else [(i, None) for i in old] + [(None, i) for i in new]
        )
    pairs += [(index, index - at + length) for index in range(at, len(sequence))]
    return "".join([*changed, sequence[at:]]), pairs
