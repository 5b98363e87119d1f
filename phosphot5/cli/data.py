"""``phosphot5 data``: look at labelled proteins, make them from what databases give, split them by homology."""

import argparse
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from phosphot5.cli.options import add_manners
from phosphot5.cli.push import add_push_options, push_options
from phosphot5.data import Ledger, Protein, read_labelled, write_labelled
from phosphot5.data.labelled import LABELLED_ENDINGS, check_ending
from phosphot5.errors import PhosphoT5Error
from phosphot5.output import atomic_folder, check_folder, check_output
from phosphot5.progress import Progress, stage
from phosphot5.wording import counted

if TYPE_CHECKING:
    from phosphot5.data.homology.leakage import Leakage
    from phosphot5.data.homology.split_folder import SplitOptions
    from phosphot5.data.summary import Summary

__all__ = ["add_arguments", "run"]

logger = logging.getLogger(__name__)

INSPECT_FILES = ("inspect.json", "inspect.png")
COMPLAINTS_SHOWN = 20
"""Bad records and rows that are logged one by one; the account counts them all."""
_LABELLED = "FASTA with S# positive, S@ measured negative, unmarked = unlabelled (plain or gzip), or Parquet of convert"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands and their options."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, add, text in (
        ("inspect", _add_inspect, "summarise labelled proteins and possible problems in them"),
        (
            "convert",
            _add_convert,
            "convert what databases, search engines and tables say of sites to labelled proteins",
        ),
        ("split", _add_split, "split labelled proteins into parts without common homologs, with MMseqs2"),
        ("fetch", _add_fetch, "download the public sets and make training files from them"),
        ("push", _add_push, "publish a folder of `data split` as a data set on the Hugging Face Hub"),
    ):
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        add_manners(command)
        add(command)


def _add_inspect(command: argparse.ArgumentParser) -> None:
    command.add_argument("labelled", nargs="+", help=_LABELLED)
    command.add_argument("-o", "--output", metavar="FOLDER", help=f"also write {' and '.join(INSPECT_FILES)}")
    command.add_argument("--overwrite", action="store_true", help="replace the files of an earlier run")


def _add_convert(command: argparse.ArgumentParser) -> None:
    from phosphot5.data.sources import FORMATS

    about = "; ".join(f"{name}: {input_format.about}" for name, input_format in FORMATS.items())
    command.add_argument(
        "input", nargs="+", help="input files; without --from, the format is recognised from the content"
    )
    command.add_argument(
        "-o", "--output", required=True, help=f"output file, ends in {', '.join(LABELLED_ENDINGS)}"
    )
    command.add_argument(
        "--from", dest="input_format", choices=tuple(FORMATS), help=f"format of the input. {about}"
    )
    command.add_argument(
        "--fasta",
        metavar="FILE",
        help="sequences of the proteins, FASTA or another format, for inputs without them",
    )
    command.add_argument(
        "--unlabelled",
        choices=("unknown", "negative"),
        default="unknown",
        help="how to treat S/T (Y) without a label in proteins with a positive S/T (Y). Most databases list positives "
        "only; many 'negatives' were simply never measured (default: unknown)",
    )
    command.add_argument(
        "--residues", default="STY", type=_residues, help="residues to keep labels of (default: STY)"
    )
    command.add_argument(
        "--localisation",
        type=_fraction,
        metavar="P",
        help="minimum localisation probability of a site; those below stay unknown (default: 0.75)",
    )
    command.add_argument("--organism", help="organism to take from PhosphoSitePlus, such as human")
    command.add_argument(
        "--skip-bad",
        action="store_true",
        help="skip (and count) unreadable records and rows, and records whose sites do not match the sequence",
    )
    command.add_argument("--overwrite", action="store_true", help="replace an existing output file")


