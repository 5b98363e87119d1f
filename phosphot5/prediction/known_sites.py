"""Sites that are known before a prediction: read from a file, marked on the proteins they belong to."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from phosphot5.data.files.fasta import read_fasta
from phosphot5.data.files.gff import read_features
from phosphot5.data.identifiers import IdentifierIndex
from phosphot5.data.ledger import SHOWN, Ledger
from phosphot5.data.records import PHOSPHO_RESIDUES, Protein, SiteState
from phosphot5.data.sources.read_context import ReadContext
from phosphot5.data.sources.table import read_table
from phosphot5.data.uniprot import is_modified_residue, phosphorylated_residue
from phosphot5.errors import InputFileError, InputFormatError, Place, SitePlace
from phosphot5.wording import counted

__all__ = ["KnownSites"]

_CHECK = "check that the known sites are of this very sequence"


@dataclass
class _Known:
    """Known sites of one protein.

    ``sites`` maps a 1-based position to the residue given there (empty if none was) and the line that gives
    it. With a ``sequence`` (FASTA) positions are those of its residues, else those of the sequence as given.
    """

    sites: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    sequence: str | None = None

    def indices(self, protein: Protein) -> list[int]:
        """Return the 0-based residues of ``protein`` that are known; errors lack the file."""
        if self.sequence is None:
            return [self._index(protein, position) for position in self.sites]
        if self.sequence != protein.sequence:
            _raise_at_first_difference(self.sequence, protein)
        return [position - 1 for position in self.sites]

    def _index(self, protein: Protein, position: int) -> int:
        expected, line = self.sites[position]
        gaps_before = bisect_left(protein.removed, position)
        index = position - 1 - gaps_before
        place: SitePlace = {"line": line, "record": protein.id, "position": position}
        if index >= len(protein):
            last = protein.given_position(len(protein))
            raise InputFormatError("a position beyond the end", f"1 to {last}", _CHECK, **place)
        found = "-" if position in protein.removed[gaps_before:][:1] else protein.sequence[index]
        if found not in PHOSPHO_RESIDUES or expected not in ("", found):
            wanted = f"{expected!r} as given" if expected else "S, T or Y"
            raise InputFormatError(f"{found!r} in the sequence", wanted, _CHECK, **place)
        return index


@dataclass
class KnownSites:
    """Phosphorylated sites that a user knows, by protein; made by :meth:`read`.

    Parameters
    ----------
    path : str
        The file they come from.
    """

    path: str
    _of: dict[str, _Known] = field(default_factory=dict, repr=False)
    _index: IdentifierIndex = field(default_factory=IdentifierIndex, repr=False)
    _versions: dict[str, str] = field(default_factory=dict, repr=False)
    _ignored: Counter[str] = field(default_factory=Counter, repr=False)
    _marked: set[str] = field(default_factory=set, repr=False)
    _skipped: set[str] = field(default_factory=set, repr=False)

    @classmethod
    def read(cls, path: str) -> "KnownSites":
        """Read known sites; the file's ending, a final ``.gz`` looked past, says of what kind it is.

        ``.fasta`` ``.fa`` ``.faa``
            Sequences with ``#`` after each known site; measured negatives ``@`` are counted and ignored.
        ``.proforma``
            FASTA with ``S[Phospho]`` at each known site; other modifications are counted and ignored.
        ``.tsv`` ``.tab`` ``.txt`` ``.csv`` ``.xlsx`` ``.parquet``
            A table as ``phosphot5 data convert --from table`` reads it, see
            `phosphot5.data.sources.table.read_table`; sites that are not taken are counted and ignored. The output
            of ``phosphot5 predict`` is such a table. Every row is a known site, so filter predictions first.
        ``.gff3`` ``.gff``
            Features as UniProt writes them: type ``Modified residue`` (or ``modified_residue``, ``MOD_RES``)
            and a ``Note`` with ``Phosphoserine``, ``Phosphothreonine`` or ``Phosphotyrosine``. Others are
            counted and ignored.

        Parameters
        ----------
        path : str
            The file, plain or gzip.

        Raises
        ------
        InputFileError
            If the ending is not known, or the file is missing, unreadable or damaged.
        InputFormatError
            If the file is not of its kind, lacks a column, holds a line that is no site of S, T or Y, or has
            no known site at all.
        """
        suffix = Path(path.removesuffix(".gz")).suffix.lower()
        if suffix not in _READERS:
            expected = ", ".join(_READERS)
            raise InputFileError(f"{path}: unknown ending {suffix!r}; use one of {expected}")
        known = cls(path)
        _READERS[suffix](known)
        if not any(of.sites for of in known._of.values()):
            ignored = f" ({known._ignored_text()} ignored)" if known._ignored else ""
            raise InputFormatError(f"no known site{ignored}", "at least one", path=path)
        return known

    def mark(self, proteins: Iterable[Protein], ledger: Ledger | None = None) -> Iterator[Protein]:
        """Mark the known sites on proteins, in input order.

        Sites belong to the proteins of the same identifier, to all of them where several share it; identifiers
        are compared as `phosphot5.data.identifiers.IdentifierIndex` does, by accession or entry name: P04637 and
        ``sp|P04637|P53_HUMAN`` are the same protein, while an isoform ``P04637-2`` is another. Positions are 1-based
        in the sequence as given, gaps counted; sites that come with a sequence need the same sequence, whatever
        its gaps.

        Parameters
        ----------
        proteins : iterable of Protein
            Read as they are needed.
        ledger : Ledger, optional
            That of the proteins' reader, so that :meth:`summary` can tell proteins which it skipped from
            proteins which are not in the input.

        Yields
        ------
        Protein
            A copy with POSITIVE states at the known sites; the same object if none is known.

        Raises
        ------
        InputFormatError
            If a position is beyond the end, the residue there is not S, T or Y or not the one given, or the
            sequence is not the one that the sites come with. Names file, line, protein and position. Also, after
            the last protein, if none had a known site.
        """
        example = ""
        for protein in proteins:
            example = example or protein.id
            keys = self._keys(protein)
            if keys:
                self._marked.update(keys)
                states = bytearray(protein.states)
                try:
                    for index in (index for key in keys for index in self._of[key].indices(protein)):
                        states[index] = SiteState.POSITIVE
                except InputFormatError as error:
                    raise error.at(path=self.path) from None
                protein = replace(protein, states=bytes(states))
            yield protein
        if ledger is not None:
            self._skipped |= {key for record in ledger.skipped_records for key in self._index.find(record.id)}
        if example and not any(self._of[key].sites for key in self._marked):
            given = next(key for key, of in self._of.items() if of.sites)
            found = f"no protein of the input ({given!r} here, {example!r} there)"
            raise InputFormatError(
                found, "the same identifiers", "no known site could be used", path=self.path
            )

    def _keys(self, protein: Protein) -> list[str]:
        """Return what the sites of a protein are known by."""
        keys = self._index.find(protein.header)
        if keys or (key := self._index.find_version(protein.header)) is None:
            return keys
        first = self._versions.setdefault(key, protein.id)
        if first != protein.id:
            found = f"sites of {key!r}, which can be {first!r} or {protein.id!r}"
            raise InputFormatError(found, "the version of the accession", path=self.path)
        return [key]

    def summary(self) -> str:
        """Return one line for people, after :meth:`mark`: sites given and used, and proteins not found."""
        given = sum(len(of.sites) for of in self._of.values())
        used = sum(len(self._of[name].sites) for name in self._marked)
        proteins = sum(bool(self._of[name].sites) for name in self._marked)
        text = f"{counted(given, 'known site')} given; {used} used, in {counted(proteins, 'protein')}"
        missing = [name for name, of in self._of.items() if of.sites and name not in self._marked]
        for reason, names in (
            ("their records were skipped", [name for name in missing if name in self._skipped]),
            ("not in the input", [name for name in missing if name not in self._skipped]),
        ):
            if names:
                more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
                text += f"; {reason}: {', '.join(names[:SHOWN])}{more}"
        return text + (f"; ignored in {self.path}: {self._ignored_text()}" if self._ignored else "")

    def _ignored_text(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in self._ignored.items())

    def _add(self, protein: str, position: int, residue: str, line: int | None) -> None:
        """Take one site of a table or GFF3; a site may be given more than once."""
        place: Place = {"path": self.path, "line": line, "record": protein}
        if position < 1:
            raise InputFormatError(f"position {position}", "1 or more, positions are 1-based", **place)
        if residue and (len(residue) != 1 or residue not in PHOSPHO_RESIDUES):
            raise InputFormatError(f"a site on {residue!r}", "S, T or Y", position=position, **place)
        sites = self._of.setdefault(self._index.add(protein), _Known()).sites
        before, first = sites.get(position, (residue, line))
        if before and residue and before != residue:
            expected = f"{before!r} as in line {first}"
            raise InputFormatError(f"a site on {residue!r}", expected, position=position, **place)
        sites[position] = (before, first) if before else (residue, line)


def _raise_at_first_difference(known: str, protein: Protein) -> None:
    for index, (given, found) in enumerate(zip(known, protein.sequence, strict=False)):
        if given != found:
            position = protein.given_position(index + 1)
            expected = f"{given!r} as in the sequence with the known sites"
            raise InputFormatError(
                f"{found!r} in the sequence", expected, _CHECK, record=protein.id, position=position
            )
    expected = f"{len(known)} as in the sequence with the known sites"
    raise InputFormatError(f"{len(protein)} residues", expected, _CHECK, record=protein.id)


def _read_marked(known: KnownSites, notation: str) -> None:
    """Read FASTA whose sequences are marked."""
    try:
        for protein in read_fasta(known.path, notation=notation):
            of = known._of.setdefault(known._index.add(protein.header), _Known(sequence=protein.sequence))
            if of.sequence != protein.sequence:
                found, expected = "a second, different sequence", "one sequence for each protein"
                raise InputFormatError(found, expected, path=known.path, record=protein.id)
            for position, state in enumerate(protein.states, 1):
                if state == SiteState.POSITIVE:
                    of.sites[position] = (protein.sequence[position - 1], None)
            ignored = {
                "measured negatives": protein.states.count(SiteState.NEGATIVE),
                "other modifications": len(protein.other_modifications),
            }
            known._ignored.update({what: count for what, count in ignored.items() if count})
    except InputFormatError as error:
        if notation == "hash" and error.found == "'['":
            error.advice = "give the file the ending .proforma if it marks sites as S[Phospho]"
        raise


def _read_table(known: KnownSites) -> None:
    """Read a table with a header."""
    context = ReadContext(known.path, known=True)
    for entry in read_table(context):
        for claim in entry.claims:
            if claim.state == SiteState.POSITIVE:
                known._add(entry.id, claim.position, claim.residue, claim.line)
            elif claim.state == SiteState.NEGATIVE:
                known._ignored["measured negatives"] += 1
    known._ignored.update({f"sites left out ({reason})": n for reason, n in context.account.left_out.items()})


def _read_gff3(known: KnownSites) -> None:
    """Read the phosphorylated residues of a GFF3 file, up to its sequences if it has any."""
    for feature in read_features(known.path):
        residue = phosphorylated_residue(feature.attributes.get("Note", ""))
        if not is_modified_residue(feature.kind) or not residue:
            known._ignored["other features"] += 1
            continue
        known._add(feature.protein, feature.position(known.path), residue, feature.line)


_READERS: dict[str, Callable[[KnownSites], None]] = {
    ".fasta": partial(_read_marked, notation="hash"),
    ".fa": partial(_read_marked, notation="hash"),
    ".faa": partial(_read_marked, notation="hash"),
    ".proforma": partial(_read_marked, notation="proforma"),
    ".tsv": _read_table,
    ".tab": _read_table,
    ".txt": _read_table,
    ".csv": _read_table,
    ".xlsx": _read_table,
    ".parquet": _read_table,
    ".gff3": _read_gff3,
    ".gff": _read_gff3,
}
"""Reader by the file's ending."""
