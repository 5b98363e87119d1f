"""What every reader of a source of sites gets and gives."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from phosphot5.data.files.numbers import decimal_number
from phosphot5.data.ledger import Ledger
from phosphot5.data.records import PHOSPHO_RESIDUES, SiteState
from phosphot5.data.uniprot import EXPERIMENTAL_EVIDENCE, evidence_codes, phosphorylated_residue
from phosphot5.errors import InputFormatError

__all__ = ["SiteLabel", "Entry", "ReadContext", "grouped"]

_DECOYS = ("REV__", "rev_", "DECOY_", "decoy_")
_CONTAMINANTS = ("CON__", "Cont_", "contam_")
"""Starts of the names that MaxQuant, DIA-NN and FragPipe give to decoys and contaminants."""
_NO_MARKS = ("", "0", "false", "no", "-")


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
    fasta : bool
        Whether the sequences of the proteins come from a FASTA file: no column of this file is one.
    known : bool
        Whether the rows of a table are sites that somebody chose for a prediction: it may be one of predictions,
        and a site on another residue is an error.
    not_taken : Counter of str
        Sites that are not taken, by reason.
    problems : list of str
        What could not be read of records that are used, each with file and line.
    """

    path: str
    ledger: Ledger = field(default_factory=Ledger)
    skip_bad: bool = False
    localisation: float = 0.75
    organism: str = ""
    fasta: bool = False
    known: bool = False
    not_taken: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

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
        self.not_taken["not readable"] += 1
        self.problems.append(str(error))

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

    def foreign(self, name: str, decoy: str = "", contaminant: str = "") -> str:
        """Return ``decoy`` or ``contaminant`` for a protein that is one, by its name or by a mark, else nothing.

        Parameters
        ----------
        name : str
            Identifier of the protein.
        decoy, contaminant : str
            Cells with the marks, such as ``+`` or ``TRUE``.
        """
        if decoy.lower() not in _NO_MARKS or name.startswith(_DECOYS):
            return "decoy"
        return "contaminant" if contaminant.lower() not in _NO_MARKS or name.startswith(_CONTAMINANTS) else ""

    def localised(self, probability: str) -> bool:
        """Tell whether a localisation probability is high enough; count the site if not.

        Raises
        ------
        InputFormatError
            If it is no number from 0 to 1, nor empty.
        """
        value = decimal_number(probability)
        if probability.lower() in ("", "nan", "na"):
            self.not_taken["no localisation probability"] += 1
        elif value is None or not 0 <= value <= 1:
            raise InputFormatError(f"localisation probability {probability!r}", "a number from 0 to 1")
        elif value < self.localisation:
            self.not_taken[f"localisation probability below {self.localisation:g}"] += 1
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
        self.not_taken["on a residue other than S, T and Y"] += 1
        return False

    def modified_residue(self, note: str, evidence: str, position: int, line: int | None) -> SiteLabel | None:
        """Judge a UniProtKB feature of the type modified residue.

        Parameters
        ----------
        note : str
            Its note, such as ``Phosphoserine; by ATM``.
        evidence : str
            A text with its evidence codes.
        position, line
            As in `SiteLabel`.

        Returns
        -------
        SiteLabel or None
            None if it is another modification. UNKNOWN if no code is in `EXPERIMENTAL_EVIDENCE`.
        """
        residue = phosphorylated_residue(note)
        if not residue:
            self.not_taken["another modification"] += 1
            return None
        codes = evidence_codes(evidence)
        taken = any(code in EXPERIMENTAL_EVIDENCE for code in codes)
        if not taken:
            self.not_taken[f"no experimental evidence ({', '.join(sorted(codes)) or 'no code'})"] += 1
        state = SiteState.POSITIVE if taken else SiteState.UNKNOWN
        return SiteLabel(position, residue, state, ",".join(codes), line)


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
