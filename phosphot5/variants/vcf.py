"""Protein changes in VCF files that VEP (CSQ) or SnpEff (ANN) annotated."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from phosphot5.data.files.tables import plain_name
from phosphot5.errors import InputFormatError
from phosphot5.output import PathLike

__all__ = ["EMPTY", "is_vcf", "read_vcf"]

_KEYS = ("CSQ", "ANN")
_HEADER = re.compile(r"##INFO=<ID=(CSQ|ANN),.*?Description=\"(.*)\"")
_LAYOUT = re.compile(r"(?:Format:|:)\s*'?([^'\"]*\|[^'\"]*)")
_CHANGE, _FEATURE = ("hgvsp",), ("feature", "featureid")
EMPTY = "without a protein change"
"""Key of the count of rows and records that name no variant of a protein."""
_COLUMNS = 8
"""Columns of a record up to INFO."""

Found = tuple[str, str, str]
"""Name of the transcript, notation (VEP's begins with the name of the protein), place in the genome."""


def is_vcf(line: str) -> bool:
    """Tell whether a first line is that of a VCF file."""
    return line.startswith("##fileformat=VCF")


def read_vcf(lines: Iterable[tuple[int, str]], path: PathLike, counts: Counter[str]) -> Iterator[Found]:
    """Read the protein changes of every record, each once for every transcript it is annotated for.

    Parameters
    ----------
    lines : iterable of (int, str)
        Line numbers and lines behind the first.
    path : str or os.PathLike
        The file, for messages.
    counts : Counter
        Takes the number of records without a change.

    Yields
    ------
    tuple of str
        Name of the transcript; notation; place, such as ``17-7675088-C-T``.

    Raises
    ------
    InputFormatError
        If the header names no annotation with HGVS notations of proteins, or a record has too few columns.
    """
    layouts: dict[str, tuple[int, int]] = {}
    for number, line in lines:
        if line.startswith("##"):
            if header := _HEADER.match(line):
                layouts |= _layout(header)
        elif line.startswith("#"):
            continue
        elif line.strip():
            if not layouts:
                raise InputFormatError(
                    "a VCF without notations of protein changes",
                    "CSQ of VEP with HGVSp, or ANN of SnpEff with HGVS.p",
                    "run vep with --hgvs, or snpEff",
                    path=path,
                )
            yield from _changes(line, layouts, path, number, counts)


def _layout(header: re.Match[str]) -> dict[str, tuple[int, int]]:
    """Return where annotations have the notation and the transcript; nothing without a notation."""
    layout = _LAYOUT.search(header[2])
    names = [plain_name(name) for name in layout[1].split("|")] if layout else []
    change, feature = (
        next((names.index(name) for name in choices if name in names), -1) for choices in (_CHANGE, _FEATURE)
    )
    return {header[1]: (change, feature)} if change >= 0 else {}


def _changes(
    line: str, layouts: dict[str, tuple[int, int]], path: PathLike, number: int, counts: Counter[str]
) -> Iterator[Found]:
    cells = line.split("\t")
    if len(cells) < _COLUMNS:
        found = f"a record of {len(cells)} columns"
        raise InputFormatError(found, f"at least {_COLUMNS}, with tabs between", path=path, line=number)
    chromosome, position, _, reference, alternative = cells[:5]
    place = f"{chromosome}-{position}-{reference}-{alternative}"
    seen: dict[tuple[str, str], None] = {}
    for entry in cells[_COLUMNS - 1].split(";"):
        key, _, value = entry.partition("=")
        if key not in layouts:
            continue
        change, feature = layouts[key]
        for annotation in value.split(","):
            fields = annotation.split("|")
            if change < len(fields) and (text := fields[change].strip()):
                name = fields[feature].strip() if 0 <= feature < len(fields) else ""
                seen[("", text) if ":" in text else (name, text)] = None
    if not seen:
        counts[EMPTY] += 1
    yield from ((name, text, place) for name, text in seen)
