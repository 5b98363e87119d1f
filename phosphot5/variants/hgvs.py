"""Notations of variants: HGVS at the level of the protein, and the short form ``P47S``."""

import re
from urllib.parse import unquote

from phosphot5.variants.changes import Change, RefusedVariantError

__all__ = ["read_change", "read_changes"]

_THREE = {
    "ala": "A", "arg": "R", "asn": "N", "asp": "D", "cys": "C", "gln": "Q", "glu": "E", "gly": "G", "his": "H",
    "ile": "I", "leu": "L", "lys": "K", "met": "M", "phe": "F", "pro": "P", "ser": "S", "thr": "T", "trp": "W",
    "tyr": "Y", "val": "V", "sec": "U", "pyl": "O", "ter": "*", "xaa": "X", "asx": "B", "glx": "Z", "xle": "J",
}  # fmt: skip
_STOP = "*"
_NOT_ONE = frozenset("XBZJ")
"""Letters that stand for more than one residue."""
_RESIDUE = rf"(?:{'|'.join(_THREE)}|(?-i:[A-Z*]))"
_PLACE = rf"({_RESIDUE})([1-9]\d{{0,5}})"
_NOTATION = re.compile(rf"{_PLACE}(?:_{_PLACE})?(.*)", re.IGNORECASE | re.ASCII)
_LETTERS = re.compile(_RESIDUE, re.IGNORECASE | re.ASCII)
_FRAMESHIFT = re.compile(
    rf"({_RESIDUE})?fs(?:(?:ter|\*)(\d{{1,5}}|\?)?)?|({_RESIDUE})?fs(?-i:X)\d*", re.IGNORECASE | re.ASCII
)
_UNKNOWN = re.compile(r"[?0]|\(?=\)?|\(?M(?:et)?1\)?\?|.*[?]$", re.ASCII)

NOTATION = "a notation that cannot be applied"
"""Reason of refusal."""


def read_changes(text: str, tail: str = "") -> list[Change]:
    """Read the notation of one variant, or of several on one allele: ``p.[Pro47Ser;Arg72Pro]``.

    Parameters
    ----------
    text, tail : str
        As for :func:`read_change`; the tail is that of the frameshift among several.

    Raises
    ------
    RefusedVariantError
        As :func:`read_change`, or if the changes are on two alleles, or it is not known on which.

    Examples
    --------
    >>> [change.first for change in read_changes("p.[(Pro47Ser;Arg72Pro)]")]
    [47, 72]
    """
    body = unquote(text.strip()).removeprefix("p.")
    if "(;)" in body or "];[" in body:
        raise RefusedVariantError("changes that are not known to be on one allele", text)
    if not (body.startswith("[") and body.endswith("]")):
        return [read_change(text, tail)]
    inside = body[1:-1]
    if inside.startswith("(") and inside.endswith(")") and inside.count("(") == 1:
        inside = inside[1:-1]
    parts = inside.split(";")
    shifted = next((number for number, part in enumerate(parts) if "fs" in part), 0)
    return [read_change(part, tail if number == shifted else "") for number, part in enumerate(parts)]


def read_change(text: str, tail: str = "") -> Change:
    """Read the notation of one variant.

    Parameters
    ----------
    text : str
        ``P47S``, ``p.Pro47Ser``, ``p.(Pro47Ser)``, ``p.Lys76_Leu78del``, ``p.His4_Gln5insAla``,
        ``p.Cys28delinsTrpVal``, ``p.Lys23_Val25dup``, ``p.Arg97ProfsTer23``, ``p.Arg196Ter``, with letters of one or
        three characters; ``%3D`` for ``=`` as VEP writes it.
    tail : str
        For a frameshift the new residues, from the first that differs to the last before the stop; ``*`` at the end
        is taken off.

    Raises
    ------
    RefusedVariantError
        If the text is no such notation, says not what becomes of the protein, or contradicts the tail.

    Examples
    --------
    >>> read_change("p.(Pro47Ser)")
    Change(kind='substitution', first=47, last=47, expected=((47, 'P'),), inserted='S', ends=False)
    """
    body = unquote(text.strip()).removeprefix("p.")
    if body.startswith("(") and body.endswith(")"):
        body = body[1:-1]
    if _UNKNOWN.fullmatch(body) and not _FRAMESHIFT.search(body):
        same = body.strip("()") == "="
        raise RefusedVariantError("no change of the sequence" if same else "an unknown effect", text)
    match = _NOTATION.fullmatch(body)
    if match is None:
        raise RefusedVariantError(NOTATION, text)
    first = int(match[2])
    last = first if match[4] is None else int(match[4])
    if last < first:
        raise RefusedVariantError(NOTATION, f"{text}, whose last residue is before its first")
    named = [(first, _letter(match[1]))] + ([] if match[3] is None else [(last, _letter(match[3]))])
    if any(letter == _STOP for _, letter in named):
        raise RefusedVariantError("a lost stop: what follows it is not in the notation", text)
    return _read_rest(text, match[5], first, last, tuple(named), _tail(text, tail))


