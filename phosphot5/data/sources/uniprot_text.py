"""UniProtKB entries as flat text, read by Biopython."""

import io
from collections.abc import Iterator
from typing import Any

from phosphot5.data.files.text import read_lines
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel
from phosphot5.data.uniprot import FIRST_EVIDENCE, is_modified_residue
from phosphot5.errors import InputFormatError, PhosphoT5Error

__all__ = ["read_uniprot_text"]

_KEYS = ("ID", "AC", "DT", "OS", "OX", "FT", "SQ", "  ", "//")
"""Starts of the lines that are needed; references and comments would only cost time."""
_MONTHS = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"


class _Lines(io.StringIO):
    """The lines of one entry, which know how many were taken."""

    def __init__(self, numbered: list[tuple[int, str]]) -> None:
        super().__init__("\n".join(line for _, line in numbered))
        self._numbers = [number for number, _ in numbered]
        self.taken = 0

    # the stubs of io.StringIO iterate over bytes
    def __next__(self) -> str:  # type: ignore[override]
        line = super().__next__()
        self.taken += 1
        return line

    @property
    def number(self) -> int:
        """Line of the file that was taken last, 1-based."""
        return self._numbers[max(self.taken, 1) - 1]


def read_uniprot_text(context: ReadContext) -> Iterator[Entry]:
    """Read the phosphorylated residues of UniProtKB entries as flat text.

    Parameters
    ----------
    context : ReadContext
        The file, plain or gzip.

    Yields
    ------
    Entry
        Named by its primary accession.

    Raises
    ------
    InputFormatError
        At the first entry that cannot be read (unless bad ones are skipped), with its line.
    PhosphoT5Error
        If Biopython is missing.
    """
    try:
        from Bio import SwissProt
    except ImportError:
        raise PhosphoT5Error(
            'UniProtKB text is read by Biopython, which is not installed: pip install "phosphot5[data]"'
        ) from None
    for numbered in _entries(context):
        lines = _Lines(numbered)
        try:
            record = SwissProt.read(lines)
            entry = _entry(context, record, numbered[0][0])
        except InputFormatError as error:
            context.refuse_record(error)
        except (ValueError, LookupError, AssertionError, TypeError, AttributeError) as error:
            # all that Biopython's parser raises on a line it does not understand
            found = f"a line that cannot be read ({error})" if str(error) else "a line that cannot be read"
            context.refuse_record(
                InputFormatError(found, "UniProtKB text", line=lines.number, record=_name(numbered))
            )
        else:
            yield entry


def _entries(context: ReadContext) -> Iterator[list[tuple[int, str]]]:
    """Yield the numbered lines of one entry after the other, without those that are not needed."""
    block: list[tuple[int, str]] = []
    number = 0
    for number, line in read_lines(context.path):
        if line.startswith(_KEYS):
            block.append((number, line))
        elif not block and line.strip():
            found = repr(line if len(line) <= 20 else f"{line[:20]}...")
            raise InputFormatError(found, "UniProtKB text, 'ID   ...'", path=context.path, line=number)
        if line.startswith("//"):
            yield block
            block = []
    if block:
        error = InputFormatError("the end of the file", "'//' at the end of the entry", line=number)
        context.refuse_record(error.at(record=_name(block)))


def _name(numbered: list[tuple[int, str]]) -> str:
    accessions = [line[5:] for _, line in numbered if line.startswith("AC")]
    return accessions[0].split(";")[0] if accessions else ""


def _entry(context: ReadContext, record: Any, line: int) -> Entry:
    """Take what is needed from a Bio.SwissProt.Record."""
    if not record.accessions:
        raise InputFormatError("an entry without accession", "an AC line", line=line)
    name = record.accessions[0]
    stated = record.seqinfo[0]
    if stated != len(record.sequence):
        found, expected = f"{len(record.sequence)} residues", f"{stated} according to its SQ line"
        raise InputFormatError(found, expected, "the entry may be cut off", line=line, record=name)
    qualified = _changed(record) < FIRST_EVIDENCE
    features = [feature for feature in record.features if is_modified_residue(feature.type)]
    claims = [
        claim
        for feature in context.account.each(features)
        if (claim := _claim(context, feature, line, qualified))
    ]
    description = f"{record.entry_name} OS={record.organism.rstrip('.')} OX={','.join(record.taxonomy_id)}"
    return Entry(name, line, record.sequence, description, claims=claims)


def _changed(record: Any) -> str:
    """Return year and month in which an entry was last changed, something later if it does not say."""
    try:
        day, month, year = record.annotation_update[0].split("-")
        return f"{int(year):04}-{_MONTHS.index(month) // 3 + 1:02}"
    except (TypeError, ValueError):
        return FIRST_EVIDENCE


def _claim(context: ReadContext, feature: Any, line: int, qualified: bool) -> SiteLabel | None:
    texts = list(feature.qualifiers.values())  # old entries have their codes in the description
    note = feature.qualifiers.get("note") or feature.qualifiers.get("description", "")
    location = feature.location
    if location.ref:
        context.leave_out("on another isoform")
        return None
    start = location.start
    if type(start).__name__ != "ExactPosition" or int(location.end) - int(start) != 1:
        context.leave_out("uncertain position")
        return None
    return context.modified_residue(note, " ".join(texts), int(start) + 1, line, qualified=qualified)
