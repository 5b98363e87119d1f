"""Show what the model learned: logos of its best sites, motif classes, mutations in silico, position biases.

    python benchmarks/learned/learned.py [MODEL] [--quick]

Scores the measured sites of the validation proteins, one thread, and compares the windows of those that score
highest with the windows of those that are phosphorylated; then changes the residues around random phosphorylated
sites one by one and scores them again. Reads the phosphosite data beside the checkout (see
recipes/small.yaml for the files). Writes ``results/learned.json``, of which ``docs/generate/write.py
--draw`` makes page and pictures; with ``--quick`` it takes few proteins and writes nothing. No sequence of the data
is kept, only sums over many windows.
"""

import argparse
import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from phosphot5.data import Protein
from phosphot5.evaluation.sites import LabelledSites
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import score_proteins

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save, validation_proteins
from benchmarks.learned import logos
from benchmarks.learned.mutations import FLANK, mutation_figures, position_biases, reach_of_layers, scan

QUICK, QUICK_MUTATED = 40, 2
"""Proteins of a quick run, and sites of each residue whose surroundings are mutated in it."""
TOP, TOP_PER_PROTEIN = 500, 3
"""Best sites of a residue, and how many of them one protein may give."""
TOP_OF_CLASS, CLASS_PER_PROTEIN = 300, 3
"""Best sites of a motif class, and how many of them one protein may give."""
FEWEST = 30
"""Sites of a motif that are phosphorylated, and that are not, below which no figures are given."""
MUTATED = 16
"""Phosphorylated sites of each residue whose surroundings are mutated."""
KINDS = {"S/T": "ST", "Y": "Y"}
SPLITS = range(5)
"""Seeds of the random halves of the proteins."""


class Sites:
    """The measured sites of some proteins, scored, with their windows.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : list of Protein
        With their labels.
    """

    def __init__(self, model: PhosphoT5ForConditionalGeneration, proteins: list[Protein]) -> None:
        # positions count residues of the sequence as scored, not as given
        plain = [Protein(id=p.id, sequence=p.sequence, states=p.states) for p in proteins]
        known = LabelledSites.from_proteins(plain).scored(score_proteins(model, plain)).measured()
        self.score, self.truth = known.probability.astype(np.float64), known.truth
        self.residues, self.protein, self.residue = known.residues, known.protein, known.position - 1
        self.cut = logos.windows(plain, self.protein, self.residue)

    def of(self, letters: str) -> np.ndarray:
        """Tell which sites are of some residues, bool of shape (sites,)."""
        return np.isin(self.residues, list(letters))

    def best(self, at: np.ndarray, count: int, per_protein: int) -> np.ndarray:
        """Return the indices of the best sites among those at a mask; see :func:`_logos.best_sites`."""
        among = np.flatnonzero(at)
        return among[logos.best_sites(self.score[among], self.protein[among], count, per_protein)]

    def figures(self, at: np.ndarray) -> dict[str, float]:
        """Return number, prevalence, mean probability and, with enough of both states, AUROC and AP."""
        positives = int(self.truth[at].sum())
        result = {"sites": int(at.sum()), "phosphorylated": positives}
        if at.any():
            result |= {
                "prevalence": round(positives / int(at.sum()), 4),
                "mean_probability": round(float(self.score[at].mean()), 4),
            }
        if min(positives, int(at.sum()) - positives) >= FEWEST:
            result["auroc"] = round(float(roc_auc_score(self.truth[at], self.score[at])), 4)
            result["ap"] = round(float(average_precision_score(self.truth[at], self.score[at])), 4)
        return result


def residue_logos(sites: Sites) -> dict[str, Any]:
    """Compare the best and the phosphorylated sites of S, T and Y with all measured ones of that residue."""
    result = {}
    for residue in "STY":
        at = sites.of(residue)
        best, true = sites.best(at, TOP, TOP_PER_PROTEIN), np.flatnonzero(at & sites.truth)
        all_of_it = sites.cut[at]
        top, known = sites.cut[best], sites.cut[true]
        result[residue] = {
            "measured": int(at.sum()),
            "phosphorylated": len(true),
            "top": len(best),
            "top_phosphorylated": int(sites.truth[best].sum()),
            "lowest_top_probability": round(float(sites.score[best].min()), 4),
            "correlation": round(
                logos.correlation(logos.log_odds(top, all_of_it), logos.log_odds(known, all_of_it)), 4
            ),
            "agreement_of_halves": round(
                logos.agreement(known, sites.protein[true], all_of_it, sites.protein[at], SPLITS), 4
            ),
            "strongest_top": logos.strongest(top, all_of_it),
            "strongest_phosphorylated": logos.strongest(known, all_of_it),
            "logo_top": logos.to_rows(logos.logo(top, all_of_it)),
            "logo_phosphorylated": logos.to_rows(logos.logo(known, all_of_it)),
        }
    return result


