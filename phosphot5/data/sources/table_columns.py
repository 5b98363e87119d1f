"""Columns of tables of sites: what they are for and what they may be called, case and punctuation aside."""

from collections.abc import Sequence

from phosphot5.data.files.tables import POSITION_COLUMNS, PROTEIN_COLUMNS, find_columns, plain_name
from phosphot5.data.sources.site_lists import SITE_LISTS
from phosphot5.errors import InputFormatError
from phosphot5.output import PathLike

__all__ = ["Columns"]

_PROTEIN = (
    *PROTEIN_COLUMNS[:-1], "acc", "uniprot_accession", "protein_accession", "protein_ids", "protein_group",
    "ptm_protein_id", PROTEIN_COLUMNS[-1],
)  # fmt: skip
_POSITION = (*POSITION_COLUMNS, "phosphosite", "ptm_site_location")
_RESIDUE = ("residue", "amino_acid", "aa", "code", "ptm_site_aa", "modified_residue")
_OPTIONAL = {
    "residue": _RESIDUE,
    "state": ("state", "label"),
    "evidence": ("evidence",),
    "modification": (
        "modification", "modifications", "modification_type", "mod_type", "ptm_type", "ptm", "mod",
        "ptm_modification_title",
    ),
    "localisation": (
        "localisation", "localization", "localisation_prob", "localization_prob", "localisation_probability",
        "localization_probability", "best_localization_probability", "site_probability", "ptm_site_probability",
        "ptm_site_confidence", "probability",
    ),
    "decoy": ("reverse", "decoy"),
    "contaminant": ("potential_contaminant", "contaminant"),
}  # fmt: skip
_SEQUENCE = {"sequence": ("protein_sequence", "sequence")}
_DIANN = {"protein", "residue", "site", "sequence"}
"""Columns of DIA-NN's table of sites, whose sequence is a peptide."""
_PREDICTED = {"fpr", "call"}
"""Columns that only predictions have; their probability is none of a localisation."""


class Columns:
    """The columns of one table.

    Parameters
    ----------
    header : sequence of str
        Their names.
    fasta : bool
        Whether the proteins come from a FASTA file, so that no column can be their sequence.
    predictions : bool
        Whether the table may be an output of ``phosphot5 predict``.
    path, line
        Where the header stands, for messages.

    Attributes
    ----------
    sites : str
        Name, in `SITE_LISTS`, of the column that lists sites; empty where a column has the position.

    Raises
    ------
    InputFormatError
        If a needed column is missing, occurs twice, or the table is one of predictions and may not.
    """

    def __init__(
        self, header: Sequence[str], *, fasta: bool, predictions: bool, path: PathLike, line: int
    ) -> None:
        names = [plain_name(name) for name in header]
        predicted = set(names) >= _PREDICTED
        if predicted and not predictions:
            found, advice = "predictions (columns fpr and call)", "remove the two to take them for measured"
            raise InputFormatError(found, "sites that were measured", advice, path=path, line=line)
        placed = any(plain_name(name) in names for name in _POSITION)
        self.sites = "" if placed else next((name for name in SITE_LISTS if name in names), "")
        needed = {"protein": _PROTEIN, "position": (self.sites,) if self.sites else _POSITION}
        if self.sites == "proteinsites":
            del needed["protein"]
        optional = {
            role: choices
            for role, choices in _OPTIONAL.items()
            if not (predicted and role == "localisation" or self.sites and role == "residue")
        }
        if not fasta and not set(names) >= _DIANN:
            optional |= _SEQUENCE
        self._index = find_columns(header, needed, optional, path=path, line=line)
        self._header = header
        self._others = {
            role: [
                i
                for i, name in enumerate(names)
                if name in map(plain_name, choices) and i != self._index[role]
            ]
            for role, choices in (("position", _POSITION), ("residue", _RESIDUE))
            if role in self._index and not self.sites
        }

    def cells(self, row: list[str]) -> dict[str, str]:
        """Return the cells of a row by what they are for.

        Raises
        ------
        InputFormatError
            If the row has more cells than the header.
        """
        if any(row[len(self._header) :]):
            raise InputFormatError(f"{len(row)} columns", f"{len(self._header)} as in the header")
        row = row + [""] * (len(self._header) - len(row))  # those at the end are left out when empty
        return {role: row[column] for role, column in self._index.items()}

    def others(self, row: list[str], role: str) -> list[tuple[str, str]]:
        """Return name and cell of each further column for the same as ``position`` or ``residue``."""
        return [(self._header[i], row[i]) for i in self._others.get(role, ()) if i < len(row) and row[i]]
