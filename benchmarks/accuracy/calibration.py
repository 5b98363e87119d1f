"""Compare ways to calibrate, each on proteins it was not fitted on.

Temperature, Platt's line through the log-odds, the line through log-odds and their context (the package's way), and
isotonic regression.

    python benchmarks/accuracy/calibration.py [MODEL]

Reads ``multisource/valid`` beside the checkout and writes ``results/calibration.json``. Every protein falls into
one of five folds at random; the sites of a fold are calibrated by what the other four give.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from phosphot5.data import Protein, SiteState
from phosphot5.data.encode import encode
from phosphot5.evaluation.metrics import probability_metrics
from phosphot5.evaluation.sites import LabelledSites
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.calibration_phosphot5 import site_contexts
from phosphot5.prediction.loading import load_model
from phosphot5.trainer.calibration import WEIGHTS, fit_calibration

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save, validation_proteins

FOLDS, SEED = 5, 1
EDGE = 1e-6


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Map log-odds to probabilities."""
    return 1 / (1 + np.exp(-log_odds))


def uncalibrated(scores: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Take the model's own probabilities."""
    return sigmoid(new[0])


def temperature(scores: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Divide the log-odds by one number."""
    fitted = minimize_scalar(lambda s: log_loss(truth, sigmoid(s * scores[0])), bounds=(0.05, 20))
    return sigmoid(fitted.x * new[0])


def platt(scores: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Draw a line through the log-odds."""
    return context(scores[:1], truth, new[:1])


def context(scores: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Draw a line through log-odds and their contexts, as the package does."""
    line = fit_calibration(scores, truth, np.full(len(truth), "S"))[0]["S"]
    return sigmoid(np.array([line[name] for name in WEIGHTS[: len(new)]]) @ new + line["intercept"])


def isotonic(scores: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Fit a rising step function."""
    fitted = IsotonicRegression(out_of_bounds="clip").fit(scores[0], truth)
    return fitted.predict(new[0])


METHODS = (uncalibrated, temperature, platt, context, isotonic)


@torch.no_grad()
def read_scores(model: PhosphoT5ForConditionalGeneration, proteins: Sequence[Protein]) -> np.ndarray:
    """Return log-odds and contexts of every S, T and Y of the proteins, shape (3, sites)."""
    parts = []
    for protein in proteins:
        ids = torch.from_numpy(encode(protein.sequence)).long()[None]
        odds = model.site_logits(ids)
        contexts = site_contexts(odds, ids, None, model.config.site_token_ids)
        parts.append(torch.stack([odds, *contexts])[:, ~odds.isnan()])
    return torch.cat(parts, dim=1).numpy().astype(np.float64)


def main() -> None:
    """Measure and save."""
    name = sys.argv[1] if len(sys.argv) > 1 else "bundled"
    proteins = list(validation_proteins())
    every = LabelledSites.from_proteins(proteins)
    scores = read_scores(load_model(name)[0], proteins)[:, every.states != SiteState.UNKNOWN]
    sites = every.measured()
    fold = np.random.default_rng(SEED).integers(0, FOLDS, len(sites.proteins))[sites.protein]
    rows = []
    for residue in "STY":
        at = sites.residues == residue
        inputs, truth, part = scores[:, at], sites.truth[at], fold[at]
        for method in METHODS:
            probability = np.empty(len(truth))
            for held_out in range(FOLDS):
                out = part == held_out
                probability[out] = method(inputs[:, ~out], truth[~out], inputs[:, out])
            inside = probability.clip(EDGE, 1 - EDGE)
            measured = probability_metrics(probability, truth, sites.residues[at])
            figures = {
                "log_loss": log_loss(truth, inside),
                "brier": measured[f"{residue.lower()}_brier"],
                "ece": measured[f"{residue.lower()}_ece"],
                "auroc": roc_auc_score(truth, probability),
                "ap": average_precision_score(truth, probability),
            }
            rounded = {key: round(float(value), 5) for key, value in figures.items()}
            rows.append({"residue": residue, "method": method.__name__} | rounded)
            sys.stdout.write(f"{rows[-1]}\n")
    result = describe() | {"model": name, "set": "multisource/valid", "folds": FOLDS, "rows": rows}
    sys.stdout.write(f"{save('calibration', result)}\n")


if __name__ == "__main__":
    main()
