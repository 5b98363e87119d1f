"""Measure the numpy encoder against the tokenizer on the same proteins, side by side in one run.

    python benchmarks/speed/encoder.py

Each round times both, so that a busy machine slows both alike; the medians over the rounds are compared. The
very first call, which also has to get its memory from the system, is given beside them.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from phosphot5.data.encode import encode_many
from phosphot5.tokenization_phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save

PROTEINS = 2000
MEAN_LENGTH = 500
ROUNDS = 5
SEED = 0


def random_proteins() -> list[str]:
    """Draw sequences of the twenty standard residues, with lengths spread as in a proteome."""
    rng = np.random.default_rng(SEED)
    lengths = rng.gamma(2.0, MEAN_LENGTH / 2, PROTEINS).astype(int) + 1
    return ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), size=length)) for length in lengths]


def seconds(function: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> int:
    """Measure, save and report."""
    sequences = random_proteins()
    residues = sum(map(len, sequences))
    tokenizer = PhosphoT5Tokenizer()
    start = time.perf_counter()
    ids, _ = encode_many(sequences)
    first = time.perf_counter() - start
    if ids.tolist() != [i for row in tokenizer(sequences)["input_ids"] for i in row]:
        raise SystemExit("the encoder and the tokenizer give different ids")
    rounds = [
        (seconds(lambda: encode_many(sequences)), seconds(lambda: tokenizer(sequences)))
        for _ in range(ROUNDS)
    ]
    encoder, slow = (statistics.median(times) for times in zip(*rounds, strict=True))
    result = {
        "proteins": PROTEINS,
        "residues": residues,
        "rounds": ROUNDS,
        "seed": SEED,
        "encoder_residues_per_second": round(residues / encoder),
        "encoder_first_call_residues_per_second": round(residues / first),
        "tokenizer_residues_per_second": round(residues / slow),
        "ratio": round(slow / encoder, 1),
        **describe(),
    }
    path = save("encoder", result)
    sys.stdout.write(f"encoder {result['ratio']} times as fast as the tokenizer; written to {path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
