"""Identified peptides in the formats of the Proteomics Standards Initiative and of the Trans-Proteomic Pipeline."""

import gzip
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import IO, Any

from phosphot5.data.files.numbers import decimal_number
from phosphot5.data.peptides.listed import one_after_another
from phosphot5.data.peptides.modified import ModifiedPeptide, is_phospho_tag, parse_probabilities
from phosphot5.data.records import PHOSPHO_RESIDUES
from phosphot5.data.sources.peptide_rows import IdentifiedPeptide, peptide_labels, split_proteins
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel, grouped
from phosphot5.errors import InputFileError, InputFormatError, PhosphoT5Error
from phosphot5.modeling_phosphot5.fasta_phosphot5 import is_gzip

__all__ = ["read_mzidentml", "read_mztab", "read_pepxml"]

_MZTAB_PLACE = re.compile(r"(\d{1,9})(\[[^\]]*\])?", re.ASCII)
_MZTAB_ITEM = re.compile(r"((?:\d{1,9}(?:\[[^\]]*\])?\|?)*)-?([A-Za-z]+:[^,\[]+)(?:\[[^\]]*\])?,?", re.ASCII)
_LOCALISED = re.compile(r"(\d+):([0-9.eE+-]+):(\d{1,9})(?:\|\d+)*:(?:true|false)", re.ASCII | re.IGNORECASE)
"""Modification, score and place in a localisation score of mzIdentML."""
_PSI_MS = "http://purl.obolibrary.org/obo/ms/psi-ms.obo"
_DECOY_SHARE = 0.05
"""Share of decoys from which on users are told to filter."""
_DAMAGED = (ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, UnicodeDecodeError)
"""What pyteomics raises on a file that is cut off or of another kind."""


def read_pepxml(context: ReadContext) -> Iterator[Entry]:
    """Read the best hit of each spectrum of a pepXML file, with the probabilities of PTMProphet if there are any.

    Parameters
    ----------
    context : ReadContext
        The file, plain or gzip, and the proteins.

    Raises
    ------
    InputFormatError
        If the file is damaged, or at the first hit that cannot be read (unless bad ones are skipped).
    PhosphoT5Error
        If lxml is missing.
    """
    return _read(context, "pepXML", _pepxml_hits)


def read_mzidentml(context: ReadContext) -> Iterator[Entry]:
    """Read the identifications of an mzIdentML file that pass its threshold, with their localisation scores.

    Parameters, errors as :func:`read_pepxml`.
    """
    return _read(context, "mzIdentML", _mzidentml_hits)


def read_mztab(context: ReadContext) -> Iterator[Entry]:
    """Read the spectra (else the peptides) of an mzTab file, with their localisation scores.

    Parameters, errors as :func:`read_pepxml`.
    """
    return _read(context, "mzTab", _mztab_rows)


Hits = Iterator[tuple[int, Callable[[], IdentifiedPeptide | str]]]
"""Number of an identification, and what makes the peptide of it, or says why there is none."""


def _read(context: ReadContext, name: str, hits: Callable[[IO[bytes]], Hits]) -> Iterator[Entry]:
    return grouped(_labels(context, name, hits))


def _labels(
    context: ReadContext, name: str, hits: Callable[[IO[bytes]], Hits]
) -> Iterator[tuple[str, SiteLabel]]:
    before = context.account.rows, context.account.left_out["decoy"]
    with _opened(context.path) as handle:
        for number, make in context.account.each(_whole(context.path, name, hits(handle))):
            try:
                found = make()
                labels = [] if isinstance(found, str) else peptide_labels(context, found)
            except InputFormatError as error:
                context.refuse(error.at(line=number))
                continue
            except _DAMAGED:
                context.refuse(InputFormatError("an identification that cannot be read", name, line=number))
                continue
            if isinstance(found, str):
                context.leave_out(found)
            yield from labels
    rows, decoys = context.account.rows - before[0], context.account.left_out["decoy"] - before[1]
    if decoys > _DECOY_SHARE * rows:
        context.account.notes.append(
            f"{context.path}: {decoys:,} of {rows:,} identifications are decoys, so about as many others are wrong; "
            "filter it by the false discovery rate first"
        )


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    """Open a file, plain or gzip."""
    try:
        with open(path, "rb") as handle:
            content: IO[bytes] = handle
            if is_gzip(handle.peek(2)):
                content = io.BytesIO(gzip.decompress(handle.read()))
            yield content
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file; check the path") from None
    except (EOFError, gzip.BadGzipFile) as error:
        raise InputFileError(f"{path}: damaged gzip data ({error}); copy or compress it again") from error


def _whole(path: str, name: str, hits: Hits) -> Hits:
    """Yield the identifications; a file that is damaged as a whole is an error of it."""
    try:
        import psims  # noqa: F401, pyteomics needs it for mzIdentML
        from lxml.etree import XMLSyntaxError
    except ImportError:
        raise PhosphoT5Error(
            f"{name} is read by pyteomics with lxml and psims, which are not installed: "
            'pip install "phosphot5[data]"'
        ) from None
    try:
        yield from hits
    except (XMLSyntaxError, *_DAMAGED) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputFormatError(
            f"damaged {name} ({reason})", name, "the file may be cut off", path=path
        ) from None


def _pepxml_hits(handle: IO[bytes]) -> Hits:
    from pyteomics import pepxml

    with pepxml.read(handle, use_index=False) as spectra:
        for number, spectrum in enumerate(spectra, 1):
            for hit in spectrum.get("search_hit", ())[:1]:
                yield number, partial(_pepxml_peptide, hit, number)


