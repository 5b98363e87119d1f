"""From what sources say of sites to labelled proteins, with an account of everything that was left out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from phosphot5.data.account import Account
from phosphot5.data.labelled import LabelledProtein
from phosphot5.data.ledger import Ledger
from phosphot5.data.records import MEASURED_TOGETHER, PHOSPHO_RESIDUES, Annotated, SiteState
from phosphot5.data.sequences import Sequences
from phosphot5.data.sources import FORMATS, Entry, ReadContext, SiteLabel
from phosphot5.data.uniprot import accession
from phosphot5.errors import InputFormatError, PhosphoT5Error, SitePlace
from phosphot5.wording import counted

__all__ = ["ConvertOptions", "Converter"]

NOT_ANNOTATED = "not annotated"
"""Evidence of the negatives that are made of unlabelled sites."""

_ADVICE = "the sites may be of another isoform or another version of the sequence"


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert.

    Parameters
    ----------
    residues : str
        Residues whose labels are taken; all others stay unknown.
    unlabelled : {"unknown", "negative"}
        What an unlabelled residue is. ``negative``: an S or T without a label in a protein with a positive S or
        T is a negative, and so is a Y in a protein with a positive Y. Sources that list positives only give no
        other negatives, but many of these residues have merely not been measured. Sites which a source names
        and which are not taken stay unknown.
    localisation : float
        Lowest localisation probability of MaxQuant that is taken.
    organism : str
        The one organism taken from PhosphoSitePlus; all when empty.
    skip_bad : bool
        Whether to skip records and rows that cannot be read, and to go on. A record with one site that does not
        fit its sequence is left out as a whole: its other sites may be of another sequence too.
    """

    residues: str = PHOSPHO_RESIDUES
    unlabelled: Literal["unknown", "negative"] = "unknown"
    localisation: float = 0.75
    organism: str = ""
    skip_bad: bool = False


@dataclass
class _Draft:
    """One protein while its labels are gathered; keys and members are indices of the sequence, 0-based."""

    entry: Entry
    sequence: Annotated
    states: bytearray = field(init=False)
    evidence: dict[int, list[str]] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)
    sources: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.states = bytearray(len(self.sequence))


