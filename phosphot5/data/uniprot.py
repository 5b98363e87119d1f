"""How UniProtKB names proteins, phosphorylated residues and evidence."""

import re

__all__ = [
    "EXPERIMENTAL_EVIDENCE",
    "FIRST_EVIDENCE",
    "accession",
    "evidence_codes",
    "is_modified_residue",
    "is_phosphorylation",
    "phosphorylated_residue",
    "qualifier",
]

EXPERIMENTAL_EVIDENCE = {
    "ECO:0000269": "an experiment in a publication, read by a curator",
    "ECO:0007744": "a large-scale experiment and its computation, such as proteomics, checked by a curator",
    "ECO:0000244": "the same, in releases until 2019",
}
"""Evidence codes that make a site positive, and their meaning.

Every other code is no measurement of the site in this protein: similarity to another protein (``ECO:0000250``),
a rule (``ECO:0000255``), an author's or curator's statement (``ECO:0000303``, ``ECO:0000305``), automatic
annotation (``ECO:0000256``, ``ECO:0000259``, ``ECO:0000313``, ``ECO:0007829``).
"""

FIRST_EVIDENCE = "2014-10"
"""Year and month from which on releases have evidence codes. Before, what was not experimental had a qualifier."""

_QUALIFIER = re.compile(r"\b(by similarity|probable|potential)\b", re.IGNORECASE)
_HEADER = re.compile(r"(?:sp|tr)\|([^|]+)\|")
_MODIFIED_RESIDUE = frozenset(
    ["modified residue", "modified_residue", "mod_res"]
    + ["modified_l_serine", "modified_l_threonine", "modified_l_tyrosine"]
)
"""Types of features: those of UniProt, then those of the Sequence Ontology."""
_PHOSPHO_NOTE = re.compile(r"\bphospho(serine|threonine|tyrosine)\b", re.IGNORECASE)
_PHOSPHORYLATION = re.compile(
    r"(?:(?<![a-z])|(?<=\dx))(?<!non-)(?<!non )(?<!not )phospho(?=$|[^a-z]|ryl|sites?\b|serine|threonine|tyrosine)"
    r"|unimod:21(?!\d)|mod:(?:00696|0004[678])|(?<![\d.])\+?79\.9(?:66\d*|7)(?!\d)"
    r"|^p(?:h|[sty])?$",
    re.IGNORECASE,
)
_RESIDUE_OF = {"serine": "S", "threonine": "T", "tyrosine": "Y"}
_CODE = re.compile(r"\bECO:\d{7}\b")


def accession(name: str) -> str:
    """Return the accession of a UniProt header, ``sp|P04637|P53_HUMAN``; any other name as it is.

    An isoform keeps its number: ``P04637-2`` is another protein than ``P04637``.
    """
    match = _HEADER.match(name)
    return match[1] if match else name


def is_modified_residue(feature: str) -> bool:
    """Tell whether a feature of this type is a modified residue, as UniProt or the Sequence Ontology call it."""
    return feature.lower() in _MODIFIED_RESIDUE


def phosphorylated_residue(note: str) -> str:
    """Return the residue that a feature's note says is phosphorylated: ``S``, ``T`` or ``Y``, or nothing.

    Examples
    --------
    >>> phosphorylated_residue("Phosphoserine; by ATM and ATR")
    'S'
    >>> phosphorylated_residue("N6-acetyllysine")
    ''
    """
    match = _PHOSPHO_NOTE.search(note)
    return _RESIDUE_OF[match[1].lower()] if match else ""


def is_phosphorylation(text: str) -> bool:
    """Tell whether the name of a modification, or a list of several, says phosphorylation.

    Examples
    --------
    >>> is_phosphorylation("Phospho (STY)"), is_phosphorylation("UniMod:21"), is_phosphorylation("STY:79.9663")
    (True, True, True)
    >>> is_phosphorylation("Oxidation (M)"), is_phosphorylation("phosphopantetheine")
    (False, False)
    """
    return _PHOSPHORYLATION.search(text) is not None


def qualifier(text: str) -> str:
    """Return what an entry of a release before 2014-10 says of a site that was not measured, empty if nothing.

    Examples
    --------
    >>> qualifier("Phosphoserine (By similarity)."), qualifier("Phosphoserine; by ATM.")
    ('by similarity', '')
    """
    match = _QUALIFIER.search(text)
    return match[1].lower() if match else ""


def evidence_codes(text: str) -> list[str]:
    """Return the different evidence codes in a text, in order of appearance."""
    return list(dict.fromkeys(_CODE.findall(text)))
