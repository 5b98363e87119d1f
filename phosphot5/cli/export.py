"""``phosphot5 export``: a model as a folder that loads anywhere with ``trust_remote_code=True``."""

import argparse

from phosphot5.cli.options import add_label_source
from phosphot5.progress import hide_loading_bars, stage
from phosphot5.wording import counted

__all__ = ["add_arguments", "run"]


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
    with stage(f"exporting {args.model}"):
        files = export_model(args.model, args.folder, args.revision, args.label_source, onnx=args.onnx)
    size = sum(path.stat().st_size for path in files)
    args.report.outputs.append(args.folder)
    args.report.done(
        f"{counted(len(files), 'file')} of {size / 1e6:.1f} MB in {args.folder}",
        {"files": len(files), "bytes": size},
    )
    return 0
