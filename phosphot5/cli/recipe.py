"""``phosphot5 recipe``: print a recipe of the package, to be changed and trained."""

import argparse
import sys
from importlib import resources

from phosphot5.errors import PhosphoT5Error

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("name", help="name of the recipe, for instance small")


def run(args: argparse.Namespace) -> int:
    """Print a recipe; see ``phosphot5 recipe --help``."""
    folder = resources.files("phosphot5.recipes")
    names = sorted(
        file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml")
    )
    if args.name not in names:
        raise PhosphoT5Error(f"no recipe {args.name!r}, expected one of {', '.join(names)}")
    sys.stdout.write((folder / f"{args.name}.yaml").read_text(encoding="utf-8"))
    return 0
