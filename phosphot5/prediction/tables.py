"""Tables of typed columns out: TSV, CSV, JSON Lines, Parquet and Excel, whole or not at all."""

import importlib.util
import json
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phosphot5.errors import OutputFileError, PhosphoT5Error
from phosphot5.output import PathLike, atomic_file, atomic_text, ending_of
from phosphot5.prediction.about import About
from phosphot5.prediction.excel import excel_rows

__all__ = [
    "BINARY",
    "ENDINGS",
    "MOST_EXCEL_ROWS",
    "choose_table",
    "header_text",
    "open_table",
    "row_text",
    "too_many_rows",
]

ENDINGS = {
    "tsv": (".tsv", ".txt", ".tab"),
    "csv": (".csv",),
    "jsonl": (".jsonl",),
    "parquet": (".parquet",),
    "xlsx": (".xlsx",),
}
"""Tables and the endings that stand for them."""
_PACKAGES = {"parquet": ("pyarrow", "pyarrow"), "xlsx": ("openpyxl", '"phosphot5[data]"')}
"""What writes a table that is no text: its package, and what pip installs."""
MOST_EXCEL_ROWS = 1_048_575
"""Rows of a sheet of Excel, below the names of the columns."""
ROWS_AT_ONCE = 50_000
"""Rows of a row group of Parquet."""

Row = Mapping[str, Any]
Columns = Mapping[str, type]
"""Names of columns and what they hold: str, int or float; every cell may be None."""


def choose_table(
    path: str,
    name: str | None = None,
    endings: Mapping[str, Collection[str]] = ENDINGS,
    whole: Collection[str] = tuple(_PACKAGES),
) -> str:
    """Choose a table, or another format, by name or by the ending of the file; standard output is a TSV.

    Parameters
    ----------
    path : str
        Output file, or ``-``; a final ``.gz`` is looked past.
    name : str, optional
        Key of ``endings``; overrides the ending.
    endings : mapping of str to collection of str
        Format to its endings.
    whole : collection of str
        Formats that are not written line by line.

    Raises
    ------
    OutputFileError
        If the ending stands for no format, or the file cannot be written as asked.
    PhosphoT5Error
        If a package is missing that writes it.
    """
    found = name or ("tsv" if path == "-" else ending_of(path, endings))
    if found in whole:
        _check_whole_file(path, found)
    return found


def _check_whole_file(path: str, name: str) -> None:
    """Refuse a file that is not written line by line where it cannot be written, before the work begins.

    Parameters
    ----------
    path : str
        Output file, or ``-``.
    name : str
        Its format.

    Raises
    ------
    OutputFileError
        If it is standard output, or to be compressed.
    PhosphoT5Error
        If a package is missing that writes it.
    """
    if path == "-":
        raise OutputFileError(f"{name} cannot go to standard output; name a file with -o")
    if path.endswith(".gz"):
        raise OutputFileError(f"{path}: {name} is not compressed further; leave .gz out of the name")
    package, install = _PACKAGES.get(name, ("", ""))
    if package and importlib.util.find_spec(package) is None:
        raise PhosphoT5Error(f"{name} needs {package}, which is not installed: pip install {install}")


def too_many_rows(path: PathLike, name: str, most: int) -> OutputFileError:
    """Make the error of more rows than a file of some format holds."""
    return OutputFileError(
        f"{path}: {name} holds at most {most:,} rows; write .parquet, .csv or .tsv instead, or give fewer proteins"
    )


def header_text(name: str, columns: Columns) -> str:
    """Return the first line of a table in text, empty if it has none."""
    return "" if name == "jsonl" else _line(name, columns)


def row_text(name: str, columns: Columns, row: Row) -> str:
    """Return a row as a line of text.

    Parameters
    ----------
    name : str
        ``tsv``, ``csv`` or ``jsonl``.
    columns : mapping of str to type
        The columns; numbers with a fraction get four decimals in TSV and CSV.
    row : mapping of str to str, int, float or None
        A value for each column.
    """
    if name == "jsonl":
        return json.dumps(dict(row)) + "\n"
    return _line(name, [_text(row[column], kind) for column, kind in columns.items()])


def _text(value: Any, kind: type) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if kind is float else " ".join(str(value).split())


def _line(name: str, cells: Iterable[str]) -> str:
    """Join cells, quoted as csv and pandas want it, and only where they do."""
    separator, end = (",", "\r\n") if name == "csv" else ("\t", "\n")
    return separator.join([_quoted(cell, separator) for cell in cells]) + end


def _quoted(cell: str, separator: str) -> str:
    if '"' not in cell and separator not in cell:
        return cell
    return f'"{cell.replace(chr(34), chr(34) * 2)}"'


@contextmanager
def open_table(
    path: str, name: str, columns: Columns, about: Callable[[], About], *, overwrite: bool = False
) -> Generator[Callable[[Row], None], None, None]:
    """Open a table that appears under its name only when it is complete.

    Parameters
    ----------
    path : str
        Output file, or ``-``.
    name : str
        Key of :data:`ENDINGS`.
    columns : mapping of str to type
        Names of the columns, and what they hold: str, int or float; every cell may be None.
    about : callable
        Says what made the rows; asked where the table has a place for it.
    overwrite : bool
        Whether an existing file may be replaced.

    Yields
    ------
    callable
        Takes one row after the other.

    Raises
    ------
    OutputFileError
        If the file cannot be written, or holds fewer rows than there are.
    """
    if name in BINARY:
        with (
            atomic_file(path, overwrite=overwrite) as unfinished,
            BINARY[name](unfinished, columns, about()) as write,
        ):
            yield write if name != "xlsx" else _counted(write, path)
        return
    with atomic_text(path, overwrite=overwrite) as handle:
        handle.write(header_text(name, columns))

        def write_line(row: Row) -> None:
            handle.write(row_text(name, columns, row))

        yield write_line


def _counted(write: Callable[[Row], None], path: str) -> Callable[[Row], None]:
    """Refuse the first row that a sheet of Excel does not hold."""
    written = 0

    def write_counted(row: Row) -> None:
        nonlocal written
        written += 1
        if written > MOST_EXCEL_ROWS:
            raise too_many_rows(path, "xlsx", MOST_EXCEL_ROWS)
        write(row)

    return write_counted


@contextmanager
def parquet_rows(path: Path, columns: Columns, about: About) -> Generator[Callable[[Row], None], None, None]:
    """Write rows to a Parquet file in row groups; :class:`About` is the metadata of its schema.

    Parameters
    ----------
    path : Path
        The file.
    columns : mapping of str to type
        As for :func:`open_table`.
    about : About
        What made the rows; each fact gets a key that begins with ``phosphot5.``.

    Yields
    ------
    callable
        Takes one row after the other.
    """
    import pyarrow as pa
    from pyarrow import parquet

    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    metadata = {f"phosphot5.{key}": text for key, text in about.metadata.items()}
    schema = pa.schema([(column, types[kind]) for column, kind in columns.items()], metadata)
    cells: list[list[Any]] = [[] for _ in columns]
    with parquet.ParquetWriter(path, schema) as writer:

        def write_group() -> None:
            arrays = [pa.array(values, field.type) for values, field in zip(cells, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            for values in cells:
                values.clear()

        def write(row: Row) -> None:
            for values, column in zip(cells, columns, strict=True):
                values.append(row[column])
            if len(cells[0]) == ROWS_AT_ONCE:
                write_group()

        yield write
        if cells[0]:
            write_group()


BINARY = {"parquet": parquet_rows, "xlsx": excel_rows}
"""Writers of tables that are no text."""
