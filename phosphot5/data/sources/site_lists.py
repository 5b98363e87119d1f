"""Cells that list sites: of FragPipe, DIA-NN, Proteome Discoverer and UniProt."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from phosphot5.data.files.numbers import whole_number
from phosphot5.data.files.tables import parse_site
from phosphot5.data.peptides.listed import parse_pd_places
from phosphot5.errors import InputFormatError

__all__ = ["SITE_LISTS", "ListedSite", "protein_sites"]

_INDEX = re.compile(r"(.+?)(?:_\d+_\d+_\d+_\d+)?_((?:[A-Z]\d+)+)", re.ASCII)
_UNPLACED = re.compile(r".+_\d+_\d+_\d+_0(?:_0)?", re.ASCII)
_SITE = re.compile(r"[A-Z]\d+", re.ASCII)
_FEATURE = re.compile(r"MOD_RES\s+([^;]*?)\s*(?:;|$)((?:\s*/\w+=\"[^\"]*\"\s*;?)*)", re.ASCII)
_NOTE = re.compile(r"/note=\"([^\"]*)\"")


@dataclass(frozen=True)
class ListedSite:
    """One site of a list.

    Parameters
    ----------
    protein : str
        Its protein; empty where the list names none.
    residue : str
        Capital letter, empty where the list has none.
    position : int
        1-based; 0 where the place is unknown.
    note, evidence : str, optional
        What UniProt says of the modification.
    modification : str
        Name of the modification, where a list has several.
    probability : float, optional
        Localisation probability.
    """

    protein: str
    residue: str
    position: int
    note: str | None = None
    evidence: str = ""
    modification: str = ""
    probability: float | None = None


def _index(cell: str) -> list[ListedSite]:
    """Read ``P04637_S15`` and, with several sites, ``P04637_10_20_2_2_S15T18``."""
    if _UNPLACED.fullmatch(cell):
        return [ListedSite("", "", 0)]
    match = _INDEX.fullmatch(cell)
    if match is None:
        raise InputFormatError(repr(cell), "a site of FragPipe such as P04637_S15")
    return [ListedSite(match[1], *parse_site(text)) for text in _SITE.findall(match[2])]


def protein_sites(cell: str) -> list[ListedSite]:
    """Read ``P04637:S15``, also several, ``[P04637:S15,T18];[P02340:S18]``."""
    sites = []
    protein = ""
    for part in re.split(r"[;,]", re.sub(r"[\[\]()\s]", "", cell)):
        name, colon, site = part.rpartition(":")
        protein = name if colon else protein
        if not protein:
            raise InputFormatError(repr(part), "a site of DIA-NN such as P04637:S15")
        sites.append(ListedSite(protein, *parse_site(site)))
    return sites


def _modified_residues(cell: str) -> list[ListedSite]:
    """Read ``MOD_RES 15; /note="Phosphoserine"; /evidence="ECO:..."``, one after the other."""
    sites = []
    end = 0
    for match in _FEATURE.finditer(cell):
        note = _NOTE.search(match[2])
        position = whole_number(match[1])
        if match.start() != end or note is None:
            break
        sites.append(ListedSite("", "", position or 0, note[1], match[2]))
        end = match.end() + len(cell[match.end() :]) - len(cell[match.end() :].lstrip("; "))
    if end != len(cell):
        raise InputFormatError(
            repr(cell[end : end + 40]), 'features such as MOD_RES 15; /note="Phosphoserine"'
        )
    return sites


def _master_proteins(cell: str) -> list[ListedSite]:
    """Read ``P04637 2xPhospho [S15(99.8); T/S]; 1xOxidation [M5]``, scores in per cent."""
    return [
        ListedSite(
            placed.protein,
            placed.residue,
            placed.position or 0,
            modification=placed.name,
            probability=placed.probability,
        )
        for placed in parse_pd_places(cell, "Modifications in Master Proteins")
    ]


SITE_LISTS: dict[str, Callable[[str], list[ListedSite]]] = {
    "proteinsites": protein_sites,
    "modifiedresidue": _modified_residues,
    "index": _index,
    "modificationsinmasterproteins": _master_proteins,
    "modificationsinproteins": _master_proteins,
}
"""Reader of a cell, by the column's name without case and punctuation."""
