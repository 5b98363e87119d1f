"""From stock T5 to the released recipe, one part at a time: what each brings at an equal number of tokens.

    python benchmarks/search/ablation.py [--steps N] [--seeds SEED ...]

Every rung of the ladder has all parts of the rungs above it. All are trained on the same batches of the
recipe's data and scored on its validation proteins. Results are added to ``results/ablation.json`` as they come;
run again, the script goes on with what is missing. First the training step of all rungs is timed, in turn, so that
a busy machine slows all alike.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from phosphot5.trainer import PhosphositeCollator

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import RESULTS, describe, load, save
from benchmarks.search.trials import Bench

STOCK = [
    "model.attention=full",
    "model.alignment=false",
    "model.conv_width=0",
    "model.global_context=false",
    "model.noise_std=0.0",
    "model.focal_gamma=0.0",
    "model.label_smoothing=0.0",
    "model.prefix_mask_prob=0.0",
    "model.known_site_prob=0.0",
    "model.copy_weight=0.1",
    "model.residue_mask_prob=0.0",
    "training.muon=false",
    "training.compile_blocks=false",
    "training.weight_decay=0.05",
]
"""T5 as it is: full attention without alignment, cross-entropy, teacher forcing, AdamW."""
LADDER: dict[str, list[str]] = {
    "stock T5": [],
    "+ aligned cross-attention": ["model.alignment=true"],
    "+ window 32, packed and compiled": ["model.attention=window", "training.compile_blocks=true"],
    "+ focal loss, gamma 2": ["model.focal_gamma=2.0"],
    "+ label smoothing 0.035": ["model.label_smoothing=0.035"],
    "+ noisy embeddings 0.1": ["model.noise_std=0.1"],
    "+ two noise passes": ["training.noise_iterations=2"],
    "+ masked prefix 0.8": ["model.prefix_mask_prob=0.8"],
    "+ known sites 0.25: the published recipe and ours": ["model.known_site_prob=0.25"],
    "- two passes, focal loss and smoothing": [
        "training.noise_iterations=1",
        "model.focal_gamma=0.0",
        "model.label_smoothing=0.0",
    ],
    "+ residue convolution 15": ["model.conv_width=15"],
    "+ protein-wide context": ["model.global_context=true"],
    "+ Muon": ["training.muon=true", "training.weight_decay=0.1"],
    "+ masked residues 0.05, less copy loss: the recipe small": [
        "model.residue_mask_prob=0.05",
        "model.copy_weight=0.03",
    ],
}
"""Name of each rung, and what it changes of the rung above."""
ROUNDS = 5


def rungs() -> dict[str, list[str]]:
    """Return the overrides of the recipe that make each rung."""
    made, given = {}, list(STOCK)
    for name, changes in LADDER.items():
        given = [*given, *changes]
        made[name] = given
    return made


def step_times(bench: Bench) -> dict[str, float]:
    """Return the time of a training step of every rung in units of the last one's, median of the rounds."""
    train = bench.sets[0]
    rows = [train[i] for i in range(200) if len(train[i]["input_ids"]) >= 512][:8]
    rows = [{name: row[name][:512] for name in ("input_ids", "labels")} for row in rows]
    times: dict[str, list[float]] = {name: [] for name in LADDER}
    with tempfile.TemporaryDirectory() as folder:
        trainers = {name: bench.trainer(given, folder, 1, 1) for name, given in rungs().items()}
        steps = {}
        for name, trainer in trainers.items():
            packed = trainer.model.config.attention == "window"
            wrapped = trainer.accelerator.prepare_model(trainer.model)  # in the precision of the training
            steps[name] = (trainer, wrapped, PhosphositeCollator(packed=packed)(rows))
        for _ in range(ROUNDS + 1):
            for name, (trainer, wrapped, batch) in steps.items():
                start = time.perf_counter()
                trainer.training_step(wrapped, dict(batch))
                times[name].append(time.perf_counter() - start)
    last = times[next(reversed(LADDER))]
    return {
        name: round(statistics.median([own / base for own, base in zip(taken, last, strict=True)][1:]), 2)
        for name, taken in times.items()
    }


def main() -> None:
    """Time, train what is missing, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200, help="training steps (default: 200)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="seeds (default: 1 2)")
    args = parser.parse_args()
    bench = Bench()
    found: dict[str, Any] = load("ablation") if (RESULTS / "ablation.json").exists() else {}
    runs, times = found.get("runs", []), found.get("step_time_over_last") or step_times(bench)
    for seed in args.seeds:
        for name, overrides in rungs().items():
            done = [(run["rung"], run["seed"], run["steps"]) for run in runs]
            if (name, seed, args.steps) not in done:
                runs.append({"rung": name} | bench.run(overrides, seed, args.steps))
                sys.stdout.write(f"{runs[-1]}\n")
                sys.stdout.flush()
            save("ablation", describe() | {"runs": runs, "step_time_over_last": times})


if __name__ == "__main__":
    main()
