"""Proteins as users of the pipeline give them: sequences, dicts and FASTA files."""

import os
import re
import reprlib
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from .fasta_phosphot5 import FastaError, FastaRecord, read_lines, read_records

__all__ = ["GivenProtein", "fasta_path", "flanked", "other_notation", "read_fasta", "read_protein"]

KEYS = ("sequence", "id", "known")
"""What a dict may hold; ``sequence`` it must."""
END = "*-."
"""Stop and gap signs, dropped at the end of a sequence."""
EXPECTED = "a protein sequence or a dict with 'sequence' and, if wanted, 'id' and 'known'"

_NO_RESIDUE = re.compile(r"[^A-Za-z.\-]")
_SEQUENCE = re.compile(r"[A-Za-z.*\-\s]*")
_P_PREFIX = re.compile(r"[A-Z.*\-]*?(p[STY])(?:[A-Z.*\-]|p[STY])*")
_CODE = (
    "ala|arg|asn|asp|asx|cys|gln|glu|glx|gly|his|ile|leu|lys|met|phe|pro|pyl|sec|ser|thr|trp|tyr|val|xaa|xle"
)
_CODES = re.compile(rf"(?:(?:{_CODE})[.*\-]*)+", re.IGNORECASE)
_SURE = 5
"""Residues in three-letter codes that no protein spells by chance, if three of them differ."""
_FLANKED = re.compile(r"[A-Z\-]\.[A-Z]+\.[A-Z\-]", re.IGNORECASE)
_FASTA_NAME = re.compile(r"\.(fasta|fas|faa|fa)(\.gz)?$|\.gz$", re.IGNORECASE)


@dataclass(frozen=True)
class GivenProtein:
    """One protein, checked.

    Parameters
    ----------
    id : str
        Its name, empty if it has none.
    sequence : str
        Residues in capital letters, without gaps.
    positions : tuple of int of length len(sequence), optional
        1-based position of every residue in the sequence as it was given; None where that is 1, 2, 3, ...
    known : tuple of int
        0-based residues that are known to be phosphorylated.
    """

    id: str
    sequence: str
    positions: tuple[int, ...] | None = None
    known: tuple[int, ...] = ()


def fasta_path(inputs: Any) -> str | None:
    """Tell whether the inputs of a pipeline name a FASTA file.

    A path object does, a string that ends in ``.fasta``, ``.fas``, ``.faa``, ``.fa`` or ``.gz`` does, and any
    other string if such a file exists and the string cannot be a sequence: one of letters, gaps and white space
    is never taken for a path.

    Parameters
    ----------
    inputs : object
        What the pipeline was called with.

    Returns
    -------
    str or None
        The path.
    """
    if isinstance(inputs, os.PathLike):
        return os.fspath(inputs)
    if isinstance(inputs, str):
        if _FASTA_NAME.search(inputs) or not _SEQUENCE.fullmatch(inputs) and os.path.isfile(inputs):
            return inputs
    return None


def read_protein(given: Any, sites: Collection[str], item: int | None = None) -> GivenProtein:
    """Check one protein.

    White space does not count. Gaps ``-`` ``.`` and ``*`` at the end are taken out, and positions still refer to
    the sequence as given.

    Parameters
    ----------
    given : str or dict
        A sequence, or a dict with ``sequence`` and optionally ``id`` and ``known``, a list of 1-based positions.
    sites : collection of str
        Residues that can be known sites.
    item : int, optional
        1-based place among the inputs; errors tell it.

    Raises
    ------
    ValueError
        If this is no protein: says which item, which position, what was found and what was expected.
    """
    where = [] if item is None else [f"item {item}"]
    protein = {"sequence": given} if isinstance(given, str) else given
    if not isinstance(protein, dict) or not isinstance(protein.get("sequence"), str):
        raise _error(where, reprlib.repr(given), EXPECTED)
    if unknown := [key for key in protein if key not in KEYS]:
        raise _error(where, f"the key {unknown[0]!r}", EXPECTED)
    name = protein.get("id")
    if name is not None and not isinstance(name, (str, int)):
        raise _error(where, f"the id {reprlib.repr(name)}", "a string")
    where += [] if name in (None, "") else [f"protein {str(name)!r}"]
    if _FASTA_NAME.search(protein["sequence"]):
        raise _error(
            where, f"the file name {protein['sequence']!r}", "a sequence; give the path of a FASTA file alone"
        )
    text = "".join(protein["sequence"].split())
    if wrong := _first_wrong(text):
        raise _error([*where, f"position {wrong[0]}"], *wrong[1:])
    text = text.upper()
    sequence, positions = _without_gaps(text)
    if not sequence:
        raise _error(where, "no residues", "at least one")
    known = _known_residues(protein.get("known"), text.rstrip(END), sites, where)
    return GivenProtein("" if name is None else str(name), sequence, positions, known)


