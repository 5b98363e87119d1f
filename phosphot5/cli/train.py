"""``phosphot5 train``: recipe in, trained model folder out."""

import argparse
import logging

from phosphot5.cli.progress import hide_loading_bars

__all__ = ["add_arguments", "run"]

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("recipe", help="YAML file, or the name of a recipe of the package")
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="SECTION.KEY=VALUE",
        help="values that replace those of the recipe, for instance training.max_steps=100",
    )
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")


def run(args: argparse.Namespace) -> int:
    """Train; see ``phosphot5 train --help``."""
    from phosphot5.registration import register
    from phosphot5.trainer.recipe import load_recipe
    from phosphot5.trainer.run import train

    hide_loading_bars()
    register()
    recipe = load_recipe(args.recipe, args.overrides)
    record = train(recipe, args.argv, args.resume)
    for name, metrics in record.metrics.items():
        shown = ", ".join(
            f"{key} {metrics[key]:.3f}" for key in sorted(metrics) if key.endswith(("auroc", "ap"))
        )
        logger.info("%s: %s", name, shown)
    cost = record.cost
    logger.info(
        "%d steps, %d tokens, %.0f s, peak memory %.2f GB; model in %s",
        cost.steps,
        cost.tokens,
        cost.seconds,
        cost.peak_memory_bytes / 1e9,
        recipe.training["output_dir"],
    )
    return 0
