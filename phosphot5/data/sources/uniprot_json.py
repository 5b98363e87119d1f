"""UniProtKB entries as JSON, as UniProt's REST service gives them."""

import json
from collections.abc import Iterator
from typing import Any

from phosphot5.data.files.text import read_lines
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel
from phosphot5.data.uniprot import is_modified_residue
from phosphot5.errors import InputFormatError

__all__ = ["read_uniprot_json"]


def read_uniprot_json(context: ReadContext) -> Iterator[Entry]:
    """Read the phosphorylated residues of UniProtKB entries as JSON: one entry, a list, or ``results`` of a search.

    Parameters
    ----------
    context : ReadContext
        The file, plain or gzip; it is held in memory.

    Yields
    ------
    Entry
        Named by its primary accession.

    Raises
    ------
    InputFormatError
        If the file is no JSON or has no entry, or at the first entry that cannot be read (unless bad ones are
        skipped).
    """
    entries = _entries(context.path)
    if not entries:
        raise InputFormatError("no entry", "UniProtKB entries as JSON", path=context.path)
    for number, value in enumerate(entries, 1):
        name = f"number {number}"
        try:
            name = _text(value, "primaryAccession") or name
            entry = _entry(context, value, name)
        except InputFormatError as error:
            context.refuse_record(error.at(record=name))
        else:
            if entry.sequence or context.sequences and context.sequences.find(name):
                yield entry


def _entries(path: str) -> list[Any]:
    try:
        content = json.loads("\n".join(line for _, line in read_lines(path)))
    except (json.JSONDecodeError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise InputFormatError(
            "malformed JSON", "JSON", "the file may be cut off", path=path, line=line
        ) from None
    if isinstance(content, dict):
        content = content.get("results", [content])
    return content if isinstance(content, list) else []


def _get(value: Any, *keys: str) -> Any:
    """Return what stands under a path of keys, None if there is nothing."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _text(value: Any, *keys: str) -> str:
    found = _get(value, *keys)
    return str(found) if isinstance(found, str | int) else ""


def _entry(context: ReadContext, value: Any, name: str) -> Entry:
    sequence = _text(value, "sequence", "value")
    if not _text(value, "primaryAccession"):
        raise InputFormatError("an entry without accession", "a primaryAccession")
    if not sequence and context.sequences is None:
        advice = "ask UniProt for the field sequence, or give the FASTA file of the proteins with --fasta"
        raise InputFormatError("an entry without sequence", "one", advice)
    given = _get(value, "features") or []
    if not isinstance(given, list):
        raise InputFormatError("features that are no list", "a list")
    features = [feature for feature in given if is_modified_residue(_text(feature, "type"))]
    reason = "" if sequence else context.excluded(name)
    claims = []
    for feature in context.account.each(features):
        if reason:
            context.leave_out(reason)
        elif claim := _claim(context, feature):
            claims.append(claim)
    description = f"{_text(value, 'uniProtkbId')} OS={_text(value, 'organism', 'scientificName')}"
    taxon = _text(value, "organism", "taxonId")
    return Entry(name, sequence=sequence or None, description=f"{description} OX={taxon}", claims=claims)


def _claim(context: ReadContext, feature: Any) -> SiteLabel | None:
    location = _get(feature, "location")
    if _text(location, "sequence"):
        context.leave_out("on another isoform")
        return None
    places = {_get(location, end, "value") for end in ("start", "end")}
    exact = all(_text(location, end, "modifier") in ("", "EXACT") for end in ("start", "end"))
    position = places.pop()
    if places or not exact or not isinstance(position, int):
        context.leave_out("uncertain position")
        return None
    evidences = _get(feature, "evidences") or []
    codes = " ".join(_text(evidence, "evidenceCode") for evidence in evidences)
    return context.modified_residue(_text(feature, "description"), codes, position, None)
