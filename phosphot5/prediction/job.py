"""The job of ``phosphot5 predict``: read, score and write, in one go or in parts that processes share."""

import argparse
import logging
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property, partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from phosphot5 import __version__
from phosphot5.data import PHOSPHO_RESIDUES, Ledger, Protein
from phosphot5.data.files.sequence_files import read_proteins
from phosphot5.data.nucleotides import NUCLEOTIDES_NOTE, looks_like_nucleotides
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.output import atomic_file, atomic_text, refuse_input_as_output
from phosphot5.prediction.about import About
from phosphot5.prediction.accuracy import species_counts
from phosphot5.prediction.formats import Format
from phosphot5.prediction.known_sites import KnownSites
from phosphot5.prediction.output_parts import OutputParts
from phosphot5.prediction.rows import PROTEINS_AHEAD
from phosphot5.prediction.runtime import Runtime
from phosphot5.prediction.shares import Note, Share
from phosphot5.processes import State, on_main, wait
from phosphot5.progress import Progress
from phosphot5.record.environment import usable_cores
from phosphot5.record.fingerprints import file_digest
from phosphot5.wording import counted

__all__ = ["PredictionJob"]

logger = logging.getLogger(__name__)

COMPLAINTS_SHOWN = 20
"""Records left out that are logged one by one; the summary counts them all."""
SPOOL_BYTES = 1 << 26
"""Output for standard output that is held in memory before a temporary file takes over."""


