"""Changes of a protein in words, such as ``P47S``, as ``phosphot5 variants`` reads them."""

import re

from phosphot5.data import Protein
from phosphot5.errors import PhosphoT5Error
from phosphot5.variants.changes import Pairs, RefusedVariantError, apply_all, resolve
from phosphot5.variants.hgvs import read_changes

__all__ = ["apply_changes"]

MOST = 200
"""Changes at once."""
_WORD = re.compile(r"[^\s,;\[]*\[[^\]]*\][^\s,;]*|[^\s,;]+")
"""A notation; those of one allele stand in brackets with semicolons between."""


def apply_changes(text: str, protein: Protein) -> tuple[Protein, Pairs]:
    """Apply all changes of a text to a protein at once; positions are those of the protein without them.

    Parameters
    ----------
    text : str
        Notations with commas, semicolons or white space between; a frameshift with its new residues behind a
        colon, ``p.Arg97fs:PKLM``.
    protein : Protein
        The protein without the changes.

    Returns
    -------
    Protein, list of tuple of int or None
        The protein with them, and the 0-based residues of both in every column of their alignment.

    Raises
    ------
    PhosphoT5Error
        If a notation cannot be read or does not fit the protein, with which and why, or there are too many.
    """
    edits = []
    words = _WORD.findall(text) or [text]
    if len(words) > MOST:
        raise PhosphoT5Error(
            f"{len(words):,} changes are too many at once (at most {MOST}); give variant B instead"
        )
    for word in words:
        notation, _, tail = word.removeprefix(f"{protein.id}:").partition(":")
        try:
            edits += [resolve(change, protein.sequence) for change in read_changes(notation, tail)]
        except RefusedVariantError as error:
            raise PhosphoT5Error(f"change {word[:60]}: {error}") from error
    try:
        sequence, pairs = apply_all(edits, protein.sequence)
    except RefusedVariantError as error:
        raise PhosphoT5Error(f"changes: {error}; give each residue one change") from error
    name = "_".join(re.findall(r"[\w.*]+", text))[:40]
    return Protein(id=f"{protein.id}_{name}", sequence=sequence), pairs
