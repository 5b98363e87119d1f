"""Known sites as visitors write them, marked on the proteins that they belong to."""

import re
import tempfile
from pathlib import Path

from phosphot5.data import Protein
from phosphot5.data.records import SiteState
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.prediction.known_sites import KnownSites

__all__ = ["known_positions", "mark_known"]

_SITE = re.compile(r"(?:p?(S|T|Y|Ser|Thr|Tyr)-?)?(\d{1,6})", re.ASCII | re.IGNORECASE)
_ADVICE = "write S15, T18, or P04637 S15 for one of several proteins"


def mark_known(text: str, proteins: list[Protein]) -> tuple[list[Protein], str]:
    """Mark the known sites of a text.

    Parameters
    ----------
    text : str
        ``S15, T18`` for a single protein; lines such as ``P04637 S15, T18`` for several; or the content of a file
        that ``phosphot5 predict --known`` reads: a table with a header, GFF3, FASTA with ``S#``, ProForma.
    proteins : list of Protein
        What the visitor wants scored.

    Returns
    -------
    list of Protein, str
        The proteins with POSITIVE states at the known sites; what to say about sites that were not used, mostly
        nothing.

    Raises
    ------
    PhosphoT5Error
        If the text cannot be read, or a site does not fit its protein: names protein, position and what stands there.
    """
    if not text.strip():
        return proteins, ""
    content, ending = _as_file(text, proteins)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"known{ending}"
        path.write_text(content, encoding="utf-8", errors="replace")
        try:
            known = KnownSites.read(str(path))
            marked = list(known.mark(proteins))
        except InputFormatError as error:
            error.path = None
            error.line = error.line if content is text else None
            raise PhosphoT5Error(f"known sites: {error}") from None
        except PhosphoT5Error as error:
            raise PhosphoT5Error(f"known sites: {str(error).replace(f'{path}: ', '')}") from None
        summary = known.summary().replace(f" in {path}", "")
    return marked, f" {summary[0].upper()}{summary[1:]}." if ";" in summary.partition("used, ")[2] else ""


def known_positions(protein: Protein) -> list[int]:
    """Return the positions, as given, of the known sites of a protein."""
    return [
        protein.given_position(index)
        for index, state in enumerate(protein.states, 1)
        if state == SiteState.POSITIVE
    ]


def _as_file(text: str, proteins: list[Protein]) -> tuple[str, str]:
    """Return the text of a file of known sites and its ending; sites in words become a table."""
    first = text.lstrip().partition("\n")[0]
    if first.startswith("##gff"):
        return text, ".gff3"
    if first.startswith(">"):
        return text, ".proforma" if "[" in text else ".fasta"
    if "\t" in first or re.search(r"(?i)\b(position|residue|site)\b", first):
        return text, ".tsv"
    rows = [row for line in text.splitlines() for row in _rows(line, proteins)]
    return "protein\tposition\tresidue\n" + "".join(f"{row}\n" for row in rows), ".tsv"


def _rows(line: str, proteins: list[Protein]) -> list[str]:
    """Return a row of the table for each site of a line."""
    words = re.split(r"[\s,;:]+", line.strip(" \t,;:"))
    name = ""
    rows = []
    for word in words:
        match = _SITE.fullmatch(word)
        if match is None and not name:
            name = word
            continue
        if match is None:
            raise PhosphoT5Error(f"known sites: {word[:60]!r} is no site; {_ADVICE}")
        if not name:
            if len(proteins) != 1:
                raise PhosphoT5Error(
                    f"known sites: {word!r} has no protein, and {len(proteins)} are given; {_ADVICE}"
                )
            name = proteins[0].header.split()[0]
        rows.append(f"{name}\t{match[2]}\t{(match[1] or '')[:1].upper()}")
    if words != [""] and not rows:
        raise PhosphoT5Error(f"known sites: {line.strip()[:60]!r} is no site; {_ADVICE}")
    return rows
