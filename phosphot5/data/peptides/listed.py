"""Lists of the modifications of a peptide, as some programs give them beside its sequence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from phosphot5.data.files.numbers import decimal_number, whole_number
from phosphot5.data.peptides.modified import ModifiedPeptide, is_phospho_tag
from phosphot5.data.records import PHOSPHO_RESIDUES
from phosphot5.errors import InputFormatError

__all__ = ["Placed", "list_probabilities", "one_after_another", "parse_pd_places", "peptide_with_list"]

_FRAGPIPE = re.compile(r"(\d{1,9})([A-Z])\(([^()]*)\)|(N-term|C-term)\(([^()]*)\)", re.ASCII)
_PD_SPECTRUM = re.compile(
    r"([A-Z])(\d{1,9})\(((?:[^()]|\([^()]*\))*)\)(?::\s*([0-9.,]+))?|([NC]-Term)(?:\(Prot\))?\((.*?)\)"
    r"|([A-Z])\((\d{1,9})\):\s*([0-9.,]+)",
    re.ASCII | re.IGNORECASE,
)
_PD_GROUP = re.compile(r"(?:([^\s;\[\]]+)\s+)?(\d{1,9})x([^\[\]]+)\[([^\[\]]*)\]", re.ASCII)
"""Protein, number, name and places of a modification in ``P04637 2xPhospho [S3(99.8); T/Y]``."""
_PLACE = re.compile(r"([A-Z])(\d{1,9})?(?:\(([0-9.,]+)\))?", re.ASCII)

_MOST = 100
"""Modifications without a place that are counted, of one name in one cell."""


@dataclass(frozen=True)
class Placed:
    """One modification of a list.

    Parameters
    ----------
    name : str
        What the list calls it.
    residue : str
        Capital letter; empty at a terminus.
    position : int or None
        1-based; None where the list does not say where it is, 0 at a terminus.
    probability : float or None
        Of its place, from 0 to 1.
    protein : str
        Protein that the position refers to, if the list names one.
    """

    name: str
    residue: str
    position: int | None
    probability: float | None = None
    protein: str = ""


def peptide_with_list(sequence: str, text: str, column: str) -> ModifiedPeptide:
    """Put the modifications of a list on a peptide.

    ``3S(79.9663), N-term(42.01)`` (FragPipe), ``S3(Phospho); C5(Carbamidomethyl)``, with or without ``: 99.8``, and
    ``1xPhospho [S3(99.8)]; 1xOxidation [M5]`` (Proteome Discoverer).

    Parameters
    ----------
    sequence : str
        Residues of the peptide, capital letters.
    text : str
        The list.
    column : str
        Name of its column, for messages.

    Raises
    ------
    InputFormatError
        If the text is no such list, or names another residue than the sequence has.
    """
    sites: dict[int, float | None] = {}
    counts = {"unplaced": 0, "elsewhere": 0, "others": 0}
    for placed in _placed(text, column):
        _check(placed, sequence, column)
        if not is_phospho_tag(placed.name, placed.residue):
            counts["others"] += 1
        elif placed.position is None:
            counts["unplaced"] += 1
        elif placed.residue not in PHOSPHO_RESIDUES or not placed.residue:
            counts["elsewhere"] += 1
        else:
            sites[placed.position] = placed.probability
    return ModifiedPeptide(
        sequence, sites, unplaced=counts["unplaced"], elsewhere=counts["elsewhere"], others=counts["others"]
    )


def _check(placed: Placed, sequence: str, column: str) -> None:
    if not placed.position:
        return
    found = sequence[placed.position - 1 : placed.position]
    if found != placed.residue:
        raise InputFormatError(
            f"{placed.residue}{placed.position} in column {column!r}",
            f"{found or 'no residue'} as in the peptide {sequence!r}",
        )


def _placed(text: str, column: str) -> Iterator[Placed]:
    """Yield the modifications of a list in whichever form."""
    if re.match(r"[\s;]*(?:[^\s;\[\]]+\s+)?\d{1,9}x", text):
        yield from parse_pd_places(text, column)
        return
    pattern = _FRAGPIPE if re.match(r"\s*(?:\d{1,9}[A-Z]\(|[NC]-term\()", text) else _PD_SPECTRUM
    end = 0
    for match in one_after_another(pattern, text, " ,;"):
        end = match.end()
        if pattern is _FRAGPIPE:
            yield Placed(match[3] or match[5], match[2] or "", int(match[1] or 0))
        else:
            score = decimal_number(match[4] or match[9] or "")
            probability = None if score is None else score / 100
            name = "Phospho" if match[7] else match[3] or match[6] or ""
            yield Placed(name, match[1] or match[7] or "", int(match[2] or match[8] or 0), probability)
    if text[end:].strip(" ,;"):
        raise InputFormatError(
            f"{text[end : end + 40]!r} in column {column!r}",
            "modifications such as 3S(79.9663) or S3(Phospho)",
        )


def one_after_another(pattern: re.Pattern[str], text: str, between: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern from the start of a text, as long as only some characters stand between them."""
    end = 0
    while end < len(text):
        while end < len(text) and text[end] in between:
            end += 1
        match = pattern.match(text, end)
        if match is None or match.end() == end:
            return
        yield match
        end = match.end()


def list_probabilities(text: str, column: str) -> dict[int, float]:
    """Return localisation probabilities of phosphorylation by position, from ``S3(Phospho): 99.8; T5(Phospho): 0.2``.

    A text that has none, such as ``Too many isoforms``, gives none.
    """
    if ":" not in text and "[" not in text:
        return {}
    return {
        placed.position: placed.probability
        for placed in _placed(text, column)
        if placed.position and placed.probability is not None and is_phospho_tag(placed.name, placed.residue)
    }


def parse_pd_places(text: str, column: str) -> Iterator[Placed]:
    """Yield what Proteome Discoverer says of modifications, ``P04637 2xPhospho [S3(99.8); T/Y]; 1xOxidation [M5]``.

    A place without a number, or with several residues to choose from, has no position. A modification without a
    protein is one of the protein before it.

    Raises
    ------
    InputFormatError
        If the text is no such list.
    """
    end, protein = 0, ""
    for match in one_after_another(_PD_GROUP, text, " ;"):
        end, protein = match.end(), match[1] or protein
        parts = [part.strip() for part in match[4].split(";") if part.strip()]
        yield from (_place(match[3].strip(), part, protein) for part in parts)
        missing = min((whole_number(match[2]) or 0) - len(parts), _MOST)
        yield from (Placed(match[3].strip(), "", None, protein=protein) for _ in range(missing))
    if text[end:].strip(" ;"):
        raise InputFormatError(
            f"{text[end : end + 40]!r} in column {column!r}", "modifications such as 1xPhospho [S12(99.8)]"
        )


def _place(name: str, part: str, protein: str) -> Placed:
    if part.lower().startswith(("n-term", "c-term")):
        return Placed(name, "", 0, protein=protein)
    match = _PLACE.fullmatch(part)
    if match is None or match[2] is None:
        return Placed(name, part[:1] if match else "", None, protein=protein)
    score = decimal_number(match[3]) if match[3] else None
    return Placed(name, match[1], int(match[2]), None if score is None else score / 100, protein)
