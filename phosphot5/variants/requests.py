"""Variants that are asked for: as arguments, in lists, in tables, and in VCF files."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from phosphot5.data.files.sheets import is_sheet_file, read_sheet
from phosphot5.data.files.tables import find_columns, plain_name
from phosphot5.data.files.text import read_lines
from phosphot5.errors import InputFileError, InputFormatError
from phosphot5.output import PathLike
from phosphot5.variants.vcf import EMPTY, is_vcf, read_vcf

__all__ = ["Request", "read_requests", "split_request"]

_REQUEST = re.compile(r"(\S+?):\s*([^:]+?)\s*(?::\s*([A-Z]+[*]?))?", re.ASCII)
_VARIANT = (
    "variant", "hgvsp", "hgvs.p", "hgvs", "mutation", "change", "protein change", "hgvsp_short",
    "amino acid change", "aa change", "aa mutation",
)  # fmt: skip
_PROTEIN = (
    "protein", "accession", "uniprot", "uniprot accession", "uniprot id", "uniprotkb", "protein id", "swissprot",
    "ensp", "refseq", "feature", "transcript id",
)  # fmt: skip
_TAIL = ("tail", "new tail", "new residues")


@dataclass(frozen=True)
class Request:
    """One variant that is asked for.

    Parameters
    ----------
    protein : str
        Name of the protein or transcript, empty if none is given.
    text : str
        Notation of the change.
    tail : str
        New residues of a frameshift.
    source : str
        Where it comes from: line of the file, or place in the genome; empty for arguments.
    """

    protein: str
    text: str
    tail: str = ""
    source: str = ""


def split_request(text: str, source: str = "") -> Request | None:
    """Split ``P04637:P47S``, ``NP_000537.3:p.(Arg175His)`` or ``P04637:p.Arg97fs:PKLM``; None if it is no such text.

    Examples
    --------
    >>> split_request("1ABC:A:p.Arg97fs:PKLM")
    Request(protein='1ABC:A', text='p.Arg97fs', tail='PKLM', source='')
    """
    match = _REQUEST.fullmatch(text.strip())
    if match is None or not re.search(r"\d|p\.", match[2]):
        return None
    return Request(match[1], match[2], match[3] or "", source)


def read_requests(given: Sequence[str], counts: Counter[str]) -> Iterator[Request]:
    """Read all variants that are asked for, in order.

    Parameters
    ----------
    given : sequence of str
        Variants such as ``P04637:P47S``, and files: lists of such variants, one a line; tables (text, Excel, Parquet)
        with columns for variant and protein, and for the new residues of frameshifts; VCF annotated by VEP or SnpEff.
    counts : Counter
        Takes how many rows and records name no variant, under :data:`~phosphot5.variants.vcf.EMPTY`.

    Raises
    ------
    InputFileError
        If a text is neither a variant nor a file, or a file is unreadable.
    InputFormatError
        If a table has no column of variants, or a VCF no annotation of proteins.
    """
    for text in given:
        if text == "-" or Path(text).exists():
            yield from _read_file(text, counts)
        elif (request := split_request(text)) is not None:
            yield request
        else:
            raise InputFileError(f"{text}: neither a file nor a variant; write a variant as P04637:P47S")


def _read_file(path: PathLike, counts: Counter[str]) -> Iterator[Request]:
    if is_sheet_file(path):
        yield from _read_table(path, counts)
        return
    lines = read_lines(path)
    head = []
    for number, line in lines:
        head.append((number, line))
        if line.strip() and (not line.startswith("#") or is_vcf(line)):
            break
    last = head[-1][1] if head else ""
    if is_vcf(last):
        for name, change, place in read_vcf(lines, path, counts):
            yield split_request(change, place) or Request(name, change, source=place)
    elif split_request(last) is not None:
        for number, line in chain(head, lines):
            if line.strip() and not line.startswith("#"):
                source = f"line {number}"
                yield split_request(line, source) or Request("", line.strip(), source=source)
    elif str(path) == "-":
        raise InputFormatError(repr(last[:60]), "variants such as P04637:P47S, or VCF", path=path)
    else:
        yield from _read_table(path, counts)


def _read_table(path: PathLike, counts: Counter[str]) -> Iterator[Request]:
    names = {plain_name(name) for name in _VARIANT}
    sheet = read_sheet(path, lambda cells: bool(names & {plain_name(cell) for cell in cells}))
    columns = find_columns(
        sheet.header,
        {"variant": _VARIANT},
        {"protein": _PROTEIN, "tail": _TAIL},
        path=path,
        line=sheet.line,
    )
    for number, cells in sheet:
        text, protein, tail = (
            cells[columns[role]] if role in columns else "" for role in ("variant", "protein", "tail")
        )
        if not text or text == ".":
            counts[EMPTY] += 1
            continue
        source = f"line {number}"
        named = split_request(text, source)
        if named is None:
            yield Request(protein, text, tail, source)
        else:  # a notation counts in the sequence that it names
            yield Request(named.protein, named.text, tail or named.tail, source)
