"""``phosphot5 recipe``: print a recipe of the package, to be changed and trained."""

import argparse
import sys

from phosphot5.errors import PhosphoT5Error
from phosphot5.recipes import packaged_recipes

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("name", help="name of the recipe, for instance small")


def run(args: argparse.Namespace) -> int:
    """Print a recipe; see ``phosphot5 recipe --help``."""
    recipes = packaged_recipes()
    if args.name not in recipes:
        raise PhosphoT5Error(f"no recipe {args.name!r}; choose from {', '.join(recipes)}")
    sys.stdout.write(recipes[args.name].read_text(encoding="utf-8"))
    return 0
