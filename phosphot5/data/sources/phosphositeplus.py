"""PhosphoSitePlus: its table of sites, and its sequences with modified residues in lower case."""

from collections.abc import Iterator
from itertools import islice
from typing import Literal

from phosphot5.data.account import ANOTHER_MODIFICATION
from phosphot5.data.files.fasta import read_fasta
from phosphot5.data.files.sheets import is_sheet_file
from phosphot5.data.files.text import read_lines
from phosphot5.data.identifiers import identity
from phosphot5.data.ledger import Ledger
from phosphot5.data.records import Protein, SiteState
from phosphot5.data.sources.read_context import Entry, ReadContext
from phosphot5.data.sources.table import read_table

__all__ = ["has_marked_sequences", "read_phosphositeplus"]

_HEAD = 50
"""Lines in which the first record must begin; the notice is shorter."""


def has_marked_sequences(path: str) -> bool:
    """Tell whether a file is FASTA with the headers of PhosphoSitePlus, below its notice or without it."""
    if is_sheet_file(path):
        return False
    return any(line.startswith(">GN:") for _, line in islice(read_lines(path, strict=False), _HEAD))


def read_phosphositeplus(context: ReadContext) -> Iterator[Entry]:
    """Read ``Phosphorylation_site_dataset``, or ``Phosphosite_PTM_seq.fasta``.

    In the sequences, s, t and y in lower case are positives; other letters in lower case are other modifications.

    Parameters
    ----------
    context : ReadContext
        The file, and the organism to take.

    Raises
    ------
    InputFormatError
        If there is no header with the needed columns, or at the first row or record that cannot be read (unless bad
        ones are skipped).
    """
    if has_marked_sequences(context.path):
        return _read_sequences(context)
    return read_table(context, "phosphositeplus")


def _read_sequences(context: ReadContext) -> Iterator[Entry]:
    ledger = Ledger()
    on_error: Literal["raise", "skip"] = "skip" if context.skip_bad else "raise"
    for protein in context.account.each(
        read_fasta(context.path, notation="lower-case", ledger=ledger, on_error=on_error)
    ):
        parts = protein.header.split("|")
        if context.organism and (len(parts) < 3 or parts[2].lower() != context.organism.lower()):
            context.leave_out("of another organism")
            continue
        if protein.other_modifications:
            context.leave_out(ANOTHER_MODIFICATION, len(protein.other_modifications))
        yield _entry(context, protein)
    for record in ledger.skipped_records:
        context.ledger.enter(record.id)
        context.ledger.skip(record.id, record.reason, record.detail)


def _entry(context: ReadContext, protein: Protein) -> Entry:
    claims = [
        context.label(index + 1, protein.sequence[index], SiteState.POSITIVE)
        for index, state in enumerate(protein.states)
        if state
    ]
    return Entry(
        identity(protein.header).key,
        sequence=protein.sequence,
        description=protein.header,
        removed=protein.removed,
        claims=claims,
    )