@dataclass
class Converter:
    """Gathers labelled proteins from files; what several of them say of one protein is put together.

    A protein is known by its accession, so that ``sp|P04637|P53_HUMAN`` and ``P04637`` are one, and its isoform
    ``P04637-2`` is another. A site that is positive in one place and negative in another is a positive.

    Parameters
    ----------
    options : ConvertOptions
        How to convert.
    sequences : Sequences, optional
        Of :func:`read_sequences`, for files without sequences.

    Attributes
    ----------
    ledger : Ledger
        Every record of the files.
    sites : Account
        Every row of the files, and what became of its sites.
    """

    options: ConvertOptions
    sequences: Sequences | None = None
    ledger: Ledger = field(default_factory=Ledger)
    sites: Account = field(default_factory=Account)
    _drafts: dict[str, _Draft] = field(default_factory=dict, repr=False)
    _joined: bool = field(default=False, repr=False)

    def add(self, path: str, input_format: str, advance: Callable[[], None] = lambda: None) -> None:
        """Take in one file.

        Parameters
        ----------
        path : str
            The file.
        input_format : str
            Its format, a name of `phosphot5.data.sources.FORMATS`.
        advance : callable
            Called after each record.

        Raises
        ------
        InputFileError
            If it is missing, unreadable or damaged.
        InputFormatError
            If it is not in its format, or (unless bad ones are skipped) at the first record that cannot be read,
            has no sequence, or has a site that does not fit its sequence.
        """
        context = ReadContext(
            path,
            self.ledger,
            self.options.skip_bad,
            self.options.localisation,
            self.options.organism,
            sequences=self.sequences,
            account=self.sites,
        )
        name = path.replace("\\", "/").rpartition("/")[2]
        for entry in FORMATS[input_format].read(context):
            try:
                self._add_entry(entry, entry.source or f"{input_format}:{name}")
            except InputFormatError as error:
                reason = (
                    "no sequence" if error.found.startswith("no sequence") else "does not fit its sequence"
                )
                context.refuse_record(error.at(line=entry.line, record=entry.id), reason)
                self.sites.take_back([claim.state for claim in entry.claims], reason)
            advance()

    def finish(self) -> list[LabelledProtein]:
        """Return the proteins in order of first appearance; those without any label are left out.

        Proteins of a file in the format ``hash`` stay without labels, if it has them so.

        Raises
        ------
        PhosphoT5Error
            If none is left, or the sequences that were given are of no use.
        """
        if self.sequences is not None and self._drafts and not self._joined:
            raise PhosphoT5Error(
                "--fasta has no effect because the inputs have their own sequences; remove it"
            )
        proteins = []
        for draft in self._drafts.values():
            protein = self._protein(draft)
            if draft.entry.keep or any(protein.states):
                proteins.append(protein)
            else:
                self.ledger.skip(draft.entry.id, "no labelled site")
        if not proteins:
            raise PhosphoT5Error(f"no labelled protein; {'; '.join(self.account())}")
        self.ledger.check(len(proteins))
        return proteins

    def account(self) -> list[str]:
        """Return lines for people: records read, used and skipped, and sites not taken, each with reasons."""
        ledger = self.ledger
        lines = [f"{counted(ledger.read, 'record')} read, {ledger.used:,} used, {ledger.skipped:,} skipped"]
        lines += [f"  skipped, {reason}: {count:,}" for reason, count in ledger.reasons.items()]
        return lines + self.sites.lines()

    def complaints(self) -> list[str]:
        """Return what was wrong with each record and row that was skipped as bad, with its place."""
        return [
            record.detail for record in self.ledger.skipped_records if record.detail
        ] + self.sites.problems

    def _add_entry(self, entry: Entry, source: str) -> None:
        """Take in one entry as a whole, or raise an error that lacks the file."""
        name, sequence = self._sequence(entry)
        draft = self._drafts.get(name)
        if draft is not None and draft.sequence.sequence != sequence.sequence:
            found = "a sequence that differs from its earlier record"
            raise InputFormatError(found, "one sequence for each accession", record=entry.id)
        for claim in entry.claims:
            _check(claim, sequence.sequence, entry)
        self.ledger.enter(entry.id)
        if draft is None:
            draft = _Draft(entry, sequence)
            self._drafts[name] = draft
        else:
            self.ledger.skip(entry.id, "merged with its earlier record")
        if source not in draft.sources:
            draft.sources.append(source)
        for claim in entry.claims:
            self._take(claim, draft)

    def _sequence(self, entry: Entry) -> tuple[str, Annotated]:
        """Return what an entry's protein is known by, and its sequence."""
        if entry.sequence is not None:
            sequence = Annotated(sequence=entry.sequence.upper(), removed=entry.removed)
            return accession(entry.id), sequence
        protein = self.sequences.find(entry.id) if self.sequences else None
        if protein is None:  # a reader yields no others of those that --fasta lacks
            advice = "give the FASTA file of the proteins with --fasta"
            raise InputFormatError("no sequence", "one", advice, record=entry.id)
        self._joined = True
        return protein

    def _take(self, claim: SiteLabel, draft: _Draft) -> None:
        """Add one label that fits its sequence."""
        index = claim.position - 1
        before, residue = draft.states[index], draft.sequence.sequence[index]
        if residue not in self.options.residues:
            if claim.state:
                self.sites.left_out[f"on {residue}, not among the residues to keep"] += 1
            return
        if claim.state is SiteState.UNKNOWN:
            draft.doubtful.add(index)
            return
        if before and before != claim.state:
            self.sites.left_out["negative here, positive elsewhere"] += 1
            if claim.state is SiteState.NEGATIVE:
                return
            draft.evidence[index] = []
        draft.states[index] = claim.state
        evidence = draft.evidence.setdefault(index, [])
        if claim.evidence and claim.evidence not in evidence:
            evidence.append(claim.evidence)

    def _protein(self, draft: _Draft) -> LabelledProtein:
        given = draft.sequence.given_position
        evidence = {given(index + 1): "; ".join(texts) for index, texts in draft.evidence.items() if texts}
        if self.options.unlabelled == "negative":
            for index in self._unlabelled(draft):
                draft.states[index] = SiteState.NEGATIVE
                evidence[given(index + 1)] = NOT_ANNOTATED
        joined = self.sequences.find(draft.entry.id) if self.sequences else None
        return LabelledProtein(
            id=draft.entry.id,
            description=draft.entry.description or (joined[1].description if joined else ""),
            sequence=draft.sequence.sequence,
            states=bytes(draft.states),
            removed=draft.sequence.removed,
            evidence=evidence,
            source="; ".join(draft.sources),
        )

    def _unlabelled(self, draft: _Draft) -> list[int]:
        """Return the residues that nobody names, of the classes in which the protein has a positive, 0-based."""
        positive = {
            residue
            for residue, state in zip(draft.sequence.sequence, draft.states, strict=True)
            if state == SiteState.POSITIVE
        }
        wanted = {
            residue
            for group in MEASURED_TOGETHER
            if positive & set(group)
            for residue in group
            if residue in self.options.residues
        }
        return [
            index
            for index, (residue, state) in enumerate(zip(draft.sequence.sequence, draft.states, strict=True))
            if residue in wanted and not state and index not in draft.doubtful
        ]


def _check(claim: SiteLabel, sequence: str, entry: Entry) -> None:
    """Raise an error if a label does not fit its sequence."""
    place: SitePlace = {"line": claim.line, "record": entry.id, "position": claim.position}
    if claim.position < 1:
        raise InputFormatError(f"position {claim.position}", "1 or more, positions are 1-based", **place)
    if claim.position > len(sequence):
        raise InputFormatError("a position beyond the end", f"1 to {len(sequence)}", _ADVICE, **place)
    found = sequence[claim.position - 1]
    if found not in PHOSPHO_RESIDUES or claim.residue not in ("", found):
        wanted = f"{claim.residue!r} as given" if claim.residue else "S, T or Y"
        raise InputFormatError(f"{found!r} in the sequence", wanted, _ADVICE, **place)