def class_figures(sites: Sites, top: dict[str, np.ndarray]) -> dict[str, Any]:
    """Measure each motif class: shares, figures and, for S and T, logos against all measured sites.

    Parameters
    ----------
    sites : Sites
    top : dict of str to numpy.ndarray of int
        The best sites of each kind.
    """
    result: dict[str, Any] = {}
    for kind, letters in KINDS.items():
        at = sites.of(letters)
        classes = np.where(at, logos.motif_classes(sites.cut, kind), "")
        result[kind] = {}
        for name in logos.CLASSES[kind]:
            within = classes == name
            row = sites.figures(within) | {
                "share_of_measured": round(within.sum() / at.sum(), 4),
                "share_of_phosphorylated": round((within & sites.truth).sum() / (at & sites.truth).sum(), 4),
                "share_of_top": round(within[top[kind]].mean(), 4),
            }
            if kind == "S/T":
                best = sites.best(within, TOP_OF_CLASS, CLASS_PER_PROTEIN)
                row["top"] = len(best)
                row["top_phosphorylated"] = int(sites.truth[best].sum())
                for key, chosen in (("top", best), ("phosphorylated", np.flatnonzero(within & sites.truth))):
                    row[f"logo_{key}"] = logos.to_rows(logos.logo(sites.cut[chosen], sites.cut[at]))
            result[kind][name] = row
    return result


def motif_figures(sites: Sites, top: dict[str, np.ndarray]) -> dict[str, Any]:
    """Measure each named motif; parameters as for :func:`class_figures`."""
    result: dict[str, Any] = {}
    for kind, letters in KINDS.items():
        at = sites.of(letters)
        result[kind] = {}
        for motif in logos.MOTIFS[kind]:
            within = at & logos.matches(sites.cut, motif)
            shares = {
                "measured": within.sum() / at.sum(),
                "phosphorylated": (within & sites.truth).sum() / (at & sites.truth).sum(),
                "top": within[top[kind]].mean(),
            }
            row = {"known_for": motif.known_for} | sites.figures(within)
            result[kind][motif.pattern] = row | {
                f"share_of_{n}": round(float(s), 4) for n, s in shares.items()
            }
    return result


def mutations(
    model: PhosphoT5ForConditionalGeneration, proteins: list[Protein], sites: Sites, count: int
) -> dict[str, Any]:
    """Mutate the surroundings of random phosphorylated sites, one of a protein.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : list of Protein
    sites : Sites
        Of these proteins.
    count : int
        Sites of each residue.
    """
    lengths = np.array([len(protein.sequence) for protein in proteins])
    inside = (sites.residue >= FLANK) & (sites.residue < lengths[sites.protein] - FLANK)
    order = np.random.default_rng(0).random(len(sites.score))
    chosen = []
    for residue in "STY":
        among = np.flatnonzero(sites.of(residue) & sites.truth & inside)
        chosen.append(among[logos.best_sites(order[among], sites.protein[among], count, 1)])
    index = np.concatenate(chosen)
    found = scan(model, proteins, sites.protein[index], sites.residue[index])
    result = mutation_figures(found, sites.score[index], sites.residues[index])
    result["correlation_with_phosphorylated"], result["strongest"] = {}, {}
    for kind, letters in KINDS.items():
        at, mean = sites.of(letters), logos.from_rows(result["by_letter"][kind])
        known = logos.log_odds(sites.cut[at & sites.truth], sites.cut[at])
        result["correlation_with_phosphorylated"][kind] = round(logos.correlation(mean, known), 4)
        result["strongest"][kind] = logos.largest(mean)
    return result


def measure(name: str, proteins: list[Protein], mutated: int) -> dict[str, Any]:
    """Measure everything that the page shows, of the model ``name``; ``mutated`` is for :func:`mutations`."""
    torch.set_num_threads(1)
    model = load_model(name)[0]
    sites = Sites(model, proteins)
    top = {
        kind: np.concatenate([sites.best(sites.of(r), TOP, TOP_PER_PROTEIN) for r in letters])
        for kind, letters in KINDS.items()
    }
    return describe() | {
        "set": "multisource/valid, measured sites",
        "model": name,
        "parameters": model.num_parameters(),
        "proteins": len(proteins),
        "overall": {kind: sites.figures(sites.of(letters)) for kind, letters in KINDS.items()},
        "residues": residue_logos(sites),
        "classes": class_figures(sites, top),
        "motifs": motif_figures(sites, top),
        "mutations": mutations(model, proteins, sites, mutated),
        "reach_of_layers": reach_of_layers(model),
        "position_bias": position_biases(model),
        "limits": {"top_per_protein": TOP_PER_PROTEIN, "class_per_protein": CLASS_PER_PROTEIN},
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--quick", action="store_true", help="few proteins; show the result, write nothing")
    args = parser.parse_args()
    proteins = list(islice(validation_proteins(), QUICK if args.quick else None))
    result = measure(args.model, proteins, QUICK_MUTATED if args.quick else MUTATED)
    sys.stdout.write(f"{json.dumps(result, indent=2) if args.quick else save('learned', result)}\n")


if __name__ == "__main__":
    main()
