"""Tables of typed columns out: TSV, JSON Lines and Parquet, whole or not at all."""

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from phosphot5.errors import OutputFileError, PhosphoT5Error
from phosphot5.output import atomic_file, atomic_text, ending_of

__all__ = ["FORMATS", "open_table", "table_format"]

FORMATS = {"tsv": (".tsv", ".txt", ".tab"), "jsonl": (".jsonl",), "parquet": (".parquet",)}
"""Formats and the endings that stand for them."""
ROWS_AT_ONCE = 10_000
"""Rows of a row group of Parquet."""

Row = Mapping[str, Any]


def table_format(path: str, name: str | None = None) -> str:
    """Choose a format by name or by the ending of the file; standard output is a TSV.

    Parameters
    ----------
    path : str
        Output file, or ``-``; a final ``.gz`` is looked past.
    name : str, optional
        Key of :data:`FORMATS`; overrides the ending.

    Raises
    ------
    OutputFileError
        If the ending stands for no format, or Parquet is asked for on standard output.
    """
    found = name or ("tsv" if path == "-" else ending_of(path, FORMATS))
    if found == "parquet" and path == "-":
        raise OutputFileError("Parquet cannot go to standard output; name a file with -o")
    return found


@contextmanager
def open_table(
    path: str, name: str, columns: Mapping[str, type], *, overwrite: bool = False
) -> Generator[Callable[[Row], None], None, None]:
    """Open a table that appears under its name only when it is complete.

    Parameters
    ----------
    path : str
        Output file, or ``-``.
    name : str
        Key of :data:`FORMATS`.
    columns : mapping of str to type
        Names of the columns, and what they hold: str, int or float; every cell may be None.
    overwrite : bool
        Whether an existing file may be replaced.

    Yields
    ------
    callable
        Takes one row after the other.
    """
    if name == "parquet":
        with _parquet_table(path, columns, overwrite) as write:
            yield write
        return
    with atomic_text(path, overwrite=overwrite) as handle:
        if name == "jsonl":
            yield lambda row: _discard(handle.write(json.dumps(dict(row)) + "\n"))
            return
        handle.write("\t".join(columns) + "\n")
        yield lambda row: _discard(handle.write("\t".join(_text(row[column]) for column in columns) + "\n"))


def _discard(written: int) -> None:
    """Take what a handle says that it has written."""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    text = " ".join(str(value).split())
    # quoted as csv and pandas want it, and only where they do
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if '"' in text else text


@contextmanager
def _parquet_table(
    path: str, columns: Mapping[str, type], overwrite: bool
) -> Generator[Callable[[Row], None], None, None]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise PhosphoT5Error("Parquet needs pyarrow, which is not installed: pip install pyarrow") from None
    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(column, types[kind]) for column, kind in columns.items()])
    with atomic_file(path, overwrite=overwrite) as unfinished:
        rows: list[Row] = []
        with parquet.ParquetWriter(unfinished, schema) as writer:

            def put() -> None:
                writer.write_table(pa.Table.from_pylist(rows, schema))
                rows.clear()

            def write(row: Row) -> None:
                rows.append(row)
                if len(rows) == ROWS_AT_ONCE:
                    put()

            yield write
            if rows:
                put()
