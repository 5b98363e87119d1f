"""ProForma 2, read by `pyteomics.proforma`.

Names are public through `phosphot5.data.notations` only.
"""

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from phosphot5.data.files.numbers import whole_number
from phosphot5.data.records import PHOSPHO_RESIDUES, Annotated, Localisation, OtherModification, SiteState
from phosphot5.errors import InputFormatError

if TYPE_CHECKING:
    from pyteomics.proforma import Parser, TagBase

    Residues = list[tuple[str, list[TagBase] | None]]

PHOSPHO_MASS = 79.966331
"""Monoisotopic mass of HPO3 in Da (Unimod 21)."""
MASS_TOLERANCE = 0.004
"""In Da; takes ``+79.97`` and ``+79.9663`` and keeps sulfation (+79.956815) apart."""

_NAMES = {"phospho", "unimod:phospho", "unimod:21", "mod:00696", "mod:phosphorylated residue"}
_NAMES_OF = {
    "S": {"mod:00046", "mod:o-phospho-l-serine"},
    "T": {"mod:00047", "mod:o-phospho-l-threonine"},
    "Y": {"mod:00048", "mod:o4'-phospho-l-tyrosine"},
}
_MASS = re.compile(r"(?:\w+:)?([+-]\d+(?:\.\d*)?)", re.ASCII)
_CRASHES = (ValueError, IndexError, TypeError, AttributeError, AssertionError)
"""What pyteomics raises, beside its own error, on a tag it does not understand."""
_MARKERS = ("position_label", "localization_marker")
_TAG = r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]"
_GROUP = re.compile(rf"{_TAG}|\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}|<[^<>\[]*(?:{_TAG}[^<>\[]*)?>")
_OPENING = re.compile(r"[\[{<]")
_EMPTY_RANGE = re.compile(r"\(\??(?=[\0)])")
_REPEAT = re.compile(r"\^([^?\[\0]*)")
_MOST_REPEATS = 100
"""Of one modification whose places are unknown; more would make a short text a large list."""
_MARKER = re.compile(r"#[^#|]*")
_SCORED = re.compile(r"#\w+\((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\)", re.ASCII)
_CHARGE = re.compile(r"/(?:-?\d+)?(?:\[[^\[\]]+\])?", re.ASCII)
_SECOND_TERMINAL = re.compile(r"\]-(\[)[^\]]*\]-|-\[[^\]]*\](\[)")
_EXPECTED = "ProForma: a residue letter, [tag] after a residue, [tag]- before or -[tag] after the sequence"


def parse_proforma(text: str) -> Annotated:
    """Read one peptidoform; what is no phosphorylation of S, T or Y is kept aside."""
    tags, groups, charge = _scan(text)
    residues, properties = _read(text, tags)
    if _count(residues, properties) != groups:
        # pyteomics 5.0.1 keeps the last of "[A]-[B]-SK" and the first of "SK-[A][B]" without a word.
        second = _SECOND_TERMINAL.search(text)
        position = second.start(second.lastindex or 0) + 1 if second else None
        raise InputFormatError("a tag out of place", _EXPECTED, position=position)
    others = _outer_modifications(properties, charge)
    states = bytearray(len(residues))
    localisations = []
    phosphos = [next((t for t in ts or () if _is_phospho(t, aa.upper())), None) for aa, ts in residues]
    unplaced = [t for t in properties["unlocalized_modifications"] if _is_phospho(t, "S")]
    phospho_groups = {tag.group_id for tag in (*phosphos, *unplaced) if tag and tag.group_id}
    for position, ((_, residue_tags), phospho) in enumerate(zip(residues, phosphos, strict=True), 1):
        for tag in residue_tags or ():
            if phospho is not None and tag is phospho:
                states[position - 1] = SiteState.POSITIVE
                others += [OtherModification("residue", str(e), position) for e in tag.extra if _is_remark(e)]
            if tag is phospho or tag.type.name in _MARKERS and tag.group_id in phospho_groups:
                if tag.group_id:
                    localisations.append(_localisation(tag, position, preferred=tag is phospho))
            else:
                others.append(OtherModification("residue", str(tag), position))
    localisations.sort(key=lambda place: (place.position, not place.preferred))
    return Annotated(
        sequence="".join(letter for letter, _ in residues).upper(),
        states=bytes(states),
        other_modifications=tuple(others),
        localisations=tuple(localisations),
    )


