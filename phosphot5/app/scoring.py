"""What stands behind the page: text in, scored proteins out, within limits that keep a shared page quick."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np

from phosphot5.app.changes import apply_changes
from phosphot5.app.known import mark_known
from phosphot5.data import Protein, read_fasta
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.modeling_phosphot5.families_phosphot5 import single_families
from phosphot5.modeling_phosphot5.fasta_phosphot5 import is_gzip
from phosphot5.variants.changes import Pairs

__all__ = [
    "EXAMPLES",
    "Limits",
    "Scored",
    "Scorer",
    "best_rows",
    "example_text",
    "read_proteins",
    "read_upload",
]


EXAMPLES = {"p53": "P04637", "tau": "P10636", "p27": "P46527"}
"""Name on the button and UniProt accession of every example."""
FAMILIES_OF = 60
"""Sites of a protein whose families of kinases are shown."""
ELSEWHERE = "`phosphot5 predict` on your own machine takes any number"


@dataclass(frozen=True)
class Limits:
    """What one run may ask for.

    Attributes
    ----------
    text_bytes : int
        Size of the text.
    proteins, residues : int
        Number of proteins, and of all their residues.
    compared_residues : int
        Length of each of two variants.
    """

    text_bytes: int = 1_000_000
    proteins: int = 100
    residues: int = 100_000
    compared_residues: int = 5_000

    def check_size(self, size: int) -> None:
        """Refuse a text of too many bytes with a `PhosphoT5Error`."""
        if size > self.text_bytes:
            raise PhosphoT5Error(
                f"{size:,} bytes of text are too much for this page, which takes {self.text_bytes:,}; "
                f"give fewer proteins at a time: {ELSEWHERE}"
            )

    def check(self, proteins: list[Protein]) -> None:
        """Refuse too many proteins or residues with a `PhosphoT5Error`."""
        self.check_number(len(proteins))
        self.check_number(sum(map(len, proteins)), "residues")

    def check_number(self, found: int, what: Literal["proteins", "residues"] = "proteins") -> None:
        """Refuse a number that is too high with a `PhosphoT5Error`."""
        most = getattr(self, what)
        if found > most:
            raise PhosphoT5Error(
                f"{found:,} {what} are too many for this page, which takes {most:,} at a time; "
                f"leave some out: {ELSEWHERE}"
            )


@dataclass(frozen=True)
class Scored:
    """A protein, its rows of `phosphot5.prediction.scoring.predict_sites`, and the kind of label asked for."""

    protein: Protein
    rows: list[dict[str, Any]]
    kind: str | None = None


class Scorer:
    """One model on the processor, for all visitors of a page.

    Parameters
    ----------
    name : str
        ``bundled``, a folder or a hub id.
    revision : str, optional
        Branch, tag or commit of a hub id.
    limits : Limits
        What one run may ask for.

    Raises
    ------
    PhosphoT5Error
        If the model cannot be loaded.
    """

    def __init__(self, name: str = "bundled", revision: str | None = None, limits: Limits = Limits()) -> None:
        from phosphot5.prediction.loading import load_model, move_to_device

        self.name = name
        self.limits = limits
        self.model = move_to_device(load_model(name, revision)[0], "cpu")

    @property
    def families(self) -> list[str]:
        """Families of kinases that the model tells apart, groups aside; none for a model without a head for them."""
        families = self.model.config.kinase_families
        return [name for name, single in zip(families, single_families(families), strict=True) if single]

    def table(self, kind: str | None = None) -> dict[str, dict[str, list[float]]] | None:
        """Return the false-positive rates of a kind of label, by default the model's."""
        return self.model.config.fpr_table_of(kind)

    def score(self, text: str, kind: str | None = None, known: str = "") -> tuple[list[Scored], str]:
        """Score the proteins of a text.

        Parameters
        ----------
        text : str
            FASTA, or one bare sequence.
        kind : str, optional
            Kind of label whose sites are asked for; by default the model's.
        known : str
            Known sites, as `phosphot5.app.known.mark_known` reads them; the others are scored given these.

        Returns
        -------
        list of Scored, str
            The proteins; what to say about known sites that were not used, mostly nothing.

        Raises
        ------
        PhosphoT5Error
            If a text cannot be read or holds more than the limits allow, or a known site does not fit.
        """
        from phosphot5.prediction.scoring import predict_sites

        kinases: bool | str = "all" if self.families else False
        self.limits.check_size(len(known.encode(errors="replace")))
        proteins, note = mark_known(known, read_proteins(text, self.limits))
        predicted = predict_sites(self.model, proteins, label_source=kind, kinases=kinases)
        return [Scored(protein, _with_few_lists(rows), kind) for protein, rows in predicted], note

    def score_pair(
        self, text: str, other: str, changes: str = "", kind: str | None = None
    ) -> tuple[Scored, Scored, Pairs | None]:
        """Score two variants of a protein, each a text of its own, or one and its changes in words.

        Parameters
        ----------
        text, other : str
            FASTA with one protein, or a bare sequence.
        changes : str
            In place of ``other``: changes of the first, as `phosphot5.app.changes.apply_changes` reads them.
        kind : str, optional
            As for :meth:`score`.

        Returns
        -------
        Scored, Scored, list of tuple or None
            Both, their rows with the unrounded probability as ``score``; the pairs of their residues if these
            follow from changes in words.

        Raises
        ------
        PhosphoT5Error
            If a text cannot be read, holds more than one protein or one that is too long, or a change does not fit;
            says which.
        """
        from phosphot5.prediction.rows import protein_rows
        from phosphot5.prediction.scoring import score_proteins

        proteins, pairs = [self._variant("variant A", text)], None
        if changes.strip():
            if other.strip():
                raise PhosphoT5Error(
                    "both changes and variant B are given; empty one of them, for B follows from A and its changes"
                )
            changed, pairs = apply_changes(changes, proteins[0])
            proteins.append(self._short("variant B", changed))
        else:
            proteins.append(self._variant("variant B", other))
        table, sites = self.table(kind), self.model.config.site_token_ids
        scored = []
        for protein, scores in score_proteins(self.model, proteins, label_source=kind):
            rows = protein_rows(protein, scores, table, sites)
            exact = scores[~np.isnan(scores)].tolist()
            rows = [row | {"score": score} for row, score in zip(rows, exact, strict=True)]
            scored.append(Scored(protein, rows, kind))
        return scored[0], scored[1], pairs

    def _variant(self, name: str, text: str) -> Protein:
        try:
            proteins = read_proteins(text, self.limits, name.replace(" ", "_"))
        except PhosphoT5Error as error:
            raise PhosphoT5Error(f"{name}: {error}") from error
        if len(proteins) != 1:
            raise PhosphoT5Error(f"{name}: has {len(proteins)} proteins; keep only the one to compare")
        return self._short(name, proteins[0])

    def _short(self, name: str, protein: Protein) -> Protein:
        """Return a protein that is not too long to be compared."""
        if len(protein) > self.limits.compared_residues:
            raise PhosphoT5Error(
                f"{name}: has {len(protein):,} residues, too many to compare (at most "
                f"{self.limits.compared_residues:,}); cut both variants down to the part of interest"
            )
        return protein


