"""Short trainings of variants of the recipe ``small``, for the search and the ablation."""

import dataclasses
import tempfile
import time
from functools import cached_property
from typing import Any

from datasets import Dataset

from benchmarks.common import SMALL
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer
from phosphot5.trainer import PhosphoT5Trainer
from phosphot5.trainer.dataset import build_dataset
from phosphot5.trainer.recipe import Recipe, load_recipe
from phosphot5.trainer.run import make_model, training_arguments

__all__ = ["SHOWN", "Bench"]

SHOWN = ("st_auroc", "st_ap", "y_auroc", "y_ap", "mean_ap")
"""Figures of a trial, all of the recipe's validation proteins."""


class Bench:
    """Trains variants on the recipe's data, which is read once."""

    @cached_property
    def sets(self) -> tuple[Dataset, Dataset]:
        """The training and the validation set of the recipe."""
        recipe = load_recipe(SMALL)
        files = (recipe.data.train, recipe.data.valid)
        return tuple(build_dataset(part, recipe.data.max_length).dataset for part in files)

    def trainer(self, overrides: list[str], folder: str, seed: int, steps: int) -> PhosphoT5Trainer:
        """Make the trainer of a variant.

        Parameters
        ----------
        overrides : list of str
            ``SECTION.KEY=VALUE``, as ``phosphot5 train`` takes them.
        folder : str
            Its output.
        seed, steps : int
            Of weights and batches; number of training steps, a tenth of which warms up.
        """
        recipe: Recipe = load_recipe(SMALL, overrides)
        fixed = {"output_dir": folder, "seed": seed, "max_steps": steps, "warmup_steps": steps // 10}
        never = {"eval_strategy": "no", "save_strategy": "no", "load_best_model_at_end": False}
        recipe = dataclasses.replace(recipe, training=recipe.training | fixed | never)
        return PhosphoT5Trainer(
            make_model(recipe, seed),
            training_arguments(recipe),
            train_dataset=self.sets[0],
            eval_dataset=self.sets[1],
            processing_class=PhosphoT5Tokenizer(),
        )

    def run(self, overrides: list[str], seed: int, steps: int) -> dict[str, Any]:
        """Train a variant and score the validation proteins.

        Parameters
        ----------
        overrides, seed, steps
            As for :meth:`trainer`.

        Returns
        -------
        dict
            Budget, parameters, seconds of the training (compiling included) and the figures of :data:`SHOWN`.
        """
        with tempfile.TemporaryDirectory() as folder:
            trainer = self.trainer(overrides, folder, seed, steps)
            start = time.perf_counter()
            trainer.train()
            seconds = time.perf_counter() - start
            metrics = trainer.evaluate()
        return {
            "steps": steps,
            "tokens_per_step": trainer.args.tokens_per_batch,
            "seed": seed,
            "parameters": trainer.model.num_parameters(),
            "seconds": round(seconds),
            **{metric: round(metrics[f"eval_{metric}"], 4) for metric in SHOWN},
        }