def _add_split(command: argparse.ArgumentParser) -> None:
    command.add_argument("labelled", nargs="+", help=_LABELLED)
    command.add_argument("-o", "--output", metavar="FOLDER", required=True, help="folder to make")
    command.add_argument("--valid", type=_fraction, help="share of the part valid (default: 0.1)")
    command.add_argument("--test", type=_fraction, help="share of the part test (default: 0.1)")
    command.add_argument(
        "--folds", type=int, metavar="N", help="make N folds of equal size instead of train, valid and test"
    )
    command.add_argument(
        "--identity",
        type=_fraction,
        default=0.3,
        help="minimum sequence identity of homologs (default: 0.3)",
    )
    command.add_argument(
        "--coverage",
        type=_fraction,
        default=0.8,
        help="minimum alignment coverage of both sequences of homologs (default: 0.8)",
    )
    command.add_argument("--seed", type=int, default=1, help="random seed of the split (default: 1)")
    command.add_argument(
        "--format",
        choices=tuple(ending.removeprefix(".") for ending in LABELLED_ENDINGS),
        default="fasta.gz",
        help="how to write the parts; parquet keeps evidence and source (default: fasta.gz)",
    )
    command.add_argument("--overwrite", action="store_true", help="replace the files of an earlier run")


def _add_fetch(command: argparse.ArgumentParser) -> None:
    command.add_argument("-o", "--output", metavar="FOLDER", required=True, help="folder to make")
    command.add_argument(
        "--raw", metavar="FOLDER", help="folder of the downloads (default: raw beside the folder to make)"
    )
    command.add_argument(
        "--from",
        dest="server",
        metavar="URL",
        help="server with the paths of GitHub's raw files (default: GitHub)",
    )
    command.add_argument(
        "--uniprot", metavar="URL", help="server with UniProt's REST service (default: UniProt)"
    )
    command.add_argument("--overwrite", action="store_true", help="replace the files of an earlier run")


def _add_push(command: argparse.ArgumentParser) -> None:
    command.add_argument("split", metavar="FOLDER", help="folder written by `phosphot5 data split`")
    command.add_argument("repo", help="hub id, for instance org/phosphosites")
    command.add_argument(
        "--license",
        required=True,
        metavar="ID",
        help="licence id of the Hub, such as cc-by-4.0; unknown if the sources state none",
    )
    add_push_options(command)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _residues(text: str) -> str:
    if not text or set(text) - set("STY"):
        raise argparse.ArgumentTypeError(f"{text!r} contains letters other than S, T and Y")
    return text


def run(args: argparse.Namespace) -> int:
    """Run a sub-command; see ``phosphot5 data --help``."""
    {"inspect": _inspect, "convert": _convert, "split": _split, "fetch": _fetch, "push": _push}[args.action](
        args
    )
    return 0


def _read(paths: Sequence[str], ledger: Ledger) -> Iterator[tuple[str, Protein]]:
    """Yield file name and protein, with progress."""
    with Progress("proteins read") as progress:
        for path in paths:
            for protein in read_labelled(path, ledger):
                yield path, protein
                progress.advance()


def _inspect(args: argparse.Namespace) -> None:
    from phosphot5.data.summary import Summary, describe

    if args.output is not None:
        check_folder(args.output, overwrite=args.overwrite, replaceable=INSPECT_FILES)
    ledger, whole = Ledger(), Summary()
    summaries = {path: Summary() for path in args.labelled}
    for path, protein in _read(list(summaries), ledger):
        whole.add(protein)
        summaries[path].add(protein)
    if not whole.lengths:
        raise PhosphoT5Error(f"{', '.join(args.labelled)}: no protein; {ledger.summary()}")
    args.report.print(describe(whole, summaries))
    logger.info("%s", ledger.summary())
    if args.output is not None:
        _write_inspection(args, ledger, whole, summaries)
    args.report.done(
        f"{counted(len(whole.lengths), 'protein')} in {counted(len(summaries), 'file')}",
        {"proteins": len(whole.lengths), "files": len(summaries)},
        all=whole.as_dict(),
        records=ledger.as_dict(),
    )


