"""Proteins from whatever file of sequences: FASTA, and by Biopython PIR, GenBank, EMBL, UniProtKB, PDB and mmCIF."""

import io
import re
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from phosphot5.data.files.fasta import read_fasta
from phosphot5.data.files.text import read_lines
from phosphot5.data.ledger import Ledger
from phosphot5.data.notations import parse
from phosphot5.data.records import Protein
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.output import PathLike

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

__all__ = ["read_proteins"]

_HEAD = 200
"""Lines by which a format is told."""
_PIR = re.compile(r">(?:P1|F1|XX);")
_UNIPROT = re.compile(r"ID   \S+\s+(?:Reviewed|Unreviewed|STANDARD|PRELIMINARY);", re.IGNORECASE)
_PDB = ("HEADER", "SEQRES", "ATOM  ", "MODEL ", "CRYST1")
_NAMES = {
    "pir": "PIR",
    "genbank": "GenBank",
    "embl": "EMBL",
    "swiss": "UniProtKB text",
    "uniprot-xml": "UniProtKB XML",
    "pdb-seqres": "PDB with SEQRES records",
    "cif-seqres": "mmCIF with the sequences of its chains",
}
_DAMAGED = (ValueError, KeyError, IndexError, AssertionError, TypeError, AttributeError, SyntaxError)
"""What Biopython raises on a file that it does not understand."""


def read_proteins(
    path: PathLike, *, ledger: Ledger | None = None, on_error: Literal["raise", "skip"] = "raise"
) -> Iterator[Protein]:
    """Read proteins one after the other, in file order; the format is told by the content.

    FASTA is read as `read_fasta` does. Of GenBank and EMBL with nucleotides the translations of the coding sequences
    are read, of PDB and mmCIF the sequences of the chains (SEQRES), modified residues as their parents.

    Parameters
    ----------
    path : str or os.PathLike
        The file, plain or gzip. Standard input (``-``) and pipes have to be FASTA.
    ledger : Ledger, optional
        Takes one entry for each record; coding sequences without translation and chains of nucleotides are skipped
        there.
    on_error : {"raise", "skip"}
        What to do about a record that cannot be read: stop, or skip it in the ledger and go on.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable or damaged.
    InputFormatError
        If the file is empty or in none of the formats, or (unless skipped) at the first record that cannot be read.
    PhosphoT5Error
        If Biopython is needed and missing.
    """
    once = str(path) == "-" or Path(path).is_fifo() or Path(path).is_char_device()
    name = "" if once else _format(path)  # what can be read only once is FASTA
    if not name:
        return read_fasta(path, ledger=ledger, on_error=on_error)
    return _read_records(path, name, ledger or Ledger(), on_error)


def _format(path: PathLike) -> str:
    """Return Biopython's name of the format, empty for FASTA."""
    lines = [line for _, line in islice(read_lines(path, strict=False), _HEAD) if line.strip()]
    first = lines[0] if lines else ""
    if _PIR.match(first):
        return "pir"
    if first.startswith("LOCUS "):
        return "genbank"
    if first.startswith("ID   "):
        return "swiss" if _UNIPROT.match(first) else "embl"
    if first.startswith("<") and any("uniprot.org/uniprot" in line for line in lines):
        return "uniprot-xml"
    if first.startswith("data_"):
        return "cif-seqres"
    return "pdb-seqres" if first.startswith(_PDB) else ""


def _read_records(path: PathLike, name: str, ledger: Ledger, on_error: str) -> Iterator[Protein]:
    try:
        from Bio import SeqIO
    except ImportError:
        raise PhosphoT5Error(
            f'{_NAMES[name]} is read by Biopython, which is not installed: pip install "phosphot5[data]"'
        ) from None
    text = "\n".join(line for _, line in read_lines(path))
    handle = io.BytesIO(text.encode()) if name == "uniprot-xml" else io.StringIO(f"{text}\n")
    count = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Biopython warns of a header without an identifier, and the like
            records = list(SeqIO.parse(handle, name))
    except _DAMAGED as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputFormatError(
            f"damaged {_NAMES[name]} ({reason})", _NAMES[name], "the file may be cut off", path=path
        ) from None
    if name.endswith("seqres"):
        _name_chains(records, text)
    for record in records:
        for identifier, make in _proteins(record):
            count += 1
            ledger.enter(identifier)
            try:
                protein = make()
            except InputFormatError as error:
                error = error.at(path=path, record=identifier)
                if on_error == "raise":
                    raise error from None
                ledger.skip(identifier, "not readable", str(error))
                continue
            if isinstance(protein, str):
                ledger.skip(identifier, protein)
            else:
                yield protein
    if not count:
        advice = (
            "of structures, only files with SEQRES records have whole sequences" if "seqres" in name else ""
        )
        raise InputFormatError("no protein", f"at least one, in {_NAMES[name]}", advice, path=path)


def _name_chains(records: "list[SeqRecord]", text: str) -> None:
    """Name chains by entry and chain, ``1ABC:A``, and keep the accessions that the file gives for them."""
    first = text.lstrip().partition("\n")[0]
    entry = first.removeprefix("data_").split()[0] if first.startswith("data_") else first[62:66].strip()
    for record in records:
        name = record.id or "?"
        if ":" not in name and entry and first.startswith(("data_", "HEADER")):
            record.id = f"{entry}:{name}"
        record.description = " ".join(dict.fromkeys(record.dbxrefs))


Made = tuple[str, Callable[[], Protein | str]]
"""Identifier of a protein, and what makes it or says why it is skipped."""


def _proteins(record: "SeqRecord") -> Iterator[Made]:
    """Yield the proteins of a record: itself, or the translations in it."""
    coding = [feature for feature in record.features if feature.type == "CDS"]
    kind = str(record.annotations.get("molecule_type", "protein")).lower()
    if "protein" not in kind or (coding and any("translation" in one.qualifiers for one in coding)):
        organism = str(record.annotations.get("organism", ""))
        for number, feature in enumerate(coding, 1):
            values = feature.qualifiers
            names = (values.get(key, [""])[0] for key in ("protein_id", "locus_tag", "gene"))
            identifier = next(filter(None, names), f"{record.id}_cds_{number}")
            text = values.get("translation", [""])[0]
            about = (
                f"{values.get('product', [''])[0]} OS={organism}"
                if organism
                else values.get("product", [""])[0]
            )
            yield identifier, _maker(identifier, about, text, "no translation")
        return
    identifier = "_".join((record.id or "").split()) or "unnamed"
    about = record.description if record.description != "<unknown description>" else ""
    about = about.removeprefix(identifier)
    text = str(record.seq)
    yield identifier, _maker(identifier, about, "" if set(text) <= {"X"} else text, "no protein")


def _maker(identifier: str, about: str, text: str, reason: str) -> Callable[[], Protein | str]:
    def make() -> Protein | str:
        if not text.strip():
            return reason
        read = parse(text, "plain")
        return Protein(id="_".join(identifier.split()), description=" ".join(about.split()), **vars(read))

    return make
