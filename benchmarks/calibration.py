"""Compare ways to calibrate: temperature, Platt's line and isotonic regression, each on proteins it was not fitted on.

    python benchmarks/calibration.py [MODEL]

Reads ``multisource/valid`` beside the checkout and writes ``results/calibration.json``. Every protein falls into
one of five folds at random; the sites of a fold are calibrated by what the other four give.
"""

import copy
import sys

import numpy as np
from _environment import ROOT, describe, save
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss

from phosphot5.data import SiteState, read_fasta
from phosphot5.inference import score_proteins
from phosphot5.loading import load_model
from phosphot5.trainer.calibration import fit_calibration

VALID = ROOT / "../shared/data/phosphosites/multisource/valid.fasta.gz"
FOLDS, BINS, SEED = 5, 15, 1
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


def calibration_error(probability: np.ndarray, truth: np.ndarray) -> float:
    """Mean gap between probability and share of positives over bins of equal count, weighted by count."""
    bins = np.array_split(np.argsort(probability, kind="stable"), BINS)
    return float(sum(abs(probability[b].sum() - truth[b].sum()) for b in bins) / len(truth))


def labelled_log_odds(name: str) -> dict[str, np.ndarray]:
    """Score the labelled sites of the validation proteins without calibration."""
    model = copy.deepcopy(load_model(name)[0])
    model.config.calibration = None
    parts: dict[str, list[np.ndarray]] = {"log_odds": [], "truth": [], "residue": [], "protein": []}
    proteins = read_fasta(VALID, notation="hash")
    for number, (protein, probability) in enumerate(score_proteins(model, proteins)):
        states = np.frombuffer(protein.states, dtype=np.uint8)
        at = np.flatnonzero(states != SiteState.UNKNOWN)
        wide = probability[at].astype(np.float64).clip(EDGE, 1 - EDGE)
        parts["log_odds"].append(np.log(wide / (1 - wide)))
        parts["truth"].append(states[at] == SiteState.POSITIVE)
        parts["residue"].append(np.array(list(protein.sequence))[at])
        parts["protein"].append(np.full(len(at), number))
    return {name: np.concatenate(values) for name, values in parts.items()}


def main() -> None:
    """Measure and save."""
    name = sys.argv[1] if len(sys.argv) > 1 else "bundled"
    sites = labelled_log_odds(name)
    fold = np.random.default_rng(SEED).integers(0, FOLDS, sites["protein"].max() + 1)[sites["protein"]]
    rows = []
    for residue in "STY":
        at = sites["residue"] == residue
        log_odds, truth, part = (values[at] for values in (sites["log_odds"], sites["truth"], fold))
        for method in METHODS:
            probability = np.empty(len(truth))
            for held_out in range(FOLDS):
                out = part == held_out
                probability[out] = method(log_odds[~out], truth[~out], log_odds[out])
            inside = probability.clip(EDGE, 1 - EDGE)
            figures = {
                "log_loss": log_loss(truth, inside),
                "brier": brier_score_loss(truth, probability),
                "ece": calibration_error(probability, truth),
                "ap": average_precision_score(truth, probability),
            }
            rounded = {key: round(float(value), 5) for key, value in figures.items()}
            rows.append({"residue": residue, "method": method.__name__} | rounded)
            sys.stdout.write(f"{rows[-1]}\n")
    result = describe() | {"model": name, "set": "multisource/valid", "folds": FOLDS, "rows": rows}
    sys.stdout.write(f"{save('calibration', result)}\n")


if __name__ == "__main__":
    main()
