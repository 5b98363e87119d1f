"""Features of GFF3 files."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from phosphot5.data.files.numbers import whole_number
from phosphot5.data.files.text import read_lines
from phosphot5.errors import InputFormatError
from phosphot5.output import PathLike

__all__ = ["Feature", "read_features"]


@dataclass(frozen=True)
class Feature:
    """One line of a GFF3 file, escapes undone.

    Parameters
    ----------
    line : int
        Line of the file, 1-based.
    protein, kind : str
        Columns 1 and 3.
    start, end : str
        Columns 4 and 5 as they stand.
    attributes : dict of str to str
        Column 9.
    """

    line: int
    protein: str
    kind: str
    start: str
    end: str
    attributes: dict[str, str]

    def position(self, path: PathLike) -> int:
        """Return the one residue the feature is on, 1-based.

        Raises
        ------
        InputFormatError
            If it is on more than one, or its place is not a number.
        """
        position = whole_number(self.start)
        if self.start != self.end or position is None:
            found = f"a phosphorylated residue from {self.start!r} to {self.end!r}"
            raise InputFormatError(
                found, "one position, twice", path=path, line=self.line, record=self.protein
            )
        return position


def read_features(path: PathLike) -> Iterator[Feature]:
    """Yield the features of a GFF3 file, up to its sequences if it has any.

    Parameters
    ----------
    path : str or os.PathLike
        The file, plain or gzip.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged.
    InputFormatError
        If a line has fewer than 9 columns.
    """
    for line, text in read_lines(path):
        if text.startswith("##FASTA"):
            return
        if not text.strip() or text.startswith("#"):
            continue
        cells = text.split("\t")
        if len(cells) < 9:
            found = f"{len(cells)} columns"
            raise InputFormatError(found, "the 9 columns of GFF3, by tabs", path=path, line=line)
        pairs = [part.partition("=") for part in cells[8].split(";")]
        attributes = {name.strip(): unquote(value) for name, equals, value in pairs if equals}
        yield Feature(line, unquote(cells[0]), unquote(cells[2]), cells[3], cells[4], attributes)
