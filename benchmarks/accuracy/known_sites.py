"""Measure what known sites are worth: score hidden sites with and without the other sites of the protein.

    python benchmarks/accuracy/known_sites.py [MODEL] [--proteins 300] [--curated-y FILE] [--quick]

Half of the positive sites of each protein are hidden at random; proteins with fewer than two positive sites are left
out. The hidden positives and all measured negatives are scored twice: with nothing shown (marginal) and with the other
half of the positives shown in the source (conditional). The random halves are drawn several times. As the shown
positives are left out of both, positives are rarer than in the whole set, and probabilities made for the whole set come
out too high.

Every group of the choosing sets is measured, as `benchmarks/accuracy/groups.py` does; of a larger group ``--proteins``
are drawn, always the same ones. Writes ``results/known_sites.json``: the figures of human proteins, and those of the
other groups under ``groups``. With ``--quick`` it takes few proteins and writes nothing.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from phosphot5.data import Protein, SiteState
from phosphot5.evaluation.metrics import enough_positives, probability_metrics, site_metrics
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.sites_phosphot5 import false_positive_rate
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import score_proteins
from phosphot5.trainer.dataset import LabelledFile, merge_proteins

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.accuracy.groups import CURATED, SETS, SITES
from benchmarks.common import describe, save

HUMAN = "multisource/valid.fasta.gz"
"""The set whose figures stand at the top of the result."""
DRAWS = (0, 1, 2)
"""Seeds of the random halves."""
DRAWN = 0
"""Seed of the proteins that are drawn of a group."""
PROTEINS, QUICK = 300, 20
"""Most proteins of a group; of a quick run."""
FPR = 0.05
"""False-positive rate at which the measured negatives are counted."""
CLASSES = {"st": "ST", "y": "Y"}
REPORTED = ("ap", "auroc", "prevalence", "sites", "brier", "ece")
GAINS = ("st_ap", "st_auroc", "y_ap", "y_auroc")


def files(data: Path, curated_y: Path | None) -> dict[str, LabelledFile]:
    """Return the choosing sets in a folder, by name, and the curated tyrosines."""
    found = {name: replace(file, path=str(data / SITES / name)) for name, (file, _) in SETS.items()}
    if curated_y:
        found[curated_y.name] = LabelledFile(
            str(curated_y), residues="Y", label_source=CURATED, group="curated"
        )
    return found


def groups_with_two_sites(file: LabelledFile, largest: int) -> dict[str, list[Protein]]:
    """Read the proteins with at least two positive sites, by group.

    Parameters
    ----------
    file : LabelledFile
        A choosing set.
    largest : int
        Proteins that are drawn of a larger group; they keep their order.
    """
    groups: dict[str, list[Protein]] = {}
    for protein in merge_proteins([file])[0]:
        if protein.states.count(SiteState.POSITIVE) >= 2:
            groups.setdefault(protein.group, []).append(protein)
    for group, proteins in groups.items():
        drawn = np.random.default_rng(DRAWN).permutation(len(proteins))[:largest]
        groups[group] = [proteins[number] for number in sorted(drawn)]
    return groups


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
    """Return metrics and calibration of each class of residues that has enough positives.

    Parameters
    ----------
    probability : numpy.ndarray of float of shape (sites,)
        Calibrated probabilities.
    truth : numpy.ndarray of bool of shape (sites,)
        True at positives.
    residues : numpy.ndarray of str of shape (sites,)
        ``S``, ``T`` or ``Y``.
    table : dict
        As ``config.fpr_table_of()`` returns it.

    Returns
    -------
    dict of str to float
        The metrics of :data:`REPORTED` and ``negatives_at_fpr_0.05``, the share of measured negatives whose
        false-positive rate is at most 0.05.
    """
    probability = probability.astype(np.float64)
    metrics = site_metrics(probability, truth, residues) | probability_metrics(probability, truth, residues)
    result = {}
    for key, letters in CLASSES.items():
        if not enough_positives(metrics, key):
            continue
        result |= {f"{key}_{name}": metrics[f"{key}_{name}"] for name in REPORTED}
        negatives = np.isin(residues, list(letters)) & ~truth
        pairs = zip(probability[negatives].tolist(), residues[negatives], strict=True)
        called = [false_positive_rate(score, table[residue]) <= FPR for score, residue in pairs]
        result[f"{key}_negatives_at_fpr_{FPR}"] = float(np.mean(called))
    return result


def draw(
    model: PhosphoT5ForConditionalGeneration,
    proteins: list[Protein],
    marginal: list[np.ndarray],
    seed: int,
    label_source: str | None = None,
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
    label_source : str, optional
        Kind of label of the proteins.

    Returns
    -------
    dict
        ``marginal`` and ``conditional``: figures of the same sites; ``gain``: the difference of :data:`GAINS`.
    """
    shown = [show_half(protein, [seed, index]) for index, protein in enumerate(proteins)]
    collected: dict[str, list[np.ndarray]] = {
        name: [] for name in ("marginal", "conditional", "truth", "residues")
    }
    scored = score_proteins(model, shown, show_known=True, label_source=label_source)
    for protein, nothing, (half, rest) in zip(proteins, marginal, scored, strict=True):
        left = (states_of(protein) != SiteState.UNKNOWN) & (states_of(half) != SiteState.POSITIVE)
        collected["marginal"].append(nothing[left])
        collected["conditional"].append(rest[left])
        collected["truth"].append(states_of(protein)[left] == SiteState.POSITIVE)
        collected["residues"].append(np.array(list(protein.sequence))[left])
    arrays = {name: np.concatenate(parts) for name, parts in collected.items()}
    known = (arrays["truth"], arrays["residues"], model.config.fpr_table_of(label_source))
    found = {name: figures(arrays[name], *known) for name in ("marginal", "conditional")}
    before, after = found.values()
    return found | {"gain": {name: after[name] - before[name] for name in GAINS if name in before}}