def render_proforma(annotated: Annotated) -> str:
    """Write positives as ``S[Phospho]`` and everything kept aside where it stood; gaps are left out."""
    tags: dict[int, list[str]] = defaultdict(list)
    for position, state in enumerate(annotated.states, 1):
        if state == SiteState.POSITIVE:
            tags[position].append("Phospho")
    for place in annotated.localisations:
        marker = f"#{place.group}" + (f"({place.score!r})" if place.score is not None else "")
        if place.preferred:
            tags[place.position][0] += marker
        else:
            tags[place.position].append(marker)
    outer: dict[str, list[str]] = defaultdict(list)
    ranges: dict[tuple[int, int], list[OtherModification]] = defaultdict(list)
    for other in annotated.other_modifications:
        if other.kind == "residue":
            tags[other.span[0]].append(other.text)
        elif other.kind in ("range", "ambiguous"):
            ranges[other.span].append(other)
        else:
            outer[other.kind].append(other.text)
    pieces = [letter + _in_brackets(tags[i]) for i, letter in enumerate(annotated.sequence, 1)]
    for (start, end), members in ranges.items():
        ambiguous = any(member.kind == "ambiguous" for member in members)
        pieces[start - 1] = ("(?" if ambiguous else "(") + pieces[start - 1]
        pieces[end - 1] += ")" + _in_brackets([m.text for m in members if m.kind == "range"])
    n_term = _in_brackets(outer["n-term"]) + "-" if outer["n-term"] else ""
    c_term = "-" + _in_brackets(outer["c-term"]) if outer["c-term"] else ""
    return "".join([*outer["prefix"], n_term, *pieces, c_term, *outer["charge"]])


def _in_brackets(tags: list[str]) -> str:
    return "".join(f"[{tag}]" for tag in tags)


def _scan(text: str) -> tuple[list[tuple[int, str]], Counter[str], str]:
    """List ``[tags]`` with their 0-based start, count groups by opening sign, cut off the charge.

    pyteomics passes over an unclosed group or an empty tag; here they are errors.
    """
    bare = _GROUP.sub(lambda match: "\0" * len(match[0]), text)
    bare = bare.partition("/")[0]
    if (stray := _OPENING.search(bare)) or bare.count("(") > bare.count(")"):
        start = stray.start() if stray else bare.rindex("(")
        raise InputFormatError(f"{text[start]!r} without its end", "a closing bracket", position=start + 1)
    if empty := _EMPTY_RANGE.search(bare):
        raise InputFormatError(repr(empty[0]), "a residue right after it", position=empty.start() + 1)
    charge = text[len(bare) :]
    if charge == "/" or (charge and not _CHARGE.fullmatch(charge)):
        raise InputFormatError(repr(charge), "a charge such as /2, at the end", position=len(bare) + 1)
    tags = []
    groups = Counter({"(": bare.count("(")})
    for match in _GROUP.finditer(text, 0, len(bare)):
        _check_group(match[0], match.start())
        groups[match[0][0]] += 1
        if match[0].startswith("["):
            tags.append((match.start(), match[0]))
    groups["["] += sum(_repeats(repeat) - 1 for repeat in _REPEAT.finditer(bare))
    return tags, groups, charge


def _repeats(match: re.Match[str]) -> int:
    """Return how often a modification stands; refuse a number that nobody means."""
    count = whole_number(match[1])
    if count is None or not 0 < count <= _MOST_REPEATS:
        found = f"a modification repeated {match[1][:20]!r} times"
        raise InputFormatError(found, f"1 to {_MOST_REPEATS}", position=match.start() + 1)
    return count


def _check_group(group: str, start: int) -> None:
    """Refuse an empty group and a bad score; ``start`` is its 0-based place in the text."""
    if len(group) == 2:
        raise InputFormatError(repr(group), "a name inside", position=start + 1)
    for marker in _MARKER.finditer(group, 1, len(group) - 1):
        if "(" in marker[0] and not _SCORED.fullmatch(marker[0]):
            position = start + marker.start() + 1
            raise InputFormatError(repr(marker[0]), "a score such as #g1(0.9)", position=position)


