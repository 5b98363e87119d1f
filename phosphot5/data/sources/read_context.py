"""What every reader of a source of sites gets and gives."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from phosphot5.data.account import ANOTHER_MODIFICATION, CONTAMINANT, DECOY, NO_PROTEIN, Account
from phosphot5.data.files.numbers import decimal_number
from phosphot5.data.ledger import Ledger
from phosphot5.data.records import PHOSPHO_RESIDUES, SiteState
from phosphot5.data.sequences import Sequences
from phosphot5.data.uniprot import EXPERIMENTAL_EVIDENCE, evidence_codes, phosphorylated_residue, qualifier
from phosphot5.errors import InputFormatError

__all__ = ["SiteLabel", "Entry", "ReadContext", "grouped"]

_DECOYS = ("REV__", "rev_", "DECOY_", "decoy_", "XXX_", "##")
_CONTAMINANTS = ("CON__", "Cont_", "contam_", "cRAP-", "CONTAMINANT_", "CON_")
"""Starts of the names that MaxQuant, DIA-NN and FragPipe give to decoys and contaminants."""
_NO_MARKS = ("", "0", "0.0", "false", "no", "-", "nan", "na")


@dataclass(frozen=True)
class SiteLabel:
    """What a source says of one site.

    Parameters
    ----------
    position : int
        Residue in the protein's sequence, 1-based; not yet compared with the sequence.
    residue : str
        Residue the source gives, empty if it gives none.
    state : SiteState
        UNKNOWN for a site that the source names but that is not taken: nobody may call it a negative.
    evidence : str
        What the source says of its evidence.
    line : int, optional
        Line of the file, 1-based.
    """

    position: int
    residue: str
    state: SiteState
    evidence: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Entry:
    """What one file says of one protein.

    Parameters
    ----------
    id : str
        Identifier as the file gives it.
    line : int, optional
        Line on which it begins, 1-based.
    sequence : str, optional
        Residues; None if the file has no sequences.
    description : str
        Rest of the FASTA header.
    removed : tuple of int
        Gaps of the given sequence, as in `phosphot5.data.Annotated`; positions of the claims do not count them.
    source : str
        Where the file's labels come from, if it says so.
    keep : bool
        Whether the protein stays even if it has no label.
    claims : list of SiteLabel
        In file order.
    """

    id: str
    line: int | None = None
    sequence: str | None = None
    description: str = ""
    removed: tuple[int, ...] = ()
    source: str = ""
    keep: bool = False
    claims: list[SiteLabel] = field(default_factory=list)


@dataclass(frozen=True)
class ReadContext:
    """One file on its way in: what was asked for, and the account of what was not taken.

    Parameters
    ----------
    path : str
        The file.
    ledger : Ledger
        Takes the records that cannot be read; whoever gets the others enters them.
    skip_bad : bool
        Whether to note what cannot be read and go on.
    localisation : float
        Lowest localisation probability that is taken.
    organism : str
        The one organism that is taken; all when empty.
    sequences : Sequences, optional
        The proteins, if they come from a FASTA file: no column of this file is their sequence, and peptides are
        looked up there.
    known : bool
        Whether the rows of a table are sites that somebody chose for a prediction: it may be one of predictions,
        and a site on another residue is an error.
    account : Account
        What becomes of every row.
    """

    path: str
    ledger: Ledger = field(default_factory=Ledger)
    skip_bad: bool = False
    localisation: float = 0.75
    organism: str = ""
    sequences: Sequences | None = None
    known: bool = False
    account: Account = field(default_factory=Account)

    def refuse(self, error: InputFormatError) -> None:
        """Raise an error of one row, or note it and go on if that was asked for.

        Parameters
        ----------
        error : InputFormatError
            May lack the file.
        """
        error = error.at(path=self.path)
        if not self.skip_bad:
            raise error from None
        self.leave_out("not readable")
        self.account.problems.append(str(error))

    def refuse_record(self, error: InputFormatError, reason: str = "not readable") -> None:
        """Raise an error of a whole record, or skip that in the ledger and go on if that was asked for.

        Parameters
        ----------
        error : InputFormatError
            May lack the file.
        reason : str
            Short reason.
        """
        error = error.at(path=self.path)
        if not self.skip_bad:
            raise error from None
        self.ledger.enter(error.record or "")
        self.ledger.skip(error.record or "", reason, str(error))

    def leave_out(self, reason: str, count: int = 1) -> None:
        """Count sites, or a row without any, as left out."""
        self.account.left_out[reason] += count

    def label(
        self, position: int, residue: str, state: SiteState, evidence: str = "", line: int | None = None
    ) -> SiteLabel:
        """Make the label of a site; count it if it is positive or negative.

        Parameters
        ----------
        position, residue, state, evidence, line
            As in `SiteLabel`.
        """
        if state is not SiteState.UNKNOWN:
            self.account.labelled[state] += 1
        return SiteLabel(position, residue, state, evidence, line)

    def excluded(self, name: str, decoy: str = "", contaminant: str = "") -> str:
        """Say why nothing is taken of a protein: decoy, contaminant, no such protein; empty if all is well.

        Parameters
        ----------
        name : str
            Identifier of the protein.
        decoy, contaminant : str
            Cells with the marks, such as ``+`` or ``TRUE``.
        """
        if reason := self.excluded_by_mark(decoy, contaminant):
            return reason
        if reason := self.excluded_by_name(name):
            return reason
        if self.sequences is not None and self.sequences.find(name) is None:
            self.account.missing[name] += 1
            return NO_PROTEIN
        return ""

    def excluded_by_name(self, name: str) -> str:
        """Say whether its name makes a protein a decoy or a contaminant; empty if it does not."""
        if name.startswith(_DECOYS):
            return DECOY
        return CONTAMINANT if name.startswith(_CONTAMINANTS) else ""

    def excluded_by_mark(self, decoy: str, contaminant: str) -> str:
        """Say whether the marks of a row make it a decoy or a contaminant; empty if they do not."""
        if decoy.lower() not in _NO_MARKS:
            return DECOY
        return CONTAMINANT if contaminant.lower() not in _NO_MARKS else ""

    def localised(self, probability: str, most: int = 1) -> bool:
        """Tell whether a localisation probability is high enough; count the site if not.

        Parameters
        ----------
        probability : str
            A number, or nothing.
        most : int
            What a certain place has, 1 or 100.

        Raises
        ------
        InputFormatError
            If it is no number from 0 to `most`, nor empty.
        """
        value = decimal_number(probability)
        if probability.lower() in ("", "nan", "na", "n/a", "filtered"):
            self.leave_out("no localisation probability")
        elif value is None or not 0 <= value <= most:
            raise InputFormatError(f"localisation probability {probability!r}", f"a number from 0 to {most}")
        elif value < self.localisation * most:
            self.leave_out(f"localisation probability below {self.localisation:g}")
        else:
            return True
        return False

    def on_phospho_residue(self, residue: str, position: int, *, listed: bool = False) -> bool:
        """Tell whether a residue, upper case or empty, can be a site; count it if not.

        Parameters
        ----------
        residue : str
            Capital letter, or empty.
        position : int
            1-based.
        listed : bool
            Whether it stands in a list of sites of all modifications.

        Raises
        ------
        InputFormatError
            If it cannot, and is said to be a known site.
        """
        if residue in PHOSPHO_RESIDUES:
            return True
        if self.known and not listed:
            raise InputFormatError(f"a site on {residue!r}", "S, T or Y", position=position)
        self.leave_out("on a residue other than S, T and Y")
        return False

    def modified_residue(
        self,
        note: str,
        evidence: str,
        position: int,
        line: int | None,
        *,
        qualified: bool = False,
        counted: bool = True,
    ) -> SiteLabel | None:
        """Judge a UniProtKB feature of the type modified residue.

        Parameters
        ----------
        note : str
            Its note, such as ``Phosphoserine; by ATM``.
        evidence : str
            A text with its evidence codes.
        position, line
            As in `SiteLabel`.
        qualified : bool
            Whether this comes from a release before 2014-10: it has no evidence codes, and a site without a
            qualifier such as ``by similarity`` was measured. The qualifier may be in `note` or `evidence`.
        counted : bool
            Whether a positive label is counted here; who makes another one of it does so there.

        Returns
        -------
        SiteLabel or None
            None if it is another modification. UNKNOWN if no code is in `EXPERIMENTAL_EVIDENCE`, or (`qualified`)
            there is a qualifier.
        """
        residue = phosphorylated_residue(note)
        if not residue:
            self.leave_out(ANOTHER_MODIFICATION)
            return None
        codes = evidence_codes(evidence)
        taken = any(code in EXPERIMENTAL_EVIDENCE for code in codes)
        why = ", ".join(sorted(codes)) or "no code"
        if qualified and not codes:
            why = qualifier(f"{note} {evidence}")
            taken = not why
        if not taken:
            self.leave_out(f"no experimental evidence ({why})")
        state = SiteState.POSITIVE if taken else SiteState.UNKNOWN
        make = self.label if counted else SiteLabel
        return make(position, residue, state, ",".join(codes), line)


def grouped(claims: Iterable[tuple[str, SiteLabel]]) -> Iterator[Entry]:
    """Gather the claims of a file without sequences by protein, in order of first appearance.

    Parameters
    ----------
    claims : iterable of (str, SiteLabel)
        Identifier of a protein and what is said of one of its sites.
    """
    entries: dict[str, Entry] = {}
    for name, claim in claims:
        entries.setdefault(name, Entry(name, claim.line)).claims.append(claim)
    yield from entries.values()
