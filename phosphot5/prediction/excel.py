"""Excel sheets out: one with the rows, one that says what made them."""

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phosphot5.errors import OutputFileError
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS
from phosphot5.prediction.about import About

__all__ = ["excel_rows"]

_MOST_LETTERS = 32_767
"""Characters of a cell of Excel."""
_NOT_IN_CELL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""Characters that XML has no place for, and what Excel would take for the escape of one."""
_WIDTHS = {"protein": 16, "window": 20, "variant_window": 20, "reason": 40}
_WIDTH = 13
"""Width of a column, in characters."""


@contextmanager
def excel_rows(
    path: Path, columns: Mapping[str, type], about: About
) -> Generator[Callable[[Mapping[str, Any]], None], None, None]:
    """Write rows to the sheet ``sites`` of an Excel file, and what made them to the sheet ``about``.

    Texts stay texts: what begins with ``=`` is no formula. Characters that Excel has no place for are escaped as
    it does, ``_x0007_``. The caller sees to it that there are not more rows than a sheet holds.

    Parameters
    ----------
    path : Path
        The file.
    columns : mapping of str to type
        Names of the columns, and what they hold: str, int or float; every cell may be None.
    about : About
        What made the rows.

    Yields
    ------
    callable
        Takes one row after the other.

    Raises
    ------
    OutputFileError
        If a text is longer than Excel holds.
    """
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("sites")
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(column, _WIDTH)
    sheet.append([_text(sheet, column, bold=True) for column in columns])
    written = 0

    def write(row: Mapping[str, Any]) -> None:
        nonlocal written
        values = [row[column] for column in columns]
        sheet.append([_text(sheet, value) if isinstance(value, str) else value for value in values])
        written += 1

    try:
        yield write
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{written + 1}"
        _append_about(book.create_sheet("about"), about)
        book.save(path)
    finally:
        for opened in book.worksheets:
            if not opened.closed:
                opened.close()  # after an error, or its generators complain of it


def _text(sheet: Any, text: str, *, bold: bool = False) -> Any:
    """Make a cell that Excel reads as text, whatever it looks like."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    if len(text) > _MOST_LETTERS:
        raise OutputFileError(
            f"{text[:20]}...: a cell of Excel holds at most {_MOST_LETTERS:,} characters; write .parquet or .csv "
            "instead"
        )
    escaped = _NOT_IN_CELL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    cell = WriteOnlyCell(sheet, escaped)
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _append_about(sheet: Any, about: About) -> None:
    """Write the facts, then the lowest probability of each call."""
    sheet.column_dimensions["A"].width = 20
    for name, text in about.facts.items():
        sheet.append([_text(sheet, name, bold=True), _text(sheet, text)])
    if not about.thresholds:
        return
    sheet.append([])
    sheet.append([_text(sheet, "lowest probability of each call", bold=True)])
    titles = ("residue", *(f"{call} ({rate:.0%} false positives)" for call, rate in CALLS.items()))
    sheet.append([_text(sheet, title, bold=True) for title in titles])
    for residue, levels in about.thresholds.items():
        sheet.append([_text(sheet, residue), *(levels.get(call) for call in CALLS)])
