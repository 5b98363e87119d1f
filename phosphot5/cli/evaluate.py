"""``phosphot5 evaluate``: labelled proteins in, metrics with intervals, comparisons and pictures out."""

import argparse
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phosphot5.cli.options import add_label_source
from phosphot5.data import Protein, SiteState
from phosphot5.data.labelled import read_labelled
from phosphot5.data.uniprot import accession
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.output import atomic_folder, check_folder
from phosphot5.progress import Progress, hide_loading_bars, stage
from phosphot5.record.fingerprints import file_digest, published_name
from phosphot5.record.json_files import finite
from phosphot5.wording import counted

if TYPE_CHECKING:
    import numpy as np

    from phosphot5.evaluation.peers import Peer
    from phosphot5.evaluation.results import Evaluation
    from phosphot5.evaluation.sites import LabelledSites
    from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration

__all__ = ["add_arguments", "run"]

logger = logging.getLogger(__name__)

RESULT_FILE = "evaluation.json"
PICTURES = ("roc.png", "pr.png", "reliability.png", "scores.png")
FILES = (RESULT_FILE, *PICTURES)
"""What the folder holds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("model", help="bundled, a folder or a hub id")
    parser.add_argument(
        "labelled",
        nargs="+",
        help="labelled proteins: hash-FASTA (S# phosphorylated, S@ measured, not phosphorylated), plain or "
        "gzip, or Parquet",
    )
    parser.add_argument("-o", "--output", metavar="FOLDER", help=f"folder for {RESULT_FILE} and pictures")
    parser.add_argument(
        "--peer",
        metavar="FILE",
        action="append",
        default=[],
        help="scores of other tools, plain or gzip: columns by tabs, accession, position (1-based) and one with "
        "scores for each tool; may be given several times",
    )
    parser.add_argument(
        "--resamples",
        type=_positive,
        default=1000,
        metavar="N",
        help="resamples of the proteins for the 95 %% intervals (default: 1000)",
    )
    parser.add_argument("--seed", type=_natural, default=0, help="seed of the resamples (default: 0)")
    parser.add_argument("--revision", help="branch, tag or commit of a hub id")
    add_label_source(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: auto)")
    parser.add_argument("--overwrite", action="store_true", help="replace the files of an earlier evaluation")


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _positive(text: str) -> int:
    if _natural(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Evaluate; see ``phosphot5 evaluate --help``."""
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it tells that it lists the fonts
    from phosphot5.evaluation.results import Evaluation
    from phosphot5.evaluation.sites import LabelledSites

    if args.output is not None:
        check_folder(args.output, overwrite=args.overwrite, replaceable=FILES)
    proteins, files = _read(args.labelled)
    sites = LabelledSites.from_proteins(proteins)
    _check_labels(sites)
    peers = _read_peers(args.peer, sites)
    with stage("loading the model"):
        model = _load(args)
    scored = sites.scored(_score(model, proteins))
    with stage("computing metrics and intervals"):
        evaluation = Evaluation.from_sites(
            scored, model.config.calibration_of(), peers, args.resamples, args.seed
        )
    seen = _seen_in_training(args, files)
    names = " + ".join(file["name"] for file in files)
    args.report.print([f"{args.model} on {names}", "", evaluation.text().rstrip(), *seen])
    if args.output is not None:
        with stage(f"writing {args.output}"):
            _write(args, evaluation, _facts(args, model, files) | {"warnings": seen})
        logger.info("%s: %s", args.output, ", ".join(FILES))
    _summarise(args, proteins, sites, evaluation.as_dict() | {"seen_in_training": seen})
    return 0


def _summarise(
    args: argparse.Namespace, proteins: list[Protein], sites: "LabelledSites", results: dict[str, Any]
) -> None:
    """Count what was evaluated."""
    counts = {
        "proteins": len(proteins),
        "residues": sum(map(len, proteins)),
        "sites": len(sites),
        "labelled": int((sites.states != SiteState.UNKNOWN).sum()),
    }
    args.report.done(
        f"{counted(counts['sites'], 'site')}, {counts['labelled']:,} of them labelled, in "
        f"{counted(counts['proteins'], 'protein')} with {counted(counts['residues'], 'residue')}",
        counts,
        **results,
    )


def _read(paths: list[str]) -> tuple[list[Protein], list[dict[str, Any]]]:
    """Read all labelled proteins, and tell what each file held; a protein that comes twice is refused."""
    proteins: list[Protein] = []
    files: list[dict[str, Any]] = []
    first_in: dict[str, str] = {}
    for path in paths:
        digest, before = file_digest(path), len(proteins)
        for protein in read_labelled(path):
            name = accession(protein.id)
            if name in first_in:
                where = "" if first_in[name] == path else f", also in {first_in[name]}"
                found = f"a second record of this protein{where}"
                raise InputFormatError(found, "each protein once", path=path, record=protein.id)
            first_in[name] = path
            proteins.append(protein)
        read = proteins[before:]
        counts = Counter(site.state for protein in read for site in protein.sites())
        files.append(
            {"name": published_name(path), "sha256": digest, "proteins": len(read)}
            | {state.name.lower(): counts[state] for state in SiteState}
        )
    return proteins, files


