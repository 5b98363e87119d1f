"""How many proteins of one part of a data set have a homolog in another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from phosphot5.data.homology.mmseqs import search
from phosphot5.data.records import Protein

__all__ = ["LEVELS", "LOCAL_RESIDUES", "Leakage", "measure_leakage"]

LEVELS = (0.3, 0.5, 0.9)
"""Shares of identical residues at which homologs are counted."""
LOCAL_RESIDUES = 30
"""Length from which a local alignment counts."""

_COLUMNS = ("query", "target", "fident", "alnlen", "qstart", "qend", "qlen", "tstart", "tend", "tlen")
_HIT = np.dtype([(name, np.float64 if name == "fident" else np.int64) for name in _COLUMNS])


@dataclass(frozen=True)
class Leakage:
    """Proteins of one part with a homolog in the parts it is held against.

    Parameters
    ----------
    part : str
        The part.
    against : tuple of str
        The parts it is held against, such as the training part.
    proteins : int
        Proteins of the part.
    covered : dict of float to int
        Level of `LEVELS`, to the number of proteins with a homolog of that identity whose alignment covers both
        sequences: so many residues of each stand opposite a residue, not a gap. A clustering by MMseqs2 with the
        same coverage sees no others, as it skips pairs whose lengths differ by more.
    local : dict of float to int
        The same for alignments of at least `LOCAL_RESIDUES` columns, whatever they cover.
    """

    part: str
    against: tuple[str, ...]
    proteins: int
    covered: dict[float, int]
    local: dict[float, int]


def measure_leakage(
    parts: Mapping[str, Sequence[Protein]], against: Mapping[str, Sequence[str]], coverage: float = 0.8
) -> list[Leakage]:
    """Search the proteins of some parts among those of others, with MMseqs2.

    Parameters
    ----------
    parts : mapping of str to sequence of Protein
        Proteins by the name of their part.
    against : mapping of str to sequence of str
        Part, to the parts among which its homologs are sought.
    coverage : float
        Least share of both sequences that an alignment covers to count as covering them.

    Returns
    -------
    list of Leakage
        One for each part in `against`.

    Raises
    ------
    PhosphoT5Error
        If MMseqs2 is missing or fails.
    """
    queries = [(name, protein.sequence) for name in against for protein in parts[name]]
    searched = dict.fromkeys(name for names in against.values() for name in names)
    targets = [(name, protein.sequence) for name in searched for protein in parts[name]]
    hits = search(
        [sequence for _, sequence in queries],
        [sequence for _, sequence in targets],
        ["--min-seq-id", min(LEVELS)],
        _HIT,
    )
    numbers = {name: number for number, name in enumerate(parts)}
    allowed = np.zeros((len(parts), len(parts)), dtype=bool)
    for name, others in against.items():
        allowed[numbers[name], [numbers[other] for other in others]] = True
    part_of_query = np.array([numbers[name] for name, _ in queries])
    part_of_target = np.array([numbers[name] for name, _ in targets])
    hits = hits[allowed[part_of_query[hits["query"]], part_of_target[hits["target"]]]]
    found = []
    for name, others in against.items():
        own = hits[part_of_query[hits["query"]] == numbers[name]]
        covering = _covering(own, coverage)
        long = own["alnlen"] >= LOCAL_RESIDUES
        covered, local = ({level: _count(own[kind], level) for level in LEVELS} for kind in (covering, long))
        found.append(Leakage(name, tuple(others), len(parts[name]), covered, local))
    return found


def _covering(hits: np.ndarray, coverage: float) -> np.ndarray:
    """Tell of each alignment whether it pairs enough residues of both sequences; shape (hits,)."""
    spans = sum(hits[f"{of}end"] - hits[f"{of}start"] + 1 for of in "qt")
    pairs = spans - hits["alnlen"]  # the other columns have a gap
    covering: np.ndarray = pairs >= coverage * np.maximum(hits["qlen"], hits["tlen"])
    return covering


def _count(hits: np.ndarray, level: float) -> int:
    """Count the queries with an alignment of this identity or above."""
    return len(np.unique(hits["query"][hits["fident"] >= level]))
