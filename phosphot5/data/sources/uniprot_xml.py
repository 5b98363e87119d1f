"""UniProtKB entries as XML."""

from collections.abc import Iterator
from typing import cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from phosphot5.data.files.numbers import whole_number
from phosphot5.data.files.text import read_lines
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel
from phosphot5.data.uniprot import FIRST_EVIDENCE, is_modified_residue
from phosphot5.errors import InputFormatError

__all__ = ["read_uniprot_xml"]


def read_uniprot_xml(context: ReadContext) -> Iterator[Entry]:
    """Read the phosphorylated residues of UniProtKB entries as XML, in whatever namespace.

    Parameters
    ----------
    context : ReadContext
        The file, plain or gzip.

    Yields
    ------
    Entry
        Named by its first accession.

    Raises
    ------
    InputFormatError
        If the file is no XML, or at the first entry that cannot be read (unless bad ones are skipped), with
        the line on which it begins.
    """
    entries = 0
    for line, element in _elements(context.path):
        entries += 1
        try:
            entry = _entry(context, element, line)
        except InputFormatError as error:
            context.refuse_record(error.at(line=line))
        else:
            yield entry
    if not entries:
        raise InputFormatError("no entry", "UniProtKB entries as XML", path=context.path)


def _elements(path: str) -> Iterator[tuple[int, Element]]:
    """Yield first line and content of one entry after the other; memory does not grow."""
    parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
    ancestors: list[Element] = []
    began = 0
    try:
        for number, text in read_lines(path):
            parser.feed(f"{text}\n")
            # these two events come with an element
            for event, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
                if event == "start":
                    began = number if _tag(element) == "entry" else began
                    ancestors.append(element)
                    continue
                ancestors.pop()
                if _tag(element) == "entry":
                    yield began, element
                    for ancestor in ancestors:
                        ancestor.clear()
        parser.close()
    except ParseError as error:
        found = f"malformed XML ({error.msg.split(':')[0]})"
        advice = "the file may be cut off"
        raise InputFormatError(found, "XML", advice, path=path, line=error.position[0]) from None


def _tag(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _children(element: Element, *tags: str) -> Iterator[Element]:
    """Yield the elements under a path of tags."""
    for child in element:
        if _tag(child) == tags[0]:
            yield from _children(child, *tags[1:]) if tags[1:] else (child,)


def _text(element: Element, *tags: str) -> str:
    """Return the text of the first element under a path of tags, empty if there is none."""
    for child in _children(element, *tags):
        return (child.text or "").strip()
    return ""


def _entry(context: ReadContext, element: Element, line: int) -> Entry:
    name = _text(element, "accession")
    if not name:
        raise InputFormatError("an entry without accession", "one", line=line)
    sequence = "".join(_text(element, "sequence").split())
    if not sequence:
        raise InputFormatError("an entry without sequence", "one", record=name)
    codes = {child.get("key"): child.get("type", "") for child in _children(element, "evidence")}
    features = [f for f in _children(element, "feature") if is_modified_residue(f.get("type", ""))]
    qualified = element.get("modified", FIRST_EVIDENCE) < FIRST_EVIDENCE
    claims = [
        claim
        for feature in context.account.each(features)
        if (claim := _claim(context, feature, codes, name, line, qualified))
    ]
    taxa = [child.get("id", "") for child in _children(element, "organism", "dbReference")]
    organism = _text(element, "organism", "name")
    description = f"{_text(element, 'name')} OS={organism} OX={','.join(taxa)}"
    return Entry(name, line, sequence, description, claims=claims)


def _claim(
    context: ReadContext,
    feature: Element,
    codes: dict[str | None, str],
    name: str,
    line: int,
    qualified: bool,
) -> SiteLabel | None:
    if any(location.get("sequence") for location in _children(feature, "location")):
        context.leave_out("on another isoform")
        return None
    places = list(_children(feature, "location", "position"))
    if len(places) != 1 or places[0].get("status", "certain") != "certain":
        context.leave_out("uncertain position")
        return None
    position = whole_number(places[0].get("position", ""))
    if position is None:
        found = f"a modified residue at {places[0].get('position', '')!r}"
        raise InputFormatError(found, "a position, 1-based", record=name)
    keys = feature.get("evidence", "").split()
    if unknown := [key for key in keys if key not in codes]:
        raise InputFormatError(f"evidence {unknown[0]!r}", "an evidence of the entry", record=name)
    evidence = " ".join(codes[key] for key in keys)
    note = f"{feature.get('description', '')} {feature.get('status', '')}"
    return context.modified_residue(note, evidence, position, line, qualified=qualified)
