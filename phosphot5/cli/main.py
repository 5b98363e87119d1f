"""Dispatch of the command line; imports only the command that is asked for."""

import argparse
import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

import phosphot5
from phosphot5.cli.options import STANDARD_OUTPUT, add_manners
from phosphot5.cli.report import Report
from phosphot5.cli.stopping import Stopped, stopped_by_signals
from phosphot5.cli.streams import log_to_standard_error, prepare_streams, settle_streams
from phosphot5.errors import MESSAGE, PhosphoT5Error
from phosphot5.output import refuse_input_as_output
from phosphot5.processes import launched
from phosphot5.wording import printable

__all__ = ["COMMANDS", "OVERRIDE", "WITHOUT_SUMMARY", "build_parser", "main"]

COMMANDS = {
    "predict": "score the S, T and Y of proteins in a FASTA file",
    "variants": "score what changes of sequence do to phosphosites",
    "merge": "put the parts of predict --part together",
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
    "doctor": "check the installation: versions, model, machine, and what is missing for which feature",
    "completion": "print a script with which a shell completes the commands",
}
"""Name of each command and its one-line help."""
WITHOUT_SUMMARY = ("app", "completion", "recipe")
"""Commands that only serve or print something."""
BROKEN_PIPE = 141
"""Exit code where the reader of the output has gone: 128 and the number of SIGPIPE, as for other programs."""
_MEMORY = re.compile("out of memory|not enough memory|can't allocate memory")
"""How torch, whose errors are RuntimeErrors, says that there was not enough memory."""
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
        0 for success, 1 for an error that was explained on standard error, 128 and the signal's number after an
        interruption (130 for Ctrl-C, 141 where the reader of the output has gone). A command line that cannot be
        understood ends the process with 2.
    """
    prepare_streams()
    argv = list(sys.argv[1:] if argv is None else argv)
    args = _parse(argv)
    args.argv = ["phosphot5", *argv]
    log_to_standard_error(quiet=args.quiet)
    args.report = report = Report(args)
    try:
        with stopped_by_signals(), report.collecting():
            inputs = list(_texts(args))
            if getattr(args, "output", None) is not None:
                refuse_input_as_output(args.output, inputs)
            report.check(inputs)
            code: int = _module(args.command).run(args)
            sys.stdout.flush()
            report.finish(code)
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        return BROKEN_PIPE  # head, less: leave quietly
    except Stopped as stop:
        if launched() == 1:  # a launcher says itself that it stopped its processes, and why
            sys.stderr.write(f"phosphot5 {args.command}: {stop}\n")
        return stop.code
    except (PhosphoT5Error, OSError, UnicodeError, MemoryError, RuntimeError) as error:
        if (message := _explained(error)) is None:
            raise
        sys.stderr.write(printable(f"phosphot5 {args.command}: {message}", MESSAGE) + "\n")
        return 1
    finally:
        settle_streams()


def _texts(args: argparse.Namespace) -> Iterator[str]:
    """Yield every argument that may name an input."""
    for name, value in vars(args).items():
        if name not in ("output", "json", "argv", "command"):
            values = value if isinstance(value, list) else [value]
            yield from (text for text in values if isinstance(text, str))


def _explained(error: Exception) -> str | None:
    """Say in one line what the system refused; None for a fault in the code."""
    if isinstance(error, PhosphoT5Error):
        return str(error)
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return f"{error.filename}: {reason}" if error.filename else f"input or output failed: {reason}"
    if isinstance(error, UnicodeEncodeError):
        return f"{error.object[error.start : error.end]!r} cannot be written as {error.encoding}"
    if isinstance(error, UnicodeError):
        return f"a text cannot be read: {error}"
    if isinstance(error, RecursionError):
        return "an input is nested too deeply"
    if isinstance(error, MemoryError) or _MEMORY.search(str(error)):
        return "not enough memory; use fewer threads, smaller batches or a machine with more"
    return None


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments; values that replace those of a recipe may stand anywhere behind it."""
    parser = build_parser(argv)
    args, rest = parser.parse_known_args(argv)
    if rest and (not hasattr(args, "overrides") or not all(OVERRIDE.match(text) for text in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        args.overrides = [*args.overrides, *rest]
    if args.json == getattr(args, "output", None) == STANDARD_OUTPUT:
        parser.error("argument --json: the results go to standard output; name a file: --json FILE")
    return args


def build_parser(wanted: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser of all commands, with the options of those that are wanted: others need not be imported.

    Parameters
    ----------
    wanted : sequence of str
        Names of commands; others may be among them.
    """
    parser = argparse.ArgumentParser(
        prog="phosphot5",
        description="Which serines, threonines and tyrosines of a protein get phosphorylated?",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"phosphot5 {phosphot5.__version__}")
    parser.set_defaults(quiet=False, json=None)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = subparsers.add_parser(name, help=text, description=text, allow_abbrev=False)
        add_manners(command, summary=name not in WITHOUT_SUMMARY)
        if name in wanted:
            _module(name).add_arguments(command)
    return parser


def _module(command: str) -> ModuleType:
    return importlib.import_module(f"phosphot5.cli.{command.replace('-', '_')}")
