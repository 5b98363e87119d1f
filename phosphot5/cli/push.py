"""``phosphot5 push``: upload a model folder."""

import argparse
from pathlib import Path
from typing import Any

from phosphot5.progress import stage

__all__ = ["add_arguments", "add_push_options", "push_options", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("folder", help="folder written by `phosphot5 export` or a training")
    parser.add_argument("repo", help="hub id, for instance org/phosphot5")
    add_push_options(parser)


def add_push_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of everything that is pushed to the Hub."""
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument("--revision", help="branch to upload to (default: main)")
    parser.add_argument(
        "--create-pr", action="store_true", help="open a pull request instead of committing to main"
    )
    parser.add_argument("--tag", help="tag of the commit (default: for a model on main, v and the version)")
    parser.add_argument("--dry-run", action="store_true", help="list the files without uploading them")


def push_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of :func:`add_push_options` as arguments of a push."""
    return {name: getattr(args, name) for name in ("private", "revision", "create_pr", "tag", "dry_run")}


def run(args: argparse.Namespace) -> int:
    """Upload; see ``phosphot5 push --help``."""
    from phosphot5.hub_card import push_folder
    from phosphot5.hub_card.model_folder import missing_files
    from phosphot5.prediction.loading import load_model

    folder = Path(args.folder)
    if not missing_files(folder):  # else the push names them
        with stage(f"checking the model in {folder}"):
            load_model(args.folder)  # a damaged model is refused here, not where it is pulled
    result = push_folder(folder, args.repo, **push_options(args))
    args.report.print([str(result)])
    args.report.done(
        f"{folder}: {'looked at, not uploaded' if args.dry_run else 'uploaded'}", result=str(result)
    )
    return 0