def read_fasta(path: str) -> Iterator[GivenProtein]:
    """Read proteins from FASTA, plain or gzip, as ``phosphot5 predict`` reads them.

    Parameters
    ----------
    path : str
        The file.

    Raises
    ------
    OSError
        If the file is missing or cannot be read.
    ValueError
        If it is no FASTA or damaged, or at the first record that cannot be read; says where.
    """
    try:
        for record in read_records(read_lines(path, strict=False)):
            yield _fasta_protein(path, record)
    except FastaError as error:
        where = [path, *([f"line {error.line}"] if error.line else [])]
        where += [f"record {error.record}"] if error.record else []
        raise _error(where, error.found, error.expected) from None


def _fasta_protein(path: str, record: FastaRecord) -> GivenProtein:
    record.check()
    text = record.text
    if wrong := _first_wrong(text):
        place = [path, f"line {record.line_of(wrong[0])}", f"record {record.id}", f"position {wrong[0]}"]
        raise _error(place, *wrong[1:])
    return GivenProtein(record.id, *_without_gaps(text.upper()))


def _first_wrong(text: str) -> tuple[int, str, str] | None:
    """Find the first wrong character: its 1-based position, what it is, what is expected."""
    wrong = _NO_RESIDUE.search(text, 0, len(text.rstrip(END)))
    if wrong is None:
        other = other_notation(text) or flanked(text)
        return other and other[:3]
    only = "; '*' only at the end" if wrong[0] == "*" else ""
    return wrong.start() + 1, repr(wrong[0]), f"a residue letter A-Z{only}"


def other_notation(text: str) -> tuple[int, str, str, str] | None:
    """Tell whether letters and gaps spell something else than one residue each.

    Parameters
    ----------
    text : str
        The sequence as given, without white space.

    Returns
    -------
    tuple of int, str, str and str, or None
        1-based position, what stands there, what is expected and what to do, if ``p`` marks phosphorylated residues
        of a sequence in capital letters (then the last is empty) or all residues are in three-letter codes.
    """
    if "p" in text and (marked := _P_PREFIX.fullmatch(text)):
        return marked.start(1) + 1, repr(marked[1]), "residue letters A-Z alone (a proline is P)", ""
    if _CODES.fullmatch(text):
        codes = re.findall(_CODE, text, re.IGNORECASE)
        titles = len(codes) > 1 and all(code.istitle() for code in codes)
        if titles or len(codes) >= _SURE and len(set(codes)) >= 3:
            return 1, "three-letter codes", "one letter for each residue", "convert them"
    return None


def flanked(text: str) -> tuple[int, str, str, str] | None:
    """Tell whether letters and gaps are a peptide between its neighbours, as search engines write it.

    Parameters
    ----------
    text : str
        The sequence as given, without white space and marks: ``K.PEPTIDER.S`` is such a peptide.

    Returns
    -------
    tuple of int, str, str and str, or None
        As from :func:`other_notation`.
    """
    if _FLANKED.fullmatch(text):
        return (
            1,
            f"a peptide between its neighbours, {text[:2]} and {text[-2:]}",
            "the peptide alone",
            "cut them off",
        )
    return None


def _without_gaps(text: str) -> tuple[str, tuple[int, ...] | None]:
    """Return the residues of a checked text, and their 1-based positions in it if it has gaps."""
    text = text.rstrip(END)
    if "-" not in text and "." not in text:
        return text, None
    positions = tuple(place for place, letter in enumerate(text, 1) if letter not in "-.")
    return text.replace("-", "").replace(".", ""), positions


def _known_residues(known: Any, text: str, sites: Collection[str], where: list[str]) -> tuple[int, ...]:
    """Return the 0-based residues of known sites; ``text`` has the gaps, which their positions count."""
    if known is None:
        return ()
    if not isinstance(known, (list, tuple)):
        raise _error(where, f"known {reprlib.repr(known)}", "a list of positions")
    residues = []
    gaps = [place for place, letter in enumerate(text) if letter in "-."]
    for position in known:
        if type(position) is not int or not 1 <= position <= len(text):
            raise _error(
                where, f"known position {reprlib.repr(position)}", f"an integer from 1 to {len(text)}"
            )
        if text[position - 1] not in sites:
            place = [*where, f"known position {position}"]
            raise _error(place, repr(text[position - 1]), f"one of {', '.join(sites)}")
        residues.append(position - 1 - bisect_left(gaps, position - 1))
    return tuple(residues)


def _error(where: list[str], found: str, expected: str) -> ValueError:
    place = f"{', '.join(where)}: " if where else ""
    return ValueError(f"{place}found {found}, expected {expected}")
