"""``phosphot5 predict``: FASTA in, site table out."""

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from phosphot5.cli.options import add_label_source
from phosphot5.data.species import given_group
from phosphot5.errors import PhosphoT5Error
from phosphot5.prediction.shares import Share
from phosphot5.wording import counted

if TYPE_CHECKING:
    from phosphot5.prediction.job import PredictionJob

__all__ = ["add_arguments", "run"]

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "input",
        nargs="+",
        help="FASTA or another file of sequences (PIR, GenBank, EMBL, UniProtKB, PDB, mmCIF), plain or gzip, - for "
        "standard input, or accessions of UniProt, such as P04637 Q00987",
    )
    parser.add_argument(
        "--uniprot",
        metavar="URL",
        help="server with UniProt's REST service, for accessions (default: UniProt)",
    )
    parser.add_argument("-o", "--output", default="-", help="output file (default: standard output)")
    parser.add_argument(
        "--format",
        choices=("tsv", "csv", "jsonl", "parquet", "xlsx", "fasta", "proforma", "gff3", "bed", "html"),
        help="output format (default: from the output file's ending, otherwise tsv)",
    )
    parser.add_argument("--model", default="bundled", help="bundled, a folder or a hub id (default: bundled)")
    parser.add_argument("--revision", help="branch, tag or commit of a hub id")
    add_label_source(parser)
    parser.add_argument(
        "--species",
        metavar="NAME",
        help="species of the proteins whose header names none: taxon id, scientific name, mnemonic of UniProt or "
        "group of species; no effect on scores, only on the measured accuracy that the summary shows",
    )
    parser.add_argument(
        "--known",
        metavar="FILE",
        help="file of known phosphosites; the remaining sites are scored conditioned on them: "
        "marked FASTA, ProForma, GFF3, or a table with columns for protein and position",
    )
    parser.add_argument(
        "--call",
        choices=("high", "medium", "low"),
        default="medium",
        help="weakest call to list in fasta, proforma, gff3 and bed: high 1 %%, medium 5 %%, low 10 %% false positives "
        "(default: medium)",
    )
    parser.add_argument(
        "--skip-bad", action="store_true", help="leave out, count and list records that cannot be read"
    )
    _add_kinases(parser)
    _add_running(parser)


def _add_kinases(parser: argparse.ArgumentParser) -> None:
    """Add the option that asks for kinases."""
    parser.add_argument(
        "--kinases",
        nargs="?",
        type=_kinases,
        const=True,
        default=False,
        metavar="all",
        help="add the most probable family of kinases at each site: columns kinase, kinase_probability and "
        "kinase_fpr in tables and html, attributes in gff3; with all, write a table of all families of each site "
        "instead (tsv, csv, jsonl, parquet and xlsx)",
    )


