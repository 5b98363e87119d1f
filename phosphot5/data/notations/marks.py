"""Notations made of letters and marks: plain, hash, p-prefix, lower-case and MaxQuant.

Names are public through `phosphot5.data.notations` only.
"""

import re
from dataclasses import replace
from itertools import compress

from phosphot5.data.records import Annotated, OtherModification, SiteState
from phosphot5.errors import InputFormatError
from phosphot5.modeling_phosphot5.proteins_phosphot5 import flanked, other_notation

UNNAMED = "unnamed"
"""Text of a modification of which only the place is known (a lower-case letter that is no s, t or y)."""

_END = "*-."
"""Stop and gap signs, all dropped at the end."""
_MARK_STATES = {"#": SiteState.POSITIVE, "@": SiteState.NEGATIVE}
_MARKS: dict[int, str] = {SiteState.POSITIVE: "#", SiteState.NEGATIVE: "@", SiteState.UNKNOWN: ""}
_NOT_PLAIN = re.compile(r"[^A-Za-z.\-]")
_NOT_HASH = re.compile(r"[^A-Za-z.\-#@]|(?<![STYsty])[#@]")
_NOT_P_PREFIX = re.compile(r"[^A-Z.\-p]|p(?![STY])")
_RESIDUE = "a residue letter A-Z"
_LABELS_ADVICE = "if sites are marked, name the notation, or pass the file to predict with --known"

_MAXQUANT_TOKEN = re.compile(r"(?P<residue>[A-Z])|p(?P<phospho>[STY])|\((?P<name>(?:[^()]|\([^()]*\))+)\)")
_MAXQUANT_PHOSPHO = re.compile(r"ph|phospho(?: \([STY]+\))?", re.IGNORECASE | re.ASCII)


def parse_plain(text: str) -> Annotated:
    """Read residues and gaps, upper or lower case."""
    _check(text, _NOT_PLAIN, _RESIDUE, _LABELS_ADVICE)
    _refuse(other_notation(text), _LABELS_ADVICE)
    return _build(text.upper(), {})


def render_plain(annotated: Annotated) -> str:
    """Write residues, gaps as ``-``."""
    return _join(annotated, list(annotated.sequence))


def parse_hash(text: str) -> Annotated:
    """Read ``#`` and ``@`` after S, T or Y; letters in upper or lower case."""
    _check(text, _NOT_HASH, f"{_RESIDUE}, or # or @ right after S, T or Y")
    _refuse(other_notation(text), "name the notation")
    states = {
        match.start() - before - 1: _MARK_STATES[match[0]]
        for before, match in enumerate(re.finditer("[#@]", text))
    }
    return _build(text.upper().replace("#", "").replace("@", ""), states)


def render_hash(annotated: Annotated) -> str:
    """Write all three states: ``S#`` positive, ``S@`` measured negative, ``S`` unknown."""
    if not any(annotated.states):
        return render_plain(annotated)
    pairs = zip(annotated.sequence, annotated.states, strict=True)
    return _join(annotated, [residue + _MARKS[state] for residue, state in pairs])


def parse_p_prefix(text: str) -> Annotated:
    """Read ``p`` before S, T or Y; every other letter is upper case."""
    _check(text, _NOT_P_PREFIX, f"{_RESIDUE} in upper case, or p right before S, T or Y")
    states = {
        match.start() - before: SiteState.POSITIVE for before, match in enumerate(re.finditer("p", text))
    }
    return _build(text.replace("p", ""), states)


def render_p_prefix(annotated: Annotated) -> str:
    """Write positives as ``pS``."""
    return _join(annotated, [f"p{r}" if positive else r for r, positive in _positives(annotated)])


def parse_lower_case(text: str) -> Annotated:
    """Read lower-case s, t, y as positives, other lower-case letters as modifications without a name."""
    text = text.replace("_", "-")
    _check(text, _NOT_PLAIN, _RESIDUE)
    read = _build(text.upper(), {match.start(): SiteState.POSITIVE for match in re.finditer("[sty]", text)})
    letters = re.sub(r"[\-.]", "", text)
    others = [
        OtherModification("residue", UNNAMED, match.start() + 1)
        for match in re.finditer("[a-ru-xz]", letters)
    ]
    return replace(read, other_modifications=tuple(others))


