"""Measure time and peak memory of ``score_sites`` against the length of the protein.

    python benchmarks/speed/length.py [--quick]

The bundled model scores one random protein per length, up to titin's 34,350 residues with windowed attention
and up to 4,096 with full attention and the same weights. Then a model of T5-large's size (random bfloat16
weights, windowed attention) scores one protein. Each measurement is a process of its own, because the peak
memory that the system tells is that of the whole process. Writes ``results/length.json``; with ``--quick`` the
proteins are short and nothing is written.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phosphot5.record.environment import peak_memory_bytes

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save

if TYPE_CHECKING:
    from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration

REFERENCE = 1024
"""Residues of the protein to which times per residue are compared."""
LENGTHS = {
    "window": (REFERENCE, 2048, 4096, 8192, 16384, 32768, 34350),
    "full": (REFERENCE, 2048, 4096),
    "large": (2000,),
}
QUICK = {"window": (REFERENCE, 2048), "full": (REFERENCE,), "large": (100,)}
"""Residues by model: ``window`` and ``full`` attention of the bundled one, and ``large``."""
WARM_UP = 64
"""Residues of a first protein that is not timed."""
ROUNDS, LONG_SECONDS = 3, 10.0
"""Times a protein is scored; once if it takes longer than that."""
SEED = 0


def build(kind: str) -> "PhosphoT5ForConditionalGeneration":
    """Make a model: the bundled one with an attention, or a random ``large`` one."""
    import torch

    from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
    from phosphot5.prediction.loading import load_model

    if kind != "large":
        return load_model("bundled", attention=kind)[0]
    torch.manual_seed(SEED)
    torch.set_default_dtype(torch.bfloat16)  # parameters are made in bfloat16, there is no copy in float32
    model = PhosphoT5ForConditionalGeneration(PhosphoT5Config()).eval()
    torch.set_default_dtype(torch.float32)
    return model


def measure(kind: str, residues: int) -> dict[str, Any]:
    """Score one random protein in this process.

    Parameters
    ----------
    kind : str
        Key of :data:`LENGTHS`.
    residues : int
        Length of the protein.

    Returns
    -------
    dict
        ``seconds`` (median), ``peak_memory_bytes`` of the process, and ``loaded_memory_bytes``, its peak before
        the protein was scored.
    """
    import torch

    model = build(kind)
    ids = torch.randint(3, 23, (1, residues + 1), generator=torch.Generator().manual_seed(SEED))
    ids[0, -1] = model.config.eos_token_id
    model.score_sites(ids[:, -WARM_UP:])
    loaded = peak_memory_bytes()
    times: list[float] = []
    while len(times) < ROUNDS and not (times and times[0] > LONG_SECONDS):
        start = time.perf_counter()
        model.score_sites(ids)
        times.append(time.perf_counter() - start)
    return {
        "residues": residues,
        "seconds": round(statistics.median(times), 4),
        "peak_memory_bytes": peak_memory_bytes(),
        "loaded_memory_bytes": loaded,
        "parameters": model.num_parameters(),
        "dtype": str(model.dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
    }


def measure_apart(kind: str, residues: int) -> dict[str, Any]:
    """Do :func:`measure` in a process of its own."""
    command = [sys.executable, __file__, "--one", kind, str(residues)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short proteins; show the result, write nothing")
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "RESIDUES"), help="measure one and show it")
    args = parser.parse_args()
    if args.one:
        sys.stdout.write(json.dumps(measure(args.one[0], int(args.one[1]))))
        return
    result = describe() | {"seed": SEED}
    for kind, lengths in (QUICK if args.quick else LENGTHS).items():
        rows = [measure_apart(kind, residues) for residues in lengths]
        for row in rows if kind != "large" else ():
            reference = rows[0]["seconds"] / REFERENCE
            row["time_per_residue_over_1024"] = round(row["seconds"] / row["residues"] / reference, 2)
        result[kind] = rows
    sys.stdout.write(f"{json.dumps(result, indent=2) if args.quick else save('length', result)}\n")


if __name__ == "__main__":
    main()
