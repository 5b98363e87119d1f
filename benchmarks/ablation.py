"""Train variants of the recipe on real data with the same batches, and tabulate what each part brings.

    python benchmarks/ablation.py {attention,method} [--steps N] [--seeds SEED ...]

Every variant is the recipe ``small`` with one change, trained for the same steps with the same seeds and
scored on the recipe's validation proteins. Results are added to ``results/attention.json`` or
``results/method.json`` as they come; run again, the script goes on with what is missing. First the training
step of all variants is timed, in turn, so that a busy machine slows all alike.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from _environment import RESULTS, ROOT, describe, save
from torch import nn
from torch.nn import functional as F  # noqa: N812

from phosphot5.modeling_phosphot5 import FocalLossWithSmoothing, PhosphoT5ForConditionalGeneration
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer
from phosphot5.trainer import PhosphositeCollator, PhosphoT5Trainer
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


class WeightedPositives(FocalLossWithSmoothing):
    """Count the loss of phosphorylated sites several times.

    Parameters
    ----------
    loss : FocalLossWithSmoothing
        The loss as it is.
    weight : float
        How many times.
    """

    def __init__(self, loss: FocalLossWithSmoothing, weight: float) -> None:
        super().__init__(loss.gamma, loss.smoothing)
        self.weight = weight

    def forward(self, logits: torch.Tensor, labels: torch.Tensor, num_items: Any = None) -> torch.Tensor:
        """Return the loss; only the choice at a site, with two logits, is weighted."""
        loss = super().forward(logits, labels, num_items)
        if logits.shape[-1] == 2:
            at = labels == 1
            loss = loss + (self.weight - 1) * super().forward(logits[at], labels[at], num_items)
        return loss


def weigh_positives(model: PhosphoT5ForConditionalGeneration) -> None:
    """Count phosphorylated sites three times: the positives are a sixth of the labelled sites."""
    model.criterion = WeightedPositives(model.criterion, 3.0)


@dataclass(frozen=True)
class Variant:
    """One change of the recipe: arguments of the model and of the training, and a change of the model."""

    model: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    change: Callable[[PhosphoT5ForConditionalGeneration], None] | None = None


TWO_PASSES = {"noise_iterations": 2}
VARIANTS: dict[str, dict[str, Variant]] = {
    "attention": {
        "as released": Variant(),
        "without alignment of the cross-attention": Variant({"alignment": False}),
        "without residue convolution": Variant({"conv_width": 0}),
        "without protein-wide context": Variant({"global_context": False}),
        "residue convolution of width 31": Variant({"conv_width": 31}),
        "window 8": Variant({"window": 8}),
        "window 128": Variant({"window": 128}),
        "with depthwise convolutions on queries, keys and values": Variant(
            change=convolve_queries_keys_values
        ),
    },
    "method": {
        "as released": Variant(),
        "two noise passes": Variant(training=TWO_PASSES),
        "two noise passes, consistency 0.3": Variant(training=TWO_PASSES | {"consistency_weight": 0.3}),
        "positives weighted 3": Variant(change=weigh_positives),
        "without noise": Variant({"noise_std": 0.0}),
        "without focusing (gamma 0)": Variant({"focal_gamma": 0.0}),
        "without label smoothing": Variant({"label_smoothing": 0.0}),
        "two noise passes, consistency 1": Variant(training=TWO_PASSES | {"consistency_weight": 1.0}),
        "no true sites upstream": Variant({"prefix_mask_prob": 1.0}),
        "no known sites": Variant({"known_site_prob": 0.0}),
    },
}
"""Name of each variant of a group, and its change."""


def variant_model(recipe: Recipe, variant: Variant, seed: int) -> PhosphoT5ForConditionalGeneration:
    """Make the untrained model of a variant."""
    model = make_model(dataclasses.replace(recipe, model=recipe.model | variant.model), seed)
    if variant.change is not None:
        variant.change(model)
    return model


def variant_trainer(
    recipe: Recipe, sets: tuple[Any, Any], variant: Variant, folder: str, **training: Any
) -> PhosphoT5Trainer:
    """Make the trainer of a variant."""
    training = recipe.training | variant.training | {"output_dir": folder} | training
    return PhosphoT5Trainer(
        variant_model(recipe, variant, training["seed"]),
        training_arguments(dataclasses.replace(recipe, training=training)),
        train_dataset=sets[0],
        eval_dataset=sets[1],
        processing_class=PhosphoT5Tokenizer(),
    )


def train(recipe: Recipe, sets: tuple[Any, Any], variant: Variant, seed: int, steps: int) -> dict[str, Any]:
    """Train one variant and return its validation figures."""
    with tempfile.TemporaryDirectory() as folder:
        never = {"eval_strategy": "no", "save_strategy": "no", "load_best_model_at_end": False}
        budget = {"max_steps": steps, "warmup_steps": steps // 10, "seed": seed}
        trainer = variant_trainer(recipe, sets, variant, folder, **never, **budget)
        trainer.train()
        metrics = trainer.evaluate()
    figures = {metric: round(metrics[f"eval_{metric}"], 4) for metric in SHOWN}
    return {"seed": seed, "parameters": trainer.model.num_parameters()} | figures


def step_times(recipe: Recipe, sets: tuple[Any, Any], variants: dict[str, Variant]) -> dict[str, float]:
    """Return the time of a training step of every variant, relative to the first, median of the rounds."""
    rows = [sets[0][i] for i in range(200) if len(sets[0][i]["input_ids"]) >= 512][:8]
    batch = PhosphositeCollator(packed=True)(
        [{name: row[name][:512] for name in ("input_ids", "labels")} for row in rows]
    )
    times: dict[str, list[float]] = {name: [] for name in variants}
    with tempfile.TemporaryDirectory() as folder:
        trainers = {name: variant_trainer(recipe, sets, v, folder) for name, v in variants.items()}
        for _ in range(ROUNDS + 1):
            for name, trainer in trainers.items():
                start = time.perf_counter()
                for _ in range(TIMED_STEPS):
                    trainer.training_step(trainer.model, batch)
                times[name].append(time.perf_counter() - start)
    ratios = {
        name: [own / first for own, first in zip(taken, times["as released"], strict=True)][1:]
        for name, taken in times.items()
    }
    return {name: round(statistics.median(values), 3) for name, values in ratios.items()}


def main() -> None:
    """Train what is missing, time, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("group", choices=VARIANTS, help="which parts are varied")
    parser.add_argument("--steps", type=int, default=500, help="training steps (default: 500)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="seeds (default: 1)")
    args = parser.parse_args()
    variants = VARIANTS[args.group]
    recipe = load_recipe(ROOT / "recipes" / "small.yaml")
    sites = make_model(recipe, 1).config.site_token_ids
    sets = tuple(
        build_dataset(files, sites, recipe.data.max_length).dataset
        for files in (recipe.data.train, recipe.data.valid)
    )
    path = RESULTS / f"{args.group}.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    runs, times = found.get("runs", []), found.get("step_time_over_as_released", {})
    if set(times) != set(variants):
        times = step_times(recipe, sets, variants)
    budget = {"steps": args.steps, "tokens_per_step": recipe.training["tokens_per_batch"]}
    for seed in args.seeds:
        for name, variant in variants.items():
            if not any(
                (run["variant"], run["seed"], run["steps"]) == (name, seed, args.steps) for run in runs
            ):
                runs.append({"variant": name} | budget | train(recipe, sets, variant, seed, args.steps))
            save(args.group, describe() | {"runs": runs, "step_time_over_as_released": times})
            sys.stdout.write(f"{runs[-1]}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
