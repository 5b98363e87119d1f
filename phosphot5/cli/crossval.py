"""``phosphot5 crossval``: train once for every fold, predict every protein by a model that has not seen it."""

import argparse
import logging
from typing import Any

from phosphot5.cli.train import add_recipe
from phosphot5.processes import joined
from phosphot5.progress import hide_loading_bars
from phosphot5.record.metric_names import CLASS_TITLES, HEADLINE

__all__ = ["add_arguments", "run"]

logger = logging.getLogger(__name__)

WIDTH = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_recipe(parser)
    parser.add_argument("--folds", type=int, default=5, help="number of folds, 3 or more (default: 5)")
    parser.add_argument(
        "--identity",
        type=float,
        default=0.3,
        help="minimum sequence identity for two proteins to count as homologs (default: 0.3)",
    )
    parser.add_argument(
        "--coverage",
        type=float,
        default=0.8,
        help="minimum alignment coverage of both sequences of homologs (default: 0.8)",
    )
    parser.add_argument("--seed", type=int, default=1, help="random seed of the folds (default: 1)")
    parser.add_argument(
        "--resume", action="store_true", help="continue an interrupted run with its unfinished folds"
    )


def run(args: argparse.Namespace) -> int:
    """Cross-validate; see ``phosphot5 crossval --help``."""
    from phosphot5.trainer.crossval import PREDICTIONS_FILE, SUMMARY_FILE, CrossValidation
    from phosphot5.trainer.recipe import load_recipe

    hide_loading_bars()
    recipe = load_recipe(args.recipe, args.overrides)
    crossval = CrossValidation(recipe, args.folds, args.identity, args.coverage, args.seed)
    with joined("auto"):
        summary = crossval.run(args.argv, args.resume)
        logger.info("%s", _table(summary))
        args.report.outputs.append(crossval.folder)
        args.report.done(
            f"{args.folds} folds; {SUMMARY_FILE} and {PREDICTIONS_FILE} in {crossval.folder}",
            {"folds": args.folds},
            mean=summary["mean"],
            sd=summary["sd"],
        )
    return 0


def _table(summary: dict[str, Any]) -> str:
    """Show mean and standard deviation over the folds, a row for each residue class."""
    mean, sd = summary["mean"], summary["sd"]
    lines = ["mean +- sd  " + "".join(title.rjust(WIDTH) for title in HEADLINE.values())]
    for key, name in CLASS_TITLES.items():
        cells = [
            f"{mean[f'{key}_{metric}']:.3f} +- {sd[f'{key}_{metric}']:.3f}"
            if f"{key}_{metric}" in mean
            else "-"
            for metric in HEADLINE
        ]
        if any(cell != "-" for cell in cells):
            lines.append(name.ljust(12) + "".join(cell.rjust(WIDTH) for cell in cells))
    return "\n".join(lines)