def _read(text: str, tags: list[tuple[int, str]]) -> "tuple[Residues, dict[str, Any]]":
    """Call pyteomics and translate its errors."""
    from pyteomics import proforma

    try:
        residues, properties = _offline(proforma.Parser(text)).parse()
    except proforma.ProFormaError as error:
        if error.index is None:  # adducts of the charge, the last thing in the text
            raise InputFormatError(repr(text), f"{_EXPECTED}; {error.message}") from None
        found = repr(text[error.index]) if error.index < len(text) else "the end of the text"
        raise InputFormatError(found, _EXPECTED, position=error.index + 1) from None
    except _CRASHES:
        for start, tag in tags:
            try:
                _offline(proforma.Parser("S" + tag)).parse()
            except _CRASHES:
                raise InputFormatError(repr(tag), "a ProForma tag", position=start + 1) from None
        raise InputFormatError(repr(text), _EXPECTED) from None
    if not residues:
        raise InputFormatError("no residues", "at least one")
    return residues, properties


def _offline(parser: "Parser") -> "Parser":
    """Keep pyteomics from looking every tag up in ontologies, which it downloads, to sum up tag charges."""
    parser._local_charges = lambda: (0, 0)
    return parser


def _count(residues: "Residues", properties: dict[str, Any]) -> Counter[str]:
    """Count what pyteomics has read, by the sign that opens it in the text."""
    tag_lists = [tags or () for _, tags in residues] + [interval.tags for interval in properties["intervals"]]
    tag_lists += [properties[key] for key in ("n_term", "c_term", "unlocalized_modifications")]
    return Counter(
        {
            "[": sum(map(len, tag_lists)),
            "{": len(properties["labile_modifications"]),
            "<": len(properties["isotopes"]) + len(properties["fixed_modifications"]),
            "(": len(properties["intervals"]) + len(properties["names"]),
        }
    )


def _outer_modifications(properties: dict[str, Any], charge: str) -> list[OtherModification]:
    """Collect what does not stand on one residue, whole-sequence texts in the order ProForma wants."""
    prefixes = [f"({'>' * level}{name})" for level, name in sorted(properties["names"].items(), reverse=True)]
    prefixes += [str(rule) for rule in (*properties["isotopes"], *properties["fixed_modifications"])]
    if unplaced := properties["unlocalized_modifications"]:
        prefixes.append(_in_brackets([str(tag) for tag in unplaced]) + "?")
    prefixes += [f"{{{tag}}}" for tag in properties["labile_modifications"]]
    others = [OtherModification("prefix", text) for text in prefixes]
    others += [OtherModification("n-term", str(tag)) for tag in properties["n_term"]]
    for interval in properties["intervals"]:
        bounds = (interval.start + 1, interval.end)
        if interval.ambiguous:
            others.append(OtherModification("ambiguous", "", *bounds))
        others += [OtherModification("range", str(tag), *bounds) for tag in interval.tags]
    others += [OtherModification("c-term", str(tag)) for tag in properties["c_term"]]
    return others + ([OtherModification("charge", charge)] if charge else [])


def _is_phospho(tag: "TagBase", residue: str) -> bool:
    """Tell whether a tag says phosphorylation; of a name and a mass side by side the name decides."""
    if residue not in PHOSPHO_RESIDUES:
        return False
    labels = [_label(part) for part in (tag, *tag.extra) if part.is_modification()]
    names = [label for label in labels if not _MASS.fullmatch(label)]
    if names:
        return all(name in _NAMES | _NAMES_OF[residue] for name in names)
    masses = [float(mass[1]) for label in labels if (mass := _MASS.fullmatch(label))]
    return bool(masses) and all(abs(mass - PHOSPHO_MASS) <= MASS_TOLERANCE for mass in masses)


def _label(tag: "TagBase") -> str:
    """Return the tag's own text, without what follows ``|`` or ``#``."""
    return re.split(r"[|#]", str(tag), maxsplit=1)[0].strip().lower()


def _is_remark(tag: "TagBase") -> bool:
    return not tag.is_modification() and tag.type.name not in _MARKERS


def _localisation(tag: "TagBase", position: int, *, preferred: bool) -> Localisation:
    scores = [part.value for part in (tag, *tag.extra) if part.type.name == "localization_marker"]
    return Localisation(position, tag.group_id.lstrip("#"), scores[0] if scores else None, preferred)
