"""The scored sites of labelled proteins, and their metrics with intervals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from phosphot5.data import PHOSPHO_RESIDUES, Protein, SiteState
from phosphot5.data.records import MEASURED_TOGETHER
from phosphot5.evaluation.bootstrap import bootstrap, measure, with_intervals

__all__ = ["LabelledSites", "evaluate_sites"]


@dataclass(frozen=True)
class LabelledSites:
    """Sites of labelled proteins, in the order of the proteins and of their residues.

    All arrays have the shape (sites,).

    Parameters
    ----------
    probability : numpy.ndarray of float32
        Score of each site; NaN before it is scored.
    states : numpy.ndarray of uint8
        `SiteState` of each site.
    residues : numpy.ndarray of str
        ``"S"``, ``"T"`` or ``"Y"``.
    protein : numpy.ndarray of int64
        Index into ``proteins``, 0-based.
    position : numpy.ndarray of int64
        Position in the given sequence of the protein, 1-based.
    proteins : tuple of str
        Identifiers, one for each record, those without a site included.
    """

    probability: np.ndarray
    states: np.ndarray
    residues: np.ndarray
    protein: np.ndarray
    position: np.ndarray
    proteins: tuple[str, ...]

    @classmethod
    def from_proteins(cls, proteins: Sequence[Protein]) -> "LabelledSites":
        """Take every S, T and Y of the proteins, labelled or not, none of them scored yet.

        Parameters
        ----------
        proteins : sequence of Protein
        """
        states, residues, protein, position = [], [], [], []
        for index, record in enumerate(proteins):
            letters = np.frombuffer(record.sequence.encode(), dtype=np.uint8)
            at = _sites_of(record)
            states.append(np.frombuffer(record.states, dtype=np.uint8)[at])
            residues.append(letters[at].view("S1").astype(str))
            protein.append(np.full(len(at), index))
            position.append(_given_positions(record, at))
        return cls(
            probability=np.full(sum(map(len, states)), np.nan, dtype=np.float32),
            states=_joined(states, np.uint8),
            residues=_joined(residues, "U1"),
            protein=_joined(protein, np.int64),
            position=_joined(position, np.int64),
            proteins=tuple(record.id for record in proteins),
        )

    def scored(self, scored: Iterable[tuple[Protein, np.ndarray]]) -> "LabelledSites":
        """Return the sites with probabilities.

        Parameters
        ----------
        scored : iterable of tuple of Protein and numpy.ndarray of shape (residues,)
            The proteins given to :meth:`from_proteins`, in that order, with a probability for every residue.

        Raises
        ------
        ValueError
            If they have another number of sites.
        """
        parts = [probability[_sites_of(record)] for record, probability in scored]
        probability = _joined(parts, np.float32)
        if len(probability) != len(self):
            raise ValueError(f"{len(probability)} scores for {len(self)} sites")
        return replace(self, probability=probability)

    @property
    def truth(self) -> np.ndarray:
        """True at positives, shape (sites,)."""
        truth: np.ndarray = self.states == SiteState.POSITIVE
        return truth

    def __len__(self) -> int:
        return len(self.states)

    def at(self, mask: np.ndarray) -> "LabelledSites":
        """Return some of the sites.

        Parameters
        ----------
        mask : numpy.ndarray of bool of shape (sites,)
            True at those to keep.
        """
        names = ("probability", "states", "residues", "protein", "position")
        return replace(self, **{name: getattr(self, name)[mask] for name in names})

    def measured(self) -> "LabelledSites":
        """Return the labelled sites: positives and measured negatives."""
        return self.at(self.states != SiteState.UNKNOWN)

    def check_measurable(self) -> None:
        """Refuse sites on which nothing can be measured.

        Raises
        ------
        ValueError
            If no residue class has both positive and measured negative sites.
        """
        known = self.measured()
        for letters in MEASURED_TOGETHER:
            truth = known.truth[np.isin(known.residues, list(letters))]
            if truth.any() and not truth.all():
                return
        raise ValueError(
            "no residue class (S/T or Y) has both positive and negative sites (found "
            f"{known.truth.sum()} and {(~known.truth).sum()})"
        )

    def unlabelled_as_negative(self) -> "LabelledSites":
        """Return the labelled sites and, as negatives, the unlabelled ones of the same proteins.

        An unlabelled S or T counts where the protein has a labelled S or T, an unlabelled Y where it has a
        labelled Y: elsewhere nobody looked.
        """
        keep = np.zeros(len(self), dtype=bool)
        for letters in MEASURED_TOGETHER:
            of_class = np.isin(self.residues, list(letters))
            labelled = self.protein[of_class & (self.states != SiteState.UNKNOWN)]
            keep |= of_class & np.isin(self.protein, labelled)
        negative = np.uint8(SiteState.NEGATIVE)
        kept = self.at(keep)
        return replace(kept, states=np.where(kept.states == SiteState.UNKNOWN, negative, kept.states))


def evaluate_sites(
    sites: LabelledSites,
    thresholds: Mapping[str, float] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, float]:
    """Measure scored sites, positives against measured negatives, with 95 % intervals over proteins.

    Parameters
    ----------
    sites : LabelledSites
        Scored; sites that are not labelled are left out.
    thresholds : mapping of str to float, optional
        Residue to the lowest probability that calls it phosphorylated; see
        :func:`~phosphot5.evaluation.metrics.site_metrics`.
    resamples, seed
        As for :func:`~phosphot5.evaluation.bootstrap.bootstrap`.

    Returns
    -------
    dict of str to float
        All metrics of :func:`~phosphot5.evaluation.bootstrap.measure`, and ``<name>_low`` and ``<name>_high``
        beside each that has an interval. There are no intervals when all sites are of one protein.

    Raises
    ------
    ValueError
        As :func:`~phosphot5.evaluation.bootstrap.bootstrap`.
    """
    known = sites.measured()
    scores = known.probability.astype(np.float64)
    metrics = measure(scores, known.truth, known.residues, thresholds)
    if len(np.unique(known.protein)) < 2:
        return metrics
    bounds = bootstrap(scores, known.truth, known.residues, known.protein, resamples, seed, thresholds)
    return with_intervals(metrics, bounds)


def _sites_of(record: Protein) -> np.ndarray:
    """Return the 0-based residues of S, T and Y."""
    letters = np.frombuffer(record.sequence.encode(), dtype=np.uint8)
    return np.flatnonzero(np.isin(letters, np.frombuffer(PHOSPHO_RESIDUES.encode(), dtype=np.uint8)))


def _given_positions(record: Protein, at: np.ndarray) -> np.ndarray:
    """Map 0-based residues to 1-based positions in the given sequence."""
    if not record.removed:
        return at + 1
    return np.array([record.given_position(index + 1) for index in at.tolist()], dtype=np.int64)


def _joined(parts: list[np.ndarray], dtype: type | str) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype)
