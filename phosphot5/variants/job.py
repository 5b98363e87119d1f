"""The job of ``phosphot5 variants``: look variants up, score them, and write what they do to sites."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from phosphot5.data import Protein
from phosphot5.errors import OutputFileError, PhosphoT5Error
from phosphot5.output import refuse_input_as_output
from phosphot5.prediction.about import About
from phosphot5.prediction.runtime import Runtime
from phosphot5.prediction.tables import choose_table, open_table
from phosphot5.progress import Progress
from phosphot5.variants.changes import RefusedVariantError
from phosphot5.variants.comparison import SITE_COLUMNS, SUMMARY_COLUMNS, Comparison, refused_row
from phosphot5.variants.requests import Request
from phosphot5.variants.scoring import compare
from phosphot5.variants.wild_types import RESIDUES, Variant, WildTypes, substitutions
from phosphot5.wording import counted

__all__ = ["Plan", "Refused", "Tables", "Thresholds", "plan_requests", "plan_scan", "write_variants"]

logger = logging.getLogger(__name__)

REFUSALS_SHOWN = 20
"""Variants refused that are logged one by one; the summary counts them all."""


@dataclass(frozen=True)
class Refused:
    """A variant that is not scored, and why."""

    request: Request
    error: RefusedVariantError

    def __str__(self) -> str:
        """Name the variant, its place and the reason in one line."""
        request = self.request
        name = ":".join(filter(None, [request.protein, request.text]))
        return f"{name}{f' ({request.source})' if request.source else ''}: {self.error}"


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Parameters
    ----------
    entries : iterable of Variant or Refused
        In the order of the output.
    total : int
        How many they are.
    """

    entries: Iterable[Variant | Refused]
    total: int


@dataclass(frozen=True)
class Tables:
    """Where the output goes.

    Parameters
    ----------
    sites : str
        File of the table of sites, or ``-``.
    format : str or None
        Its format, by default from its ending.
    summary : str or None
        File of the table of variants.
    overwrite : bool
        Whether existing files may be replaced.
    """

    sites: str
    format: str | None
    summary: str | None
    overwrite: bool

    def check(self, inputs: Sequence[str]) -> None:
        """Refuse tables that cannot be written, and a table of variants that is an input or the other output.

        Raises
        ------
        OutputFileError
            If there is one.
        PhosphoT5Error
            If a package is missing that writes one.
        """
        choose_table(self.sites, self.format)
        if self.summary is None:
            return
        choose_table(self.summary)
        if Path(self.summary).resolve() == Path(self.sites).resolve():
            raise OutputFileError(f"{self.summary}: is the output of both -o and --summary; name two files")
        refuse_input_as_output(self.summary, inputs)


@dataclass(frozen=True)
class Thresholds:
    """What is listed and counted.

    Parameters
    ----------
    change : float
        Smallest size of the log2 odds ratio of a site that is listed as changed.
    call : str
        Weakest call that counts in the table of variants.
    """

    change: float
    call: str


@dataclass
class Counts:
    """What was done."""

    variants: int = 0
    sites: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def report(self) -> None:
        """Log what was refused."""
        report_refused(self.refused)


def plan_requests(requests: Iterable[Request], wild_types: WildTypes) -> Plan:
    """Look variants up and log those that are refused.

    Raises
    ------
    PhosphoT5Error
        If none is left.
    """
    entries: list[Variant | Refused] = []
    for request in requests:
        try:
            entries.append(wild_types.variant(request))
        except RefusedVariantError as error:
            entries.append(Refused(request, error))
    refused = [entry for entry in entries if isinstance(entry, Refused)]
    for entry in refused[:REFUSALS_SHOWN]:
        logger.warning("refused: %s", entry)
    if len(refused) > REFUSALS_SHOWN:
        logger.warning("and %d more; --summary lists them all", len(refused) - REFUSALS_SHOWN)
    if len(refused) == len(entries):
        report_refused(Counter(entry.error.reason for entry in refused))
        raise PhosphoT5Error(f"no variant to score; {counted(len(refused), 'variant')} refused")
    return Plan(entries, len(entries))


def plan_scan(proteins: Sequence[Protein]) -> Plan:
    """Plan every substitution of one residue of some proteins."""
    total = sum(len(RESIDUES) - (residue in RESIDUES) for protein in proteins for residue in protein.sequence)
    return Plan((variant for protein in proteins for variant in substitutions(protein)), total)


def write_variants(
    plan: Plan,
    runtime: Runtime,
    tables: Tables,
    thresholds: Thresholds,
    threads: int,
    about: Callable[[], About],
) -> Counts:
    """Score variants and write the tables; they appear when they are complete.

    Parameters
    ----------
    plan : Plan
        The variants.
    runtime : Runtime
        The model.
    tables : Tables
        Where the output goes.
    thresholds : Thresholds
        What is listed and counted.
    threads : int
        CPU threads; no effect on scores.
    about : callable
        Says what made the tables; asked where one has a place for it.
    """
    counts = Counts()
    with ExitStack() as stack:
        name = choose_table(tables.sites, tables.format)
        write_site = stack.enter_context(
            open_table(tables.sites, name, SITE_COLUMNS, about, overwrite=tables.overwrite)
        )
        write_summary = None
        if tables.summary is not None:
            name = choose_table(tables.summary)
            write_summary = stack.enter_context(
                open_table(tables.summary, name, SUMMARY_COLUMNS, about, overwrite=tables.overwrite)
            )
        results = stack.enter_context(closing(_results(plan.entries, runtime, threads)))
        progress = stack.enter_context(Progress("variants", plan.total))
        for result in results:
            progress.advance()
            if isinstance(result, Refused):
                counts.refused[result.error.reason] += 1
                request = result.request
                summary = refused_row(request.protein, request.text, request.source, str(result.error))
            else:
                rows = result.rows(thresholds.change)
                counts.variants += 1
                counts.sites += len(rows)
                for row in rows:
                    write_site(row)
                summary = result.summary(rows, thresholds.call) if write_summary else {}
            if write_summary:
                write_summary(summary)
    return counts


def _results(
    entries: Iterable[Variant | Refused], runtime: Runtime, threads: int
) -> Generator[Comparison | Refused, None, None]:
    """Yield what came of every entry, in order."""
    refused: deque[tuple[int, Refused]] = deque()

    def variants() -> Iterator[Variant]:
        for number, entry in enumerate(entries):
            if isinstance(entry, Refused):
                refused.append((number, entry))
            else:
                yield entry

    done = 0
    with closing(compare(runtime, variants(), threads)) as comparisons:
        for comparison in comparisons:
            while refused and refused[0][0] == done:
                yield refused.popleft()[1]
                done += 1
            yield comparison
            done += 1
    yield from (entry for _, entry in refused)


def report_refused(refused: Counter[str]) -> None:
    """Log how many variants were refused, by reason."""
    if refused:
        reasons = "; ".join(f"{reason} ({count:,})" for reason, count in refused.most_common())
        logger.info("%s refused: %s", counted(refused.total(), "variant"), reasons)
