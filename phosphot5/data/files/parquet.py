"""Opening Parquet files with errors that say what is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from phosphot5.errors import InputFileError
from phosphot5.output import PathLike

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

__all__ = ["PARQUET_MAGIC", "open_parquet"]

PARQUET_MAGIC = b"PAR1"
"""First bytes of a Parquet file."""


@contextmanager
def open_parquet(path: PathLike) -> "Iterator[ParquetFile]":
    """Open a Parquet file.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Raises
    ------
    InputFileError
        If it is missing or unreadable, also where that shows only later.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file; check the path") from None
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].removesuffix(".")
        raise InputFileError(f"{path}: cannot be read as Parquet ({reason}); check the file") from error
