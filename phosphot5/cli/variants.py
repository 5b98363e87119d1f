"""``phosphot5 variants``: what changes of sequence do to phosphosites."""

import argparse
import logging
import math
from collections import Counter
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from phosphot5.cli.options import add_label_source
from phosphot5.errors import PhosphoT5Error
from phosphot5.wording import counted

if TYPE_CHECKING:
    from phosphot5.prediction.runtime import Runtime
    from phosphot5.variants.job import Plan
    from phosphot5.variants.wild_types import WildTypes

__all__ = ["add_arguments", "run"]

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "variants",
        nargs="*",
        metavar="VARIANT",
        help="variants such as P04637:P47S or NP_000537.3:p.(Arg175His), or files: lists of such variants, tables "
        "with columns for protein and variant, VCF annotated by VEP or SnpEff; with --all, proteins to scan",
    )
    parser.add_argument(
        "--fasta",
        metavar="FILE",
        help="proteins that the variants change (default: download those named by an accession of UniProt)",
    )
    parser.add_argument(
        "--uniprot",
        metavar="URL",
        help="server with UniProt's REST service, without --fasta (default: UniProt)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="scan every substitution of one residue, in all proteins of --fasta or in those named",
    )
    _add_output(parser)
    _add_model(parser)


def _add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options of the tables."""
    parser.add_argument(
        "-o",
        "--output",
        default="-",
        help="table of sites that are gained, lost or change (default: standard output)",
    )
    parser.add_argument(
        "--format",
        choices=("tsv", "csv", "jsonl", "parquet", "xlsx"),
        help="format of the table of sites (default: from its ending, otherwise tsv)",
    )
    parser.add_argument(
        "--summary",
        metavar="FILE",
        help="table of variants: .tsv, .csv, .jsonl, .parquet or .xlsx, with those refused and why",
    )
    parser.add_argument(
        "--change",
        type=_size,
        default=1.0,
        metavar="X",
        help="list a site as changed from this size of its log2 odds ratio; 1: odds doubled or halved, 0: every site "
        "(default: 1)",
    )
    parser.add_argument(
        "--call",
        choices=("high", "medium", "low"),
        default="medium",
        help="weakest call that counts in --summary: high 1 %%, medium 5 %%, low 10 %% false positives "
        "(default: medium)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing output files")


def _add_model(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what scores."""
    parser.add_argument("--model", default="bundled", help="bundled, a folder or a hub id (default: bundled)")
    parser.add_argument("--revision", help="branch, tag or commit of a hub id")
    add_label_source(parser)
    parser.add_argument(
        "--runtime",
        choices=("auto", "onnx", "torch"),
        default="auto",
        help="what scores; see predict --help (default: auto)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: auto)")
    parser.add_argument(
        "--dtype",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="compute precision; see predict --help (default: auto)",
    )
    parser.add_argument(
        "--threads", type=_positive, metavar="N", help="CPU threads; no effect on scores (default: all cores)"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _size(text: str) -> float:
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not 0 <= size < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return size


def run(args: argparse.Namespace) -> int:
    """Score variants; see ``phosphot5 variants --help``."""
    from phosphot5.prediction.about import About
    from phosphot5.record.environment import usable_cores
    from phosphot5.variants.job import Tables, Thresholds, write_variants

    tables = Tables(args.output, args.format, args.summary, args.overwrite)
    tables.check([*args.variants, *filter(None, [args.fasta])])
    with ExitStack() as stack:
        plan = _plan(args, stack)
        thresholds = Thresholds(args.change, args.call)
        runtime, threads = _runtime(args), args.threads or usable_cores()
        about = partial(About.from_run, runtime, args.model, args.variants or [args.fasta])
        counts = write_variants(plan, runtime, tables, thresholds, threads, about)
    counts.report()
    args.report.done(
        f"{counted(counts.variants, 'variant')} scored; {counted(counts.sites, 'site')} in the table",
        {"variants": counts.variants, "refused": counts.refused.total(), "sites": counts.sites},
    )
    return 0


def _plan(args: argparse.Namespace, stack: ExitStack) -> "Plan":
    """Read the variants, and the proteins that they change."""
    from phosphot5.variants.job import plan_requests, plan_scan
    from phosphot5.variants.requests import read_requests
    from phosphot5.variants.vcf import EMPTY

    if args.all:
        wild_types = _wild_types(args, args.variants, stack)
        named = [wild_types.named(name) for name in args.variants]
        return plan_scan(named or list(wild_types.sequences))
    if not args.variants:
        raise PhosphoT5Error("no variant given; give variants or files of them, or --all to scan proteins")
    empty: Counter[str] = Counter()
    requests = list(read_requests(args.variants, empty))
    if empty[EMPTY]:
        logger.info("rows and records %s: %d", EMPTY, empty[EMPTY])
    return plan_requests(requests, _wild_types(args, [request.protein for request in requests], stack))


def _wild_types(args: argparse.Namespace, names: list[str], stack: ExitStack) -> "WildTypes":
    """Read the proteins, or download those that are named by accessions."""
    from phosphot5.data.public.entries import entries_file, is_accession
    from phosphot5.data.public.uniprot import UNIPROT
    from phosphot5.data.sequences import read_sequences
    from phosphot5.variants.wild_types import WildTypes

    if args.fasta is not None:
        if args.uniprot is not None:
            raise PhosphoT5Error("--uniprot has no effect with --fasta; remove one of them")
        return WildTypes(read_sequences(args.fasta))
    accessions = list(dict.fromkeys(name for name in names if is_accession(name)))
    if not accessions:
        raise PhosphoT5Error("no protein is named by an accession of UniProt; give the proteins with --fasta")
    return WildTypes(read_sequences(stack.enter_context(entries_file(accessions, args.uniprot or UNIPROT))))


def _runtime(args: argparse.Namespace) -> "Runtime":
    """Choose what scores, as ``predict`` does."""
    from phosphot5.prediction.runtime import GraphRuntime, TorchRuntime, find_graph

    graph = find_graph(args.model, args.label_source, args.device, args.dtype, args.runtime)
    if graph is not None:
        return GraphRuntime(graph)
    return TorchRuntime(args.model, args.revision, args.label_source, args.device, args.dtype)
