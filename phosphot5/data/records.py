"""The records that pass between readers, model and writers: proteins, sites and what is known of them."""

import enum
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Literal

from phosphot5.errors import InputFormatError

__all__ = [
    "MEASURED_TOGETHER",
    "PHOSPHO_RESIDUES",
    "RESIDUES",
    "Annotated",
    "Localisation",
    "OtherModification",
    "Protein",
    "Site",
    "SiteState",
]

RESIDUES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Residue letters: every capital letter is a token (20 standard ones and X B Z J U O)."""
PHOSPHO_RESIDUES = "STY"
"""Residues whose phosphorylation is predicted."""

MEASURED_TOGETHER = ("ST", "Y")
"""Residues that a source measures and labels together: one with a labelled S was looked at for T, too."""

_NO_RESIDUE = re.compile("[^A-Z]")
_SITE = re.compile(f"[{PHOSPHO_RESIDUES}]")


class SiteState(enum.IntEnum):
    """What is known of one site; the value is its byte in ``states``."""

    UNKNOWN = 0
    """Not labelled: neither trained nor scored on."""
    POSITIVE = 1
    """Phosphorylated."""
    NEGATIVE = 2
    """Measured and found not phosphorylated."""


_STATES = bytes(SiteState)


@dataclass(frozen=True)
class Site:
    """One serine, threonine or tyrosine of a protein.

    Parameters
    ----------
    position : int
        Position in the given sequence, 1-based.
    residue : str
        ``S``, ``T`` or ``Y``.
    state : SiteState
        What is known of it.

    Raises
    ------
    InputFormatError
        If the residue cannot be a site or the position is below 1.
    """

    position: int
    residue: str
    state: SiteState = SiteState.UNKNOWN

    def __post_init__(self) -> None:
        if len(self.residue) != 1 or self.residue not in PHOSPHO_RESIDUES:
            raise InputFormatError(f"a site on {self.residue!r}", "S, T or Y", position=self.position)
        if self.position < 1:
            raise InputFormatError(f"site position {self.position}", "1 or more, positions are 1-based")


@dataclass(frozen=True)
class OtherModification:
    """A modification that is no phosphorylation of S, T or Y, kept aside as it was written.

    Parameters
    ----------
    kind : str
        Where it stands: ``residue``, ``n-term``, ``c-term``, ``range`` (somewhere from ``position`` to
        ``end``), ``ambiguous`` (residue order unknown from ``position`` to ``end``, no text), ``prefix``
        (whole sequence or place unknown, written before it) or ``charge``.
    text : str
        Name, accession, mass or marker; for ``prefix`` and ``charge`` with the signs around it.
    position, end : int, optional
        First and last residue in the sequence, 1-based, both included.
    """

    kind: Literal["residue", "n-term", "c-term", "range", "ambiguous", "prefix", "charge"]
    text: str
    position: int | None = None
    end: int | None = None

    @property
    def span(self) -> tuple[int, int]:
        """First and last residue, 1-based; a ValueError if it stands on none."""
        if self.position is None:
            raise ValueError(f"found no position for {self.kind} {self.text}, expected one")
        return self.position, self.position if self.end is None else self.end


@dataclass(frozen=True)
class Localisation:
    """One candidate place of a phosphorylation whose site is uncertain.

    Parameters
    ----------
    position : int
        Residue in the sequence, 1-based.
    group : str
        Name shared by the candidates of one phosphorylation, without ``#``.
    score : float, optional
        Localisation score as given.
    preferred : bool
        True at the candidate that bears the modification itself: that site is POSITIVE whatever its score.
    """

    position: int
    group: str
    score: float | None = None
    preferred: bool = False


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """A sequence and what is known of its sites.

    Parameters
    ----------
    sequence : str
        One capital letter per residue; no gaps, no marks.
    states : bytes, optional
        One `SiteState` value per residue, UNKNOWN on all but S, T and Y; all UNKNOWN when not given.
    removed : tuple of int
        Positions in the given sequence (1-based, ascending) of gaps taken out before the last residue.
    other_modifications : tuple of OtherModification
        Modifications kept aside.
    localisations : tuple of Localisation
        Candidate places of phosphorylations whose site is uncertain.

    Raises
    ------
    InputFormatError
        If the sequence is empty or holds another character, or a state stands on another residue.
    """

    sequence: str
    states: bytes = b""
    removed: tuple[int, ...] = ()
    other_modifications: tuple[OtherModification, ...] = ()
    localisations: tuple[Localisation, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "states", bytes(self.states) or bytes(len(self.sequence)))
        if not self.sequence:
            raise InputFormatError("no residues", "at least one")
        if wrong := _NO_RESIDUE.search(self.sequence):
            raise InputFormatError(
                f"{wrong[0]!r}", "a residue letter A-Z", position=self.given_position(wrong.start() + 1)
            )
        if len(self.states) != len(self.sequence):
            raise InputFormatError(
                f"{len(self.states)} states", f"one for each of {len(self.sequence)} residues"
            )
        if any(self.states):
            labelled = set(compress(self.sequence, self.states))
            if self.states.strip(_STATES) or not labelled <= set(PHOSPHO_RESIDUES):
                self._raise_at_first_wrong_state()

    def _raise_at_first_wrong_state(self) -> None:
        for index, (residue, state) in enumerate(zip(self.sequence, self.states, strict=True)):
            position = self.given_position(index + 1)
            if state > max(SiteState):
                raise InputFormatError(f"state {state}", "0, 1 or 2", position=position)
            if state and residue not in PHOSPHO_RESIDUES:
                found = f"{SiteState(state).name} on {residue!r}"
                raise InputFormatError(found, "a site state on S, T or Y only", position=position)

    def __len__(self) -> int:
        return len(self.sequence)

    def given_position(self, position: int) -> int:
        """Map a residue of `sequence` to its position in the sequence as given, gaps counted.

        Parameters
        ----------
        position : int
            Position in `sequence`, 1-based.

        Returns
        -------
        int
            Position in the given sequence, 1-based.
        """
        gaps = range(len(self.removed))
        return position + bisect_right(gaps, position, key=lambda i: self.removed[i] - i)

    def sites(self, *states: SiteState) -> Iterator[Site]:
        """Yield the S, T and Y residues in sequence order.

        Parameters
        ----------
        *states : SiteState
            Only sites in one of these states; all sites when none is given.

        Yields
        ------
        Site
            Its position is 1-based and refers to the given sequence.
        """
        for match in _SITE.finditer(self.sequence):
            state = SiteState(self.states[match.start()])
            if not states or state in states:
                yield Site(self.given_position(match.start() + 1), match[0], state)

    def counts(self) -> dict[tuple[str, SiteState], int]:
        """Count sites by residue and state, zeros included (nine entries)."""
        counts = {(residue, state): 0 for residue in PHOSPHO_RESIDUES for state in SiteState}
        for match in _SITE.finditer(self.sequence):
            counts[match[0], SiteState(self.states[match.start()])] += 1
        return counts


@dataclass(frozen=True, kw_only=True)
class Protein(Annotated):
    """A named sequence: one record of a file.

    Parameters
    ----------
    id : str
        Identifier: the header up to its first blank; not empty, no white space.
    description : str
        The rest of the header, tags such as ``labelled=ST`` included; one line.
    **fields
        As in `Annotated`.

    Raises
    ------
    InputFormatError
        As in `Annotated`, or if id or description cannot stand in a FASTA header.
    """

    id: str
    description: str = ""

    def __post_init__(self) -> None:
        if not self.id or self.id.split() != [self.id]:
            raise InputFormatError(f"identifier {self.id!r}", "one word without white space")
        if len(self.description.splitlines()) > 1:
            raise InputFormatError("a line break in the description", "one line", record=self.id)
        try:
            super().__post_init__()
        except InputFormatError as error:
            raise error.at(record=self.id) from None

    @property
    def header(self) -> str:
        """The line after ``>`` in FASTA."""
        return f"{self.id} {self.description}".rstrip()
