"""The names one protein goes by: which identifiers of two files mean the same protein."""

import re
from collections import defaultdict
from dataclasses import dataclass

__all__ = ["IdentifierIndex", "Identity", "identity"]

_UNIPROT = re.compile(r"(?:sp|tr)\|([^|]+)(?:\|([^|]*))?")
_NCBI = re.compile(
    r"(?:gi\|(\d+)\|?)?(?:(?:ref|gb|emb|dbj|pir|prf|sp|tpg|tpe|tpd|lcl|gnl\|[^|]+)\|([^|]+)(?:\|([^|]*))?)?"
)
_ENSEMBL = re.compile(r"(ENS[A-Z]*P\d+(?:\.\d+)?)\|")
_ISOFORM = re.compile(r".+-\d+", re.ASCII)
_VERSIONED = re.compile(
    r"([A-Z]{2}_\d{6,}|ENS[A-Z]*P\d{11}|[A-Z]{3}\d{5}(?:\d\d)?"
    r"|[OPQ]\d[A-Z0-9]{3}\d|[A-NR-Z]\d(?:[A-Z][A-Z0-9]{2}\d){1,2})\.\d+",
    re.ASCII,
)


@dataclass(frozen=True)
class Identity:
    """What a FASTA header, or a cell of a table, says of a protein's name.

    Parameters
    ----------
    full : str
        Its first word.
    accession : str
        Accession in it, empty if the word has no parts.
    names : tuple of str
        Other names in it: the entry name of UniProt, the number of NCBI.
    """

    full: str
    accession: str = ""
    names: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The accession, else the first word."""
        return self.accession or self.full


def identity(header: str) -> Identity:
    """Take the names out of a header.

    ``sp|P04637|P53_HUMAN``, ``gi|16128008|ref|NP_414555.1|``, ``ENSP00000269305.4|ENST...`` and the headers of
    PhosphoSitePlus, ``GN:TP53|p53|human|P04637``, have an accession. An isoform, ``sp|P04637-2|P53_HUMAN``, does
    not go by the entry name, which is that of the protein.
    """
    full = (header.split(maxsplit=1) or [""])[0]
    if "|" not in full:
        return Identity(full)
    if header.startswith("GN:") and header.count("|") >= 3:
        return Identity(full, header.rpartition("|")[2].strip())
    if match := _UNIPROT.match(full):
        names = () if _ISOFORM.fullmatch(match[1]) else (match[2],)
        return Identity(full, match[1], tuple(filter(None, names)))
    if match := _ENSEMBL.match(full):
        return Identity(full, match[1])
    match = _NCBI.match(full)
    if match and match[0]:
        numbers = [part for part in (match[2], match[1], match[3]) if part]
        return Identity(full, numbers[0], tuple(numbers[1:]))
    return Identity(full)


def _unversioned(name: str) -> str:
    match = _VERSIONED.fullmatch(name)
    return match[1] if match else name


class IdentifierIndex:
    """Proteins of one file, found by every name that means the same protein.

    Two identifiers mean the same if they are equal, have the same accession, or one is an accession, entry name
    or NCBI number of the other. Two different accessions are never the same, whatever else is equal.
    """

    def __init__(self) -> None:
        self._by_key: dict[str, list[str]] = defaultdict(list)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._versions: dict[str, set[str]] = defaultdict(set)

    def add(self, header: str) -> str:
        """Take in an identifier; return its :attr:`Identity.key`, by which the protein is found."""
        given = identity(header)
        for word in {given.key, given.full}:
            if given.key not in self._by_key[word]:
                self._by_key[word].append(given.key)
        for name in given.names:
            if given.key not in self._by_name[name]:
                self._by_name[name].append(given.key)
        self._versions[_unversioned(given.key)].add(given.key)
        return given.key

    def find(self, header: str) -> list[str]:
        """Return the keys of the protein with this identifier, versions compared as they are."""
        given = identity(header)
        found = [*self._by_key.get(given.key, ()), *self._by_key.get(given.full, ())]
        for name in given.names:
            found += self._by_key.get(name, ())
        if not given.accession:
            found += self._by_name.get(given.full, ())
        return list(dict.fromkeys(found))

    def find_version(self, header: str) -> str | None:
        """Return the key of the same accession where one has a version, ``NP_414555.1``, and the other has none.

        None, too, if there are several versions to choose from.
        """
        given = identity(header).key
        bare = _unversioned(given)
        others = self._versions.get(bare, set())
        if bare != given:
            return bare if bare in others else None
        return next(iter(others)) if len(others) == 1 else None
