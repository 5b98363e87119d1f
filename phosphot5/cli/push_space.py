"""``phosphot5 push-space``: the web page as a Space of the Hugging Face Hub."""

import argparse
import tempfile
from pathlib import Path

from phosphot5.errors import PhosphoT5Error
from phosphot5.progress import stage
from phosphot5.wording import counted

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("repo", nargs="?", help="Space to upload to, for instance org/phosphot5")
    parser.add_argument("--model", default="bundled", help="bundled, a folder or a hub id (default: bundled)")
    parser.add_argument("--revision", help="branch, tag or commit of a hub id")
    parser.add_argument(
        "--no-uniprot", action="store_true", help="make a page that never asks UniProt for sequences"
    )
    parser.add_argument("--private", action="store_true", help="make a new Space private")
    parser.add_argument("--dry-run", action="store_true", help="list the files without uploading them")
    parser.add_argument(
        "--folder", metavar="DIR", help="write the Space to this folder instead of uploading it"
    )


def run(args: argparse.Namespace) -> int:
    """Write the Space and upload it; see ``phosphot5 push-space --help``."""
    if (args.repo is None) == (args.folder is None):
        found = "both a Space and --folder" if args.repo else "neither a Space nor --folder"
        raise PhosphoT5Error(f"{found} given; give one: owner/name to upload to, or a folder to write")
    from phosphot5.hub_card import push_space
    from phosphot5.hub_card.space import write_space

    if args.folder is not None:
        with stage(f"writing the Space to {args.folder}"):
            files = write_space(args.folder, args.model, args.revision, uniprot=not args.no_uniprot)
        size = sum(path.stat().st_size for path in files)
        told = f"{counted(len(files), 'file')} of {size / 1e6:.1f} MB in {args.folder}"
        args.report.outputs.append(args.folder)
        args.report.done(told, {"files": len(files), "bytes": size})
        return 0
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "space"
        with stage("writing the Space"):
            write_space(folder, args.model, args.revision, uniprot=not args.no_uniprot)
        result = push_space(folder, args.repo, private=args.private, dry_run=args.dry_run)
    args.report.print([str(result)])
    args.report.done(
        f"{args.repo}: {'looked at, not uploaded' if args.dry_run else 'uploaded'}", result=str(result)
    )
    return 0
