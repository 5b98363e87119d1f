"""Score the labelled validation set with a model and with a one-hot logistic regression, side by side.

    python benchmarks/accuracy/validation.py [MODEL]

Reads the phosphosite data beside the checkout (see recipes/small.yaml for the files) and writes
``results/validation.json``. The baseline sees the 15 residues to either side of a site and is trained on the
very sites that this recipe trains on.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from phosphot5.evaluation.metrics import site_metrics
from phosphot5.evaluation.results import stored_thresholds
from phosphot5.evaluation.sites import evaluate_sites
from phosphot5.measure import score_labelled_sites
from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.prediction.loading import load_model
from phosphot5.trainer.dataset import LabelledFile, build_dataset
from phosphot5.trainer.recipe import load_recipe

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import SMALL, describe, save, validation_proteins

FLANK = 15
LETTERS = 32
GROUPS = {"ST": "ST", "Y": "Y"}
"""Residues that share one regression."""


def windows(ids: np.ndarray, at: np.ndarray) -> csr_matrix:
    """One-hot windows of shape (sites, 31 x 32) around positions ``at`` of token ids."""
    padded = np.pad(ids, FLANK)
    columns = np.lib.stride_tricks.sliding_window_view(padded, 2 * FLANK + 1)[at]
    columns = columns.astype(np.int32) + LETTERS * np.arange(2 * FLANK + 1, dtype=np.int32)
    rows = np.repeat(np.arange(len(at)), 2 * FLANK + 1)
    shape = (len(at), LETTERS * (2 * FLANK + 1))
    return csr_matrix((np.ones(rows.size, np.float32), (rows, columns.ravel())), shape)


def sites(files: Iterable[LabelledFile], residues: str) -> tuple[csr_matrix, np.ndarray, np.ndarray]:
    """Windows, truth and residue of every labelled site of some residues."""
    config = PhosphoT5Config()
    dataset = build_dataset(list(files), max_length=10**6).dataset
    blocks, truth, letters = [], [], []
    for row in dataset:
        ids, labels = row["input_ids"], row["labels"]
        for residue in residues:
            plain, phosphorylated = config.site_token_ids[residue]
            at = np.flatnonzero((ids == plain) & (labels != -100))
            blocks.append((ids, at))
            truth.append(labels[at] == phosphorylated)
            letters.append(np.full(len(at), residue))
    ids = np.concatenate([np.pad(block, FLANK) for block, _ in blocks])
    starts = np.cumsum([0] + [len(block) + 2 * FLANK for block, _ in blocks])[:-1] + FLANK
    at = np.concatenate([start + at for start, (_, at) in zip(starts, blocks, strict=True)])
    return windows(ids, at), np.concatenate(truth), np.concatenate(letters)


def baseline(train: list[LabelledFile], valid: list[LabelledFile]) -> dict[str, float]:
    """Train the regressions and score the validation sites."""
    scores, truths, letters = [], [], []
    for residues in GROUPS.values():
        x, y, _ = sites(train, residues)
        fitted = LogisticRegression(C=0.1, max_iter=100).fit(x, y)
        x, y, z = sites(valid, residues)
        scores.append(fitted.decision_function(x))
        truths.append(y)
        letters.append(z)
    return site_metrics(np.concatenate(scores), np.concatenate(truths), np.concatenate(letters))


def main() -> None:
    """Measure and save."""
    name = sys.argv[1] if len(sys.argv) > 1 else "bundled"
    data = load_recipe(SMALL).data
    model = load_model(name)[0]
    sites = score_labelled_sites(model, validation_proteins())
    thresholds = stored_thresholds(model.config.calibration_of(), sites.measured().residues)
    metrics = evaluate_sites(sites, thresholds)
    result = describe() | {
        "set": "multisource/valid",
        "phosphot5": {"model": name} | metrics,
        "one_hot_logistic_regression": baseline(data.train, data.valid),
    }
    sys.stdout.write(f"{save('validation', result)}\n")


if __name__ == "__main__":
    main()
