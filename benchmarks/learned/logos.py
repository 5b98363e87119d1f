"""Windows around sites as matrices: enrichment, motif classes of the literature, named kinase motifs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from phosphot5.data import Protein

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
"""The rows of a matrix."""
HALF = 7
"""Residues of a window to either side of the site."""
OFFSETS = [offset for offset in range(-HALF, HALF + 1) if offset]
"""The columns of a matrix: residues from the site, which is left out."""
PSEUDOCOUNT = 10.0
"""Windows of the background added to those that are compared with it."""
SIGNIFICANT = 3.0
"""Standard errors by which a letter must be more frequent to be drawn."""
FREQUENT = 0.05
"""Share of the windows that must have a letter for it to be drawn."""
_CODES = np.full(256, -1, dtype=np.int8)
_CODES[np.frombuffer(AMINO_ACIDS.encode(), dtype=np.uint8)] = np.arange(len(AMINO_ACIDS))


@dataclass(frozen=True)
class Motif:
    """A motif that kinases or binding domains are known for.

    Parameters
    ----------
    pattern : str
        As biologists write it; the site is ``[ST]`` or ``Y``.
    known_for : str
        Who recognises it.
    letters : mapping of int to str
        Offset from the site to the residues that may stand there.
    """

    pattern: str
    known_for: str
    letters: Mapping[int, str]


MOTIFS = {
    "S/T": (
        Motif("[ST]P", "CDK, MAPK", {1: "P"}),
        Motif("[ST]Px[KR]", "CDK", {1: "P", 3: "KR"}),
        Motif("Px[ST]P", "MAPK", {-2: "P", 1: "P"}),
        Motif("Rxx[ST]", "PKA, AKT, CaMK", {-3: "R"}),
        Motif("[RK][RK]x[ST]", "PKA", {-3: "RK", -2: "RK"}),
        Motif("RxRxx[ST]", "AKT, S6K", {-5: "R", -3: "R"}),
        Motif("LxRxx[ST]", "AMPK, CaMK", {-5: "L", -3: "R"}),
        Motif("Rxx[ST]xP", "14-3-3 binding", {-3: "R", 2: "P"}),
        Motif("[ST]xx[DE]", "CK2", {3: "DE"}),
        Motif("[ST][DE]x[DE]", "CK2", {1: "DE", 3: "DE"}),
        Motif("[ST]xE", "FAM20C", {2: "E"}),
        Motif("[DE]x[ST]", "PLK1", {-2: "DE"}),
        Motif("[ST]xxx[ST]", "GSK3", {4: "ST"}),
        Motif("[ST]Q", "ATM, ATR", {1: "Q"}),
        Motif("[ST]GEKP", "linkers of zinc fingers", {1: "G", 2: "E", 3: "K", 4: "P"}),
    ),
    "Y": (
        Motif("[DE]xxY", "Src, EGFR", {-3: "DE"}),
        Motif("[DE]Y", "EGFR, Syk", {-1: "DE"}),
        Motif("[ILV]Y", "Src, Abl", {-1: "ILV"}),
        Motif("YxxP", "Abl; SH2 of Crk", {3: "P"}),
        Motif("Yxx[ILMV]", "SH2 of Src, PI3K", {3: "ILMV"}),
        Motif("YxN", "SH2 of Grb2", {2: "N"}),
        Motif("Y[DE]", "Syk", {1: "DE"}),
        Motif("Yx[DE]", "Src", {2: "DE"}),
    ),
}
"""Named motifs by the class of the site; they overlap."""
CLASSES = {
    "S/T": ("proline-directed", "acidophilic", "basophilic", "other"),
    "Y": ("P at +3", "acidic before", "acidic after", "other"),
}
"""Motif classes of :func:`motif_classes`; a site is in one of them."""


def windows(proteins: Sequence[Protein], protein: np.ndarray, residue: np.ndarray) -> np.ndarray:
    """Cut the windows around sites.

    Parameters
    ----------
    proteins : sequence of Protein
    protein, residue : numpy.ndarray of int of shape (sites,)
        Protein and residue of each site, both 0-based.

    Returns
    -------
    numpy.ndarray of int8 of shape (sites, 2 * HALF + 1)
        Index into :data:`AMINO_ACIDS`, -1 beyond the ends of the protein and at other letters.
    """
    gap = np.full(HALF, -1, dtype=np.int8)
    parts, starts, at = [gap], [], HALF
    for record in proteins:
        starts.append(at)
        parts += [_CODES[np.frombuffer(record.sequence.encode(), dtype=np.uint8)], gap]
        at += len(record.sequence) + HALF
    middle = np.array(starts, dtype=np.int64)[protein] + residue
    return np.concatenate(parts)[middle[:, None] + np.arange(-HALF, HALF + 1)]


def letter_counts(cut: np.ndarray) -> np.ndarray:
    """Count letters of windows.

    Parameters
    ----------
    cut : numpy.ndarray of int8 of shape (sites, 2 * HALF + 1)
        From :func:`windows`.

    Returns
    -------
    numpy.ndarray of int64 of shape (20, 2 * HALF)
        Rows as :data:`AMINO_ACIDS`, columns as :data:`OFFSETS`.
    """
    columns = np.delete(cut, HALF, axis=1)
    return np.stack([(columns == code).sum(0) for code in range(len(AMINO_ACIDS))])


def log_odds(cut: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Compare the letters of windows with those of a background, position by position.

    Parameters
    ----------
    cut, background : numpy.ndarray of int8 of shape (sites, 2 * HALF + 1)
        From :func:`windows`.

    Returns
    -------
    numpy.ndarray of float64 of shape (20, 2 * HALF)
        log2 of the share of a letter over its share in the background, :data:`PSEUDOCOUNT` windows of the
        background added; 0 where the background does not have the letter.
    """
    counts, share = letter_counts(cut), _shares(background)
    expected = share * PSEUDOCOUNT
    observed = (counts + expected) / (counts.sum(0) + PSEUDOCOUNT)
    return np.log2(np.divide(observed, share, out=np.ones_like(share), where=share > 0))


