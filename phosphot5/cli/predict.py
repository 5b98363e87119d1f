"""``phosphot5 predict``: FASTA in, site table out."""

import argparse
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, TextIO

from phosphot5.cli.progress import Progress, hide_loading_bars
from phosphot5.data import Ledger, Protein, atomic_text, read_fasta
from phosphot5.errors import PhosphoT5Error

if TYPE_CHECKING:
    from phosphot5.report import Format

__all__ = ["add_arguments", "run"]

logger = logging.getLogger(__name__)

SPOOL_BYTES = 1 << 26
"""Output for standard output that is held in memory before a temporary file takes over."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("fasta", help="FASTA file, plain or gzip, or - for standard input")
    parser.add_argument("-o", "--output", default="-", help="output file; standard output when left out")
    parser.add_argument(
        "--format",
        choices=("tsv", "jsonl", "fasta", "proforma"),
        help="output format; by default that of the output file's ending, else tsv",
    )
    parser.add_argument("--model", default="bundled", help="bundled, a folder or a hub id (default: bundled)")
    parser.add_argument("--revision", help="branch, tag or commit of a hub id")
    parser.add_argument(
        "--call",
        choices=("high", "medium", "low"),
        default="medium",
        help="weakest call that fasta and proforma mark: high 1 %%, medium 5 %%, low 10 %% false positives "
        "(default: medium)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: auto)")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output file")


def run(args: argparse.Namespace) -> int:
    """Predict; see ``phosphot5 predict --help``."""
    began = time.perf_counter()
    from phosphot5.report import choose_format

    form = choose_format(args.output, args.format)
    ledger = Ledger()
    with _output(args.output, args.overwrite) as handle:
        proteins = read_fasta(args.fasta, ledger=ledger)
        first = next(proteins, None)  # an unreadable input fails before the model loads
        if first is None:
            raise PhosphoT5Error(f"{args.fasta}: no protein to score; {ledger.summary()}")
        counts = _predict(args, form, handle, chain([first], proteins))
    ledger.check(counts["proteins"])
    _report(ledger, counts, time.perf_counter() - began)
    return 0


@contextmanager
def _output(path: str, overwrite: bool) -> Iterator[TextIO]:
    """Open the output so that it appears only when it is complete, also on standard output."""
    if path != "-":
        with atomic_text(path, overwrite=overwrite) as handle:
            yield handle
        return
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES, "w+", encoding="utf-8", newline="\n") as handle:
        yield handle
        handle.seek(0)
        shutil.copyfileobj(handle, sys.stdout)
        sys.stdout.flush()


def _predict(
    args: argparse.Namespace, form: "Format", handle: TextIO, proteins: Iterable[Protein]
) -> Counter[str]:
    """Load the model, score, write; return what was done."""
    import torch

    from phosphot5.inference import predict_sites
    from phosphot5.loading import load_model

    hide_loading_bars()
    device = ("cuda" if torch.cuda.is_available() else "cpu") if args.device == "auto" else args.device
    model = load_model(args.model, args.revision)[0]
    try:
        model.to(device)
    except (RuntimeError, AssertionError) as error:
        raise PhosphoT5Error(f"--device {device}: cannot be used here ({error}); try cpu") from error
    counts: Counter[str] = Counter()
    handle.write(form.header)
    with Progress("proteins") as progress:
        for protein, rows in predict_sites(model, proteins):
            form.write(handle, protein, rows, args.call)
            counts.update(proteins=1, residues=len(protein), sites=len(rows), bare=not rows)
            progress.update(counts["proteins"])
    return counts


def _report(ledger: Ledger, counts: Counter[str], seconds: float) -> None:
    """Log the summary: records, rows, time and memory."""
    from phosphot5.hub_card.environment import peak_memory_bytes

    logger.info("%s", ledger.summary())
    if counts["bare"]:
        logger.info("%d without S, T or Y: they have no rows", counts["bare"])
    logger.info(
        "%d sites in %d proteins with %d residues; %.1f s, %.0f residues/s with start-up, peak memory %.2f GB",
        counts["sites"],
        counts["proteins"],
        counts["residues"],
        seconds,
        counts["residues"] / seconds,
        peak_memory_bytes() / 1e9,
    )
