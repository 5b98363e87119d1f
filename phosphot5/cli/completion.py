"""``phosphot5 completion``: a script with which a shell completes commands, options and names of files."""

import argparse
import sys
from collections.abc import Iterator

from phosphot5.errors import PhosphoT5Error
from phosphot5.recipes import packaged_recipes

__all__ = ["add_arguments", "run"]

SHELLS = ("bash", "zsh", "fish", "powershell")
FILES = {"FILE", "TABLE", "VARIANT", "input", "labelled", "model", "output", "recipe"}
"""Metavars, and names of arguments without one, that stand for a file, or may."""
FOLDERS = {"FOLDER", "DIR", "folder"}
"""Those that stand for a folder."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to run the script")


def run(args: argparse.Namespace) -> int:
    """Print the script; see ``phosphot5 completion --help``."""
    try:
        import shtab
    except ModuleNotFoundError:
        raise PhosphoT5Error(
            'completion needs shtab, which is not installed: pip install "phosphot5[completion]"'
        ) from None
    from phosphot5.cli.main import COMMANDS, build_parser

    parser = build_parser(list(COMMANDS))
    for action in arguments(parser):
        if name_of(action) in FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]  # shtab's own
        elif name_of(action) in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest == "name":  # of recipe
            action.choices = list(packaged_recipes())
    sys.stdout.write(f"{shtab.complete(parser, args.shell)}\n")
    return 0


def arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield all arguments of a parser and of its commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from arguments(command)
        else:
            yield action


def name_of(action: argparse.Action) -> str:
    """Return the metavar of an argument, or its name where it has none."""
    return action.metavar if isinstance(action.metavar, str) else action.dest
