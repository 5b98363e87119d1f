"""Measure what known sites are worth: score hidden sites with and without the other sites of the protein.

    python benchmarks/accuracy/known_sites.py [MODEL] [--quick]

Half of the positive sites of each validation protein are hidden at random; proteins with fewer than two positive
sites are left out. The hidden positives and all measured negatives are scored twice: with nothing shown
(marginal) and with the other half of the positives shown in the source (conditional). The random halves are
drawn several times. As the shown positives are left out of both, positives are rarer than in the whole set, and
probabilities made for the whole set come out too high. Reads the phosphosite data beside the checkout (see
recipes/small.yaml for the files) and writes ``results/known_sites.json``; with ``--quick`` it takes few proteins and
writes nothing.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from phosphot5.data import Protein, SiteState
from phosphot5.evaluation.metrics import probability_metrics, site_metrics
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.sites_phosphot5 import false_positive_rate
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import score_proteins

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save, validation_proteins

DRAWS = (0, 1, 2)
"""Seeds of the random halves."""
QUICK = 60
"""Proteins of a quick run."""
FPR = 0.05
"""False-positive rate at which the measured negatives are counted."""
CLASSES = {"st": "ST", "y": "Y"}
REPORTED = ("ap", "auroc", "prevalence", "sites", "brier", "ece")
GAINS = ("st_ap", "st_auroc", "y_ap", "y_auroc")


def proteins_with_two_sites() -> Iterator[Protein]:
    """Yield the validation proteins with at least two positive sites."""
    return (p for p in validation_proteins() if p.states.count(SiteState.POSITIVE) >= 2)


def states_of(protein: Protein) -> np.ndarray:
    """Return the site states of a protein, shape (residues,)."""
    return np.frombuffer(protein.states, dtype=np.uint8)


def show_half(protein: Protein, seed: list[int]) -> Protein:
    """Return the protein with a random half of its positives, rounded down; the others are not labelled."""
    states = states_of(protein).copy()
    positives = np.random.default_rng(seed).permutation(np.flatnonzero(states == SiteState.POSITIVE))
    states[positives[len(positives) // 2 :]] = SiteState.UNKNOWN
    return replace(protein, states=states.tobytes())


def figures(
    probability: np.ndarray, truth: np.ndarray, residues: np.ndarray, table: dict[str, Any]
) -> dict[str, float]:
    """Return metrics and calibration of each class of residues.

    Parameters
    ----------
    probability : numpy.ndarray of float of shape (sites,)
        Calibrated probabilities.
    truth : numpy.ndarray of bool of shape (sites,)
        True at positives.
    residues : numpy.ndarray of str of shape (sites,)
        ``S``, ``T`` or ``Y``.
    table : dict
        ``config.fpr_table``.

    Returns
    -------
    dict of str to float
        The metrics of :data:`REPORTED` and ``negatives_at_fpr_0.05``, the share of measured negatives whose
        false-positive rate is at most 0.05.
    """
    probability = probability.astype(np.float64)
    metrics = site_metrics(probability, truth, residues) | probability_metrics(probability, truth, residues)
    result = {f"{key}_{name}": metrics[f"{key}_{name}"] for key in CLASSES for name in REPORTED}
    for key, letters in CLASSES.items():
        negatives = np.isin(residues, list(letters)) & ~truth
        pairs = zip(probability[negatives].tolist(), residues[negatives], strict=True)
        called = [false_positive_rate(score, table[residue]) <= FPR for score, residue in pairs]
        result[f"{key}_negatives_at_fpr_{FPR}"] = float(np.mean(called))
    return result


def draw(
    model: PhosphoT5ForConditionalGeneration, proteins: list[Protein], marginal: list[np.ndarray], seed: int
) -> dict[str, dict[str, float]]:
    """Show one random half of the positives and score the rest, marginally and conditionally.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : list of Protein
        With all their labels.
    marginal : list of numpy.ndarray of shape (residues,)
        Scores of each protein with nothing shown.
    seed : int
        Of the random halves.

    Returns
    -------
    dict
        ``marginal`` and ``conditional``: figures of the same sites.
    """
    shown = [show_half(protein, [seed, index]) for index, protein in enumerate(proteins)]
    collected: dict[str, list[np.ndarray]] = {
        name: [] for name in ("marginal", "conditional", "truth", "residues")
    }
    scored = score_proteins(model, shown, show_known=True)
    for protein, before, (half, after) in zip(proteins, marginal, scored, strict=True):
        left = (states_of(protein) != SiteState.UNKNOWN) & (states_of(half) != SiteState.POSITIVE)
        collected["marginal"].append(before[left])
        collected["conditional"].append(after[left])
        collected["truth"].append(states_of(protein)[left] == SiteState.POSITIVE)
        collected["residues"].append(np.array(list(protein.sequence))[left])
    arrays = {name: np.concatenate(parts) for name, parts in collected.items()}
    known = (arrays["truth"], arrays["residues"], model.config.fpr_table_of())
    return {name: figures(arrays[name], *known) for name in ("marginal", "conditional")}


def spread(draws: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return mean, lowest and highest of each figure over the draws."""
    columns = {name: [figure[name] for figure in draws] for name in draws[0]}
    return {
        name: {"mean": float(np.mean(values)), "min": min(values), "max": max(values)}
        for name, values in columns.items()
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--quick", action="store_true", help="few proteins; show the result, write nothing")
    args = parser.parse_args()
    model = load_model(args.model)[0]
    proteins = list(islice(proteins_with_two_sites(), QUICK if args.quick else None))
    marginal = [scores for _, scores in score_proteins(model, proteins)]
    draws = [draw(model, proteins, marginal, seed) for seed in DRAWS]
    gains = [{name: d["conditional"][name] - d["marginal"][name] for name in GAINS} for d in draws]
    result = describe() | {
        "set": "multisource/valid, proteins with at least 2 positive sites",
        "model": args.model,
        "proteins": len(proteins),
        "shown_sites": sum(protein.states.count(SiteState.POSITIVE) // 2 for protein in proteins),
        "draws": len(DRAWS),
        "marginal": spread([figures["marginal"] for figures in draws]),
        "conditional": spread([figures["conditional"] for figures in draws]),
        "gain": spread(gains),
    }
    sys.stdout.write(f"{json.dumps(result, indent=2) if args.quick else save('known_sites', result)}\n")


if __name__ == "__main__":
    main()
