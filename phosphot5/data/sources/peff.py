"""Proteins with their modifications in the PSI extended FASTA format."""

import re
from collections.abc import Iterator
from typing import Literal

from phosphot5.data.account import AMBIGUOUS, ANOTHER_MODIFICATION
from phosphot5.data.files.fasta import read_fasta
from phosphot5.data.files.numbers import whole_number
from phosphot5.data.ledger import Ledger
from phosphot5.data.records import Protein, SiteState
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel
from phosphot5.data.uniprot import is_phosphorylation, phosphorylated_residue
from phosphot5.errors import InputFormatError

__all__ = ["read_peff"]

# pyteomics' reader needs a seekable file that is not compressed, and tells no lines of errors
_KEY = re.compile(r"\\(\w+)=")
_ITEM = re.compile(r"\(((?:[^()]|\([^()]*\))*)\)")
_MODIFICATIONS = ("ModResPsi", "ModResUnimod", "ModRes")
_RESIDUES = {"MOD:00046": "S", "MOD:00047": "T", "MOD:00048": "Y"}


def read_peff(context: ReadContext) -> Iterator[Entry]:
    r"""Read the phosphorylated residues that ``\ModResPsi``, ``\ModResUnimod`` and ``\ModRes`` name.

    The header stays the description, ``\VariantSimple`` included; a site whose residue a variant changes says so in
    its evidence.

    Parameters
    ----------
    context : ReadContext
        The file, plain or gzip.

    Raises
    ------
    InputFormatError
        At the first record that cannot be read (unless bad ones are skipped).
    """
    ledger = Ledger()
    on_error: Literal["raise", "skip"] = "skip" if context.skip_bad else "raise"
    for protein in read_fasta(context.path, ledger=ledger, on_error=on_error):
        try:
            yield _entry(context, protein)
        except InputFormatError as error:
            context.refuse_record(error.at(record=protein.id))
    for record in ledger.skipped_records:
        context.ledger.enter(record.id)
        context.ledger.skip(record.id, record.reason, record.detail)


def _values(header: str) -> dict[str, str]:
    """Return the keys of a header and what stands behind each."""
    parts = _KEY.split(header)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


def _items(value: str) -> Iterator[list[str]]:
    """Yield the fields of each item of a value; a number of the item before its first field is left out."""
    for match in _ITEM.finditer(value):
        fields = [field.strip() for field in match[1].split("|")]
        yield [re.sub(r"^\d+:", "", fields[0]), *fields[1:]]


def _entry(context: ReadContext, protein: Protein) -> Entry:
    values = _values(protein.description)
    variants = {fields[0]: fields[1] for fields in _items(values.get("VariantSimple", "")) if len(fields) > 1}
    claims: dict[int, SiteLabel] = {}
    items = [item for key in _MODIFICATIONS for item in _items(values.get(key, ""))]
    for fields in context.account.each(items):
        name = " ".join(fields[1:])
        residue = _RESIDUES.get(fields[1] if len(fields) > 1 else "") or phosphorylated_residue(name)
        if not (residue or is_phosphorylation(name)):
            context.leave_out(ANOTHER_MODIFICATION)
            continue
        for text in fields[0].split(","):
            position = whole_number(text.strip())
            if position is None:
                context.leave_out(f"{AMBIGUOUS}: place not known")
                continue
            found = protein.sequence[position - 1 : position] if position else ""
            if context.on_phospho_residue(residue or found, position, listed=True):
                variant = variants.get(str(position))
                evidence = f"variant {found}{position}{variant}" if variant else ""
                if position in claims:
                    context.leave_out("named before")
                else:
                    claims[position] = context.label(position, residue, SiteState.POSITIVE, evidence)
    return Entry(
        protein.id.partition(":")[2] or protein.id,
        sequence=protein.sequence,
        description=protein.description,
        removed=protein.removed,
        claims=list(claims.values()),
    )
