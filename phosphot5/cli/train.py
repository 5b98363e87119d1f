"""``phosphot5 train``: recipe in, trained model folder out."""

import argparse
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from phosphot5.processes import joined
from phosphot5.progress import hide_loading_bars
from phosphot5.wording import counted

if TYPE_CHECKING:
    from phosphot5.record.run_record import RunRecord

__all__ = ["add_arguments", "add_recipe", "run", "tell"]

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_recipe(parser)
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Add the recipe and the values that replace those of it."""
    parser.add_argument("recipe", help="YAML file, or name of a recipe of the package")
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="SECTION.KEY=VALUE",
        help="values to override in the recipe, for instance training.max_steps=100",
    )


def run(args: argparse.Namespace) -> int:
    """Train; see ``phosphot5 train --help``."""
    from phosphot5.trainer.recipe import load_recipe
    from phosphot5.trainer.run import train

    hide_loading_bars()
    recipe = load_recipe(args.recipe, args.overrides)
    with joined("auto"):
        tell(args, train(recipe, args.argv, args.resume), recipe.training["output_dir"])
    return 0


def tell(args: argparse.Namespace, record: "RunRecord", folder: str) -> None:
    """Log what came of a training.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command.
    record : RunRecord
        Of the finished training.
    folder : str
        Where the model is.
    """
    for name, metrics in record.metrics.items():
        for key, title in (("st", "S/T"), ("y", "Y")):
            shown = [
                f"{label} {metrics[f'{key}_{metric}']:.3f}{_interval(metrics, f'{key}_{metric}')}"
                for metric, label in (("auroc", "AUROC"), ("ap", "AP"), ("ece", "calibration error"))
                if f"{key}_{metric}" in metrics
            ]
            if shown:
                logger.info("%s, %s: %s", name, title, ", ".join(shown))
    cost = record.cost
    if folder not in args.report.outputs:
        args.report.outputs.append(folder)
    args.report.done(
        f"{counted(cost.steps or 0, 'step')} with {counted(cost.tokens or 0, 'token')}; model in {folder}",
        {"steps": cost.steps or 0, "tokens": cost.tokens or 0},
        metrics=record.metrics,
    )


def _interval(metrics: Mapping[str, float | None], name: str) -> str:
    if f"{name}_low" not in metrics or name.endswith("_ece"):  # every resample raises the calibration error
        return ""
    return f" ({metrics[f'{name}_low']:.3f} to {metrics[f'{name}_high']:.3f})"
