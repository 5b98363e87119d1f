"""``phosphot5 merge``: the parts of ``phosphot5 predict --part`` in, their one output file out."""

import argparse
import logging

from phosphot5.prediction.shares import merge_shares
from phosphot5.progress import stage
from phosphot5.wording import counted

__all__ = ["add_arguments", "run"]

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "output", help="the file that was named as output with --part; its parts lie beside it"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output file")


def run(args: argparse.Namespace) -> int:
    """Merge; see ``phosphot5 merge --help``."""
    with stage(f"merging the parts of {args.output}"):
        merged = merge_shares(args.output, overwrite=args.overwrite)
    counts = merged.counts
    if counts["bare"]:
        logger.info("%s without S, T or Y, and therefore without rows", counted(counts["bare"], "protein"))
    logger.info("the parts stay; remove them when you no longer need them")
    args.report.done(
        f"{counted(counts['sites'], 'site')} in {counted(counts['proteins'], 'protein')} with "
        f"{counted(counts['residues'], 'residue')}, from {counted(len(merged.files), 'part')}",
        {name: counts[name] for name in ("proteins", "residues", "sites")} | {"parts": len(merged.files)},
    )
    return 0