def _write_inspection(
    args: argparse.Namespace, ledger: Ledger, whole: "Summary", summaries: Mapping[str, "Summary"]
) -> None:
    from phosphot5.data.picture import draw_summary

    replaced = atomic_folder(args.output, overwrite=args.overwrite, replaceable=INSPECT_FILES)
    with stage(f"writing {args.output}"), replaced as folder:
        files = {name: summary.as_dict() for name, summary in summaries.items()}
        record = {"files": files, "all": whole.as_dict(), "records": ledger.as_dict()}
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (folder / INSPECT_FILES[0]).write_text(f"{text}\n", encoding="utf-8")
        draw_summary(whole, folder / INSPECT_FILES[1])
    logger.info("%s: %s", args.output, " and ".join(INSPECT_FILES))


def _convert(args: argparse.Namespace) -> None:
    from phosphot5.data.convert import Converter, ConvertOptions
    from phosphot5.data.sequences import read_sequences
    from phosphot5.data.sources import detect_format
    from phosphot5.data.summary import site_table, summarise

    check_ending(args.output)
    check_output(args.output, overwrite=args.overwrite)
    input_formats = {path: args.input_format or detect_format(path) for path in args.input}
    _check_options(args, set(input_formats.values()))
    options = ConvertOptions(
        args.residues,
        args.unlabelled,
        0.75 if args.localisation is None else args.localisation,
        args.organism or "",
        args.skip_bad,
    )
    converter = Converter(options, read_sequences(args.fasta) if args.fasta else None)
    with Progress("records") as progress:
        for path, input_format in input_formats.items():
            if not args.input_format:
                logger.info("%s: recognised as %s", path, input_format)
            converter.add(path, input_format, progress.advance)
    with stage(f"writing {args.output}"):
        proteins = converter.finish()
        write_labelled(proteins, args.output, overwrite=args.overwrite)
    for note in converter.sites.notes:
        logger.warning("%s", note)
    for complaint in converter.complaints()[:COMPLAINTS_SHOWN]:
        logger.warning("%s", complaint)
    if (more := len(converter.complaints()) - COMPLAINTS_SHOWN) > 0:
        logger.warning("and %d more", more)
    table = site_table(summarise(proteins))
    told = f"{counted(len(proteins), 'protein')} in {args.output}"
    args.report.print([*converter.account(), "", told, "", *table])
    args.report.done(told, {"proteins": len(proteins)}, account=converter.account())


def _check_options(args: argparse.Namespace, input_formats: set[str]) -> None:
    """Refuse options that none of the formats makes use of."""
    from phosphot5.data.sources import FORMATS

    for option in ("fasta", "localisation", "organism"):
        if getattr(args, option) is not None and not any(
            option in FORMATS[input_format].options for input_format in input_formats
        ):
            useful = ", ".join(
                name for name, input_format in FORMATS.items() if option in input_format.options
            )
            raise PhosphoT5Error(
                f"--{option} has no effect for format {', '.join(sorted(input_formats))} (only for {useful}); remove it"
            )


def _split_options(args: argparse.Namespace) -> "SplitOptions":
    from phosphot5.data.homology.split_folder import SplitOptions

    if args.folds is not None:
        if args.valid is not None or args.test is not None:
            raise PhosphoT5Error("--folds makes folds instead of valid and test; remove --valid and --test")
        if args.folds < 2:
            raise PhosphoT5Error(f"--folds is {args.folds}, expected at least 2")
        shares = {f"fold{number}": 1 / args.folds for number in range(args.folds)}
    else:
        parts = {"valid": args.valid, "test": args.test}
        parts = {name: 0.1 if share is None else share for name, share in parts.items()}
        rest = 1 - sum(parts.values())
        if rest <= 1e-9:
            raise PhosphoT5Error(f"--valid and --test sum to {1 - rest:g}, expected less than 1")
        shares = {"train": rest} | {name: share for name, share in parts.items() if share}
        if len(shares) == 1:
            raise PhosphoT5Error("--valid and --test are both 0; give at least one above 0")
    return SplitOptions(shares, args.identity, args.coverage, args.seed, args.format)