def deviations(cut: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Tell by how many standard errors the letters are more frequent than in the background.

    Parameters and shape as for :func:`log_odds`; the error is that of a binomial draw from the background.
    """
    counts, share = letter_counts(cut), _shares(background)
    expected = share * counts.sum(0)
    error = np.sqrt(np.maximum(expected * (1 - share), 1.0))
    return (counts - expected) / error


def logo(cut: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return :func:`log_odds` of the letters to be drawn, else 0: those clearly enriched and not rare."""
    counts = letter_counts(cut)
    drawn = deviations(cut, background) >= SIGNIFICANT
    drawn &= counts >= FREQUENT * np.maximum(counts.sum(0), 1)
    return np.where(drawn, log_odds(cut, background), 0.0)


def strongest(cut: np.ndarray, background: np.ndarray, count: int = 5) -> list[str]:
    """Name the letters that are enriched most, by standard errors: ``["P+1", "R-3", ...]``."""
    return largest(deviations(cut, background), count, SIGNIFICANT)


def largest(matrix: np.ndarray, count: int = 5, least: float = 0.0) -> list[str]:
    """Name the largest entries of a matrix, those below ``least`` left out: ``["P+1", "R-3", ...]``."""
    rows, columns = np.unravel_index(np.argsort(-matrix, axis=None)[:count], matrix.shape)
    return [
        f"{AMINO_ACIDS[row]}{OFFSETS[column]:+d}"
        for row, column in zip(rows, columns, strict=True)
        if matrix[row, column] >= least
    ]


def has(cut: np.ndarray, letters: str, first: int, last: int | None = None) -> np.ndarray:
    """Count the residues of a kind from one offset to another, shape (sites,); ``last`` is ``first`` if left out."""
    codes = [AMINO_ACIDS.index(letter) for letter in letters]
    last = first if last is None else last
    return np.isin(cut[:, HALF + first : HALF + last + 1], codes).sum(1)


def matches(cut: np.ndarray, motif: Motif) -> np.ndarray:
    """Tell which windows have a motif, bool of shape (sites,)."""
    found = [has(cut, letters, offset) > 0 for offset, letters in motif.letters.items()]
    return np.logical_and.reduce(found)


def motif_classes(cut: np.ndarray, kind: str) -> np.ndarray:
    """Sort windows into motif classes.

    S and T by the decision tree of Villén et al. (PNAS 2007): proline at +1; five or more D or E from +1 to
    +6; R or K at -3; D or E from +1 to +3; two or more R or K from -6 to -1; other. Y by what Src, EGFR and
    Abl prefer (Songyang et al., Nature 1995): proline at +3; D or E from -3 to -1; D or E from +1 to +3; other.

    Parameters
    ----------
    cut : numpy.ndarray of int8 of shape (sites, 2 * HALF + 1)
        From :func:`windows`.
    kind : str
        ``"S/T"`` or ``"Y"``: all sites are of that kind.

    Returns
    -------
    numpy.ndarray of str of shape (sites,)
        Names of :data:`CLASSES`.
    """
    names = CLASSES[kind]
    if kind == "Y":
        questions = [has(cut, "P", 3) > 0, has(cut, "DE", -3, -1) > 0, has(cut, "DE", 1, 3) > 0]
        answers = list(names[:3])
    else:
        proline, acidic, basic, _ = names
        questions = [
            has(cut, "P", 1) > 0,
            has(cut, "DE", 1, 6) >= 5,
            has(cut, "RK", -3) > 0,
            has(cut, "DE", 1, 3) > 0,
            has(cut, "RK", -6, -1) >= 2,
        ]
        answers = [proline, acidic, basic, acidic, basic]
    return np.select(questions, answers, default=names[-1])


def best_sites(score: np.ndarray, protein: np.ndarray, count: int, per_protein: int) -> np.ndarray:
    """Choose the sites that score highest, no more than a few of one protein.

    Parameters
    ----------
    score : numpy.ndarray of float of shape (sites,)
    protein : numpy.ndarray of int of shape (sites,)
    count, per_protein : int
        Sites in all and of one protein, at most.

    Returns
    -------
    numpy.ndarray of int64 of shape (at most count,)
        Indices, best first.
    """
    taken: dict[int, int] = {}
    chosen = []
    for index in np.argsort(-score, kind="stable").tolist():
        owner = int(protein[index])
        if taken.get(owner, 0) < per_protein:
            taken[owner] = taken.get(owner, 0) + 1
            chosen.append(index)
            if len(chosen) == count:
                break
    return np.array(chosen, dtype=np.int64)


def agreement(
    cut: np.ndarray, protein: np.ndarray, background: np.ndarray, owner: np.ndarray, seeds: Sequence[int]
) -> float:
    """Correlate the log-odds of two random halves of the proteins: what noise lets two matrices reach.

    Parameters
    ----------
    cut, background : numpy.ndarray of int8 of shape (sites, 2 * HALF + 1)
        As for :func:`log_odds`.
    protein, owner : numpy.ndarray of int of shape (sites,)
        Proteins of the two.
    seeds : sequence of int
        Of the halves; the mean is returned.
    """
    found = []
    for seed in seeds:
        first = np.random.default_rng(seed).random(int(owner.max()) + 1) < 0.5
        halves = [log_odds(cut[first[protein] == s], background[first[owner] == s]) for s in (True, False)]
        found.append(correlation(*halves))
    return float(np.mean(found))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Pearson's correlation over all letters and positions of two matrices."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def to_rows(matrix: np.ndarray, names: Sequence[str] = AMINO_ACIDS) -> dict[str, str]:
    """Write a matrix for a result file: a name and its numbers, separated by blanks, for each row."""
    return {name: " ".join(f"{value:.4g}" for value in row) for name, row in zip(names, matrix, strict=True)}


def from_rows(rows: Mapping[str, str]) -> np.ndarray:
    """Read what :func:`to_rows` wrote."""
    return np.array([[float(value) for value in row.split()] for row in rows.values()])


def _shares(background: np.ndarray) -> np.ndarray:
    counts = letter_counts(background)
    return counts / np.maximum(counts.sum(0), 1)
