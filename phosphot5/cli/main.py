"""Dispatch of the command line; imports only the command that is asked for."""

import argparse
import importlib
import logging
import os
import re
import sys
from collections.abc import Sequence
from types import ModuleType

import phosphot5
from phosphot5.errors import PhosphoT5Error

__all__ = ["COMMANDS", "OVERRIDE", "main"]

COMMANDS = {
    "predict": "score the S, T and Y of proteins in a FASTA file",
    "train": "train a model from a recipe",
    "finetune": "fine-tune a model on your own sites",
    "crossval": "cross-validate a recipe over clusters of homologous proteins",
    "evaluate": "measure a model on labelled proteins, with intervals, peers and pictures",
    "data": "inspect, convert and split labelled proteins",
    "recipe": "print a training recipe of the package",
    "export": "write a self-contained folder for the Hugging Face Hub",
    "card": "write the model card of a model folder",
    "push": "upload a model folder to the Hugging Face Hub",
    "app": "open a web page that scores proteins and compares variants",
    "push-space": "upload the web page as a Space of the Hugging Face Hub",
}
"""Name of each command and its one-line help."""
OVERRIDE = re.compile(r"[a-z]+\.\w+=")
"""Begin of a value that replaces one of a recipe."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; by default those of the process.

    Returns
    -------
    int
        0 for success, 1 for an error that was explained on standard error, 130 after an interruption.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    args = _parse(argv)
    args.argv = ["phosphot5", *argv]
    logging.basicConfig(format="%(message)s", level=logging.WARNING if args.quiet else logging.INFO)
    for library in ("httpx", "httpx2", "datasets", "fsspec", "filelock"):
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        return _module(args.command).run(args)
    except PhosphoT5Error as error:
        sys.stderr.write(f"phosphot5 {args.command}: {error}\n")
        return 1
    except BrokenPipeError:
        # the reader of our output (head, less) has gone: leave quietly, without a second error at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"phosphot5 {args.command}: interrupted\n")
        return 130


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments; values that replace those of a recipe may stand anywhere behind it."""
    parser = _parser(argv)
    args, rest = parser.parse_known_args(argv)
    if rest and (not hasattr(args, "overrides") or not all(OVERRIDE.match(text) for text in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        args.overrides = [*args.overrides, *rest]
    return args


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="phosphot5",
        description="Which serines, threonines and tyrosines of a protein get phosphorylated?",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"phosphot5 {phosphot5.__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = subparsers.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.add_argument("--quiet", action="store_true", help="print errors and results only")
        if name in argv:
            _module(name).add_arguments(command)
    return parser


def _module(command: str) -> ModuleType:
    return importlib.import_module(f"phosphot5.cli.{command.replace('-', '_')}")
