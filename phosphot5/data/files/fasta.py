"""FASTA in and out, bare or with sites marked.

dnaio is not used: it takes every line that starts with ``#`` for a comment, so that a wrapped hash-FASTA
loses residues and labels without a word, it tells no line numbers and it refuses headers beyond ASCII.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from phosphot5.data.files.text import read_lines
from phosphot5.data.ledger import Ledger
from phosphot5.data.notations import parse, render
from phosphot5.data.records import Protein
from phosphot5.errors import InputFormatError
from phosphot5.modeling_phosphot5.fasta_phosphot5 import FastaError, FastaRecord, read_records
from phosphot5.output import PathLike, atomic_text

__all__ = ["read_fasta", "write_fasta"]


def read_fasta(
    path: PathLike,
    *,
    notation: str = "plain",
    ledger: Ledger | None = None,
    on_error: Literal["raise", "skip"] = "raise",
) -> Iterator[Protein]:
    """Read proteins from FASTA one after the other, in file order.

    Plain or gzip, UTF-8 or UTF-16, any line ends, wrapped lines, empty lines, comments; blanks inside a sequence
    do not count. Gaps ``-`` ``.`` and ``*`` at the end are taken out and positions still refer to the sequence as
    given. Records that share an identifier are all yielded.

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
    records = read_records(read_lines(path, strict=False))
    while (record := _next(records, path)) is not None:
        if ledger is not None:
            ledger.enter(record.id)
            if record.latin1:
                ledger.note("read as Latin-1, because the header is not UTF-8")
        try:
            protein = _protein(record, notation)
        except (FastaError, InputFormatError) as fault:
            error = _explained(fault, path) if isinstance(fault, FastaError) else fault.at(path=path)
            error = error.at(record=record.id)  # empty in a header without one: still an error of a record
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
    (`phosphot5.data.unsupported_by`); ``hash`` carries all three states. Gaps are written as ``-``, so that positions
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
            # One line per sequence: a wrapped line could start with '#', a comment to other readers.
            handle.write(f">{protein.header}\n{render(protein, notation)}\n")
            written += 1
    return written


def _protein(record: FastaRecord, notation: str) -> Protein:
    """Parse a record; errors name its line and identifier."""
    record.check()
    try:
        read = parse(record.text, notation)
    except InputFormatError as error:
        raise error.at(line=record.line_of(error.position), record=record.id) from None
    description = " ".join(record.header.removeprefix(record.id).strip().splitlines())
    return Protein(id=record.id, description=description, **vars(read))


def _next(records: Iterator[FastaRecord], path: PathLike) -> FastaRecord | None:
    """Return the next record, None at the end; a text that is no FASTA is an error of this file."""
    try:
        return next(records, None)
    except FastaError as error:
        raise _explained(error, path) from None


def _explained(error: FastaError, path: PathLike) -> InputFormatError:
    found, expected, advice = error.args
    return InputFormatError(found, expected, advice, path=path, line=error.line, record=error.record)