def _check_labels(sites: "LabelledSites") -> None:
    """Refuse labels on which nothing can be measured, before the model is loaded."""
    try:
        sites.check_measurable()
    except ValueError as error:
        raise PhosphoT5Error(f"{error}; mark positives as S# and measured negatives as S@") from error


def _read_peers(paths: list[str], sites: "LabelledSites") -> "list[Peer]":
    from phosphot5.evaluation.peers import read_peers

    peers: dict[str, Peer] = {}
    for path in paths:
        for peer in read_peers(path, sites):
            if peer.name in peers:
                found = f"{path}: score column {peer.name!r} also occurs in {peers[peer.name].path}"
                raise PhosphoT5Error(f"{found}; give each peer once")
            peers[peer.name] = peer
    return list(peers.values())


def _load(args: argparse.Namespace) -> "PhosphoT5ForConditionalGeneration":
    """Load the model onto the device, in the numbers that ``predict`` computes with."""
    from phosphot5.prediction.loading import load_model, move_to_device

    hide_loading_bars()
    model = load_model(args.model, args.revision, args.label_source)[0]
    return move_to_device(model, args.device)


def _score(
    model: "PhosphoT5ForConditionalGeneration", proteins: list[Protein]
) -> "Iterator[tuple[Protein, np.ndarray]]":
    """Score the proteins, showing the progress."""
    from phosphot5.prediction.scoring import score_proteins
    from phosphot5.record.environment import usable_cores

    with Progress("proteins", len(proteins)) as progress:
        for scored in score_proteins(model, proteins, threads=usable_cores()):
            yield scored
            progress.advance()


def _seen_in_training(args: argparse.Namespace, files: list[dict[str, Any]]) -> list[str]:
    """Return a warning for each evaluated file that the model's record lists, told by its fingerprint."""
    from phosphot5.hub_card.model_files import model_file
    from phosphot5.record.run_record import RECORD_FILE, RunRecord

    try:
        record = RunRecord.load(model_file(args.model, RECORD_FILE, args.revision))
    except PhosphoT5Error:  # a model need not have a record
        return []
    read = [file for file, _ in record.data_with_use if file.role != "test"]
    roles = {file.sha256: file.role for file in sorted(read, key=lambda file: file.role == "train")}
    what = {"train": "trained on", "valid": "chosen and calibrated on"}
    return [
        f"This model was {what.get(roles[file['sha256']], 'made with')} {file['name']}: "
        "expect lower figures on new proteins."
        for file in files
        if file["sha256"] in roles
    ]


def _facts(
    args: argparse.Namespace,
    model: "PhosphoT5ForConditionalGeneration",
    files: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return what was evaluated, with what, and at what cost."""
    from phosphot5.record import environment

    return {
        "command": args.argv,
        "model": {
            "name": args.model,
            "revision": args.revision,
            "parameters": model.num_parameters(),
            "device": model.device.type,
            "dtype": str(model.dtype).removeprefix("torch."),
            "files": {path.name: file_digest(path) for path in _model_files(args)},
        },
        "files": files,
        "peer_files": [{"name": published_name(path), "sha256": file_digest(path)} for path in args.peer],
        "resamples": args.resamples,
        "seed": args.seed,
        "versions": environment.package_versions(),
        "git_commit": environment.git_commit(Path(__file__)),
        "machine": {"processor": environment.cpu_model(), "cores": environment.usable_cores()},
        "seconds": round(args.report.seconds, 1),
        "peak_memory_bytes": environment.peak_memory_bytes(),
    }


def _model_files(args: argparse.Namespace) -> Iterable[Path]:
    """Yield the files that decide the scores: configuration and weights, in one file or in several."""
    from phosphot5.hub_card.model_files import model_file

    yield model_file(args.model, "config.json", args.revision)
    try:
        yield model_file(args.model, "model.safetensors", args.revision)
    except PhosphoT5Error:
        index = model_file(args.model, "model.safetensors.index.json", args.revision)
        shards = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        yield from (model_file(args.model, shard, args.revision) for shard in sorted(set(shards)))


def _write(args: argparse.Namespace, evaluation: "Evaluation", facts: dict[str, Any]) -> None:
    """Write the folder, complete or not at all."""
    with atomic_folder(args.output, overwrite=args.overwrite, replaceable=FILES) as folder:
        evaluation.draw(folder)
        text = json.dumps(finite(facts | evaluation.as_dict()), indent=2, ensure_ascii=False, allow_nan=False)
        (folder / RESULT_FILE).write_text(text + "\n", encoding="utf-8")
