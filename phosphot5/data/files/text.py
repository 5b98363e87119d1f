"""Text files in: plain or gzip, or standard input."""

from collections.abc import Iterator

from phosphot5.errors import InputFileError, InputFormatError
from phosphot5.modeling_phosphot5 import fasta_phosphot5
from phosphot5.output import PathLike

__all__ = ["read_lines"]


def read_lines(path: PathLike, *, strict: bool = True) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file, plain or gzip (told by content, not by name).

    Text is UTF-8, or UTF-16 if a byte order mark says so.

    Parameters
    ----------
    path : str or os.PathLike
        The file, or ``-`` for standard input.
    strict : bool
        Whether to refuse bytes that are no text; else they stay as lone surrogates.

    Yields
    ------
    number : int
        Line number, 1-based.
    line : str
        The line without its line end (LF, CR LF or CR) and without a byte order mark.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged.
    InputFormatError
        If the file is an archive, a document or compressed otherwise, a line is not UTF-8 (and must be), or UTF-16
        is damaged.
    """
    try:
        yield from fasta_phosphot5.read_lines(path, strict=strict)
    except OSError as error:
        raise InputFileError(str(error)) from error
    except fasta_phosphot5.FastaError as error:
        raise InputFormatError(
            error.found, error.expected, error.advice, path=path, line=error.line
        ) from None
