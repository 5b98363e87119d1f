"""Accessions of UniProt in place of sequences: told from sequences, fetched when a visitor asks."""

import re
from pathlib import Path

from phosphot5.app.scoring import Limits
from phosphot5.data.public.entries import entries_file, is_accession
from phosphot5.errors import PhosphoT5Error

__all__ = ["fetch_accessions", "given_accessions"]


def given_accessions(text: str) -> list[str]:
    """Return the accessions that a text consists of, each once; nothing if there is anything else in it.

    Examples
    --------
    >>> given_accessions("P04637, q00987"), given_accessions("MSPEK"), given_accessions("P04637 MSPEK")
    (['P04637', 'Q00987'], [], [])
    """
    words = [word.upper() for word in re.split(r"[\s,;]+", text) if word]
    return list(dict.fromkeys(words)) if all(map(is_accession, words)) else []


def fetch_accessions(text: str, limits: Limits, base: str | None) -> str:
    """Replace accessions by sequences from UniProt; another text stays as it is.

    Parameters
    ----------
    text : str
        What a visitor typed.
    limits : Limits
        How many may be asked for.
    base : str or None
        Address of the service; None if this page asks nobody.

    Returns
    -------
    str
        FASTA.

    Raises
    ------
    PhosphoT5Error
        If there are too many, the page asks nobody, the service does not answer, or it has no such sequence.
    """
    accessions = given_accessions(text)
    if not accessions:
        return text
    if base is None:
        raise PhosphoT5Error(
            f"{accessions[0]}: this page does not ask UniProt for sequences; paste the sequence itself"
        )
    limits.check_number(len(accessions))
    with entries_file(accessions, base) as path:
        return Path(path).read_text(encoding="utf-8")
