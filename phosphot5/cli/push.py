"""``phosphot5 push``: upload a model folder."""

import argparse
import sys
from pathlib import Path

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("folder", help="folder that `phosphot5 export` or a training wrote")
    parser.add_argument("repo", help="hub id, for instance org/phosphot5")
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument("--revision", help="branch to upload to (default: main)")
    parser.add_argument("--create-pr", action="store_true", help="open a pull request, do not commit to main")
    parser.add_argument("--tag", help="tag of the commit (default: v and the version, for a commit to main)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be uploaded, upload nothing")


def run(args: argparse.Namespace) -> int:
    """Upload; see ``phosphot5 push --help``."""
    from phosphot5.hub_card import push_folder

    result = push_folder(
        Path(args.folder),
        args.repo,
        private=args.private,
        revision=args.revision,
        create_pr=args.create_pr,
        tag=args.tag,
        dry_run=args.dry_run,
    )
    sys.stdout.write(f"{result}\n")
    return 0