def render_lower_case(annotated: Annotated) -> str:
    """Write positives, and residues whose modification has no name, in lower case."""
    letters = [r.lower() if positive else r for r, positive in _positives(annotated)]
    for other in annotated.other_modifications:
        if other.text == UNNAMED:
            index = other.span[0] - 1
            letters[index] = letters[index].lower()
    return _join(annotated, letters)


def parse_maxquant(text: str) -> Annotated:
    """Read ``_AS(ph)PK_``, ``_AS(Phospho (STY))PK_`` and ``_ApSPK_``."""
    for index in (0, len(text) - 1):
        if text[index] != "_" or len(text) < 2:
            raise InputFormatError(repr(text[index]), "'_' at both ends", position=index + 1)
    sequence: list[str] = []
    states = bytearray()
    others = []
    end = 1
    while end < len(text) - 1:
        token = _MAXQUANT_TOKEN.match(text, end, len(text) - 1)
        if token is None:
            raise InputFormatError(
                repr(text[end]),
                f"{_RESIDUE}, (name) after a residue, or p right before S, T or Y",
                position=end + 1,
            )
        if name := token["name"]:
            if sequence and sequence[-1] in "STY" and _MAXQUANT_PHOSPHO.fullmatch(name):
                states[-1] = SiteState.POSITIVE
            elif sequence:
                others.append(OtherModification("residue", name, len(sequence)))
            else:
                others.append(OtherModification("n-term", name))
        else:
            sequence.append(token["residue"] or token["phospho"])
            states.append(SiteState.POSITIVE if token["phospho"] else SiteState.UNKNOWN)
        end = token.end()
    return Annotated(sequence="".join(sequence), states=bytes(states), other_modifications=tuple(others))


def render_maxquant(annotated: Annotated) -> str:
    """Write ``(Phospho (STY))`` and the named modifications of residues and N-terminus."""
    pieces = [f"{r}(Phospho (STY))" if positive else r for r, positive in _positives(annotated)]
    start = ""
    for other in annotated.other_modifications:
        if other.kind == "n-term":
            start += f"({other.text})"
        elif other.kind == "residue":
            pieces[other.span[0] - 1] += f"({other.text})"
    return f"_{start}{''.join(pieces)}_"


def _positives(annotated: Annotated) -> list[tuple[str, bool]]:
    pairs = zip(annotated.sequence, annotated.states, strict=True)
    return [(residue, state == SiteState.POSITIVE) for residue, state in pairs]


def _check(text: str, wrong: re.Pattern[str], expected: str, advice: str = "") -> None:
    """Raise at the first wrong character of ``text``; ``*`` is none at the end."""
    if match := wrong.search(text, 0, len(text.rstrip(_END))):
        if match[0] == "*":
            expected, advice = f"{expected}; '*' only at the end", "cut the sequence at its stop codon"
        raise InputFormatError(repr(match[0]), expected, advice, position=match.start() + 1)


def _refuse(other: tuple[int, str, str, str] | None, advice: str = "") -> None:
    """Raise if letters spell something else than a residue each; ``advice`` is for what comes without."""
    if other:
        position, found, expected, what_to_do = other
        raise InputFormatError(found, expected, what_to_do or advice, position=position)


def _build(given: str, states: dict[int, SiteState]) -> Annotated:
    """Take gaps out of ``given``; the keys of ``states`` are 0-based in ``given``."""
    _refuse(flanked(given))
    given = given.rstrip(_END)
    per_letter = bytearray(len(given))
    for index, state in states.items():
        per_letter[index] = state
    removed = tuple(match.start() + 1 for match in re.finditer(r"[\-.]", given))
    if removed:
        kept = bytes(letter not in "-." for letter in given)
        per_letter = bytearray(compress(per_letter, kept))
        given = given.replace("-", "").replace(".", "")
    return Annotated(sequence=given, states=bytes(per_letter), removed=removed)


def _join(annotated: Annotated, pieces: list[str]) -> str:
    """Join one piece per residue, with ``-`` at the positions that were removed."""
    if not annotated.removed:
        return "".join(pieces)
    gaps = set(annotated.removed)
    letters = iter(pieces)
    return "".join("-" if i in gaps else next(letters) for i in range(1, len(pieces) + len(gaps) + 1))