def _pepxml_peptide(hit: dict[str, Any], number: int) -> IdentifiedPeptide:
    sequence = hit["peptide"].upper()
    modifications = [
        (place["position"], str(round(place["mass"], 6))) for place in hit.get("modifications", ())
    ]
    peptide = _peptide(sequence, modifications)
    results = [result.get("ptmprophet_result") for result in hit.get("analysis_result", ())]
    results = [
        one for result in results if result for one in (result if isinstance(result, list) else [result])
    ]
    scored = False
    for result in results:
        residues, _, mass = str(result.get("ptm", "")).removeprefix("PTMProphet_").partition(":")
        if is_phospho_tag(mass or residues.lstrip("STY"), "S"):
            peptide = peptide.with_probabilities(parse_probabilities(result["ptm_peptide"]))
            scored = True
    proteins = [name for place in hit.get("proteins", ()) for name in split_proteins(place["protein"])]
    return IdentifiedPeptide(peptide, proteins, scored=scored, line=number)


def _mzidentml_hits(handle: IO[bytes]) -> Hits:
    from pyteomics import mzid

    with mzid.read(handle, retrieve_refs=True, use_index=False, iterative=False, cv=_vocabulary()) as spectra:
        for number, spectrum in enumerate(spectra, 1):
            for item in spectrum.get("SpectrumIdentificationItem", ())[:1]:
                yield number, partial(_mzidentml_peptide, item, number)


@cache
def _vocabulary() -> Any:
    """Return the vocabulary that psims holds; by default it would ask the network for the newest."""
    from psims.controlled_vocabulary.controlled_vocabulary import OBOCache

    return OBOCache(enabled=False, use_remote=False).load(_PSI_MS)


def _mzidentml_peptide(item: dict[str, Any], number: int) -> IdentifiedPeptide | str:
    if item.get("passThreshold") is False:
        return "below the threshold of its file"
    places, order = [], []
    for modification in item.get("Modification", ()):
        name = modification.get("name") or str(modification.get("monoisotopicMassDelta", ""))
        places.append((modification.get("location"), name))
        order.append(modification.get("location"))
    peptide = _peptide(item["PeptideSequence"], places)
    probabilities = {
        int(match[3]): value / 100 if value > 1 else value
        for name, text in item.items()
        if "probability" in name.lower() and isinstance(text, str | list)
        for part in (text if isinstance(text, list) else [text])
        if (match := _LOCALISED.fullmatch(str(part).strip()))
        and (value := decimal_number(match[2])) is not None
    }
    evidence = item.get("PeptideEvidenceRef", ())
    decoy = "decoy" if evidence and all(one.get("isDecoy") for one in evidence) else ""
    names = [str(one.get("accession", "")) for one in evidence if not one.get("isDecoy") or decoy]
    proteins = [name for text in dict.fromkeys(names) for name in split_proteins(text)]
    return IdentifiedPeptide(
        peptide.with_probabilities(probabilities),
        proteins,
        scored=bool(probabilities),
        decoy=decoy,
        line=number,
    )


def _mztab_rows(handle: IO[bytes]) -> Hits:
    from pyteomics.mztab import MzTab

    text = io.TextIOWrapper(handle, encoding="utf-8-sig")
    try:
        table = MzTab(text, table_format="dict")
    finally:
        text.detach()
    rows = table.spectrum_match_table["rows"] or table.peptide_table["rows"]
    for number, row in enumerate(rows, 1):
        yield number, partial(_mztab_peptide, row, number)


def _mztab_peptide(row: dict[str, Any], number: int) -> IdentifiedPeptide:
    sites: list[tuple[int | None, str]] = []
    probabilities: dict[int, float] = {}
    text = str(row.get("modifications") or "")
    end = 0
    for item in one_after_another(_MZTAB_ITEM, text, ""):
        end = item.end()
        places = {int(match[1]): _mztab_score(match[2]) for match in _MZTAB_PLACE.finditer(item[1])}
        scores = {place: score for place, score in places.items() if score is not None}
        best = max(scores, key=scores.__getitem__) if scores else None
        best = next(iter(places)) if len(places) == 1 else best
        sites.append((best, item[2].strip()))
        if is_phospho_tag(item[2].strip().removeprefix("CHEMMOD:"), "S"):
            probabilities |= scores
    if end != len(text):
        raise InputFormatError(f"{text[end : end + 40]!r}", "modifications of mzTab such as 3-UNIMOD:21")
    peptide = _peptide(str(row["sequence"]), sites).with_probabilities(probabilities)
    decoy = next((str(value) for name, value in row.items() if "decoy_peptide" in name.lower()), "")
    proteins = split_proteins(str(row.get("accession") or ""))
    return IdentifiedPeptide(peptide, proteins, scored=bool(probabilities), decoy=decoy, line=number)


def _mztab_score(parameter: str | None) -> float | None:
    """Return the value of a parameter, ``[MS,MS:1001876,modification probability,0.8]``."""
    return decimal_number(parameter.strip("[]").rpartition(",")[2].strip()) if parameter else None


def _peptide(sequence: str, modifications: list[tuple[int | None, str]]) -> ModifiedPeptide:
    """Put modifications on a peptide; position 0 and the one behind its end are the termini."""
    sites: dict[int, float | None] = {}
    counts = {"unplaced": 0, "elsewhere": 0, "others": 0}
    for position, name in modifications:
        residue = sequence[position - 1 : position] if position else ""
        if not is_phospho_tag(name.removeprefix("CHEMMOD:"), residue or "S" * (position is None)):
            counts["others"] += 1
        elif position is None:
            counts["unplaced"] += 1
        elif residue and residue in PHOSPHO_RESIDUES:
            sites[position] = None
        else:
            counts["elsewhere"] += 1
    return ModifiedPeptide(
        sequence, sites, unplaced=counts["unplaced"], elsewhere=counts["elsewhere"], others=counts["others"]
    )
