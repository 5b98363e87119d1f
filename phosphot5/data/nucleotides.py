"""Sequences of nucleotides, which read as proteins: A, C, G, T and N are residue letters, too."""

import re

__all__ = ["NUCLEOTIDES_NOTE", "looks_like_nucleotides"]

NUCLEOTIDES_NOTE = "only A, C, G, T, U and N, probably nucleotides"
"""What is said of such a record."""

_NUCLEOTIDES = re.compile("[ACGTUN]{15,}")
"""A protein of as many residues has other letters, too: by their frequencies, all but one in a billion."""


def looks_like_nucleotides(sequence: str) -> bool:
    """Tell whether a sequence in capital letters, without gaps, is probably DNA or RNA."""
    return _NUCLEOTIDES.fullmatch(sequence) is not None
