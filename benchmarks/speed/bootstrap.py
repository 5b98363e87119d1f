"""Time the bootstrap over proteins: all metrics of all residue classes, 1,000 resamples of 140,000 sites.

    python benchmarks/speed/bootstrap.py

One thread. The sites are made up, as many as `multisource/test` has, in 1,400 proteins of different size.
Writes ``results/bootstrap.json``.
"""

import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from phosphot5.evaluation.bootstrap import bootstrap
from phosphot5.record import environment

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save

SITES, PROTEINS, RESAMPLES, SEED = 140_000, 1_400, 1_000, 1
PREVALENCE = 0.18


def main() -> None:
    """Measure and save."""
    rng = np.random.default_rng(SEED)
    share = rng.lognormal(size=PROTEINS)
    protein = np.sort(rng.choice(PROTEINS, SITES, p=share / share.sum()))
    truth = rng.random(SITES) < PREVALENCE
    probability = 1 / (1 + np.exp(-(rng.normal(size=SITES) + truth - 2)))
    residues = rng.choice(list("STY"), SITES, p=[0.53, 0.34, 0.13])
    before = environment.peak_memory_bytes()
    thresholds = dict.fromkeys("STY", 0.3)
    with threadpool_limits(1):
        start = time.perf_counter()
        bounds = bootstrap(probability, truth, residues, protein, RESAMPLES, SEED, thresholds)
        seconds = time.perf_counter() - start
    result = describe() | {
        "sites": SITES,
        "proteins": PROTEINS,
        "resamples": RESAMPLES,
        "metrics": len(bounds),
        "seconds": round(seconds, 2),
        "memory_bytes": environment.peak_memory_bytes() - before,
    }
    sys.stdout.write(f"{save('bootstrap', result)}: {seconds:.1f} s\n")


if __name__ == "__main__":
    main()
