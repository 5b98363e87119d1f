"""The columns of one table, by what they are for."""

from collections.abc import Sequence

from phosphot5.data.files.numbers import decimal_number
from phosphot5.data.files.tables import find_columns, plain_name
from phosphot5.data.sources.layout import Layout, matching
from phosphot5.errors import InputFormatError
from phosphot5.output import PathLike

__all__ = ["Columns"]

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
    layout : Layout
        What columns may be for, and their names.
    fasta : bool
        Whether the proteins come from a FASTA file, so that no column can be their sequence.
    predictions : bool
        Whether the table may be an output of ``phosphot5 predict``.
    organism : bool
        Whether a column with the organism is needed.
    path, line
        Where the header stands, for messages.

    Raises
    ------
    InputFormatError
        If a needed column is missing, occurs twice, or the table is one of predictions and may not.
    """

    def __init__(
        self,
        header: Sequence[str],
        layout: Layout,
        *,
        fasta: bool,
        predictions: bool,
        organism: bool,
        path: PathLike,
        line: int,
    ) -> None:
        names = [plain_name(name) for name in header]
        predicted = set(names) >= _PREDICTED
        if predicted and not predictions:
            found, advice = "predictions (columns fpr and call)", "remove the two to take them for measured"
            raise InputFormatError(found, "sites that were measured", advice, path=path, line=line)
        without = {"sequence"} if fasta or set(names) >= _DIANN else set()
        without |= {"localisation"} if predicted else set()
        without |= set() if organism else {"organism"}
        roles = {role: choices for role, choices in layout.columns.items() if role not in without}
        fitting = {role: _fitting(choices, names) for role, choices in roles.items()}
        wanted = layout.needed + (("organism",) if organism and "organism" in roles else ())
        needed = {role: fitting[role] or roles[role] for role in wanted}
        optional = {role: found for role, found in fitting.items() if found and role not in needed}
        self.layout = layout
        self._header = header
        self._index = find_columns(header, needed, optional, path=path, line=line)
        self._all = {
            role: [i for i, name in enumerate(names) if name in fitting[role]] for role in self._index
        }
        exact = {plain_name(choice) for choices in roles.values() for choice in choices}
        self._by_run = {role for role, column in self._index.items() if names[column] not in exact}
        self._facts = [(name, header.index(name)) for name in layout.facts if name in header]

    def name(self, role: str) -> str:
        """Return the name of the column for something, as it stands in the header."""
        return self._header[self._index[role]]

    def plain(self, role: str) -> str:
        """Return the name of the column for something in lower case, letters and digits only."""
        return plain_name(self.name(role))

    def cells(self, row: list[str]) -> dict[str, str]:
        """Return the cells of a row by what they are for; of several probabilities, the highest.

        Raises
        ------
        InputFormatError
            If the row has more cells than the header.
        """
        if any(row[len(self._header) :]):
            raise InputFormatError(f"{len(row)} columns", f"{len(self._header)} as in the header")
        row = row + [""] * (len(self._header) - len(row))  # those at the end are left out when empty
        cells = {role: row[column] for role, column in self._index.items()}
        if "localisation" in self._by_run:
            given = self.each(row, "localisation")
            cells["localisation"] = max(given, key=lambda text: decimal_number(text) or -1.0)
        if facts := [f"{name}={row[column]}" for name, column in self._facts if row[column]]:
            cells["evidence"] = ",".join(facts)
        return cells

    def each(self, row: list[str], role: str) -> list[str]:
        """Return the cells for something that may have a column for each run."""
        columns = self._all[role] if role in self._by_run else [self._index[role]]
        return [row[column] for column in columns if column < len(row)]

    def others(self, row: list[str], role: str) -> list[tuple[str, str]]:
        """Return name and cell of each further column for the same as ``position`` or ``residue``."""
        columns = [column for column in self._all.get(role, ()) if column != self._index[role]]
        return [(self._header[i], row[i]) for i in columns if i < len(row) and row[i]]


def _fitting(choices: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the plain names that there are, the preferred one first."""
    return list(dict.fromkeys(name for choice in choices for name in matching(choice, names)))
