"""Measure `phosphot5 predict` on a made-up proteome: speed, memory, and what the model's part of the time is.

    python benchmarks/speed/predict.py [--residues N]

Two million residues by default, a fifth of the human proteome; writes ``results/predict.json``. Every row of
``commands`` is the whole command in processes of its own, start-up included. The lengths are spread as those of
human proteins, the residues are drawn with their human frequencies.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from phosphot5.cli.main import main as run_command
from phosphot5.data import Protein, read_fasta, write_fasta
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.prediction.loading import load_model, move_to_device
from phosphot5.prediction.scoring import score_proteins
from phosphot5.record.environment import usable_cores

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save

RESIDUES = 2_000_000
SEED = 0
MEDIAN_LENGTH, LENGTH_SIGMA, SHORTEST, LONGEST = 420, 0.75, 30, 35_000
"""Log-normal lengths, in residues; the mean is about 550."""
PER_MILLE = {
    **{"A": 70, "C": 23, "D": 47, "E": 71, "F": 37, "G": 66, "H": 26, "I": 43, "K": 57, "L": 100},
    **{"M": 21, "N": 36, "P": 63, "Q": 48, "R": 56, "S": 83, "T": 54, "V": 60, "W": 12, "Y": 27},
}
"""Residues of the human proteome."""
SAMPLE = 100
"""Proteins for comparisons within this process."""
ROUNDS = 5
"""Rounds of comparisons in turn."""


def proteome(residues: int) -> list[Protein]:
    """Draw proteins until they have ``residues`` residues."""
    rng = np.random.default_rng(SEED)
    letters = np.array(list(PER_MILLE))
    weights = np.array(list(PER_MILLE.values())) / sum(PER_MILLE.values())
    proteins, total = [], 0
    while total < residues:
        drawn = MEDIAN_LENGTH * np.exp(LENGTH_SIGMA * rng.standard_normal())
        length = int(np.clip(drawn, SHORTEST, LONGEST))
        proteins.append(
            Protein(id=f"P{len(proteins):05}", sequence="".join(rng.choice(letters, size=length, p=weights)))
        )
        total += length
    return proteins


def count(proteins: list[Protein]) -> int:
    """Count residues."""
    return sum(map(len, proteins))


def command(source: Path, *options: str, processes: int = 1, threads: int = 1) -> dict[str, float]:
    """Run the command on a FASTA file; peak memory is that of its largest process."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    output = source.with_suffix(".tsv")
    started = [
        sys.executable,
        *(launcher if processes > 1 else []),
        "-m",
        "phosphot5",
        "predict",
        str(source),
    ]
    started += ["-o", str(output), "--overwrite", "--quiet", "--threads", str(threads), *options]
    began = time.perf_counter()
    process = subprocess.Popen(started)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(started)} failed")
    residues = count(list(read_fasta(source)))
    return {
        "processes": processes,
        "threads": threads,
        "residues": residues,
        "seconds": round(seconds, 1),
        "residues_per_second": round(residues / seconds),
        "peak_memory_gb": round(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9, 3),
    }


def model_share(source: Path, threads: int) -> dict[str, float]:
    """Run the command in this process, with a clock in every thread around the call of the model.

    ``of_time`` is the share of the threads' time from the start of the command to its end (imports have been
    done before), ``of_cpu_time`` the share of all the processor time that the command took.
    """
    spent, lock = {"time": 0.0, "cpu": 0.0}, threading.Lock()
    score = PhosphoT5ForConditionalGeneration.score_sites

    def clocked(self: PhosphoT5ForConditionalGeneration, *inputs: Any) -> torch.Tensor:
        began, began_cpu = time.perf_counter(), time.thread_time()
        result = score(self, *inputs)
        with lock:
            spent["time"] += time.perf_counter() - began
            spent["cpu"] += time.thread_time() - began_cpu
        return result

    PhosphoT5ForConditionalGeneration.score_sites = clocked
    began, began_cpu = time.perf_counter(), time.process_time()
    output = str(source.with_suffix(".tsv"))
    run_command(["predict", str(source), "-o", output, "--overwrite", "--quiet", "--threads", str(threads)])
    whole, whole_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    PhosphoT5ForConditionalGeneration.score_sites = score
    return {
        "of_time": round(spent["time"] / threads / whole, 3),
        "of_cpu_time": round(spent["cpu"] / whole_cpu, 3),
    }


def scores_of(model: PhosphoT5ForConditionalGeneration, proteins: list[Protein]) -> np.ndarray:
    """Score proteins in one thread; only sites."""
    scores = np.concatenate([scores for _, scores in score_proteins(model, proteins, threads=1)])
    return scores[~np.isnan(scores)]


def rate(proteins: list[Protein], work: Callable[[], object]) -> float:
    """Time one call in residues per second."""
    began = time.perf_counter()
    work()
    return count(proteins) / (time.perf_counter() - began)


def onednn(proteins: list[Protein]) -> dict[str, Any]:
    """Compare linear layers by oneDNN, as the command has them, with those by torch's BLAS; one thread, in turn."""
    plain, placed = load_model("bundled")[0], move_to_device(load_model("bundled")[0], "cpu")
    change = np.abs(scores_of(placed, proteins) - scores_of(plain, proteins)).max()
    rates = [
        [rate(proteins, lambda m=m: scores_of(m, proteins)) for m in (placed, plain)] for _ in range(ROUNDS)
    ]
    ratios = [fast / slow for fast, slow in rates]
    return {
        "proteins": len(proteins),
        "residues_per_second": round(statistics.median(fast for fast, _ in rates)),
        "residues_per_second_blas": round(statistics.median(slow for _, slow in rates)),
        "ratio": round(statistics.median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
        "largest_change_of_a_probability": float(f"{change:.1g}"),
    }


def bfloat16(proteins: list[Protein]) -> dict[str, float]:
    """Compare the scores in float32 and bfloat16."""
    exact = scores_of(load_model("bundled")[0], proteins)
    change = np.abs(scores_of(load_model("bundled")[0].to(torch.bfloat16), proteins) - exact)
    return {
        "proteins": len(proteins),
        "largest_change_of_a_probability": round(float(change.max()), 4),
        "mean_change": round(float(change.mean()), 5),
    }


def measure(residues: int) -> dict[str, Any]:
    """Measure everything."""
    proteins = proteome(residues)
    cores = usable_cores()
    with tempfile.TemporaryDirectory() as folder:
        whole, half = Path(folder) / "whole.fasta", Path(folder) / "half.fasta"
        write_fasta(whole, proteins)
        write_fasta(half, proteins[: len(proteins) // 2])
        commands = {
            "float32": command(whole, threads=cores),
            "float32_half_input": command(half, threads=cores),
            "float32_half_input_in_processes": command(half, processes=cores),
            "bfloat16_half_input": command(half, "--dtype", "bfloat16", threads=cores),
        }
        share = model_share(half, cores)
    return {
        "model": "bundled",
        "seed": SEED,
        "proteins": len(proteins),
        "residues": count(proteins),
        "longest": max(map(len, proteins)),
        "commands": commands,
        "share_in_model": share,
        "onednn": onednn(proteins[:SAMPLE]),
        "bfloat16": bfloat16(proteins[:SAMPLE]),
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--residues", type=int, default=RESIDUES, help="size of the input")
    args = parser.parse_args()
    result = measure(args.residues)
    sys.stdout.write(f"{save('predict', result | describe())}\n")


if __name__ == "__main__":
    main()
