"""``phosphot5 predict``: FASTA in, site table out."""

import argparse
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from phosphot5 import __version__
from phosphot5.cli.processes import joined, on_main, wait
from phosphot5.data import KnownSites, Ledger, Protein, atomic_text, file_digest, read_fasta
from phosphot5.errors import PhosphoT5Error
from phosphot5.progress import Progress, hide_loading_bars
from phosphot5.shards import Parts

if TYPE_CHECKING:
    from accelerate import PartialState

    from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
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
        choices=("tsv", "jsonl", "fasta", "proforma", "gff3", "bed"),
        help="output format; by default that of the output file's ending, else tsv",
    )
    parser.add_argument("--model", default="bundled", help="bundled, a folder or a hub id (default: bundled)")
    parser.add_argument("--revision", help="branch, tag or commit of a hub id")
    parser.add_argument(
        "--known",
        metavar="FILE",
        help="phosphosites known already, which the others are scored given: marked FASTA, ProForma, GFF3, or a "
        "table with columns for protein and position",
    )
    parser.add_argument(
        "--call",
        choices=("high", "medium", "low"),
        default="medium",
        help="weakest call that formats other than tsv and jsonl show: high 1 %%, medium 5 %%, low 10 %% false "
        "positives (default: medium)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: auto)")
    parser.add_argument(
        "--dtype",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="numbers to compute with; auto is float32 on a CPU, bfloat16 on an accelerator (default: auto)",
    )
    parser.add_argument(
        "--threads",
        type=_positive,
        metavar="N",
        help="threads of a process on a CPU; scores do not depend on it (default: all cores, shared by processes)",
    )
    parser.add_argument("--resume", action="store_true", help="continue a run that was interrupted")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output file")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number from 1")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Predict; see ``phosphot5 predict --help``."""
    began = time.perf_counter()
    from phosphot5.report import choose_format

    form = choose_format(args.output, args.format)
    with joined(args.device) as state:
        job = _Job(args, form, state)
        try:
            if job.unsplittable and state.num_processes == 1 and not args.resume:
                job.stream()
            else:
                job.run_in_parts()
        except KeyboardInterrupt:
            if state.is_main_process:
                raise
            return 130
    if state.is_main_process:
        job.report(time.perf_counter() - began)
    return 0


class _Job:
    """One run of the command in one process; what is heavy is read or loaded when it is needed."""

    def __init__(self, args: argparse.Namespace, form: "Format", state: "PartialState") -> None:
        self.args = args
        self.form = form
        self.state = state
        self.parts = Parts(args.output)
        self.ledger = Ledger()
        self.counts: Counter[str] = Counter()
        self.residues_before = 0

    @property
    def unsplittable(self) -> str:
        """Say why the work cannot be cut into parts; empty if it can."""
        source = Path(self.args.fasta)
        if self.args.fasta == "-" or source.is_fifo() or source.is_char_device():
            return "the input can be read only once; save it to a file first"
        return "standard output has no parts; name a file with -o" if self.args.output == "-" else ""

    @cached_property
    def known(self) -> KnownSites | None:
        """Sites that were given."""
        return KnownSites.read(self.args.known) if self.args.known else None

    @cached_property
    def stored_model(self) -> "PhosphoT5ForConditionalGeneration":
        """The model as it is stored."""
        from phosphot5.loading import load_model

        hide_loading_bars()
        return load_model(self.args.model, self.args.revision)[0]

    @cached_property
    def model(self) -> "PhosphoT5ForConditionalGeneration":
        """The model on the device and in the numbers to compute with; :attr:`stored_model` is changed to it."""
        from phosphot5.loading import place

        device = self.state.device if self.args.device == "auto" else self.args.device
        return place(self.stored_model, device, self.args.dtype)

    @property
    def threads(self) -> int:
        """Threads of this process."""
        from phosphot5.hub_card.environment import usable_cores

        beside = int(os.environ.get("LOCAL_WORLD_SIZE", self.state.num_processes))
        return self.args.threads or max(1, usable_cores() // beside)

    def proteins(self, ledger: Ledger) -> Iterator[Protein]:
        """Read the input, known sites marked."""
        proteins = read_fasta(self.args.fasta, ledger=ledger)
        return proteins if self.known is None else self.known.mark(proteins, ledger)

    def score(self, proteins: Iterable[Protein]) -> Iterator[tuple[Protein, list[dict[str, Any]]]]:
        """Score proteins and make the rows of their tables."""
        from phosphot5.inference import predict_sites

        return predict_sites(self.model, proteins, threads=self.threads)

    def write(
        self, handle: TextIO, counts: Counter[str], protein: Protein, rows: list[dict[str, Any]]
    ) -> None:
        """Write and count one protein."""
        self.form.write(handle, protein, rows, self.args.call)
        counts.update(proteins=1, residues=len(protein), sites=len(rows), bare=int(not rows))

    def stream(self) -> None:
        """Score in one go; the output appears when it is complete."""
        with _output(self.args.output, self.args.overwrite) as handle:
            proteins = self.proteins(self.ledger)
            first = next(proteins, None)  # an unreadable input fails before the model loads
            if first is None:
                raise self.nothing_to_score()
            handle.write(self.form.header)
            with closing(self.score(chain([first], proteins))) as scored, Progress("proteins") as progress:
                for protein, rows in scored:
                    self.write(handle, self.counts, protein, rows)
                    progress.advance()
            self.ledger.check(self.counts["proteins"])

    def run_in_parts(self) -> None:
        """Score part by part, each process its share; the main process puts the output together."""
        records, todo = on_main(self.state, self.prepare)
        try:
            self.score_parts(records, todo[self.state.process_index :: self.state.num_processes])
            wait(self.state)
        except BaseException:
            if self.state.num_processes > 1 or self.parts.finished():
                logger.info("%s: finished parts are kept; continue with --resume", self.parts.folder)
            else:
                self.parts.remove()
            raise
        if self.state.is_main_process:
            finished = self.parts.finished()
            self.counts = sum(finished.values(), Counter())
            self.residues_before = sum(
                finished[number]["residues"] for number in finished if number not in todo
            )
            self.ledger.check(self.counts["proteins"])
            self.parts.merge(range(len(finished)), self.form.header, overwrite=self.args.overwrite)

    def prepare(self) -> tuple[int, list[int]]:
        """Check everything; return the number of proteins and the numbers of the parts that are to be made."""
        from phosphot5.inference import PROTEINS_AHEAD

        if self.unsplittable:
            raise PhosphoT5Error(f"--resume and several processes work on parts: {self.unsplittable}")
        self.parts.check(resume=self.args.resume, overwrite=self.args.overwrite)
        records = sum(1 for _ in self.proteins(self.ledger))
        if not records:
            raise self.nothing_to_score()
        self.parts.begin(self.fingerprint(), resume=self.args.resume)
        finished = self.parts.finished()
        parts = range(-(-records // PROTEINS_AHEAD))
        return records, [number for number in parts if number not in finished]

    def nothing_to_score(self) -> PhosphoT5Error:
        """Make the error of an input without proteins."""
        return PhosphoT5Error(f"{self.args.fasta}: no protein to score; {self.ledger.summary()}")

    def score_parts(self, records: int, numbers: list[int]) -> None:
        """Make some of the parts."""
        from phosphot5.inference import PROTEINS_AHEAD

        if not numbers:
            return
        own = frozenset(numbers)
        proteins = (p for i, p in enumerate(self.proteins(Ledger())) if i // PROTEINS_AHEAD in own)
        total = sum(min(PROTEINS_AHEAD, records - number * PROTEINS_AHEAD) for number in numbers)
        share = f" of process 1 of {self.state.num_processes}" if self.state.num_processes > 1 else ""
        with closing(self.score(proteins)) as scored, Progress(f"proteins{share}", total) as progress:
            for number in numbers:
                with self.parts.part(number) as (handle, counts):
                    for protein, rows in islice(scored, PROTEINS_AHEAD):
                        self.write(handle, counts, protein, rows)
                progress.advance(counts["proteins"])

    def fingerprint(self) -> dict[str, str | int | None]:
        """Return what determines the output."""
        import torch
        import transformers

        from phosphot5.inference import PROTEINS_AHEAD

        digest = _model_digest(self.stored_model)  # before its numbers are changed to those computed with
        return {
            "input": file_digest(self.args.fasta),
            "known sites": file_digest(self.args.known) if self.args.known else None,
            "model": digest,
            "format": self.form.name,
            "call": self.args.call,
            "device": self.model.device.type,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "proteins per part": PROTEINS_AHEAD,
            "phosphot5": __version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }

    def report(self, seconds: float) -> None:
        """Log the summary: records, rows, time and memory."""
        from phosphot5.hub_card.environment import peak_memory_bytes

        counts, before = self.counts, self.residues_before
        logger.info("%s", self.ledger.summary())
        if self.known is not None:
            logger.info("%s", self.known.summary())
        if counts["bare"]:
            logger.info("%d without S, T or Y: they have no rows", counts["bare"])
        if before:
            logger.info("%d residues were scored before the interruption", before)
        logger.info(
            "%d sites in %d proteins with %d residues; %.1f s, %.0f residues/s with start-up, peak memory %.2f GB%s",
            counts["sites"],
            counts["proteins"],
            counts["residues"],
            seconds,
            (counts["residues"] - before) / seconds,
            peak_memory_bytes() / 1e9,
            f" in the first of {self.state.num_processes} processes" if self.state.num_processes > 1 else "",
        )


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


def _model_digest(model: "PhosphoT5ForConditionalGeneration") -> str:
    """Return the SHA-256 of a model's configuration and weights."""
    import torch

    config = {name: value for name, value in model.config.to_dict().items() if not name.startswith("_")}
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
