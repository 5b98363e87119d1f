"""Measure the bundled model in torch and, as an ONNX graph, in onnxruntime, side by side in one run.

    python benchmarks/speed/runtimes.py

All score one protein at a time in one thread, as ``phosphot5 predict`` does on a CPU with as many proteins at
once as there are cores: torch as it is, torch as that command has it, and onnxruntime. Rounds alternate between them
and swap who begins, so that a busy machine slows all alike; speeds are medians over the rounds, the ratio is that of
each round.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from phosphot5.data.encode import encode
from phosphot5.hub_card.model_folder import ONNX_FILE
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.prediction.loading import load_model, move_to_device
from phosphot5.prediction.onnx_export import write_onnx
from phosphot5.prediction.scoring import LENGTH_STEP

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save
from benchmarks.speed.predict import SEED, proteome

RESIDUES = 60_000
TITIN = 34_350
"""Residues of the longest human protein."""
ROUNDS = 9
THREADS = 1

Scorer = Callable[[np.ndarray], np.ndarray]


def in_torch(model: PhosphoT5ForConditionalGeneration, step: int = 1) -> Scorer:
    """Return what scores the tokens of one protein in torch, padded to a multiple of ``step``."""

    def score(ids: np.ndarray) -> np.ndarray:
        length = ids.shape[1]
        tokens = torch.nn.functional.pad(torch.from_numpy(ids), (0, -length % step))
        mask = (torch.arange(tokens.shape[1]) < length)[None].long()
        with torch.inference_mode():
            return model.score_sites(tokens, mask)[0, :length].numpy()

    return score


def in_onnxruntime(path: Path) -> Scorer:
    """Return what scores the tokens of one protein in onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    run_options = onnxruntime.RunOptions()
    run_options.only_execute_path_to_fetches = True
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def score(ids: np.ndarray) -> np.ndarray:
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        return session.run(["probability"], given, run_options)[0][0]

    return score


def seconds(score: Scorer, proteins: list[np.ndarray]) -> float:
    """Time one pass over proteins."""
    start = time.perf_counter()
    for ids in proteins:
        score(ids)
    return time.perf_counter() - start


def compare(scorers: dict[str, Scorer], proteins: list[np.ndarray]) -> dict[str, Any]:
    """Time all in alternating rounds, after one that does not count."""
    times: dict[str, list[float]] = {name: [] for name in scorers}
    for number in range(-1, ROUNDS):
        for name in sorted(scorers, reverse=number % 2 == 0):
            spent = seconds(scorers[name], proteins)
            if number >= 0:
                times[name].append(spent)
    ratios = {
        name: [slow / fast for slow, fast in zip(spent, times["onnxruntime"], strict=True)]
        for name, spent in times.items()
        if name != "onnxruntime"
    }
    residues = sum(ids.size - 1 for ids in proteins)
    return {
        "proteins": len(proteins),
        "residues": residues,
        "residues_per_second": {
            name: round(residues / statistics.median(spent)) for name, spent in times.items()
        },
        "onnxruntime_over": {
            name: {
                "median": round(statistics.median(found), 2),
                "min": round(min(found), 2),
                "max": round(max(found), 2),
            }
            for name, found in ratios.items()
        },
    }


def largest_difference(scorers: dict[str, Scorer], proteins: list[np.ndarray]) -> float:
    """Return the largest difference between two probabilities of a site."""
    found = [[score(ids) for score in scorers.values()] for ids in proteins]
    return max(float(np.nanmax(np.ptp(scores, axis=0))) for scores in found)


def main() -> None:
    """Measure and save."""
    torch.set_num_threads(THREADS)
    model = load_model("bundled")[0]
    drawn = [protein.sequence for protein in proteome(RESIDUES)]
    proteins = [encode(sequence)[None] for sequence in drawn]
    giant = [encode("".join(drawn)[:TITIN])[None]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ONNX_FILE
        write_onnx(model, path)
        scorers = {
            "torch": in_torch(model),
            "predict": in_torch(move_to_device(load_model("bundled")[0], "cpu"), LENGTH_STEP),
            "onnxruntime": in_onnxruntime(path),
        }
        result = {
            "model": "bundled",
            "seed": SEED,
            "threads": THREADS,
            "rounds": ROUNDS,
            "onnx_bytes": path.stat().st_size,
            "proteome": compare(scorers, proteins),
            "titin_length": compare(scorers, giant),
            "largest_difference": largest_difference(scorers, [*proteins, *giant]),
        }
    about = describe()
    about["versions"] |= {name: version(name) for name in ("onnx", "onnxruntime", "onnxscript")}
    sys.stdout.write(f"{save('runtimes', result | about)}\n")


if __name__ == "__main__":
    main()