def _read_rest(
    text: str, rest: str, first: int, last: int, named: tuple[tuple[int, str], ...], tail: str
) -> Change:
    """Read what stands behind the places."""
    shift = _FRAMESHIFT.fullmatch(rest)
    if shift and len(named) == 1:
        return _frameshift(text, shift, first, named, tail)
    if tail:
        raise RefusedVariantError(NOTATION, f"{text}, which is no frameshift and has no new tail")
    if rest == "=":
        raise RefusedVariantError("no change of the sequence", text)
    if match := re.fullmatch("del(.*?)(?:ins(.+))?|(dup)(.*)", rest):
        listed = match[1] or match[4]
        if listed:
            letters = _sequence(text, listed)
            if len(letters) != last - first + 1:
                raise RefusedVariantError(NOTATION, f"{text}, which lists {len(letters)} residues")
            named = (*named, (first, letters))
        if match[2]:
            new = _sequence(text, match[2])
            return _replaced(text, first, last, named, new)
        return Change("duplication" if match[3] else "deletion", first, last, named)
    if match := re.fullmatch("ins(.+)", rest):
        if last != first + 1:
            raise RefusedVariantError(NOTATION, f"{text}, which does not name two residues in a row")
        new = _sequence(text, match[1])
        _known(text, new)
        return Change("insertion", first, last, named, new.rstrip(_STOP), new.endswith(_STOP))
    if len(named) == 1 and _LETTERS.fullmatch(rest):
        return _replaced(text, first, last, named, _letter(rest))
    raise RefusedVariantError(NOTATION, text)


def _replaced(text: str, first: int, last: int, named: tuple[tuple[int, str], ...], new: str) -> Change:
    _known(text, new)
    if new.endswith(_STOP):
        return Change("stop", first, last, named, new[:-1], ends=True)
    return Change("substitution", first, last, named, new)


def _frameshift(
    text: str, shift: re.Match[str], first: int, named: tuple[tuple[int, str], ...], tail: str
) -> Change:
    """Read a frameshift, whose residues the notation does not have."""
    if not tail:
        raise RefusedVariantError("a frameshift without its new residues", text)
    new, count = shift[1] or shift[3], shift[2]
    if new and _letter(new) != tail[0]:
        raise RefusedVariantError("a tail that contradicts the notation", f"{text}, tail {tail[:20]}")
    if count and count != "?" and len(tail) != int(count) - 1:
        raise RefusedVariantError(
            "a tail that contradicts the notation", f"{text}, tail of {len(tail)} residues"
        )
    return Change("frameshift", first, first, named, tail, ends=True)


def _tail(text: str, tail: str) -> str:
    letters = tail.strip().removesuffix(_STOP)
    if letters and not re.fullmatch("[A-Z]+", letters):
        raise RefusedVariantError("a tail that is no sequence", f"{text}, tail {tail[:20]}")
    _known(text, letters)
    return letters


def _letter(residue: str) -> str:
    return _THREE.get(residue.lower(), residue)


def _sequence(text: str, residues: str) -> str:
    """Return the letters of residues written with three characters each, or with one."""
    parts = [residues[at : at + 3] for at in range(0, len(residues), 3)]
    if all(part.lower() in _THREE and part != part.upper() for part in parts):
        return "".join(map(_letter, parts))
    if not re.fullmatch("[A-Z]+[*]?|[*]", residues):
        raise RefusedVariantError(NOTATION, text)
    return residues


def _known(text: str, letters: str) -> None:
    """Refuse new residues that are not known, and a stop that others follow."""
    if _NOT_ONE & set(letters):
        raise RefusedVariantError("a new residue that is not known; write Ter or * for a stop", text)
    if _STOP in letters[:-1]:
        raise RefusedVariantError(NOTATION, f"{text}, with residues behind a stop")
