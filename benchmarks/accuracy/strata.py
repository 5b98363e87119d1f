"""Parts of a test set measured on their own: proteins unlike the training's, lengths, and calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from phosphot5.data import SiteState
from phosphot5.data.uniprot import accession
from phosphot5.evaluation.metrics import probability_metrics, site_metrics
from phosphot5.evaluation.peers import Peer
from phosphot5.evaluation.results import Evaluation
from phosphot5.evaluation.sites import LabelledSites
from phosphot5.record.metric_names import CLASSES
from phosphot5.trainer.calibration import fit_calibration

OURS = "phosphot5"
TOOLS = {"deeppsp": "DeepPSP", "musitedeep_cnn": "MusiteDeep, ten CNNs", OURS: "PhosphoT5, bundled"}
"""Name in the results and name to show."""
KEPT = ("sites", "prevalence", "auroc", "ap", "mcc")
"""Metrics of a class that are kept for a part of the set."""
LENGTHS = (250, 500, 1000, 2000)
"""Upper ends of the bins of protein length, the last one open."""
EDGE = 1e-6


def strict(
    sites: LabelledSites,
    peers: Sequence[Peer],
    lists: Mapping[str, Path],
    calibration: Mapping[str, Mapping[str, float]] | None,
    resamples: int,
) -> dict[str, Any]:
    """Measure the proteins without a relative in the training set.

    Parameters
    ----------
    sites : LabelledSites
        Scored.
    peers : sequence of Peer
        Read for these sites.
    lists : mapping of str to Path
        Letters of residues (``ST``, ``Y``) to a file with the accessions whose sites of these residues count.
    calibration, resamples
        As for :meth:`Evaluation.from_sites <phosphot5.evaluation.results.Evaluation.from_sites>`.

    Returns
    -------
    dict
        ``proteins`` (class to number), ``measured``, and ``peers`` with ``name``, ``peer`` and ``difference``.
    """
    keep = np.zeros(len(sites), dtype=bool)
    proteins = {}
    for letters, path in lists.items():
        listed = np.isin(sites.protein, _indices(sites, path))
        of_class = listed & np.isin(sites.residues, list(letters)) & (sites.states != SiteState.UNKNOWN)
        proteins[letters.lower()] = len(np.unique(sites.protein[of_class]))
        keep |= of_class
    part = [replace(peer, scores=peer.scores[keep]) for peer in peers]
    found = Evaluation.from_sites(sites.at(keep), calibration, part, resamples).as_dict()
    return {
        "proteins": proteins,
        "measured": _kept(found["measured"]),
        "peers": [
            {"name": one["name"], "peer": _kept(one["peer"]), "difference": _kept(one["difference"])}
            for one in found["peers"]
        ],
    }


def _indices(sites: LabelledSites, path: Path) -> list[int]:
    """Return the numbers of the proteins that a file lists."""
    index = {accession(name): number for number, name in enumerate(sites.proteins)}
    listed = path.read_text(encoding="utf-8").split()
    if strange := [name for name in listed if name not in index]:
        raise SystemExit(f"{path}: {len(strange)} proteins are not in the test set, the first {strange[0]}")
    return [index[name] for name in listed]


def _kept(metrics: Mapping[str, Any]) -> dict[str, Any]:
    names = {f"{key}_{name}{end}" for key in CLASSES for name in KEPT for end in ("", "_low", "_high")}
    return {name: value for name, value in metrics.items() if name in names}


def by_length(sites: LabelledSites, peers: Sequence[Peer], lengths: np.ndarray) -> list[dict[str, Any]]:
    """Measure proteins of similar length, on the labelled sites that all score.

    Parameters
    ----------
    sites, peers
        As for :func:`strict`.
    lengths : numpy.ndarray of int of shape (proteins,)
        Residues of each protein.

    Returns
    -------
    list of dict
        For each bin that has sites ``residues``, ``proteins``, and ``scores``: tool to metrics without intervals.
    """
    common = sites.states != SiteState.UNKNOWN
    for peer in peers:
        common &= ~np.isnan(peer.scores)
    scores = {OURS: sites.probability.astype(np.float64)} | {peer.name: peer.scores for peer in peers}
    bins = np.searchsorted(LENGTHS, lengths, side="left")[sites.protein]
    titles = [f"{low + 1}-{high}" for low, high in zip((0, *LENGTHS), LENGTHS, strict=False)]
    rows = []
    for number, title in enumerate([*titles, f"over {LENGTHS[-1]}"]):
        at = common & (bins == number)
        if at.any():
            known = (sites.truth[at], sites.residues[at])
            measured = {name: _kept(site_metrics(score[at], *known)) for name, score in scores.items()}
            proteins = len(np.unique(sites.protein[at]))
            rows.append({"residues": title, "proteins": proteins, "scores": measured})
    return rows


def calibration(sites: LabelledSites) -> dict[str, dict[str, float]]:
    """Tell how far the probabilities can be taken at their word.

    Returns
    -------
    dict of str to dict
        Class to ``brier``, ``ece``, and slope and intercept of the line through the log-odds that would calibrate
        these sites best: 1 and 0 for perfect probabilities.
    """
    known = sites.measured()
    probability = known.probability.astype(np.float64)
    inside = probability.clip(EDGE, 1 - EDGE)
    log_odds = np.log(inside / (1 - inside))
    metrics = probability_metrics(probability, known.truth, known.residues)
    result = {}
    for key, letters in CLASSES.items():
        if f"{key}_ece" not in metrics:
            continue
        at = np.isin(known.residues, list(letters))
        as_one = np.full(at.sum(), "S")
        line = fit_calibration(log_odds[at], known.truth[at], as_one)[0].get("S", {})
        result[key] = {name: metrics[f"{key}_{name}"] for name in ("brier", "ece")} | {
            name: line[name] for name in ("slope", "intercept") if name in line
        }
    return result
