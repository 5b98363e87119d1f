"""``phosphot5 card``: render the model card of a folder from its run record."""

import argparse
from pathlib import Path

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("folder", help="model folder with config.json and run_record.json")
    parser.add_argument("--repo", help="hub id for the examples of the card, for instance org/phosphot5")
    parser.add_argument(
        "--dataset",
        metavar="REPO",
        help="hub id of the data set used for training and evaluation; also writes .eval_results",
    )


def run(args: argparse.Namespace) -> int:
    """Write the card; see ``phosphot5 card --help``."""
    from phosphot5.hub_card import write_card

    path = write_card(Path(args.folder), args.repo, args.dataset)
    args.report.outputs.append(path)
    args.report.done(f"card in {path}")
    return 0