class PredictionJob:
    """One run of ``phosphot5 predict`` in one process.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command.
    output_format : Format
        How the output is written.
    state : State
        The processes that share the work.
    runtime : Runtime
        What scores.
    """

    def __init__(
        self, args: argparse.Namespace, output_format: Format, state: State, runtime: Runtime
    ) -> None:
        self.args = args
        self.output_format = output_format
        self.state = state
        self.runtime = runtime
        self.share: Share | None = args.part
        self.parts = OutputParts(str(self.share.file(args.output)) if self.share else args.output)
        self.ledger = Ledger()
        self.counts: Counter[str] = Counter()
        self.residues_before = 0
        self.elsewhere = 0

    def run(self) -> None:
        """Score everything: in one go where parts are of no use, else in parts."""
        parts_wanted = self.state.num_processes > 1 or self.args.resume or self.share is not None
        if self.unsplittable and not parts_wanted:
            self.stream()
        else:
            self.run_in_parts()

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

    @property
    def threads(self) -> int:
        """Threads of this process."""
        beside = int(os.environ.get("LOCAL_WORLD_SIZE", self.state.num_processes))
        return self.args.threads or max(1, usable_cores() // beside)

    def proteins(self, ledger: Ledger) -> Iterator[Protein]:
        """Read the input, known sites marked."""
        proteins = self.read(ledger)
        return proteins if self.known is None else self.known.mark(proteins, ledger)

    def read(self, ledger: Ledger) -> Iterator[Protein]:
        """Read the input; errors of one record name the option that leaves it out."""
        try:
            for protein in read_proteins(
                self.args.fasta, ledger=ledger, on_error="skip" if self.args.skip_bad else "raise"
            ):
                if looks_like_nucleotides(protein.sequence):
                    ledger.note(NUCLEOTIDES_NOTE)
                yield protein
        except InputFormatError as error:
            if error.record is not None:
                error.advice = "; ".join(filter(None, [error.advice, "--skip-bad leaves such records out"]))
            raise

    def score(
        self, proteins: Iterable[Protein]
    ) -> Generator[tuple[Protein, list[dict[str, Any]]], None, None]:
        """Score proteins and make the rows of their tables."""
        return self.runtime.predict_sites(proteins, self.threads, self.args.kinases)

    def write(
        self, handle: IO[str], counts: Counter[str], protein: Protein, rows: list[dict[str, Any]]
    ) -> None:
        """Write and count one protein."""
        self.output_format.write(handle, protein, rows, self.args.call)
        counts.update(proteins=1, residues=len(protein), sites=len(rows), bare=int(not rows))
        counts.update(species_counts(protein))

    def stream(self) -> None:
        """Score in one go; the output appears when it is complete."""
        with self.opened() as handle:
            proteins = self.within_limit(self.proteins(self.ledger))
            first = next(proteins, None)  # an unreadable input fails before the model loads
            if first is None:
                raise self.nothing_to_score()
            if self.assemble is not None:
                _ = self.about  # the weights are described before they move to the device
            handle.write(self.output_format.header)
            with closing(self.score(chain([first], proteins))) as scored, Progress("proteins") as progress:
                for protein, rows in scored:
                    self.write(handle, self.counts, protein, rows)
                    progress.advance()
            self.ledger.check(self.counts["proteins"])
        self.warn()

    @contextmanager
    def opened(self) -> Iterator[IO[str]]:
        """Open the output of :meth:`stream` so that it appears only when it is complete."""
        output, assemble = self.args.output, self.assemble
        if output != "-" and assemble is None:
            with atomic_text(output, overwrite=self.args.overwrite) as handle:
                yield handle
            return
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES, "w+", encoding="utf-8", newline="\n") as handle:
            if assemble is None:
                yield handle
                handle.seek(0)
                shutil.copyfileobj(handle, sys.stdout)
                sys.stdout.flush()
                return
            with atomic_file(output, overwrite=self.args.overwrite) as unfinished:
                yield handle
                handle.seek(0)
                assemble(handle, unfinished)

    @property
    def assemble(self) -> Callable[[Iterable[str], Path], None] | None:
        """What makes the output from the lines of all proteins; None where these are the output."""
        make = self.output_format.assemble
        return None if make is None else lambda lines, path: make(lines, path, self.about)

    @cached_property
    def about(self) -> About:
        """What makes the predictions."""
        return About.from_run(self.runtime, self.args.model, self.args.input)

    def within_limit(self, proteins: Iterable[Protein]) -> Iterator[Protein]:
        """Pass proteins on; refuse those whose rows a file of this format does not hold."""
        rows_of = dict.fromkeys(PHOSPHO_RESIDUES, 1)
        if self.args.kinases == "all":
            families = self.runtime.families.values() if self.output_format.most_rows else ()
            rows_of = {
                residue: sum(residue in family["residues"] for family in families) for residue in rows_of
            }
        rows = 0
        for protein in proteins:
            rows += sum(protein.sequence.count(residue) * number for residue, number in rows_of.items())
            self.output_format.check_rows(self.args.output, rows)
            yield protein

    def run_in_parts(self) -> None:
        """Score part by part, each process its share; the main process puts the output together."""
        with ExitStack() as ownership:
            records, todo = on_main(self.state, partial(self.prepare, ownership))
            self.make_parts(records, todo)

    def make_parts(self, records: range, todo: list[int]) -> None:
        """Score this process's share of the parts; the main process merges all."""
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
            self.ledger.check(self.counts["proteins"] + self.elsewhere)
            self.finish(len(finished))

    def finish(self, parts: int) -> None:
        """Put the output together, and note what it is if it is that of a share."""
        header, output, share = self.output_format.header, self.parts.output, self.share
        if share is None:
            self.parts.merge(range(parts), header, overwrite=self.args.overwrite, assemble=self.assemble)
            return
        Note.path(output).unlink(missing_ok=True)  # an old one says nothing of the new output
        self.parts.merge(range(parts), header, overwrite=self.args.overwrite)
        records, size = self.counts["proteins"] + self.elsewhere, output.stat().st_size
        note = Note(self.settings, share.part, share.parts, records, header, dict(self.counts), size)
        note.write(output)

    def prepare(self, ownership: ExitStack) -> tuple[range, list[int]]:
        """Check everything and own the output; return the numbers of the proteins and of the parts to be made."""
        if self.unsplittable:
            parts = "--resume and several processes work on parts"
            why = parts if self.share is None else "--part cannot be used here"
            raise PhosphoT5Error(f"{why}: {self.unsplittable}")
        if self.share is not None:
            if self.assemble is not None:
                raise PhosphoT5Error(
                    f"--part: files of {self.output_format.name} cannot be merged; use tsv, csv or jsonl"
                )
            refuse_input_as_output(self.parts.output, filter(None, [self.args.fasta, self.args.known]))
            Note.check(self.parts.output, overwrite=self.args.overwrite)
        ownership.enter_context(self.parts.owned(resume=self.args.resume, overwrite=self.args.overwrite))
        records = sum(1 for _ in self.within_limit(self.proteins(self.ledger)))
        if not records:
            raise self.nothing_to_score()
        self.warn()
        ours = range(records) if self.share is None else self.share.of(records)
        self.elsewhere = records - len(ours)
        job = self.settings if self.share is None else {**self.settings, "part": str(self.share)}
        self.parts.begin(job, resume=self.args.resume)
        finished = self.parts.finished()
        numbers = range(-(-len(ours) // PROTEINS_AHEAD))
        return ours, [number for number in numbers if number not in finished]

    def warn(self) -> None:
        """Log what is wrong with records, the first of those that are left out one by one."""
        bad = [record.detail for record in self.ledger.skipped_records if record.reason == "not readable"]
        for detail in bad[:COMPLAINTS_SHOWN]:
            logger.warning("left out: %s", detail)
        if len(bad) > COMPLAINTS_SHOWN:
            logger.warning("and %d more", len(bad) - COMPLAINTS_SHOWN)
        if count := self.ledger.notes[NUCLEOTIDES_NOTE]:
            logger.warning(
                "%s: %s of %d with %s; they are scored as if they were proteins, so translate them first",
                self.args.fasta,
                counted(count, "record"),
                self.ledger.read,
                NUCLEOTIDES_NOTE,
            )

    def nothing_to_score(self) -> PhosphoT5Error:
        """Make the error of an input without proteins."""
        return PhosphoT5Error(f"{self.args.fasta}: no protein to score; {self.ledger.summary()}")

    def score_parts(self, records: range, numbers: list[int]) -> None:
        """Make some of the parts."""
        if not numbers:
            return
        own = frozenset(numbers)
        ours = islice(self.proteins(Ledger()), records.start, records.stop)
        proteins = (p for i, p in enumerate(ours) if i // PROTEINS_AHEAD in own)
        total = sum(min(PROTEINS_AHEAD, len(records) - number * PROTEINS_AHEAD) for number in numbers)
        process = f" of process 1 of {self.state.num_processes}" if self.state.num_processes > 1 else ""
        with closing(self.score(proteins)) as scored, Progress(f"proteins{process}", total) as progress:
            for number in numbers:
                with self.parts.part(number) as (handle, counts):
                    for protein, rows in islice(scored, PROTEINS_AHEAD):
                        self.write(handle, counts, protein, rows)
                progress.advance(counts["proteins"])

    @cached_property
    def settings(self) -> dict[str, str | int | None]:
        """What determines the output of the whole input."""
        return {
            "input": file_digest(self.args.fasta),
            "known sites": file_digest(self.args.known) if self.args.known else None,
            "skip bad records": self.args.skip_bad,
            "format": self.output_format.name,
            "call": self.args.call,
            "kinases": self.args.kinases,
            "proteins per part": PROTEINS_AHEAD,
            "phosphot5": __version__,
            **self.runtime.settings,
        }

    def report(self) -> None:
        """Log what became of the records."""
        counts, before = self.counts, self.residues_before
        logger.info("%s", self.ledger.summary())
        if self.known is not None:
            logger.info("%s", self.known.summary())
        if counts["bare"]:
            logger.info(
                "%s without S, T or Y, and therefore without rows", counted(counts["bare"], "protein")
            )
        if self.share is not None:
            logger.info(
                "part %d of %d: %s, in %s",
                self.share.part,
                self.share.parts,
                f"{counts['proteins']:,} of {counted(counts['proteins'] + self.elsewhere, 'protein')}",
                self.parts.output,
            )
        if before:
            logger.info("%s scored before the interruption", counted(before, "residue"))
