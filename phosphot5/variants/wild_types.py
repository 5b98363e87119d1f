"""The proteins that variants change, found by accession, entry name or transcript."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from phosphot5.data import Protein
from phosphot5.data.sequences import Sequences
from phosphot5.errors import PhosphoT5Error
from phosphot5.variants.changes import Allele, Edit, RefusedVariantError, resolve_all
from phosphot5.variants.hgvs import read_changes
from phosphot5.variants.requests import Request

__all__ = ["Variant", "WildTypes", "substitutions"]

_TRANSCRIPT = re.compile(r"\btranscript:(\S+)|^ENS[A-Z]*P[\d.]+\|(ENS[A-Z]*T[\d.]+)", re.ASCII)
"""Transcripts in headers of Ensembl and GENCODE, by which SnpEff names proteins."""
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
"""The residues that a scan puts in each place."""


@dataclass(frozen=True)
class Variant:
    """One variant of one protein.

    Parameters
    ----------
    protein : Protein
        The protein without it.
    text : str
        Its notation.
    edit : Edit or Allele
        What it does to the sequence.
    source : str
        Where it comes from.
    """

    protein: Protein
    text: str
    edit: Edit | Allele
    source: str = ""

    @property
    def changed(self) -> Protein:
        """The protein with it; nothing is known of its sites."""
        return Protein(id=self.protein.id, sequence=self.edit.apply(self.protein.sequence))


class WildTypes:
    """Proteins that variants are looked up in.

    Parameters
    ----------
    sequences : Sequences
        The proteins.
    """

    def __init__(self, sequences: Sequences) -> None:
        self.sequences = sequences
        self._of_transcript: dict[str, Protein] = {}
        self._versions: defaultdict[str, set[str]] = defaultdict(set)
        for protein in sequences:
            if match := _TRANSCRIPT.search(protein.header):
                name = match[1] or match[2]
                self._of_transcript.setdefault(name, protein)
                self._versions[name.partition(".")[0]].add(name)

    def find(self, name: str) -> Protein:
        """Return the protein of a name.

        Parameters
        ----------
        name : str
            Accession, entry name, or transcript that the header names; versions must agree where both have one.

        Raises
        ------
        RefusedVariantError
            If there is none, or more than one.
        """
        if not name:
            raise RefusedVariantError("no protein is named")
        if found := self.sequences.find(name):
            return found[1]
        bare = name.partition(".")[0]
        versions = self._versions.get(bare, set())
        if (
            name not in versions
        ):  # a name without a version means the only one that there is, and the other way round
            versions = versions if bare == name else versions & {bare}
            if len(versions) != 1:
                raise RefusedVariantError("no such protein", name)
            (name,) = versions
        return self._of_transcript[name]

    def named(self, name: str) -> Protein:
        """Return the protein that a user names, for a scan.

        Raises
        ------
        PhosphoT5Error
            If there is none, or more than one.
        """
        try:
            return self.find(name)
        except RefusedVariantError as error:
            raise PhosphoT5Error(f"{error}; give names as the file of proteins has them") from None

    def variant(self, request: Request) -> Variant:
        """Return the variant that is asked for.

        Raises
        ------
        RefusedVariantError
            If its protein is not there, or it cannot be applied to it.
        """
        protein = self.find(request.protein)
        edit = resolve_all(read_changes(request.text, request.tail), protein.sequence)
        return Variant(protein, request.text, edit, request.source)


def substitutions(protein: Protein) -> Iterator[Variant]:
    """Yield every substitution of one residue by another, ``P47A`` to ``P47Y``, in sequence order."""
    for position, old in enumerate(protein.sequence, 1):
        for new in RESIDUES:
            if new != old:
                yield Variant(protein, f"{old}{position}{new}", Edit(position, 1, new, aligned=True))