def _with_few_lists(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drop the lists of families that the page does not show, which would fill its memory.

    It shows those of called sites, of the best ones if there are many, and of the best site if none is called.
    """
    called = [row for row in rows if row["call"] != "-"]
    best = best_rows(called or rows)[: FAMILIES_OF if called else 1]
    kept = {row["position"] for row in best}
    for row in rows:
        if row["position"] not in kept:
            row.pop("kinases", None)
    return rows


def best_rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with a probability, the highest first; known sites have none."""
    return sorted(
        (row for row in rows if row["probability"] is not None), key=lambda row: -row["probability"]
    )


def read_proteins(text: str, limits: Limits, name: str = "protein") -> list[Protein]:
    """Read what was pasted.

    Parameters
    ----------
    text : str
        FASTA, or one bare sequence.
    limits : Limits
        How much may be in it.
    name : str
        Identifier of a bare sequence.

    Raises
    ------
    PhosphoT5Error
        If there is no protein or a record cannot be read, with line, record, position and character, or if
        there is more than the limits allow.
    """
    if not text.strip():
        raise PhosphoT5Error("no protein given; paste FASTA or one sequence, or choose an example")
    content = text.encode(errors="replace")
    limits.check_size(len(content))
    bare = not any(line.lstrip().startswith(">") for line in text.splitlines())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pasted.fasta"
        path.write_bytes(b">%s\n%s" % (name.encode(), content) if bare else content)
        try:
            proteins = list(read_fasta(path))
        except InputFormatError as error:
            error.path = None
            error.line = None if bare else error.line
            raise
    limits.check(proteins)
    return proteins


def read_upload(path: str, limits: Limits) -> str:
    """Read the text of an uploaded file.

    Parameters
    ----------
    path : str
        Where it lies.
    limits : Limits
        How large it may be.

    Raises
    ------
    PhosphoT5Error
        If it is too large or no plain text.
    """
    content = Path(path).read_bytes()
    if is_gzip(content):
        raise PhosphoT5Error(f"{Path(path).name}: compressed data; decompress it to plain text")
    limits.check_size(len(content))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PhosphoT5Error(
            f"{Path(path).name}: not UTF-8 text (byte 0x{content[error.start]:02X} at {error.start + 1}); "
            "save it as plain text"
        ) from error


def example_text(accession: str) -> str:
    """Return the FASTA record of an example.

    Parameters
    ----------
    accession : str
        A value of `EXAMPLES`.
    """
    text = (resources.files(__package__) / "examples.fasta").read_text(encoding="utf-8")
    return next(f">{record}" for record in text.split(">") if record.startswith(f"{accession} "))