def _add_running(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where and in which parts the work is done."""
    parser.add_argument(
        "--runtime",
        choices=("auto", "onnx", "torch"),
        default="auto",
        help="what scores: onnx, on a CPU, if the model has a graph (phosphot5 export --onnx); torch otherwise "
        "(default: auto)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: auto)")
    parser.add_argument(
        "--dtype",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="compute precision; auto is float32 on a CPU, bfloat16 on an accelerator with units for it "
        "(default: auto)",
    )
    parser.add_argument(
        "--threads",
        type=_positive,
        metavar="N",
        help="CPU threads per process; no effect on scores (default: all cores, divided among processes)",
    )
    parser.add_argument(
        "--part",
        type=_share,
        metavar="K/N",
        help="score the K-th of N shares of the proteins, into a file of its own beside the output: "
        "sites.part-003-of-100.tsv for sites.tsv; phosphot5 merge puts them together",
    )
    parser.add_argument("--resume", action="store_true", help="continue an interrupted run")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output file")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _kinases(text: str) -> str:
    if text != "all":
        raise argparse.ArgumentTypeError(f"{text!r} is not all; put the input before --kinases")
    return text


def _share(text: str) -> Share:
    try:
        return Share.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(args: argparse.Namespace) -> int:
    """Predict; see ``phosphot5 predict --help``."""
    with _sequences(args.input, args.uniprot) as args.fasta:
        return _run(args)


@contextmanager
def _sequences(given: list[str], server: str | None) -> Iterator[str]:
    """Yield the file with the sequences; accessions are downloaded, unless a file is called so."""
    from phosphot5.data.public.entries import entries_file, is_accession
    from phosphot5.data.public.uniprot import UNIPROT

    if all(is_accession(text) and not Path(text).exists() for text in given):
        with entries_file(given, server or UNIPROT) as path:
            yield path
        return
    if len(given) > 1:
        raise PhosphoT5Error(f"{given[0]} and {given[1]}: give one file, or accessions of UniProt only")
    if server is not None:
        raise PhosphoT5Error("--uniprot has no effect for a file of sequences; remove it")
    yield given[0]


def _run(args: argparse.Namespace) -> int:
    """Predict the proteins of ``args.fasta``."""
    from phosphot5.prediction.formats import choose_format
    from phosphot5.prediction.job import PredictionJob
    from phosphot5.prediction.runtime import (
        GraphRuntime,
        Runtime,
        TorchRuntime,
        check_kinases,
        find_graph,
    )
    from phosphot5.processes import Alone, joined

    group = None if args.species is None else given_group(args.species)
    output_format = choose_format(args.output, args.format).with_kinases(args.kinases)
    graph = find_graph(args.model, args.label_source, args.device, args.dtype, args.runtime)
    with joined(args.device) if graph is None else nullcontext(Alone()) as state:
        runtime: Runtime
        if graph is None:
            device = state.device if args.device == "auto" else args.device
            runtime = TorchRuntime(args.model, args.revision, args.label_source, device, args.dtype)
        else:
            runtime = GraphRuntime(graph)
        if args.kinases:
            check_kinases(runtime, args.model)
        job = PredictionJob(args, output_format, state, runtime)
        try:
            job.run()
        except KeyboardInterrupt:
            if state.is_main_process:
                raise
            return 130
    if state.is_main_process:
        job.report()
        _report_accuracy(job, group)
        _summarise(args, job)
    return 0


def _summarise(args: argparse.Namespace, job: "PredictionJob") -> None:
    """Count what was scored."""
    report, counts = args.report, {name: job.counts[name] for name in ("proteins", "residues", "sites")}
    if args.part is not None:
        report.outputs[:] = [job.parts.output]
    scored = counts["residues"] - job.residues_before
    report.done(
        f"{counted(counts['sites'], 'site')} in {counted(counts['proteins'], 'protein')} with "
        f"{counted(counts['residues'], 'residue')}, {scored / report.seconds:,.0f} residues/s with start-up",
        counts,
        records=job.ledger.as_dict(),
        label_source=job.runtime.label_source,
    )


def _report_accuracy(job: "PredictionJob", group: str | None) -> None:
    """Log which measured accuracy applies to the proteins, if the model's record says."""
    from phosphot5.prediction.accuracy import accuracy_lines

    if not logger.isEnabledFor(logging.INFO):
        return  # the record of a model on the Hub would be downloaded for nothing
    metrics = _recorded_metrics(job.args.model, job.args.revision)
    for line in accuracy_lines(job.counts, metrics, job.runtime.label_source, group):
        logger.info("%s", line)


def _recorded_metrics(model: str, revision: str | None) -> dict[str, dict[str, float]]:
    """Read the metrics of a model's run record; a model need not have one. That of a folder needs no other package."""
    from phosphot5.bundled import bundled_folder
    from phosphot5.record.json_files import RECORD_FILE, read_json_object

    path = (bundled_folder() if model == "bundled" else Path(model)) / RECORD_FILE
    try:
        if not path.parent.is_dir():
            from phosphot5.hub_card.model_files import model_file

            path = model_file(model, RECORD_FILE, revision)
        metrics = read_json_object(path, missing="", damaged="").get("metrics")
    except PhosphoT5Error:
        return {}
    sets = metrics.items() if isinstance(metrics, dict) else ()
    return {
        name: {key: value for key, value in figures.items() if isinstance(value, int | float)}
        for name, figures in sets
        if isinstance(figures, dict)
    }
