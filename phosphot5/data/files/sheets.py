"""Tables in whatever file: text with tabs, commas or semicolons, Excel, Parquet; told by content, not by name."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Literal

from phosphot5.data.files.parquet import PARQUET_MAGIC, open_parquet
from phosphot5.data.files.text import read_lines
from phosphot5.errors import InputFileError, InputFormatError, PhosphoT5Error
from phosphot5.output import PathLike

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["Sheet", "is_sheet_file", "read_sheet"]

Row = tuple[int, list[str]]

_DELIMITERS = "\t,;"
"""What may stand between cells; the first wins a draw."""
_HEAD = 30
"""Rows among which the names of the columns must be: some programs write a title or a notice before them."""
_ZIP_MAGIC, _OLD_EXCEL_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, SyntaxError, LookupError, ValueError, TypeError, AttributeError, OSError, EOFError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl raises, and zip and XML below it, on a file that is damaged or another archive."""
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(rf"\d{{1,2}}-(?:{_MONTH})|(?:{_MONTH})-\d\d", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NAMES = re.compile("gene|protein|symbol|name|accession|entry|^id$", re.IGNORECASE)
"""Columns that hold names, in which every date is suspect."""
_NOTHING = ("", "nan", "na", "n/a", "#n/a", "null", "none")


class Sheet:
    """One table, from the names of its columns on.

    Parameters
    ----------
    line : int
        Line (or row) of the names, 1-based; 0 for Parquet, where the first row is 1.
    header : list of str
        Names of the columns.
    rows : iterator of (int, list of str)
        Line and cells of each row that is not empty; cells without the blanks around them.

    Attributes
    ----------
    dates : dict of str to (int, str)
        Columns with cells that are dates, or what Excel makes of gene names such as SEPT2: how many, and the first.
        Complete when all rows are read.
    notes : list of str
        What else was noticed.
    """

    def __init__(self, line: int, header: list[str], rows: Iterator[Row]) -> None:
        self.line = line
        self.header = header
        self.dates: dict[str, tuple[int, str]] = {}
        self.notes: list[str] = []
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        for line, cells in self._rows:
            for column, cell in enumerate(cells):
                if 4 < len(cell) < 11 and "-" in cell:
                    self._note_date(column, cell, line)
            yield line, cells

    def _note_date(self, column: int, cell: str, line: int) -> None:
        name = self.header[column] if column < len(self.header) else f"number {column + 1}"
        if not (_DATE.fullmatch(cell) or _NAMES.search(name) and _ISO_DATE.fullmatch(cell)):
            return
        count, first = self.dates.get(name, (0, f"{cell} in line {line}"))
        self.dates[name] = (count + 1, first)

    def warnings(self) -> list[str]:
        """Return a line for each column with dates, and what else was noticed; call it after the last row."""
        return self.notes + [
            f"column {name!r}: {count:,} of the cells are dates, the first {first}; Excel turns gene names such as "
            "SEPT2 and MARCH1 into dates, check the names"
            for name, (count, first) in self.dates.items()
        ]


def read_sheet(path: PathLike, is_header: Callable[[Sequence[str]], bool]) -> Sheet:
    """Open a table.

    Parameters
    ----------
    path : str or os.PathLike
        Text, plain or gzip, UTF-8 or UTF-16; ``.xlsx``, of which the first sheet that fits is read; or Parquet.
        Lines that begin with ``#!`` are Perseus' types of its columns, no rows.
    is_header : callable
        Tells whether cells are the names of the columns. It chooses among the first rows, and what stands between
        the cells of a text; if none is one, the first row is taken.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged, or an archive or sheet of another kind.
    InputFormatError
        If it is empty, or a row of text cannot be split.
    PhosphoT5Error
        If it is an Excel file and openpyxl is missing.
    """
    if is_sheet_file(path, PARQUET_MAGIC):
        return _parquet_sheet(path)
    if is_sheet_file(path, _ZIP_MAGIC):
        return _excel_sheet(path, is_header)
    if is_sheet_file(path, _OLD_EXCEL_MAGIC):
        raise InputFileError(f"{path}: a sheet of Excel before 2007; save it as .xlsx or .csv")
    return _text_sheet(path, is_header)


def is_sheet_file(path: PathLike, *kinds: bytes) -> bool:
    """Tell whether a file begins as one of these kinds does; by default as Parquet or Excel."""
    if str(path) == "-":
        return False
    try:
        with open(path, "rb") as handle:
            return handle.read(4) in (kinds or (PARQUET_MAGIC, _ZIP_MAGIC, _OLD_EXCEL_MAGIC))
    except OSError:
        return False  # the text reader says what is wrong


def _text_sheet(path: PathLike, is_header: Callable[[Sequence[str]], bool]) -> Sheet:
    lines = (row for row in read_lines(path) if not row[1].startswith("#!"))
    head = list(islice(lines, _HEAD))
    separator = next((line[4] for _, line in head[:1] if re.fullmatch("(?i)sep=.", line)), "")
    head = head[1:] if separator else head
    delimiters = separator or _DELIMITERS
    start, delimiter = _find_header(head, delimiters, is_header)
    if start is None:
        raise InputFormatError("an empty file", "a table with a header", path=path)
    # in a table by tabs whose header has no quotes, a quote is a character like any other: 5"-nucleotidase
    plain = delimiter == "\t" and '"' not in head[start][1]
    rows = _split_rows(path, chain(head[start:], lines), delimiter, plain)
    line, header = next(rows)
    return Sheet(line, header, rows)


def _find_header(
    head: list[tuple[int, str]], delimiters: str, is_header: Callable[[Sequence[str]], bool]
) -> tuple[int | None, str]:
    """Return which line has the names of the columns, and what stands between cells."""
    best: tuple[int, int | None, str] = (0, None, delimiters[0])
    for index, (_, line) in enumerate(head):
        counts = []
        for delimiter in delimiters:
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
            if is_header(cells):
                return index, delimiter
            counts.append(len(cells))
        comment = line.startswith("#") and (max(counts) == 1 or line[1:2] in " #")
        if line.strip() and not comment and max(counts) > best[0]:
            best = (max(counts), index, delimiters[counts.index(max(counts))])
    return best[1], best[2]


def _split_rows(
    path: PathLike, lines: Iterator[tuple[int, str]], delimiter: str, plain: bool
) -> Iterator[Row]:
    taken = [1]  # the line that was taken last

    def texts() -> Iterator[str]:
        for taken[0], line in lines:
            yield f"{line}\n"

    quoting: Literal[0, 3] = csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL
    try:
        for row in csv.reader(texts(), delimiter=delimiter, quoting=quoting, strict=True):
            if any(row):
                cells = [cell.strip() for cell in row]
                yield taken[0], [_unquoted(cell) for cell in cells] if plain else cells
    except csv.Error as error:
        raise InputFormatError(
            f"a row that cannot be split ({error})",
            'cells as they are or wholly in "quotes"',
            path=path,
            line=taken[0],
        ) from None


def _unquoted(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell


def _parquet_sheet(path: PathLike) -> Sheet:
    with open_parquet(path) as file:
        header = list(file.schema_arrow.names)
    return Sheet(0, header, _parquet_rows(path))


def _parquet_rows(path: PathLike) -> Iterator[Row]:
    number = 0
    with open_parquet(path) as file:
        for batch in file.iter_batches():
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield number, [_cell(value) for value in row]


def _excel_sheet(path: PathLike, is_header: Callable[[Sequence[str]], bool]) -> Sheet:
    """Choose the first sheet with the names of the columns, else the first that is not empty."""
    first: tuple[str, int] | None = None
    chosen: tuple[str, int] | None = None
    with _workbook(path) as book:
        names = [sheet.title for sheet in book.worksheets]
        for sheet in book.worksheets:
            for number, row in enumerate(islice(sheet.iter_rows(values_only=True), _HEAD), 1):
                cells = [_cell(value) for value in row]
                if first is None and any(cells):
                    first = (sheet.title, number)
                if is_header(cells):
                    chosen = (sheet.title, number)
                    break
            if chosen:
                break
    chosen = chosen or first
    if chosen is None:
        raise InputFormatError("an empty file", "a table with a header", path=path)
    rows = _excel_rows(path, chosen[0])
    line, header = next(row for row in rows if row[0] == chosen[1])
    result = Sheet(line, header, rows)
    if others := [name for name in names if name != chosen[0]]:
        result.notes.append(f"sheet {chosen[0]!r} is read, not {', '.join(map(repr, others))}")
    return result


def _excel_rows(path: PathLike, name: str) -> Iterator[Row]:
    with _workbook(path) as book:
        for number, row in enumerate(book[name].iter_rows(values_only=True), 1):
            cells = [_cell(value) for value in row]
            if any(cells):
                yield number, cells


@contextmanager
def _workbook(path: PathLike) -> "Iterator[Workbook]":
    try:
        import openpyxl
    except ImportError:
        raise PhosphoT5Error(
            'Excel sheets are read by openpyxl, which is not installed: pip install "phosphot5[data]"'
        ) from None
    book = None
    try:
        with open(path, "rb") as handle:
            content = io.BytesIO(handle.read())
        book = openpyxl.load_workbook(content, read_only=True, data_only=True)
        yield book
    except _DAMAGED as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputFileError(
            f"{path}: cannot be read as an Excel sheet ({reason}); if it is another archive, unpack it"
        ) from None
    finally:
        if book is not None:
            book.close()


def _cell(value: Any) -> str:
    """Return a cell as text: whole numbers without a fraction, dates as in ISO 8601, nothing for no value."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return str(value.date())
    text = str(value).strip()
    return "" if text.lower() in _NOTHING else text
