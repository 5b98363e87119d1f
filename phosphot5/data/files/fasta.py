"""FASTA in and out, bare or with sites marked.

dnaio is not used: it takes every line that starts with ``#`` for a comment, so that a wrapped hash-FASTA
loses residues and labels without a word, it tells no line numbers and it refuses headers beyond ASCII.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from phosphot5.data.files.text import read_lines
from phosphot5.data.ledger import Ledger
from phosphot5.data.notations import parse, render
from phosphot5.data.records import Protein
from phosphot5.errors import InputFormatError
from phosphot5.output import PathLike, atomic_text

__all__ = ["read_fasta", "write_fasta"]


@dataclass
class _Record:
    """One record as it stands in the file; ``lines`` has (1-based line number, text without blanks)."""

    header: str
    line: int
    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return (self.header.split(maxsplit=1) or [""])[0]

    def protein(self, notation: str) -> Protein:
        """Parse the record; errors name its line and identifier."""
        if not self.id:
            raise InputFormatError("a header without identifier", "'>' and a name", line=self.line)
        text = "".join(text for _, text in self.lines)
        if not text.strip("*-."):
            raise InputFormatError("no residues", "at least one", line=self.line, record=self.id)
        try:
            read = parse(text, notation)
        except InputFormatError as error:
            raise error.at(line=self._line_of(error.position), record=self.id) from None
        description = self.header.removeprefix(self.id).strip()
        return Protein(id=self.id, description=description, **vars(read))

    def _line_of(self, position: int | None) -> int:
        """Return the line that holds a 1-based character position, the header's if it is not known."""
        for number, text in self.lines if position else ():
            if position <= len(text):
                return number
            position -= len(text)
        return self.line


def read_fasta(
    path: PathLike,
    *,
    notation: str = "plain",
    ledger: Ledger | None = None,
    on_error: Literal["raise", "skip"] = "raise",
) -> Iterator[Protein]:
    """Read proteins from FASTA one after the other, in file order.

    Plain or gzip, any line ends, wrapped lines, empty lines; blanks inside a sequence do not count. Gaps ``-``
    ``.`` and ``*`` at the end are taken out and positions still refer to the sequence as given. Records that
    share an identifier are all yielded.

    Parameters
    ----------
    path : str or os.PathLike
        The file, or ``-`` for standard input.
    notation : str
        How sites are marked, one of `phosphot5.data.NOTATIONS`. In ``plain`` a mark is an error; ``hash`` is
        the labelled form ``AS#PT@K``. Header tags such as ``labelled=ST`` stay in `Protein.description`: marks
        are explicit, so they change nothing.
    ledger : Ledger, optional
        Takes one entry for each record; those without residues are skipped there.
    on_error : {"raise", "skip"}
        What to do about a record that cannot be read: stop, or skip it in the ledger and go on.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged.
    InputFormatError
        If the file is empty or no FASTA, or (unless skipped) at the first record that cannot be read.
    ValueError
        If records shall be skipped and there is no ledger to say so.
    """
    if on_error == "skip" and ledger is None:
        raise ValueError("on_error='skip' needs a ledger, or records would vanish without a word.")
    for record in _records(path):
        if ledger is not None:
            ledger.enter(record.id)
        try:
            protein = record.protein(notation)
        except InputFormatError as error:
            error = error.at(path=path)
            empty = error.found == "no residues"
            if ledger is None or (on_error == "raise" and not empty):
                raise error from None
            ledger.skip(record.id, "no residues" if empty else "not readable", str(error))
        else:
            yield protein


def write_fasta(
    path: PathLike, proteins: Iterable[Protein], *, notation: str = "hash", overwrite: bool = False
) -> int:
    """Write proteins as FASTA, two lines each, under the final name only when complete.

    `read_fasta` with the same notation reads the same proteins back as far as the notation carries them
    (`phosphot5.data.losses`); ``hash`` carries all three states. Gaps are written as ``-``, so that positions
    stay.

    Parameters
    ----------
    path : str or os.PathLike
        The file (compressed if it ends in ``.gz``), or ``-`` for standard output.
    proteins : iterable of Protein
        Records in the order to write.
    notation : str
        How to mark sites, one of `phosphot5.data.NOTATIONS`.
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    int
        Number of records written.

    Raises
    ------
    OutputFileError
        If the file exists and `overwrite` is False, or its folder does not exist.
    """
    written = 0
    with atomic_text(path, overwrite=overwrite) as handle:
        for protein in proteins:
            header = f"{protein.id} {protein.description}".rstrip()
            # One line per sequence: a wrapped line could start with '#', a comment to other readers.
            handle.write(f">{header}\n{render(protein, notation)}\n")
            written += 1
    return written


def _records(path: PathLike) -> Iterator[_Record]:
    record = None
    for number, line in read_lines(path):
        line = line.strip()
        if line.startswith(">"):
            if record is not None:
                yield record
            record = _Record(line[1:].strip(), number)
        elif record is not None:
            record.lines.append((number, "".join(line.split())))
        elif line:
            start = line if len(line) <= 20 else f"{line[:20]}..."
            raise InputFormatError(
                repr(start),
                "a FASTA header that starts with '>'",
                "check that this is FASTA",
                path=path,
                line=number,
            )
    if record is None:
        raise InputFormatError("an empty file", "FASTA records", "check how it was made", path=path)
    yield record
