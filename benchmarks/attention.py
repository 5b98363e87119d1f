"""Train variants of the attention on real data at equal budget, and tabulate what each part brings.

    python benchmarks/attention.py [--steps N] [--seeds SEED ...]

Every variant is the recipe ``small`` with one change, trained for the same steps with the same seeds and
scored on the recipe's validation proteins. Results are added to ``results/attention.json`` as they come; run
again, the script goes on with what is missing. The last part times the training step of all variants in turn,
so that a busy machine slows all alike.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch
from _environment import RESULTS, ROOT, describe, save
from torch import nn
from torch.nn import functional as F  # noqa: N812

from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer
from phosphot5.trainer import PhosphoT5Trainer
from phosphot5.trainer.dataset import build_dataset
from phosphot5.trainer.recipe import Recipe, load_recipe
from phosphot5.trainer.run import make_model, training_arguments

SHOWN = ("st_auroc", "st_ap", "y_auroc", "y_ap", "mean_ap")
ROUNDS, TIMED_STEPS = 5, 2


class ConvolvedProjection(nn.Linear):
    """A projection whose every channel then adds its own convolution over three residues.

    Parameters
    ----------
    linear : torch.nn.Linear
        The projection as it is; the convolution starts without effect.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__(linear.in_features, linear.out_features, bias=False)
        self.weight = linear.weight
        self.taps = nn.Parameter(torch.zeros(3, linear.out_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, in) to (batch, length, out)."""
        x = super().forward(x)
        before, after = F.pad(x, (0, 0, 1, 0))[:, :-1], F.pad(x, (0, 0, 0, 1))[:, 1:]
        return x + before * self.taps[0] + x * self.taps[1] + after * self.taps[2]


def convolve_queries_keys_values(model: PhosphoT5ForConditionalGeneration) -> None:
    """Put a depthwise convolution behind the projections of the encoder's attention (as So et al. 2021)."""
    for block in model.encoder.block:
        attention = block.layer[0].SelfAttention
        for name in ("q", "k", "v"):
            setattr(attention, name, ConvolvedProjection(getattr(attention, name)))


VARIANTS: dict[str, tuple[dict[str, Any], Callable[[PhosphoT5ForConditionalGeneration], None] | None]] = {
    "as released": ({}, None),
    "without alignment of the cross-attention": ({"alignment": False}, None),
    "without residue convolution": ({"conv_width": 0}, None),
    "without protein-wide context": ({"global_context": False}, None),
    "residue convolution of width 31": ({"conv_width": 31}, None),
    "window 8": ({"window": 8}, None),
    "window 128": ({"window": 128}, None),
    "with depthwise convolutions on queries, keys and values": ({}, convolve_queries_keys_values),
}
"""Name of each variant: what it changes in the configuration, and what it adds to the model."""


def variant_model(recipe: Recipe, name: str, seed: int) -> PhosphoT5ForConditionalGeneration:
    """Make the untrained model of a variant."""
    overrides, change = VARIANTS[name]
    model = make_model(dataclasses.replace(recipe, model=recipe.model | overrides), seed)
    if change is not None:
        change(model)
    return model


def train(recipe: Recipe, sets: tuple[Any, Any], name: str, seed: int, steps: int) -> dict[str, Any]:
    """Train one variant and return its validation figures."""
    with tempfile.TemporaryDirectory() as folder:
        training = recipe.training | {
            "output_dir": folder,
            "max_steps": steps,
            "warmup_steps": steps // 10,
            "seed": seed,
            "eval_strategy": "no",
            "save_strategy": "no",
            "load_best_model_at_end": False,
        }
        model = variant_model(recipe, name, seed)
        trainer = PhosphoT5Trainer(
            model,
            training_arguments(dataclasses.replace(recipe, training=training)),
            train_dataset=sets[0],
            eval_dataset=sets[1],
            processing_class=PhosphoT5Tokenizer(),
        )
        trainer.train()
        metrics = trainer.evaluate()
    figures = {metric: round(metrics[f"eval_{metric}"], 4) for metric in SHOWN}
    return {"variant": name, "seed": seed, "parameters": model.num_parameters()} | figures


def step_times(recipe: Recipe, dataset: Any) -> dict[str, float]:
    """Return the time of a training step of every variant, relative to the first, median of the rounds."""
    models = {name: variant_model(recipe, name, 1).train() for name in VARIANTS}
    rows = [dataset[i] for i in range(200) if len(dataset[i]["input_ids"]) >= 512][:8]
    ids, labels = (
        torch.stack([torch.as_tensor(row[column][:512]).long() for row in rows])
        for column in ("input_ids", "labels")
    )
    times: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(ROUNDS + 1):
        for name, model in models.items():
            start = time.perf_counter()
            for _ in range(TIMED_STEPS):
                with torch.autocast("cpu", torch.bfloat16):
                    loss = model(input_ids=ids, labels=labels).loss
                loss.backward()
            times[name].append(time.perf_counter() - start)
    ratios = {
        name: [own / first for own, first in zip(taken, times["as released"], strict=True)][1:]
        for name, taken in times.items()
    }
    return {name: round(statistics.median(values), 3) for name, values in ratios.items()}


def main() -> None:
    """Train what is missing, time, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=500, help="training steps (default: 500)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="seeds (default: 1)")
    args = parser.parse_args()
    recipe = load_recipe(ROOT / "recipes" / "small.yaml")
    sites = make_model(recipe, 1).config.site_token_ids
    sets = tuple(
        build_dataset(files, sites, recipe.data.max_length).dataset
        for files in (recipe.data.train, recipe.data.valid)
    )
    path = RESULTS / "attention.json"
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []
    budget = {"steps": args.steps, "tokens_per_step": recipe.training["tokens_per_batch"]}
    for seed in args.seeds:
        for name in VARIANTS:
            if any((run["variant"], run["seed"], run["steps"]) == (name, seed, args.steps) for run in runs):
                continue
            runs.append(budget | train(recipe, sets, name, seed, args.steps))
            save("attention", describe() | {"runs": runs})
            sys.stdout.write(f"{runs[-1]}\n")
            sys.stdout.flush()
    result = {"runs": runs, "step_time_over_as_released": step_times(recipe, sets[0])}
    sys.stdout.write(f"{save('attention', describe() | result)}\n")


if __name__ == "__main__":
    main()
