"""Compare ways to calibrate: temperature, Platt's line and isotonic regression, each on proteins it was not fitted on.

    python benchmarks/calibration.py [MODEL]

Reads ``multisource/valid`` beside the checkout and writes ``results/calibration.json``. Every protein falls into
one of five folds at random; the sites of a fold are calibrated by what the other four give.
"""

import sys

import numpy as np
from _environment import ROOT, describe, save
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, log_loss

from phosphot5.data import read_fasta
from phosphot5.evaluation.metrics import probability_metrics
from phosphot5.inference import score_labelled_sites
from phosphot5.loading import load_model
from phosphot5.trainer.calibration import fit_calibration

VALID = ROOT / "../shared/data/phosphosites/multisource/valid.fasta.gz"
FOLDS, SEED = 5, 1
EDGE = 1e-6


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Map log-odds to probabilities."""
    return 1 / (1 + np.exp(-log_odds))


def uncalibrated(log_odds: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Take the model's own probabilities."""
    return sigmoid(new)


def temperature(log_odds: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Divide the log-odds by one number."""
    fitted = minimize_scalar(lambda s: log_loss(truth, sigmoid(s * log_odds)), bounds=(0.05, 20))
    return sigmoid(fitted.x * new)


def platt(log_odds: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Draw a line through the log-odds, as the package does."""
    line = fit_calibration(log_odds, truth, np.full(len(truth), "S"))[0]["S"]
    return sigmoid(line["slope"] * new + line["intercept"])


def isotonic(log_odds: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Fit a rising step function."""
    fitted = IsotonicRegression(out_of_bounds="clip").fit(log_odds, truth)
    return fitted.predict(new)


METHODS = (uncalibrated, temperature, platt, isotonic)


def main() -> None:
    """Measure and save."""
    name = sys.argv[1] if len(sys.argv) > 1 else "bundled"
    model = load_model(name)[0]
    model.config.calibration = None
    sites = score_labelled_sites(model, read_fasta(VALID, notation="hash")).measured()
    wide = sites.probability.astype(np.float64).clip(EDGE, 1 - EDGE)
    fold = np.random.default_rng(SEED).integers(0, FOLDS, len(sites.proteins))[sites.protein]
    rows = []
    for residue in "STY":
        at = sites.residues == residue
        log_odds, truth, part = np.log(wide / (1 - wide))[at], sites.truth[at], fold[at]
        for method in METHODS:
            probability = np.empty(len(truth))
            for held_out in range(FOLDS):
                out = part == held_out
                probability[out] = method(log_odds[~out], truth[~out], log_odds[out])
            inside = probability.clip(EDGE, 1 - EDGE)
            measured = probability_metrics(probability, truth, sites.residues[at])
            figures = {
                "log_loss": log_loss(truth, inside),
                "brier": measured[f"{residue.lower()}_brier"],
                "ece": measured[f"{residue.lower()}_ece"],
                "ap": average_precision_score(truth, probability),
            }
            rounded = {key: round(float(value), 5) for key, value in figures.items()}
            rows.append({"residue": residue, "method": method.__name__} | rounded)
            sys.stdout.write(f"{rows[-1]}\n")
    result = describe() | {"model": name, "set": "multisource/valid", "folds": FOLDS, "rows": rows}
    sys.stdout.write(f"{save('calibration', result)}\n")


if __name__ == "__main__":
    main()
