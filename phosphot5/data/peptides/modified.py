"""Peptides with their modifications and localisation probabilities, as programs for mass spectrometry write them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from phosphot5.data.files.numbers import decimal_number
from phosphot5.data.notations import parse
from phosphot5.data.records import PHOSPHO_RESIDUES, Annotated, SiteState
from phosphot5.data.uniprot import is_phosphorylation
from phosphot5.errors import InputFormatError

__all__ = [
    "ModifiedPeptide",
    "bare_sequence",
    "is_phospho_tag",
    "parse_modified_peptide",
    "parse_probabilities",
]

_PHOSPHO_MASS, _MASS_TOLERANCE = 79.966331, 0.004
"""Da; sulfation is +79.956815."""
_WHOLE_MASSES = {"S": 167, "T": 181, "Y": 243}
"""Nominal masses of the phosphorylated residues, as the Trans-Proteomic Pipeline writes them."""
_NOMINAL_SHIFT = 80
_GROUP = r"\((?:[^()]|\([^()]*\))*\)|\[(?:[^\[\]]|\[[^\[\]]*\])*\]|\{[^{}]*\}"
_TOKEN = re.compile(
    r"(?P<prefix>p(?=[STY]))|(?P<residues>[A-Z]+)|(?P<mark>[#@])"
    rf"|(?P<group>{_GROUP})|(?P<shift>[+\-]\d+(?:\.\d+)?)"
)
_FLANKS = re.compile(
    r"(?:\[?[A-Za-z\-_]?(?:/[A-Z\-])*\]?\.)?(.*?)(?:\.\[?[A-Z\-_]?(?:/[A-Z\-])*\]?)?", re.ASCII
)
_UNDERSCORES = re.compile(r"_(.*)_(?:\.?\d+)?")
_CHARGE = re.compile(r"(?<=[A-Z)\]}])[./]?\d+$", re.ASCII)
_TERMINUS = re.compile(r"^n(?=[\[(])|(?<=[A-Z)\]])c(?=[\[(][^\[\]()]*[\])]$)")
_HYPHEN = re.compile(r"(?<=[\])])-(?=[A-Za-z])|-(?=[\[(][^\[\]]*[\])]$)")
_SCORED_NAME = re.compile(r"(.*?):\s*([0-9.,]+)\s*%?", re.ASCII)
_ACCESSIONS = ("unimod:", "u:", "mod:", "m:")
_NUMBER = re.compile(r"\d*[.,]?\d+(?:[eE]-?\d+)?", re.ASCII)
_PROFORMA = re.compile(r"#|\]\?|^<|\(\?|^\{")
_REPEATED = 1 << 16
"""Texts that are remembered: a report has a peptide once for each run."""
_EXPECTED = "a residue A-Z, a modification in brackets after its residue, or p before S, T or Y"


@dataclass(frozen=True)
class ModifiedPeptide:
    """One peptide as it was identified.

    Positions are 1-based in the peptide.

    Parameters
    ----------
    sequence : str
        Residues, capital letters.
    sites : dict of int to float or None
        Phosphorylated S, T and Y, to their localisation probability, None where the text gives none.
    candidates : dict of int to float
        Other residues that could carry a phosphorylation, to their probability.
    negatives : tuple of int
        S, T and Y that were measured and are not phosphorylated.
    unplaced : int
        Phosphorylations of which the text does not say where they are.
    elsewhere : int
        Phosphorylations of residues other than S, T and Y.
    others : int
        Other modifications.
    """

    sequence: str
    sites: dict[int, float | None] = field(default_factory=dict)
    candidates: dict[int, float] = field(default_factory=dict)
    negatives: tuple[int, ...] = ()
    unplaced: int = 0
    elsewhere: int = 0
    others: int = 0

    def with_probabilities(self, probabilities: dict[int, float]) -> "ModifiedPeptide":
        """Return a copy with localisation probabilities of another text.

        Parameters
        ----------
        probabilities : dict of int to float
            By position.
        """
        sites = {position: probabilities.get(position, known) for position, known in self.sites.items()}
        candidates = {at: value for at, value in probabilities.items() if at not in sites and value > 0}
        return replace(self, sites=sites, candidates=self.candidates | candidates)


def is_phospho_tag(text: str, residue: str) -> bool:
    """Tell whether the text of a modification says phosphorylation.

    Names, accessions and masses are told apart as `phosphot5.data.uniprot.is_phosphorylation` does; a mass may also
    be the nominal one, ``80``, or that of the whole residue, ``S[167]``.

    Parameters
    ----------
    text : str
        What stands in the brackets.
    residue : str
        The residue before it, a capital letter; empty at a terminus.

    Examples
    --------
    >>> is_phospho_tag("Phospho (STY)", "S"), is_phospho_tag("167", "S"), is_phospho_tag("+79.97", "T")
    (True, True, True)
    >>> is_phospho_tag("79.957", "Y"), is_phospho_tag("147", "M"), is_phospho_tag("UNIMOD:2", "S")
    (False, False, False)
    """
    mass = decimal_number(text)
    if mass is None:
        return is_phosphorylation(text)
    if mass == round(mass):
        return int(mass) == _WHOLE_MASSES.get(residue) or (
            int(mass) == _NOMINAL_SHIFT and residue in PHOSPHO_RESIDUES
        )
    whole = {"S": 166.998359, "T": 181.014010, "Y": 243.029660}.get(residue, 0.0)
    return abs(mass - _PHOSPHO_MASS) <= _MASS_TOLERANCE or abs(mass - whole) <= _MASS_TOLERANCE


def bare_sequence(text: str) -> str:
    """Return the residues of a peptide in capitals, without flanking residues and everything in brackets.

    Examples
    --------
    >>> bare_sequence("[K].AsPEK.[T]"), bare_sequence("K.ASPEK.T"), bare_sequence("_AS(ph)PEK_")
    ('ASPEK', 'ASPEK', 'ASPEK')
    """
    return re.sub(rf"{_GROUP}|[^A-Za-z]", "", _core(text)).upper()


def _core(text: str) -> str:
    """Take off underscores, flanking residues and the charge."""
    text = text.strip()
    if match := _UNDERSCORES.fullmatch(text):
        return match[1]
    match = _FLANKS.fullmatch(text)
    return _CHARGE.sub("", match[1] if match else text)


@lru_cache(_REPEATED)
def parse_modified_peptide(text: str) -> ModifiedPeptide:
    """Read a peptide with its modifications, in any notation but lower case.

    ``_AS(ph)PEK_``, ``AS(UniMod:21)PEK2``, ``_AS[Phospho (STY)]PEK_.2``, ``K.AS[79.966]PEK.T``, ``n[43]AS[167]PEK``,
    ``ApSPEK``, ``AS#PEK`` (``#`` positive, ``@`` measured negative) and ProForma. Localisation probabilities that stand
    in the text are taken: ``AS(0.98)PEK``, ``AS(UniMod:21){0.98}PEK``, ``AS[Phospho (STY): 98%]PEK``.

    Raises
    ------
    InputFormatError
        If it is none of them.
    """
    if _PROFORMA.search(text) and "[" in text:
        return _from_annotated(parse(text, "proforma"))
    peptide, probabilities = _Reading(text).read()
    return peptide.with_probabilities(probabilities)


@lru_cache(_REPEATED)
def parse_probabilities(text: str) -> dict[int, float]:
    """Return localisation probabilities of phosphorylation by position in the peptide, 1-based.

    Examples
    --------
    >>> parse_probabilities("GS(0.93)PEPT(0.07)K"), parse_probabilities("_S[Phospho (STY): 99.6%]PK_")
    ({2: 0.93, 6: 0.07}, {1: 0.996})
    """
    return _Reading(text).read()[1]


class _Reading:
    """One text on its way to a peptide."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.core = _HYPHEN.sub("", _TERMINUS.sub("", _core(text)))
        self.sequence: list[str] = []
        self.sites: dict[int, float | None] = {}
        self.probabilities: dict[int, float] = {}
        self.negatives: list[int] = []
        self.counts = {"unplaced": 0, "elsewhere": 0, "others": 0}
        self.tagged: bool | None = None  # whether the last residue has a tag, and that of a phosphorylation

    def read(self) -> tuple[ModifiedPeptide, dict[int, float]]:
        """Return the peptide and the probabilities in it."""
        steps: dict[str, Callable[[str], None]] = {
            "prefix": self._prefix,
            "residues": self._residues,
            "mark": self._mark,
            "group": lambda group: self._group(group[1:-1].strip()),
            "shift": self._group,
        }
        end = 0
        while end < len(self.core):
            token = _TOKEN.match(self.core, end)
            if token is None:
                raise self._error(self.core[end])
            steps[token.lastgroup or ""](token[0])
            end = token.end()
        if not self.sequence:
            raise InputFormatError(f"{self.text!r} without residues", _EXPECTED)
        counts = self.counts
        peptide = ModifiedPeptide(
            "".join(self.sequence),
            self.sites,
            negatives=tuple(self.negatives),
            unplaced=counts["unplaced"],
            elsewhere=counts["elsewhere"],
            others=counts["others"],
        )
        return peptide, self.probabilities

    def _error(self, letter: str) -> InputFormatError:
        advice = ""
        if letter.islower():
            advice = "lower case may mean any modification; mark phosphorylated residues as S[Phospho]"
        return InputFormatError(f"{letter!r} in the peptide {self.text!r}", _EXPECTED, advice)

    def _prefix(self, _: str) -> None:
        self.sites[len(self.sequence) + 1] = None

    def _residues(self, letters: str) -> None:
        self.sequence.extend(letters)
        self.tagged = None

    def _mark(self, mark: str) -> None:
        if not self.sequence or self.sequence[-1] not in PHOSPHO_RESIDUES:
            raise self._error(mark)
        if mark == "#":
            self.sites[len(self.sequence)] = None
        else:
            self.negatives.append(len(self.sequence))

    def _group(self, content: str) -> None:
        """Take what stands in brackets: a modification, a probability, or both."""
        position, residue = len(self.sequence), self.sequence[-1] if self.sequence else ""
        scored = _SCORED_NAME.fullmatch(content)
        value = decimal_number(content) if _NUMBER.fullmatch(content) else None
        if value is not None and value <= 1:
            if residue and residue in PHOSPHO_RESIDUES and self.tagged is not False:
                self.probabilities[position] = value
        elif scored and not content.lower().startswith(_ACCESSIONS):
            self._scored(scored[1], scored[2], content.endswith("%"))
        elif is_phospho_tag(content, residue):
            self.tagged = True
            if residue and residue in PHOSPHO_RESIDUES:
                self.sites[position] = None
            else:
                self.counts["elsewhere"] += 1
        else:
            self.tagged = False
            self.counts["others"] += 1

    def _scored(self, name: str, number: str, percent: bool) -> None:
        """Take a modification with its probability, as Spectronaut writes it."""
        value = decimal_number(number)
        if value is None:
            raise InputFormatError(f"probability {number!r} in the peptide {self.text!r}", "a number")
        if is_phosphorylation(name) and self.sequence:
            self.probabilities[len(self.sequence)] = value / 100 if percent else value
        else:
            self.counts["others"] += 1


def _from_annotated(annotated: Annotated) -> ModifiedPeptide:
    """Take a peptide in ProForma."""
    scores = {place.position: place.score for place in annotated.localisations if place.score is not None}
    sites = {
        index + 1: scores.get(index + 1)
        for index, state in enumerate(annotated.states)
        if state == SiteState.POSITIVE
    }
    unplaced = [
        other
        for other in annotated.other_modifications
        if other.kind in ("prefix", "range") and is_phosphorylation(other.text.strip("[]?{}"))
    ]
    return ModifiedPeptide(
        annotated.sequence,
        sites,
        {at: score for at, score in scores.items() if at not in sites and score},
        unplaced=len(unplaced),
        others=len(annotated.other_modifications) - len(unplaced),
    )
