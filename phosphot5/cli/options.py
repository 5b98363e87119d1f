"""Options that several commands have."""

import argparse

__all__ = ["STANDARD_OUTPUT", "add_label_source", "add_manners"]

STANDARD_OUTPUT = "-"
"""What stands for it in place of a file."""


def add_manners(parser: argparse.ArgumentParser, *, summary: bool = True) -> None:
    """Add the options of every command.

    They have no default of their own, or that of a sub-command would undo what stands before it.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Of a command or a sub-command.
    summary : bool
        Whether the command has a summary.
    """
    told = "no progress and no summary; warnings and errors stay" if summary else "warnings and errors only"
    parser.add_argument("--quiet", action="store_true", default=argparse.SUPPRESS, help=told)
    if summary:
        parser.add_argument(
            "--json",
            nargs="?",
            type=_summary_file,
            const=STANDARD_OUTPUT,
            default=argparse.SUPPRESS,
            metavar="FILE",
            help="write the summary as a JSON object: to a file, or without FILE to standard output, in place of the "
            "report there",
        )


def _summary_file(text: str) -> str:
    if "=" in text:  # a value of a recipe that follows --json
        raise argparse.ArgumentTypeError(f"{text!r} is not the name of a file; put --json last")
    return text


def add_label_source(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses a kind of label."""
    parser.add_argument(
        "--label-source",
        metavar="NAME",
        help="kind of label whose sites are asked for, such as mass-spec or curated (default: the model's own)",
    )
