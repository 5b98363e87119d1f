"""Options that several commands have."""

import argparse

__all__ = ["add_label_source"]


def add_label_source(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses a kind of label."""
    parser.add_argument(
        "--label-source",
        metavar="NAME",
        help="kind of label whose sites are asked for, such as mass-spec or curated (default: the model's own)",
    )
