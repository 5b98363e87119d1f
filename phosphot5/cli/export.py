"""``phosphot5 export``: a model as a folder that loads anywhere with ``trust_remote_code=True``."""

import argparse
import logging

from phosphot5.cli.options import add_label_source
from phosphot5.progress import hide_loading_bars

__all__ = ["add_arguments", "run"]

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("model", help="bundled, a folder or a hub id")
    parser.add_argument("folder", help="folder to write; must not exist, or be empty")
    parser.add_argument("--revision", help="branch, tag or commit of a hub id")
    add_label_source(parser)
    parser.add_argument(
        "--onnx", action="store_true", help="also write the scoring path for ONNX runtimes, onnx/model.onnx"
    )


def run(args: argparse.Namespace) -> int:
    """Export; see ``phosphot5 export --help``."""
    from phosphot5.export import export_model

    hide_loading_bars()
    files = export_model(args.model, args.folder, args.revision, args.label_source, onnx=args.onnx)
    logger.info("%s: %d files, %.1f MB", args.folder, len(files), sum(p.stat().st_size for p in files) / 1e6)
    return 0
