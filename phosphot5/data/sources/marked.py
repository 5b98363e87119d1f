"""Proteins that are labelled already: hash-FASTA, or Parquet as it is written here."""

from collections.abc import Iterator

from phosphot5.data.labelled import LabelledProtein, read_labelled
from phosphot5.data.ledger import Ledger
from phosphot5.data.records import SiteState
from phosphot5.data.sources.read_context import Entry, ReadContext

__all__ = ["read_marked"]


def read_marked(context: ReadContext) -> Iterator[Entry]:
    """Read labelled proteins with `phosphot5.data.read_labelled`.

    Parameters
    ----------
    context : ReadContext
        The file.

    Raises
    ------
    InputFormatError
        At the first record that cannot be read (unless bad ones are skipped).
    """
    ledger = Ledger()
    for protein in read_labelled(context.path, ledger, on_error="skip" if context.skip_bad else "raise"):
        known = protein if isinstance(protein, LabelledProtein) else None
        claims = []
        for position, (residue, state) in enumerate(zip(protein.sequence, protein.states, strict=True), 1):
            if state:
                evidence = known.evidence.get(protein.given_position(position), "") if known else ""
                claims.append(context.label(position, residue, SiteState(state), evidence))
        yield Entry(
            protein.id,
            sequence=protein.sequence,
            description=protein.description,
            removed=protein.removed,
            source=known.source if known else "",
            keep=True,
            claims=claims,
        )
    for record in ledger.skipped_records:
        context.ledger.enter(record.id)
        context.ledger.skip(record.id, record.reason, record.detail)
