"""The rows of a protein's site table, whatever scored it."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from phosphot5.data import Protein, SiteState
from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5.families_phosphot5 import FamilyTable
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows

__all__ = ["PROTEINS_AHEAD", "protein_rows"]

PROTEINS_AHEAD = 256
"""Proteins read ahead, and proteins of a part of the output; bounds the memory."""


def protein_rows(
    protein: Protein,
    scores: np.ndarray,
    fpr_table: Mapping[str, dict[str, list[float]]] | None,
    sites: Collection[str],
    families: FamilyTable | None = None,
    kinases: bool | str = False,
) -> list[dict[str, Any]]:
    """Make the rows of one protein.

    Parameters
    ----------
    protein : Protein
        Its positive sites were shown to the model as known.
    scores : numpy.ndarray of float32 of shape (residues,) or (residues, 2 + families)
        Probabilities, NaN where there is no site and at known sites; with kinases as of ``score_kinases``.
    fpr_table : mapping or None
        Residue to false-positive rates.
    sites : collection of str
        Residues that can be phosphorylated.
    families : FamilyTable, optional
        Needed for kinases.
    kinases : bool or "all"
        Add the best family of kinases, or all families as well; see
        :meth:`~phosphot5.modeling_phosphot5.families_phosphot5.FamilyTable.add_to`.

    Raises
    ------
    PhosphoT5Error
        If a site has no finite score, or another residue has one.
    """
    positions = (
        [protein.given_position(i) for i in range(1, len(protein.sequence) + 1)] if protein.removed else None
    )
    states = np.frombuffer(protein.states, dtype=np.uint8)
    known = np.flatnonzero(states == SiteState.POSITIVE).tolist()
    table = None if fpr_table is None else dict(fpr_table)
    probabilities = (scores[:, 0] if kinases else scores).tolist()
    try:
        rows = site_rows(protein.id, protein.sequence, probabilities, table, positions, known, sites)
        if kinases and families is not None:
            places = [index for index, residue in enumerate(protein.sequence) if residue in sites]
            families.add_to(rows, scores[places, 1:].tolist(), every=kinases == "all")
        return rows
    except ValueError as error:
        raise PhosphoT5Error(str(error)) from error
