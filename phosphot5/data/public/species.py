"""Proteins of species other than human, labelled by the sites that studies found and by how good the studies are."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from phosphot5.data.records import Protein, SiteState
from phosphot5.data.species import group_of, named_species
from phosphot5.errors import InputFormatError

__all__ = ["TABLES", "Site", "label_species", "read_sites", "study_quality"]

TABLES = "jeff-hykin/phosphorylation_analysis/data"
"""Place of the tables, ``phosphorylation@NN.tsv``: one site a row, of every species."""
COLUMNS = 6
FLANK = 10
"""Residues on both sides of a site in its window; ``-`` beyond the ends of the protein."""
NOISY = frozenset({"MOUSE", "RAT", "YEAST", "ARATH", "SCHPO"})
"""Species whose many large studies disagree: a site of theirs has to be well-supported to count as positive."""
PUBLICATIONS, QUALITY = 3, 5
"""A site is well-supported by that many publications, or by one study of that quality."""
OF_TYROSINES = 9
"""Quality of a study of tyrosines, whose sites no proline follows."""


@dataclass(frozen=True)
class Site:
    """A phosphosite, as a row of a table has it.

    Parameters
    ----------
    species : str
        Mnemonic of UniProt.
    accession : str
        Accession of UniProtKB.
    position : int
        Counted from 0.
    publications : frozenset of str
        PubMed ids.
    window : str
        The site in the middle of 21 residues.
    """

    species: str
    accession: str
    position: int
    publications: frozenset[str]
    window: str

    @property
    def residue(self) -> str:
        """S, T or Y; another letter where the row is no such site."""
        return self.window[FLANK]

    def stands_in(self, sequence: str) -> bool:
        """Whether a sequence has the window at the position."""
        start, stop = self.position - FLANK, self.position + FLANK + 1
        inside = sequence[max(start, 0) : stop]
        return "-" * max(-start, 0) + inside + "-" * max(stop - len(sequence), 0) == self.window


def read_sites(paths: Iterable[Path]) -> Iterator[Site]:
    """Yield the sites of tables.

    Raises
    ------
    InputFormatError
        At the first row that has another form.
    """
    for path in paths:
        with open(path, encoding="utf-8", newline="") as handle:
            for number, row in enumerate(csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
                if len(row) != COLUMNS or not row[2].isdigit() or len(row[5]) != 2 * FLANK + 1:
                    raise InputFormatError(
                        "\t".join(row)[:60],
                        "entry name, accession, position, modification, PubMed ids and 21 residues",
                        path=path,
                        line=number,
                    )
                species, publications = row[0].rpartition("_")[2], frozenset(filter(None, row[4].split(";")))
                yield Site(species, row[1], int(row[2]) - 1, publications, row[5])


def study_quality(sites: Iterable[Site]) -> dict[str, int]:
    """Rate every study by its sites: 20 times the share of its S and T that proline follows, rounded down.

    Proline follows a twentieth of all S and T, and three tenths of those that curators accepted: a study near 1 is
    near chance. Where most sites are tyrosines the quality is 9.

    Returns
    -------
    dict of str to int
        PubMed id to quality, 0 to 20.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])  # S and T, those before P, Y
    for site in sites:
        for study in site.publications:
            counts[study][0] += site.residue in "ST"
            counts[study][1] += site.residue in "ST" and site.window[FLANK + 1] == "P"
            counts[study][2] += site.residue == "Y"
    return {
        study: OF_TYROSINES if tyrosines > others else 20 * before // max(others, 1)
        for study, (others, before, tyrosines) in counts.items()
    }


def label_species(
    proteins: Iterable[Protein], sites: Mapping[str, Iterable[Site]], quality: Mapping[str, int]
) -> Iterator[Protein]:
    """Yield the proteins that get labels.

    Well-supported sites are positive and weak ones unknown. The other S and T of a protein with a positive S or T are
    negative, and so are the other Y of one with a positive Y. Proteins of a species in no group are left out.

    Parameters
    ----------
    proteins : iterable of Protein
        Entries of UniProtKB, with their headers.
    sites : mapping of str to iterable of Site
        Accession to sites; one whose window does not stand in the sequence is left out.
    quality : mapping of str to int
        What :func:`study_quality` returns.

    Yields
    ------
    Protein
        Named by its accession, with the tags ``OX=``, ``species=`` and ``group=``.
    """
    for protein in proteins:
        accession = protein.id.split("|")[1] if protein.id.count("|") == 2 else protein.id
        found = [site for site in sites.get(accession, ()) if site.stands_in(protein.sequence)]
        taxon = named_species(protein.header)
        group = group_of(taxon) or group_of(found[0].species if found else "")
        if group in (None, "human"):
            continue
        states = _states(protein.sequence, found, quality)
        if SiteState.POSITIVE in states:
            tags = f"OX={taxon} species={found[0].species} group={group}"
            yield replace(protein, id=accession, description=tags, states=states.tobytes())


def _states(sequence: str, sites: Iterable[Site], quality: Mapping[str, int]) -> np.ndarray:
    """Return the state of every residue."""
    letters = np.array(list(sequence))
    states = np.full(len(sequence), SiteState.UNKNOWN, np.uint8)
    strong: list[int] = []
    weak: list[int] = []
    for site in sites:
        (strong if _well_supported(site, quality) else weak).append(site.position)
    for residues in ("ST", "Y"):
        of_class = np.isin(letters, list(residues))
        if of_class[strong].any():
            states[of_class] = SiteState.NEGATIVE
    states[weak] = SiteState.UNKNOWN
    states[[position for position in strong if letters[position] in "STY"]] = SiteState.POSITIVE
    return states


def _well_supported(site: Site, quality: Mapping[str, int]) -> bool:
    best = max((quality[study] for study in site.publications), default=0)
    return site.species not in NOISY or len(site.publications) >= PUBLICATIONS or best >= QUALITY
