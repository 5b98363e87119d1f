"""Labelled proteins in files: hash-FASTA, or Parquet that `datasets` loads.

A Parquet file has one row for each protein:

=========== ======================================================================================
column      content
=========== ======================================================================================
protein     identifier
description rest of the header
sequence    residues, one capital letter each; gaps of the given sequence as ``-``
sites       list of the labelled sites: ``position`` (1-based in ``sequence``), ``residue``,
            ``state`` (``positive`` or ``negative``) and ``evidence``
source      format and name of the file or files the protein was converted from
=========== ======================================================================================

A site without a label is not listed. Hash-FASTA carries neither evidence nor source.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from phosphot5.data.files.fasta import read_fasta, write_fasta
from phosphot5.data.files.parquet import open_parquet
from phosphot5.data.ledger import Ledger
from phosphot5.data.notations import parse, render
from phosphot5.data.records import PHOSPHO_RESIDUES, Protein, SiteState
from phosphot5.errors import InputFormatError, OutputFileError
from phosphot5.output import PathLike, atomic_file

if TYPE_CHECKING:
    import pyarrow

__all__ = [
    "LABELLED_ENDINGS",
    "LabelledProtein",
    "check_ending",
    "labelled_schema",
    "read_labelled",
    "write_labelled",
]

LABELLED_ENDINGS = (".fasta", ".fasta.gz", ".parquet")
"""Endings of files with labelled proteins that are written."""

_ROWS = 1000
"""Rows written or read at a time."""
_STATES = {"positive": SiteState.POSITIVE, "negative": SiteState.NEGATIVE}


@dataclass(frozen=True, kw_only=True)
class LabelledProtein(Protein):
    """A protein that knows where its labels come from.

    Parameters
    ----------
    evidence : mapping of int to str
        Position in the given sequence (1-based) of a labelled site, to what is known of its evidence, such as
        ``ECO:0000269,ECO:0007744``. Sites without an entry came without evidence.
    source : str
        Format and file name, such as ``uniprot-text:human.txt``.
    **fields
        As in `Protein`.
    """

    evidence: Mapping[int, str] = field(default_factory=dict, hash=False)
    source: str = ""


def read_labelled(
    path: PathLike, ledger: Ledger | None = None, *, on_error: Literal["raise", "skip"] = "raise"
) -> Iterator[Protein]:
    """Read labelled proteins one after the other, in file order.

    Parameters
    ----------
    path : str or os.PathLike
        Hash-FASTA (``S#`` positive, ``S@`` measured negative, bare not labelled), plain or gzip, or ``-`` for
        standard input; or, if its name ends in ``.parquet``, a file as :func:`write_labelled` writes it.
    ledger : Ledger, optional
        Takes one entry for each record; those of hash-FASTA without residues are skipped there.
    on_error : {"raise", "skip"}
        What to do about a record that cannot be read: stop, or skip it in the ledger and go on.

    Yields
    ------
    Protein
        A `LabelledProtein` from Parquet.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged.
    InputFormatError
        If the file lacks a column, or (unless skipped) at the first record that cannot be read; the line is
        the row, of Parquet.
    ValueError
        If records shall be skipped and there is no ledger to say so.
    """
    if Path(path).suffix == ".parquet":
        return _read_parquet(path, ledger, on_error)
    return read_fasta(path, notation="hash", ledger=ledger, on_error=on_error)


def check_ending(path: PathLike) -> None:
    """Refuse a name whose ending does not say how to write labelled proteins.

    Raises
    ------
    OutputFileError
        With the endings that do.
    """
    if not str(path).endswith(LABELLED_ENDINGS):
        raise OutputFileError(f"{path}: unknown ending; use one of {', '.join(LABELLED_ENDINGS)}")


def write_labelled(proteins: Iterable[Protein], path: PathLike, *, overwrite: bool = False) -> int:
    """Write labelled proteins, under the final name only when complete; `read_labelled` reads them back.

    Parameters
    ----------
    proteins : iterable of Protein
        Records in the order to write; evidence and source are written of a `LabelledProtein`, to Parquet only.
    path : str or os.PathLike
        The file; its ending, one of :data:`LABELLED_ENDINGS`, says how to write it.
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    int
        Number of records written.

    Raises
    ------
    OutputFileError
        If the ending is another, the file exists and `overwrite` is False, or its folder does not exist.
    """
    check_ending(path)
    if Path(path).suffix == ".parquet":
        return _write_parquet(proteins, path, overwrite=overwrite)
    return write_fasta(path, proteins, notation="hash", overwrite=overwrite)


def labelled_schema() -> "pyarrow.Schema":
    """Return the columns of a Parquet file."""
    import pyarrow as pa

    text = pa.string()
    site = pa.struct([("position", pa.int32()), ("residue", text), ("state", text), ("evidence", text)])
    columns = {
        "protein": text,
        "description": text,
        "sequence": text,
        "sites": pa.list_(site),
        "source": text,
    }
    return pa.schema(columns.items())


def _write_parquet(proteins: Iterable[Protein], path: PathLike, *, overwrite: bool) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    written = 0
    rows = map(_row, proteins)
    with (
        atomic_file(path, overwrite=overwrite) as unfinished,
        parquet.ParquetWriter(unfinished, labelled_schema(), compression="zstd") as writer,
    ):
        while block := list(islice(rows, _ROWS)):
            writer.write_table(pa.Table.from_pylist(block, labelled_schema()))
            written += len(block)
    return written


def _row(protein: Protein) -> dict[str, Any]:
    evidence: Mapping[int, str] = getattr(protein, "evidence", {})
    return {
        "protein": protein.id,
        "description": protein.description,
        "sequence": render(protein, "plain"),
        "sites": [
            {
                "position": site.position,
                "residue": site.residue,
                "state": site.state.name.lower(),
                "evidence": evidence.get(site.position, ""),
            }
            for site in protein.sites(SiteState.POSITIVE, SiteState.NEGATIVE)
        ],
        "source": getattr(protein, "source", ""),
    }


def _read_parquet(path: PathLike, ledger: Ledger | None, on_error: str) -> Iterator[LabelledProtein]:
    if on_error == "skip" and ledger is None:
        raise ValueError("on_error='skip' needs a ledger, or records would vanish without a word.")
    for number, row in enumerate(_parquet_rows(path), 1):
        name = row["protein"] or ""
        if ledger is not None:
            ledger.enter(name)
        try:
            protein = _protein(row)
        except InputFormatError as error:
            error = error.at(path=path, line=number, record=name)
            if ledger is None or on_error == "raise":
                raise error from None
            ledger.skip(name, "not readable", str(error))
        else:
            yield protein


def _parquet_rows(path: PathLike) -> Iterator[dict[str, Any]]:
    import pyarrow as pa

    with open_parquet(path) as file:
        _check_columns(path, file.schema_arrow)
        for batch in file.iter_batches(_ROWS, columns=labelled_schema().names):
            yield from pa.Table.from_batches([batch]).cast(labelled_schema()).to_pylist()


def _check_columns(path: PathLike, found: "pyarrow.Schema") -> None:
    for wanted in labelled_schema():
        if wanted.name not in found.names:
            raise InputFormatError(
                f"the columns {', '.join(found.names)}",
                f"a column {wanted.name} ({wanted.type})",
                "convert a table of sites with `phosphot5 data convert --from table`",
                path=path,
            )


def _protein(row: dict[str, Any]) -> LabelledProtein:
    """Make the protein of a row; errors lack the place of the row."""
    if missing := [name for name, value in row.items() if value is None]:
        raise InputFormatError(f"no value in column {missing[0]!r}", "one in each column")
    bare = parse(row["sequence"], "plain")
    index_of = {
        bare.given_position(index + 1): index
        for index, residue in enumerate(bare.sequence)
        if residue in PHOSPHO_RESIDUES
    }
    states = bytearray(len(bare))
    evidence = {}
    for site in row["sites"]:
        position, state = site["position"], site["state"]
        index = index_of.get(position)
        if index is None or bare.sequence[index] != site["residue"]:
            found = f"a site on {site['residue']!r} without such a residue in the sequence"
            raise InputFormatError(found, "S, T or Y at its position in the sequence", position=position)
        if state not in _STATES:
            raise InputFormatError(f"state {state!r}", "positive or negative", position=position)
        states[index] = _STATES[state]
        if site["evidence"]:
            evidence[position] = site["evidence"]
    return LabelledProtein(
        id=row["protein"],
        description=row["description"],
        sequence=bare.sequence,
        states=bytes(states),
        removed=bare.removed,
        evidence=evidence,
        source=row["source"],
    )