def _split(args: argparse.Namespace) -> None:
    from phosphot5.data.homology.mmseqs import mmseqs_version
    from phosphot5.data.homology.split_folder import Split, check_split_folder
    from phosphot5.data.summary import part_table, summarise

    options = _split_options(args)
    check_split_folder(args.output, options, overwrite=args.overwrite)
    if "-" in args.labelled:
        raise PhosphoT5Error(
            "standard input: cannot be recorded as the source of a split; save it to a file first"
        )
    mmseqs_version()  # a missing program is told before the work
    ledger = Ledger()
    proteins = [protein for _, protein in _read(args.labelled, ledger)]
    logger.info("%s", ledger.summary())
    with stage(f"comparing {counted(len(proteins), 'protein')} with each other, using MMseqs2"):
        split = Split(proteins, options)
    logger.info(
        "%s, the largest with %s", counted(len(split.sizes), "cluster"), counted(max(split.sizes), "protein")
    )
    with stage("looking for homologs across parts"):
        split.measure()
    split.write(args.output, args.labelled, ledger, overwrite=args.overwrite)
    parts = {name: summarise(proteins) for name, proteins in split.parts.items()}
    args.report.print([*part_table(parts), "", *_leakage_table(split.leakage, args.coverage)])
    args.report.done(
        f"{counted(len(proteins), 'protein')} in {counted(len(parts), 'part')} in {args.output}",
        {"proteins": len(proteins), "clusters": len(split.sizes), "parts": len(parts)},
        parts={name: len(proteins) for name, proteins in split.parts.items()},
    )


def _leakage_table(leakage: Sequence["Leakage"], coverage: float) -> list[str]:
    """Show the shares of proteins with a homolog elsewhere."""
    from phosphot5.data.homology.leakage import LEVELS, LOCAL_RESIDUES
    from phosphot5.data.summary import text_table

    rows: list[list[object]] = [["with a homolog", *(f"of {level * 100:.0f} % identity" for level in LEVELS)]]
    for found in leakage:
        where = found.against[0] if len(found.against) == 1 else "the others"
        for kind, counts in (
            (f"over {coverage * 100:.0f} % of both", found.covered),
            (f"over {LOCAL_RESIDUES} residues", found.local),
        ):
            shares = [counts[level] / max(found.proteins, 1) for level in LEVELS]
            rows.append([f"{found.part} in {where}, {kind}", *shares])
    return text_table(rows)


def _fetch(args: argparse.Namespace) -> None:
    from phosphot5.data.homology.mmseqs import mmseqs_version
    from phosphot5.data.public.build import FOLDERS, build, species_sites
    from phosphot5.data.public.fetch import GITHUB, fetch, public_sources
    from phosphot5.data.public.uniprot import UNIPROT, fetch_sequences

    check_folder(args.output, overwrite=args.overwrite, replaceable=FOLDERS)
    mmseqs_version()  # a missing program is told before the work
    raw = Path(args.raw or Path(args.output).parent / "raw")
    sources = public_sources()
    brought = fetch(sources, raw, args.server or GITHUB)
    logger.info(
        "%s downloaded, %d already there, in %s", counted(brought, "file"), len(sources) - brought, raw
    )
    with stage("reading the sites of other species"):
        sites = species_sites(raw, sources)
    fetch_sequences(sites, raw, args.uniprot or UNIPROT)
    with atomic_folder(args.output, overwrite=args.overwrite, replaceable=FOLDERS) as folder:
        made = build(raw, folder, sites)
        while line := _next_set(made):
            args.report.print([line])
    args.report.outputs.append(raw)
    args.report.done(
        f"{counted(len(FOLDERS), 'set')} in {args.output}", {"sets": len(FOLDERS), "downloaded": brought}
    )


def _next_set(made: Iterator[str]) -> str | None:
    with stage("making the training files of the next set, homologs of the test left out"):
        return next(made, None)


def _push(args: argparse.Namespace) -> None:
    from phosphot5.hub_card.dataset import push_dataset

    result = push_dataset(args.split, args.repo, args.license, **push_options(args))
    args.report.print([str(result)])
    args.report.done(
        f"{args.split}: {'looked at, not uploaded' if args.dry_run else 'uploaded'}", result=str(result)
    )
