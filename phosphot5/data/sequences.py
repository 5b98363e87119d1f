"""Proteins that sites and peptides of other files refer to, found by a name or by a part of their sequence."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from phosphot5.data.files.sequence_files import read_proteins
from phosphot5.data.identifiers import IdentifierIndex
from phosphot5.data.records import Protein
from phosphot5.errors import InputFormatError
from phosphot5.output import PathLike

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]

__all__ = ["Sequences", "occurrences", "read_sequences"]

_WORD = 5
"""Residues by which peptides are looked up in all proteins."""


class Sequences:
    """Proteins of one file."""

    def __init__(self) -> None:
        self._proteins: dict[str, Protein] = {}
        self._index = IdentifierIndex()

    def add(self, protein: Protein) -> Protein:
        """Take in a protein; return the first one of its accession."""
        return self._proteins.setdefault(self._index.add(protein.header), protein)

    def __iter__(self) -> Iterator[Protein]:
        """Iterate over the proteins, in file order."""
        return iter(self._proteins.values())

    def find(self, name: str) -> tuple[str, Protein] | None:
        """Return the key and the protein that a name means, None if there is none or more than one."""
        keys = self._index.find(name) or [self._index.find_version(name) or ""]
        return (keys[0], self._proteins[keys[0]]) if len(keys) == 1 and keys[0] else None

    def places(self, peptide: str) -> list[tuple[str, int]]:
        """Return every place of a peptide in any protein: key of the protein, first residue, 1-based."""
        import numpy as np

        starts, joined, keys, words, order = self._words
        if len(peptide) < _WORD:
            found = list(_occurrences(joined, peptide))
        else:
            word = _numbered(peptide[:_WORD])[0]
            first, last = (int(np.searchsorted(words, word, side)) for side in ("left", "right"))
            found = sorted(int(at) for at in order[first:last] if joined.startswith(peptide, int(at)))
        places = []
        for at in found:
            number = int(np.searchsorted(starts, at, "right")) - 1
            places.append((keys[number], at - int(starts[number]) + 1))
        return places

    @cached_property
    def _words(self) -> "tuple[Numbers, str, list[str], Numbers, Numbers]":
        """Return starts of the sequences in the joined text, the text, keys, its words in order and their places."""
        import numpy as np

        joined = "\0".join(protein.sequence for protein in self._proteins.values())
        lengths = [len(protein) + 1 for protein in self._proteins.values()]
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        words = _numbered(joined)
        order = np.argsort(words, kind="stable")
        return starts, joined, list(self._proteins), words[order], order


def occurrences(protein: Protein, peptide: str) -> list[int]:
    """Return the first residues, 1-based, of every place of a peptide in a protein, overlapping ones included."""
    return [at + 1 for at in _occurrences(protein.sequence, peptide)]


def _occurrences(text: str, part: str) -> Iterable[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _numbered(text: str) -> "Numbers":
    """Return a number for each word of a text of capital letters and NUL."""
    import numpy as np

    letters = np.frombuffer(text.encode("ascii"), dtype=np.uint8).astype(np.int64)
    count = len(letters) - _WORD + 1
    numbers = np.zeros(max(count, 0), dtype=np.int64)
    for offset in range(_WORD if count > 0 else 0):
        numbers = numbers * 128 + letters[offset : offset + count]
    return numbers


def read_sequences(path: PathLike) -> Sequences:
    """Read the proteins that sites of other files refer to.

    Parameters
    ----------
    path : str or os.PathLike
        FASTA or another file of sequences (`phosphot5.data.files.sequence_files`), plain or gzip.

    Returns
    -------
    Sequences
        The proteins, found by any of their names.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged.
    InputFormatError
        If it is in no known format, has gaps, or has two sequences for one accession.
    """
    sequences = Sequences()
    for protein in read_proteins(path):
        if protein.removed:
            found, expected = (
                f"a gap at {protein.removed[0]}",
                "a sequence without gaps, as sites refer to it",
            )
            raise InputFormatError(found, expected, path=path, record=protein.id)
        if sequences.add(protein).sequence != protein.sequence:
            found = "a second, different sequence"
            raise InputFormatError(found, "one for each accession", path=path, record=protein.id)
    return sequences
