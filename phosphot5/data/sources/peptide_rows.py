"""Labels from modified peptides: where they lie on the proteins, and which of their sites are localised."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from phosphot5.data.account import AMBIGUOUS, ANOTHER_MODIFICATION, NO_PHOSPHORYLATION, NO_PROTEIN
from phosphot5.data.files.numbers import decimal_number, whole_number
from phosphot5.data.identifiers import identity
from phosphot5.data.peptides.listed import list_probabilities, peptide_with_list
from phosphot5.data.peptides.modified import (
    ModifiedPeptide,
    bare_sequence,
    parse_modified_peptide,
    parse_probabilities,
)
from phosphot5.data.records import SiteState
from phosphot5.data.sequences import Sequences, occurrences
from phosphot5.data.sources.read_context import ReadContext, SiteLabel
from phosphot5.data.sources.table_columns import Columns
from phosphot5.errors import InputFormatError

__all__ = ["IdentifiedPeptide", "peptide_labels", "split_proteins", "table_peptide"]

Labels = list[tuple[str, SiteLabel]]

_RANGE = re.compile(r"([^\s;\[\]]+)?\s*\[(\d{1,9})-\d{1,9}\]", re.ASCII)
_HEADERS = re.compile(r";(?=[^;\s|]+\|[^;\s]+)")
"""What stands between whole FASTA headers, which may have semicolons of their own."""


@dataclass(frozen=True)
class IdentifiedPeptide:
    """One identification of a peptide, from a table or another file.

    Parameters
    ----------
    peptide : ModifiedPeptide
        What was identified.
    proteins : list of str
        Proteins that the source names; empty if it names none.
    probability : float, optional
        Localisation probability of the peptide as a whole, for sites without one of their own.
    scored : bool
        Whether the source gives localisation probabilities, so that a site without one is not localised.
    starts : dict of str to set of int
        Where the source says that the peptide begins, 1-based, by protein; empty if it does not.
    decoy, contaminant : str
        Marks, as :meth:`ReadContext.excluded` takes them.
    evidence : str
        What the source says of its evidence.
    line : int, optional
        Line, or number of the identification.
    """

    peptide: ModifiedPeptide
    proteins: list[str] = field(default_factory=list)
    probability: float | None = None
    scored: bool = False
    starts: dict[str, set[int]] = field(default_factory=dict)
    decoy: str = ""
    contaminant: str = ""
    evidence: str = ""
    line: int | None = None


def peptide_labels(context: ReadContext, found: IdentifiedPeptide) -> Labels:
    """Return proteins and labels of one identified peptide; what is not taken is counted.

    A peptide counts at every place where it lies in the proteins that its row names. If the row names none and the
    peptide lies in several proteins or places, nobody knows which one was measured: its sites stay unknown at all
    of them, counted as ambiguous.

    Raises
    ------
    InputFormatError
        If no FASTA file was given, or the peptide is in none of the proteins that its row names.
    """
    peptide = found.peptide
    foreign = [context.excluded_by_name(name) for name in found.proteins]
    reason = context.excluded_by_mark(found.decoy, found.contaminant) or (
        all(foreign) and "".join(foreign[:1])
    )
    if reason:
        context.leave_out(reason)
        return []
    if not (peptide.sites or peptide.unplaced or peptide.negatives):
        context.leave_out(_nothing(context, peptide))
        return []
    if context.sequences is None:
        advice = "give the FASTA file of the proteins with --fasta"
        if context.known:
            advice = "put peptides on their proteins with phosphot5 data convert first"
        raise InputFormatError("a peptide, whose place in its protein is not known", "one", advice)
    places = _places(context, context.sequences, found)
    if peptide.unplaced and places:
        context.leave_out(f"{AMBIGUOUS}: place in the peptide not known", peptide.unplaced)
    ambiguous = not found.proteins and len(places) > 1
    if len(places) > 1:
        context.account.shared += 1
    labels = []
    for position, state, evidence in _judged(context, found, ambiguous) if places else ():
        for name, start in places:
            at, residue = start + position - 1, peptide.sequence[position - 1]
            labels.append((name, context.label(at, residue, state, evidence, found.line)))
    return labels


def _nothing(context: ReadContext, peptide: ModifiedPeptide) -> str:
    if peptide.elsewhere:
        return "on a residue other than S, T and Y"
    return ANOTHER_MODIFICATION if peptide.others else NO_PHOSPHORYLATION


def _places(context: ReadContext, sequences: Sequences, found: IdentifiedPeptide) -> list[tuple[str, int]]:
    """Return name and first residue of each place of the peptide; a reason why there is none is counted."""
    reasons = [context.excluded(name) for name in found.proteins]
    if found.proteins and all(reasons):
        context.leave_out(reasons[0])
        return []
    sequence = found.peptide.sequence
    if not found.proteins:
        places = [place for place in sequences.places(sequence) if not context.excluded_by_name(place[0])]
        if not places:
            context.account.missing[sequence] += 1
            context.leave_out(NO_PROTEIN)
        return places
    places = []
    for name, reason in zip(found.proteins, reasons, strict=True):
        entry = None if reason else sequences.find(name)
        if entry is not None:
            found_at = occurrences(entry[1], sequence)
            stated = found.starts.get(name, set(found_at))
            if found_at and not stated.intersection(found_at):
                raise InputFormatError(
                    f"a peptide that begins at {', '.join(map(str, sorted(stated)))} of {name}",
                    f"{', '.join(map(str, found_at))}, where the FASTA file has it",
                    "the FASTA file may be of another release than the one that was searched",
                )
            places += [(entry[0], start) for start in found_at if start in stated]
    if not places:
        names = ", ".join(name for name, reason in zip(found.proteins, reasons, strict=True) if not reason)
        raise InputFormatError(
            f"the peptide {sequence}, which is not in {names}",
            "peptides of the proteins in the FASTA file",
            "the FASTA file may be of another release than the one that was searched",
        )
    return list(dict.fromkeys(places))


def _judged(
    context: ReadContext, found: IdentifiedPeptide, ambiguous: bool
) -> Iterator[tuple[int, SiteState, str]]:
    """Yield position in the peptide, state and evidence of each site, candidates included."""
    for position, own in found.peptide.sites.items():
        probability = found.probability if own is None else own
        evidence = found.evidence or ("" if probability is None else f"localisation={probability:g}")
        if ambiguous:
            context.leave_out(f"{AMBIGUOUS}: the peptide lies in several places")
            yield position, SiteState.UNKNOWN, evidence
            continue
        text = "" if probability is None else f"{probability:.9g}"
        taken = (probability is None and not found.scored) or context.localised(text)
        yield position, SiteState.POSITIVE if taken else SiteState.UNKNOWN, evidence
    for position in found.peptide.candidates:
        yield position, SiteState.UNKNOWN, ""
    for position in found.peptide.negatives:
        yield position, SiteState.UNKNOWN if ambiguous else SiteState.NEGATIVE, found.evidence


def table_peptide(columns: Columns, row: list[str], cells: dict[str, str], line: int) -> IdentifiedPeptide:
    """Take an identified peptide from a row of a table.

    Raises
    ------
    InputFormatError
        If a cell cannot be read, or contradicts another.
    """
    if "modifications" in cells:
        column = columns.name("modifications")
        peptide = peptide_with_list(bare_sequence(cells["peptide"]), cells["modifications"], column)
    else:
        peptide = parse_modified_peptide(cells["peptide"])
    if "probabilities" in cells:
        peptide = peptide.with_probabilities(_probabilities(columns, row, peptide.sequence))
    proteins = split_proteins(cells.get("protein", ""))
    return IdentifiedPeptide(
        peptide,
        proteins,
        _probability(cells.get("localisation", ""), columns),
        "localisation" in cells or "probabilities" in cells,
        _starts(cells.get("start", ""), proteins),
        cells.get("decoy", ""),
        cells.get("contaminant", ""),
        cells.get("evidence", ""),
        line,
    )


def _probabilities(columns: Columns, row: list[str], sequence: str) -> dict[int, float]:
    """Return the highest localisation probability of each position in any run."""
    column = columns.name("probabilities")
    highest: dict[int, float] = {}
    for text in columns.each(row, "probabilities"):
        if columns.layout.percent:
            given = list_probabilities(text, column)
        elif text.lower() in ("", "nan", "na", "filtered"):
            continue
        elif bare_sequence(text) != sequence:
            expected = f"the peptide {sequence} as in {columns.name('peptide')!r}"
            raise InputFormatError(f"{text!r} in column {column!r}", expected)
        else:
            given = parse_probabilities(text)
        highest.update({at: max(value, highest.get(at, 0.0)) for at, value in given.items()})
    return highest


def _starts(cell: str, proteins: list[str]) -> dict[str, set[int]]:
    """Return where a peptide begins: ``12;30,41`` beside two proteins, or ``P04637 [12-20]; P02340 [30-38]``."""
    if "[" in cell:
        starts: dict[str, set[int]] = {}
        for match in _RANGE.finditer(cell):
            starts.setdefault(match[1] or (proteins or [""])[0], set()).add(int(match[2]))
        return starts
    parts = cell.split(";")
    if len(parts) not in (1, len(proteins)):
        return {}
    pairs = zip(proteins, parts, strict=False)  # one for several is that of the first
    read = {name: {whole_number(text.strip()) for text in part.split(",")} for name, part in pairs}
    return {name: {at for at in places if at} for name, places in read.items() if None not in places}


def _probability(text: str, columns: Columns) -> float | None:
    if text.lower() in ("", "nan", "na", "filtered"):
        return None
    value = decimal_number(text)
    if value is None or not 0 <= value <= 1:
        name = columns.name("localisation")
        raise InputFormatError(
            f"localisation probability {text!r} in column {name!r}", "a number from 0 to 1"
        )
    return value


def split_proteins(cell: str) -> list[str]:
    """Return the identifiers in a cell with one or more proteins, ``;`` or ``,`` between them.

    Examples
    --------
    >>> split_proteins("P04637;P02340"), split_proteins("sp|P04637|P53_HUMAN Antigen; p53;sp|P02340|P53_MOUSE x, y")
    (['P04637', 'P02340'], ['sp|P04637|P53_HUMAN', 'sp|P02340|P53_MOUSE'])
    """
    if "|" in cell:
        parts = _HEADERS.split(cell)
    else:
        parts = re.split(r"[;,]", cell)
    return [identity(part.strip()).full for part in parts if part.strip()]
