"""``phosphot5 app``: the web page, on this machine."""

import argparse

from phosphot5.errors import PhosphoT5Error

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--model", default="bundled", help="bundled, a folder or a hub id (default: bundled)")
    parser.add_argument("--revision", help="branch, tag or commit of a hub id")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all (default: 127.0.0.1)"
    )
    parser.add_argument("--port", type=int, help="port to listen on (default: the first free one from 7860)")
    parser.add_argument(
        "--share",
        action="store_true",
        help="also open a public address through Gradio's servers, valid for a week",
    )
    parser.add_argument(
        "--no-uniprot",
        action="store_true",
        help="take no accessions, whose sequences are otherwise fetched from UniProt when a visitor asks",
    )


def run(args: argparse.Namespace) -> int:
    """Serve the page; see ``phosphot5 app --help``."""
    try:
        from phosphot5.app.page import serve
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise PhosphoT5Error(
            'the page needs Gradio, which is not installed: pip install "phosphot5[app]"'
        ) from None
    from phosphot5.progress import hide_loading_bars

    hide_loading_bars()
    serve(args.model, args.revision, args.host, args.port, args.share, not args.no_uniprot)
    return 0
