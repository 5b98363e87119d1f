"""Read and write the ways people write phosphorylated sequences.

=========== ============================= ==============================================================
name        example                       what it carries
=========== ============================= ==============================================================
plain       ``ASPK``                      residues; lower case is read as upper case
hash        ``AS#PT@K``                   three states: ``#`` positive, ``@`` measured negative, bare unknown
p-prefix    ``ApSPK``                     positives
lower-case  ``AsPK``                      positives, and modified residues of other letters without a name
maxquant    ``_AS(Phospho (STY))PK_``     positives, named modifications on residues and the N-terminus
proforma    ``AS[Phospho]PK``             positives, localisation scores, every other modification
=========== ============================= ==============================================================

Only ``hash`` carries measured negatives: in the others a bare S, T or Y is read as unknown, never as
negative. In the first four, gaps ``-`` ``.`` (in ``lower-case`` also ``_``, with which site windows are
padded) and ``*`` at the end are taken out, and positions still refer to the given sequence. `unsupported_by` tells
what a notation would drop. The notation is never guessed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from phosphot5.data.notations import marks, proforma
from phosphot5.data.records import Annotated, SiteState
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.wording import counted

__all__ = ["NOTATIONS", "unsupported_by", "parse", "render"]


@dataclass(frozen=True)
class _Notation:
    parse: Callable[[str], Annotated]
    render: Callable[[Annotated], str]
    states: frozenset[SiteState] = frozenset({SiteState.POSITIVE})
    gaps: bool = True
    localisations: bool = False
    kinds: frozenset[str] = frozenset()


_TABLE = {
    "plain": _Notation(marks.parse_plain, marks.render_plain, states=frozenset()),
    "hash": _Notation(
        marks.parse_hash,
        marks.render_hash,
        states=frozenset({SiteState.POSITIVE, SiteState.NEGATIVE}),
    ),
    "p-prefix": _Notation(marks.parse_p_prefix, marks.render_p_prefix),
    "lower-case": _Notation(marks.parse_lower_case, marks.render_lower_case),
    "maxquant": _Notation(
        marks.parse_maxquant, marks.render_maxquant, gaps=False, kinds=frozenset({"residue", "n-term"})
    ),
    "proforma": _Notation(
        proforma.parse_proforma,
        proforma.render_proforma,
        gaps=False,
        localisations=True,
        kinds=frozenset({"residue", "n-term", "c-term", "range", "ambiguous", "prefix", "charge"}),
    ),
}
NOTATIONS = tuple(_TABLE)
"""Names of the notations."""


def parse(text: str, notation: str) -> Annotated:
    """Read one annotated sequence.

    Parameters
    ----------
    text : str
        The sequence with its marks; white space around it is ignored.
    notation : str
        One of `NOTATIONS`.

    Returns
    -------
    Annotated
        Sequence, states, and what else the text said: nothing in it is dropped.

    Raises
    ------
    InputFormatError
        With the 1-based character position, what is found and what is expected there.
    PhosphoT5Error
        If there is no such notation.
    """
    reader = _named(notation).parse
    stripped = text.strip()
    if not stripped:
        raise InputFormatError("no residues", "at least one")
    try:
        return reader(stripped)
    except InputFormatError as error:
        if error.position is not None:
            error.position += len(text) - len(text.lstrip())
        raise


def render(annotated: Annotated, notation: str) -> str:
    """Write one annotated sequence; `unsupported_by` tells what the notation cannot carry.

    Parameters
    ----------
    annotated : Annotated
        A sequence with states; a `Protein` will do.
    notation : str
        One of `NOTATIONS`.

    Returns
    -------
    str
        Text that `parse` reads back to the same sequence, and to the same of all that the notation carries.

    Raises
    ------
    PhosphoT5Error
        If there is no such notation.
    """
    return _named(notation).render(annotated)


def unsupported_by(annotated: Annotated, notation: str) -> list[str]:
    """List what `render` would drop, in words; empty if `parse` gives the same back.

    Parameters
    ----------
    annotated : Annotated
        A sequence with states.
    notation : str
        One of `NOTATIONS`.

    Raises
    ------
    PhosphoT5Error
        If there is no such notation.
    """
    target = _named(notation)
    lost = []
    for state in (SiteState.POSITIVE, SiteState.NEGATIVE):
        if state not in target.states and (count := annotated.states.count(state)):
            lost.append(counted(count, f"{state.name.lower()} site"))
    if annotated.removed and not target.gaps:
        lost.append(counted(len(annotated.removed), "gap"))
    if annotated.localisations and not target.localisations:
        lost.append(counted(len(annotated.localisations), "localisation score"))
    for other in annotated.other_modifications:
        unnamed = notation == "lower-case" and other.text == marks.UNNAMED
        if other.kind not in target.kinds and not unnamed:
            place = f" at {other.position}" if other.position else ""
            lost.append(f"{other.kind} {other.text}{place}")
    return lost


def _named(notation: str) -> _Notation:
    if notation not in _TABLE:
        raise PhosphoT5Error(f"unknown notation {notation!r}; choose from {', '.join(NOTATIONS)}")
    return _TABLE[notation]
