"""Other tools' scores of the same sites: reading them, and comparing on exactly the sites that both score."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from phosphot5.data import PHOSPHO_RESIDUES, SiteState
from phosphot5.data.files.sheets import read_sheet
from phosphot5.data.files.tables import POSITION_COLUMNS, PROTEIN_COLUMNS, find_columns, parse_site
from phosphot5.data.uniprot import accession
from phosphot5.errors import InputFormatError, PhosphoT5Error, SitePlace
from phosphot5.evaluation.bootstrap import differences, intervals, measure, resample, with_intervals
from phosphot5.evaluation.sites import LabelledSites
from phosphot5.output import PathLike

__all__ = ["Peer", "compare", "read_peers"]

NO_SCORE = ("", "na", "nan")
"""Cells, in lower case, that say that a peer has no score for a site."""
_STATE_OF = {"0": SiteState.NEGATIVE, "1": SiteState.POSITIVE}
_CHECK = "check that positions are 1-based and of this very sequence"


@dataclass(frozen=True)
class Peer:
    """One score column of a peer's table.

    Parameters
    ----------
    name : str
        The column's header.
    path : str
        The table.
    scores : numpy.ndarray of float64 of shape (sites,)
        For each of the sites the table was read for; NaN where it has none.
    rows : int
        Rows of the table.
    elsewhere : int
        Rows of proteins that are not among those of the sites.
    """

    name: str
    path: str
    scores: np.ndarray
    rows: int
    elsewhere: int


def read_peers(path: PathLike, sites: LabelledSites) -> list[Peer]:
    """Read a table of scores, one row per site and one column per peer.

    Columns are told by their headers: the protein (``accession``, ...), the position (1-based), and, if they are
    there, ``residue`` and ``label`` (1 phosphorylated, 0 not), which must be those of our sites. Every other column
    is a peer. Empty cells, ``NA`` and ``nan`` say that a peer has no score.

    Parameters
    ----------
    path : str or os.PathLike
        The table, by tabs, plain or gzip.
    sites : LabelledSites
        The sites of the evaluated proteins; they need not be scored.

    Returns
    -------
    list of Peer
        In the order of the columns.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged.
    InputFormatError
        If a column is missing, a row does not fit our sites, or a score is no finite number. Names file, line,
        protein and position.
    """
    sheet = read_sheet(path, any)
    table = _Table(str(path), sheet.header, sheet.line, sites)
    for line, row in sheet:
        table.take(line, row)
    return table.peers()


class _Table:
    """A peer table while it is read."""

    def __init__(self, path: str, header: list[str], line: int, sites: LabelledSites) -> None:
        self._path = path
        self._header = header
        self._sites = sites
        needed = {"accession": PROTEIN_COLUMNS, "position": POSITION_COLUMNS}
        checked = {"residue": ("residue",), "label": ("label",)}
        self._columns = find_columns(header, needed, checked, path=path, line=line)
        self._scored = [i for i in range(len(header)) if i not in self._columns.values()]
        names = [header[i] for i in self._scored]
        if not names or "" in names or len(set(names)) < len(names):
            found = f"the score columns {', '.join(map(repr, names))}" if names else "no score column"
            raise InputFormatError(found, "one or more, each with its own name", path=path, line=line)
        self._proteins = {accession(name): index for index, name in enumerate(sites.proteins)}
        places = zip(sites.protein.tolist(), sites.position.tolist(), strict=True)
        self._site_at = {place: index for index, place in enumerate(places)}
        self._line_of: dict[int, int] = {}
        self._scores = np.full((len(names), len(sites)), np.nan)
        self._rows = self._elsewhere = 0

    def take(self, line: int, row: list[str]) -> None:
        """Take one row in."""
        if len(row) != len(self._header):
            found, expected = f"{len(row)} columns", f"{len(self._header)} as in the header"
            raise InputFormatError(found, expected, path=self._path, line=line)
        self._rows += 1
        cells = {role: row[column] for role, column in self._columns.items()}
        place: SitePlace = {"path": self._path, "line": line, "record": cells["accession"]}
        protein = self._proteins.get(accession(cells["accession"]))
        if protein is None:
            self._elsewhere += 1
            return
        try:
            residue, position = parse_site(cells["position"])
        except InputFormatError as error:
            raise error.at(path=self._path, line=line, record=cells["accession"]) from None
        place["position"] = position
        site = self._site_at.get((protein, position))
        if site is None:
            raise InputFormatError("a score", f"one of {', '.join(PHOSPHO_RESIDUES)} there", _CHECK, **place)
        if site in self._line_of:
            found = f"a second row for this site, the first in line {self._line_of[site]}"
            raise InputFormatError(found, "each site once", **place)
        self._line_of[site] = line
        self._check(site, residue or cells.get("residue", ""), cells.get("label"), place)
        for number, column in enumerate(self._scored):
            self._scores[number, site] = self._number(row[column], self._header[column], place)

    def _check(self, site: int, residue: str, label: str | None, place: SitePlace) -> None:
        """Compare residue and label, as far as they are given, with ours."""
        ours, state = str(self._sites.residues[site]), SiteState(self._sites.states[site])
        if residue and residue.upper() != ours:
            raise InputFormatError(f"residue {residue!r}", f"{ours!r} as in our sequence", _CHECK, **place)
        if label is None:
            return
        if label not in _STATE_OF:
            raise InputFormatError(f"label {label!r}", "1 for phosphorylated or 0", **place)
        if state != SiteState.UNKNOWN and _STATE_OF[label] != state:
            expected = f"{int(state == SiteState.POSITIVE)} as in our labels"
            raise InputFormatError(f"label {label}", expected, "compare on the same labels", **place)

    @staticmethod
    def _number(cell: str, column: str, place: SitePlace) -> float:
        if cell.lower() in NO_SCORE:
            return np.nan
        try:
            score = float(cell)
        except ValueError:
            score = np.nan
        if not np.isfinite(score):
            found = f"{cell!r} in column {column!r}"
            advice = "remove columns that hold no scores"
            raise InputFormatError(found, "a finite number, or nothing", advice, **place)
        return score

    def peers(self) -> list[Peer]:
        """Return what was read."""
        names = [self._header[column] for column in self._scored]
        return [
            Peer(name, self._path, scores, self._rows, self._elsewhere)
            for name, scores in zip(names, self._scores, strict=True)
        ]


def compare(
    sites: LabelledSites, peer: Peer, thresholds: Mapping[str, float] | None, resamples: int, seed: int
) -> dict[str, Any]:
    """Measure the model and a peer on exactly the labelled sites that both score.

    Parameters
    ----------
    sites : LabelledSites
        Scored; the ones the peer was read for.
    peer : Peer
        Its MCC and F1 are at its best thresholds on these very sites, which flatters it. Scores within 0 and 1
        are taken for probabilities.
    thresholds, resamples, seed
        As for :func:`~phosphot5.evaluation.sites.evaluate_sites`.

    Returns
    -------
    dict
        ``name``; the numbers ``sites`` and ``proteins`` (compared), ``without_score`` (labelled sites the peer
        lacks), ``unlabelled`` (its sites without a label), ``elsewhere`` (its rows of other proteins); ``model``
        and ``peer``, metrics with intervals; ``difference``, metric to the fields of a `Difference`.

    Raises
    ------
    PhosphoT5Error
        If the common sites are of fewer than two proteins, or no residue class has positives and negatives.
    """
    labelled, has_score = sites.states != SiteState.UNKNOWN, ~np.isnan(peer.scores)
    common, theirs = sites.at(labelled & has_score), peer.scores[labelled & has_score]
    try:
        ours, drawn = _side(common, common.probability.astype(np.float64), thresholds, resamples, seed)
        other, other_drawn = _side(common, theirs, None, resamples, seed)
    except ValueError as error:
        raise PhosphoT5Error(
            f"{peer.path}, column {peer.name!r}: cannot be compared on the {len(common)} of "
            f"{labelled.sum()} labelled sites that it scores ({error}); check identifiers and positions"
        ) from error
    gaps = differences(ours, other, drawn, other_drawn)
    return {
        "name": peer.name,
        "sites": len(common),
        "proteins": len(np.unique(common.protein)),
        "without_score": int((labelled & ~has_score).sum()),
        "unlabelled": int((has_score & ~labelled).sum()),
        "elsewhere": peer.elsewhere,
        "model": with_intervals(ours, intervals(drawn)),
        "peer": with_intervals(other, intervals(other_drawn)),
        "difference": {name: asdict(gap) for name, gap in gaps.items()},
    }


def _side(
    sites: LabelledSites,
    scores: np.ndarray,
    thresholds: Mapping[str, float] | None,
    resamples: int,
    seed: int,
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Measure one of the two, on the sites as they are and on the resamples."""
    known = (sites.truth, sites.residues)
    probability = bool(((scores >= 0) & (scores <= 1)).all())
    return (
        measure(scores, *known, thresholds, probability),
        resample(scores, *known, sites.protein, resamples, seed, thresholds, probability),
    )