def spread(draws: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return mean, lowest and highest of each figure that every draw has."""
    columns = {name: [figure[name] for figure in draws if name in figure] for name in draws[0]}
    return {
        name: {"mean": float(np.mean(values)), "min": min(values), "max": max(values)}
        for name, values in columns.items()
        if len(values) == len(draws)
    }


def measure(
    model: PhosphoT5ForConditionalGeneration, proteins: list[Protein], label_source: str
) -> dict[str, Any]:
    """Measure the proteins of a group, as those of their kind of label if the model tells kinds apart.

    Returns
    -------
    dict
        ``proteins``, ``shown_sites`` (of one draw), ``draws``, and ``marginal``, ``conditional`` and ``gain``: mean,
        lowest and highest of each figure over the draws.
    """
    kind = label_source if label_source in model.config.label_sources else None
    marginal = [scores for _, scores in score_proteins(model, proteins, label_source=kind)]
    draws = [draw(model, proteins, marginal, seed, kind) for seed in DRAWS]
    return {
        "proteins": len(proteins),
        "shown_sites": sum(protein.states.count(SiteState.POSITIVE) // 2 for protein in proteins),
        "draws": len(draws),
        **{name: spread([figures[name] for figures in draws]) for name in draws[0]},
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the data")
    parser.add_argument("--curated-y", type=Path, help="hash-FASTA with curated tyrosines to choose on")
    parser.add_argument(
        "--proteins",
        type=int,
        default=PROTEINS,
        help="proteins drawn of a larger group (default: %(default)s)",
    )
    parser.add_argument("--quick", action="store_true", help="few proteins; show the result, write nothing")
    args = parser.parse_args()
    model = load_model(args.model)[0]
    found: dict[str, dict[str, Any]] = {}
    for name, file in files(args.data, args.curated_y).items():
        groups = groups_with_two_sites(file, QUICK if args.quick else args.proteins)
        found[name] = {group: measure(model, part, file.label_source) for group, part in groups.items()}
    (human,) = found.pop(HUMAN).values()
    about = {"set": "multisource/valid, proteins with at least 2 positive sites", "model": args.model}
    result = describe() | about | human | {"groups": found}
    sys.stdout.write(f"{json.dumps(result, indent=2) if args.quick else save('known_sites', result)}\n")


if __name__ == "__main__":
    main()
