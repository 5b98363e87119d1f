"""Write the synthetic training examples: random proteins whose sites follow three simple rules.

Nothing about them is measured. S and T before P or three behind R, and Y behind D or E are marked ``#``, all
other S, T and Y ``@``, but one site in ten is left unlabelled. A model that works learns these rules in a
minute, which is what the tiny recipe and the tests are for.
"""

import random
import re
from pathlib import Path

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
WEIGHTS = [8, 1, 5, 7, 4, 7, 2, 6, 6, 10, 2, 4, 7, 5, 7, 9, 7, 7, 1, 5]
POSITIVE = re.compile(r"[ST](?=P)|(?<=R..)[ST]|(?<=[DE])Y")
SIZES = {"train": 320, "valid": 60}
UNLABELLED = 0.1


def marked(sequence: str, rng: random.Random) -> str:
    """Mark the sites of a sequence in the hash notation."""
    positive = {match.start() for match in POSITIVE.finditer(sequence)}
    marks = (
        "" if residue not in "STY" or rng.random() < UNLABELLED else "#" if i in positive else "@"
        for i, residue in enumerate(sequence)
    )
    return "".join(residue + mark for residue, mark in zip(sequence, marks, strict=True))


def main() -> None:
    """Write ``synthetic_train.fasta`` and ``synthetic_valid.fasta`` beside this script."""
    rng = random.Random(2026)
    for name, size in SIZES.items():
        records = []
        for number in range(1, size + 1):
            sequence = "M" + "".join(rng.choices(RESIDUES, WEIGHTS, k=rng.randint(60, 180)))
            records.append(f">synthetic_{name}_{number} rule-made, not measured\n{marked(sequence, rng)}\n")
        path = Path(__file__).with_name(f"synthetic_{name}.fasta")
        path.write_text("".join(records), encoding="utf-8")


if __name__ == "__main__":
    main()
