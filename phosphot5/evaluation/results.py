"""One evaluation of a model: its figures under both readings of the labels, its peers, text and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phosphot5.data import PHOSPHO_RESIDUES, SiteState
from phosphot5.evaluation.metrics import best_threshold, classes_with_both
from phosphot5.evaluation.peers import Peer, compare
from phosphot5.evaluation.pictures import precision_recall, reliability, roc, score_distributions
from phosphot5.evaluation.sites import LabelledSites, evaluate_sites
from phosphot5.evaluation.table import FURTHER, comparison_table, metrics_table
from phosphot5.record.metric_names import CLASSES, HEADLINE
from phosphot5.wording import counted

__all__ = ["Evaluation", "stored_thresholds"]

Calibration = Mapping[str, Mapping[str, float]]


def stored_thresholds(calibration: Calibration | None, residues: np.ndarray) -> dict[str, float] | None:
    """Return the thresholds that a model stores, if it does so for every residue that is needed.

    Parameters
    ----------
    calibration : mapping or None
        ``config.calibration``: residue to a mapping that may hold ``threshold``, the probability of highest MCC
        on validation data.
    residues : numpy.ndarray of str of shape (sites,)
        Residues of the sites.

    Returns
    -------
    dict of str to float, or None
    """
    stored = {r: line["threshold"] for r, line in (calibration or {}).items() if "threshold" in line}
    return stored if set(np.unique(residues).tolist()) <= set(stored) else None


@dataclass(frozen=True)
class Evaluation:
    """Figures of one model on labelled sites; made by :meth:`of`.

    Parameters
    ----------
    sites : LabelledSites
        Scored, the unlabelled ones included.
    thresholds : dict of str to float, or None
        Those the model stores; None where MCC and F1 are at the best threshold on these very sites.
    uncalibrated : str
        Residues without calibration.
    resamples : int
        Resamples behind the intervals.
    measured : dict of str to float
        Positives against measured negatives, from :func:`~phosphot5.evaluation.sites.evaluate_sites`.
    unlabelled_as_negative : dict of str to float, or None
        The same with unlabelled sites as negatives; None when there are none to count.
    peers : tuple of Peer
        Other scores of the sites.
    comparisons : tuple of dict
        For each peer what :func:`~phosphot5.evaluation.peers.compare` returns.
    """

    sites: LabelledSites
    thresholds: dict[str, float] | None
    uncalibrated: str
    resamples: int
    measured: dict[str, float]
    unlabelled_as_negative: dict[str, float] | None
    peers: tuple[Peer, ...]
    comparisons: tuple[dict[str, Any], ...]

    @classmethod
    def from_sites(
        cls,
        sites: LabelledSites,
        calibration: Calibration | None,
        peers: Sequence[Peer] = (),
        resamples: int = 1000,
        seed: int = 0,
    ) -> "Evaluation":
        """Measure scored sites.

        Parameters
        ----------
        sites : LabelledSites
            Scored, the unlabelled ones included.
        calibration : mapping or None
            ``config.calibration`` of the model.
        peers : sequence of Peer
            Read for these sites.
        resamples, seed
            As for :func:`~phosphot5.evaluation.bootstrap.bootstrap`.

        Raises
        ------
        ValueError
            As :func:`~phosphot5.evaluation.sites.evaluate_sites`.
        PhosphoT5Error
            As :func:`~phosphot5.evaluation.peers.compare`.
        """
        known = sites.measured()
        thresholds = stored_thresholds(calibration, known.residues)
        wider = sites.unlabelled_as_negative()
        return cls(
            sites=sites,
            thresholds=thresholds,
            uncalibrated="".join(r for r in PHOSPHO_RESIDUES if r not in (calibration or {})),
            resamples=resamples,
            measured=evaluate_sites(known, thresholds, resamples, seed),
            unlabelled_as_negative=(
                evaluate_sites(wider, thresholds, resamples, seed) if len(wider) > len(known) else None
            ),
            peers=tuple(peers),
            comparisons=tuple(compare(sites, peer, thresholds, resamples, seed) for peer in peers),
        )

    @property
    def thresholds_used(self) -> dict[str, float]:
        """Residue (``S``) to the threshold stored, or letters of a class (``ST``) to its best on these sites."""
        if self.thresholds is not None:
            return {
                residue: self.thresholds[residue]
                for residue in PHOSPHO_RESIDUES
                if residue in self.thresholds
            }
        known = self.sites.measured()
        masks = classes_with_both(known.probability, known.truth, known.residues)
        return {key.upper(): best_threshold(known.probability[at], known.truth[at]) for key, at in masks}

    @property
    def _classes(self) -> list[str]:
        return [key for key in CLASSES if f"{key}_ece" in self.measured]

    def notes(self) -> list[str]:
        """Return what a reader of the figures must know, one sentence each."""
        shown = ", ".join(f"{'/'.join(name)} {t:.3f}" for name, t in self.thresholds_used.items())
        notes = [
            f"MCC and F1 are at the thresholds stored in the model: {shown}."
            if self.thresholds is not None
            else "The model stores no thresholds: MCC and F1 are at the best threshold of each class on these "
            f"same sites, and therefore optimistic ({shown})."
        ]
        if self.uncalibrated:
            letters = ", ".join(self.uncalibrated)
            notes.append(f"The model has no calibration for {letters}: these probabilities are uncalibrated.")
        outside = len(self.sites) - len(self.sites.unlabelled_as_negative())
        if outside:
            notes.append(
                f"{counted(outside, 'unlabelled site')} ignored: no labelled site of the same class in the protein."
            )
        if any(self.measured[f"{key}_ece"] < self.measured.get(f"{key}_ece_low", 0) for key in self._classes):
            notes.append("Resampling adds noise to the ECE: a small ECE can lie below its own interval.")
        if self.comparisons:
            notes.append(
                "MCC and F1 of a peer are at its best threshold on these same sites, and therefore optimistic."
            )
        return notes

    def text(self) -> str:
        """Return tables for people, then the notes."""
        parts = [
            "Positives against measured negatives; "
            + (
                f"95 % intervals from {self.resamples:,} resamples of the proteins"
                if any(name.endswith("_low") for name in self.measured)
                else "no intervals, as all sites are of one protein"
            ),
            metrics_table(self.measured, HEADLINE),
            metrics_table(self.measured, FURTHER),
        ]
        if self.unlabelled_as_negative is not None:
            wider = self.unlabelled_as_negative
            parts += [
                "The same, with unlabelled sites counted as negatives in proteins with labelled sites of that class",
                metrics_table(wider, HEADLINE),
                metrics_table(wider, FURTHER),
            ]
        for one in self.comparisons:
            parts += [
                f"Against {one['name']}: {counted(one['sites'], 'labelled site')} in "
                f"{counted(one['proteins'], 'protein')} scored by both; it has no score for "
                f"{counted(one['without_score'], 'labelled site')}, and also scores "
                f"{counted(one['unlabelled'], 'unlabelled site')} and {one['elsewhere']:,} in other proteins",
                comparison_table(one),
            ]
        return "\n\n".join([*parts, "\n".join(self.notes())]) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """Return all figures as plain types.

        Returns
        -------
        dict
            ``sites`` (residue to count by state), ``thresholds``, ``measured``, ``unlabelled_as_negative``,
            ``peers`` and ``notes``.
        """
        source = "model" if self.thresholds is not None else "best on these sites"
        return {
            "sites": {
                residue: {
                    state.name.lower(): int(
                        ((self.sites.residues == residue) & (self.sites.states == state)).sum()
                    )
                    for state in SiteState
                }
                for residue in PHOSPHO_RESIDUES
            },
            "thresholds": {"source": source, "values": self.thresholds_used},
            "measured": self.measured,
            "unlabelled_as_negative": self.unlabelled_as_negative,
            "peers": list(self.comparisons),
            "notes": self.notes(),
        }

    def draw(self, folder: Path) -> None:
        """Draw ``roc.png``, ``pr.png``, ``reliability.png`` and ``scores.png`` into a folder.

        Curves of the model and its peers are of the labelled sites that all of them score.
        """
        common = self.sites.states != SiteState.UNKNOWN
        for peer in self.peers:
            common &= ~np.isnan(peer.scores)
        sites = self.sites.at(common)
        scores = {"PhosphoT5": sites.probability} | {peer.name: peer.scores[common] for peer in self.peers}
        roc(scores, sites.truth, sites.residues, folder / "roc.png")
        precision_recall(scores, sites.truth, sites.residues, folder / "pr.png")
        known = self.sites.measured()
        reliability(known.probability, known.truth, known.residues, folder / "reliability.png")
        marks = {name: t for name, t in self.thresholds_used.items() if name in self._marked}
        score_distributions(self.sites, marks, folder / "scores.png")

    @property
    def _marked(self) -> tuple[str, ...]:
        """Thresholds to mark: those stored, or those of the classes that the panels show."""
        return tuple(PHOSPHO_RESIDUES) if self.thresholds is not None else ("ST", "Y")
