"""From labelled proteins to a data set of token ids and three-state labels."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import datasets
import numpy as np
from pydantic import ConfigDict

from phosphot5.data import PHOSPHO_RESIDUES, Ledger, Protein, SiteState
from phosphot5.data.encode import encode
from phosphot5.data.homology.split_folder import Split, SplitOptions
from phosphot5.data.labelled import read_labelled
from phosphot5.record.validation import CHECKED
from phosphot5.wording import counted

__all__ = ["FileCount", "LabelledFile", "TrainingSet", "build_dataset", "merge_proteins", "split_files"]

logger = logging.getLogger(__name__)

FEATURES = datasets.Features(
    {
        "protein": datasets.Value("string"),
        "start": datasets.Value("int32"),
        "input_ids": datasets.List(datasets.Value("uint8")),
        "labels": datasets.List(datasets.Value("int16")),
        "length": datasets.Value("int32"),
    }
)


@dataclass(frozen=True)
class LabelledFile:
    """A file of labelled proteins to train or to evaluate on: hash-FASTA, or Parquet as `data convert` writes it.

    Parameters
    ----------
    path : str
        File name.
    residues : str
        Residues whose labels are taken; labels of others count as unknown.
    licence : str
        What its source states, for the record and the model card.

    Raises
    ------
    ValueError
        If the residues are no letters of STY, or the licence is empty.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    path: str
    residues: str = "STY"
    licence: str = "not stated"

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.residues or set(self.residues) - set("STY"):
            raise ValueError(f"the residues of {self.path} are {self.residues!r}; use letters of STY")
        if not self.licence:
            raise ValueError(f"the licence of {self.path} has no name")


@dataclass(frozen=True)
class FileCount:
    """What was read from one file: proteins, and positives and negatives of the residues that were taken."""

    path: str
    proteins: int
    positives: int
    negatives: int
    licence: str


@dataclass(frozen=True)
class TrainingSet:
    """A data set and what became of the proteins it was made from.

    Parameters
    ----------
    dataset : datasets.Dataset
        One row per protein or segment: ``protein``, ``start`` (0-based first residue), ``input_ids``,
        ``labels`` (-100 at sites of unknown state) and ``length`` in tokens.
    files : list of FileCount
        What was read.
    proteins : list of Protein
        The proteins read, one for each different sequence, with all that the files say of its sites.
    unlabelled : int
        Segments left out because no site in them has a known state.
    """

    dataset: datasets.Dataset
    files: list[FileCount]
    proteins: list[Protein]
    unlabelled: int

    @property
    def tokens(self) -> int:
        """Tokens of all segments, without padding."""
        return int(np.sum(self.dataset["length"], dtype=np.int64))

    def ledger(self) -> dict[str, int]:
        """Account for every protein read: what became of it."""
        return {
            "records_read": sum(file.proteins for file in self.files),
            "proteins": len(self.proteins),
            "segments": len(self.dataset),
            "segments_without_label_left_out": self.unlabelled,
            "tokens": self.tokens,
        }

    def summary(self) -> str:
        """One line for people."""
        read = sum(file.proteins for file in self.files)
        states = np.frombuffer(b"".join(protein.states for protein in self.proteins), dtype=np.uint8)
        plus, minus = ((states == state).sum() for state in (SiteState.POSITIVE, SiteState.NEGATIVE))
        return (
            f"{counted(read, 'protein')} read from {counted(len(self.files), 'file')}, "
            f"{len(self.proteins):,} different; "
            f"{len(self.dataset):,} segments with {self.tokens:,} tokens, {self.unlabelled:,} "
            f"without a labelled site left out; {plus:,} positive and {minus:,} negative sites"
        )


def build_dataset(files: Sequence[LabelledFile], max_length: int = 2048) -> TrainingSet:
    """Read, merge and encode labelled proteins; longer ones are cut into segments of nearly equal length.

    Parameters
    ----------
    files : sequence of LabelledFile
        A sequence in several files is one protein; the first file that labels a site decides.
    max_length : int
        Longest segment in tokens.

    Raises
    ------
    ValueError
        If no protein has a site of known state.
    InputFormatError
        If a file does not hold labelled proteins.
    """
    proteins, counts = merge_proteins(files)
    rows: dict[str, list] = {name: [] for name in FEATURES}
    unlabelled = 0
    for protein in proteins:
        tokens, known = _encode_labelled(protein)
        for start, stop in _segments(len(known), max_length):
            if not known[start:stop].any():
                unlabelled += 1
                continue
            row = {"protein": protein.id, "start": start, "length": stop - start}
            row |= {name: values[start:stop] for name, values in tokens.items()}
            for column, value in row.items():
                rows[column].append(value)
    if not rows["protein"]:
        raise ValueError(
            f"none of {len(proteins)} proteins in {', '.join(f.path for f in files)} has a labelled "
            "site; mark positives with # and measured negatives with @ after the residue"
        )
    dataset = datasets.Dataset.from_dict(rows, features=FEATURES).with_format("numpy")
    return TrainingSet(dataset, counts, proteins, unlabelled)


def merge_proteins(
    files: Sequence[LabelledFile], ledger: Ledger | None = None
) -> tuple[list[Protein], list[FileCount]]:
    """Read labelled proteins; those of one sequence become one.

    Parameters
    ----------
    files : sequence of LabelledFile
        The first file that labels a site decides.
    ledger : Ledger, optional
        Takes one entry for each record read.

    Returns
    -------
    proteins : list of Protein
        In order of first appearance, under their first identifier.
    counts : list of FileCount
        What was read from each file.

    Raises
    ------
    InputFormatError
        If a file does not hold labelled proteins.
    """
    merged: dict[str, tuple[Protein, np.ndarray]] = {}
    counts = []
    for file in files:
        proteins = positives = negatives = 0
        for protein in read_labelled(file.path, ledger):
            letters = np.frombuffer(protein.sequence.encode(), dtype=np.uint8)
            states = np.frombuffer(protein.states, dtype=np.uint8).copy()
            states[~np.isin(letters, list(file.residues.encode()))] = SiteState.UNKNOWN
            proteins += 1
            positives += int((states == SiteState.POSITIVE).sum())
            negatives += int((states == SiteState.NEGATIVE).sum())
            _, known = merged.setdefault(protein.sequence, (protein, states))
            known[known == SiteState.UNKNOWN] = states[known == SiteState.UNKNOWN]
        counts.append(FileCount(file.path, proteins, positives, negatives, file.licence))
    return [replace(protein, states=states.tobytes()) for protein, states in merged.values()], counts


def split_files(
    files: Sequence[LabelledFile], options: SplitOptions, folder: Path, overwrite: bool = False
) -> None:
    """Split the proteins of some files by homology, and write the parts; its parents are made.

    Parameters
    ----------
    files, options, folder, overwrite
        As for :func:`merge_proteins` and :class:`~phosphot5.data.homology.split_folder.Split`, whose errors it raises.
    """
    ledger = Ledger()
    split = Split(merge_proteins(files, ledger)[0], options)
    folder.parent.mkdir(parents=True, exist_ok=True)
    split.write(folder, [file.path for file in files], ledger, overwrite=overwrite)
    sizes = ", ".join(f"{name} {len(part):,}" for name, part in split.parts.items())
    logger.info("%s proteins in %s clusters: %s", f"{len(split.proteins):,}", f"{len(split.sizes):,}", sizes)


def _encode_labelled(protein: Protein) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Token ids and labels of a protein, and its labelled sites (bool); all of shape (residues + 1,)."""
    ids, labels = encode(protein.sequence), encode(protein.sequence, protein.states)
    letters = np.frombuffer(protein.sequence.encode() + b"\n", dtype=np.uint8)  # the </s> is no site
    states = np.frombuffer(protein.states + bytes(1), dtype=np.uint8)
    sites = np.isin(letters, list(PHOSPHO_RESIDUES.encode()))
    labels[sites & (states == SiteState.UNKNOWN)] = -100
    return {"input_ids": ids, "labels": labels}, sites & (states != SiteState.UNKNOWN)


def _segments(length: int, longest: int) -> Iterator[tuple[int, int]]:
    """Cut ``length`` tokens into the fewest parts of at most ``longest``, equal to within one token."""
    parts = -(-length // longest)
    edges = np.linspace(0, length, parts + 1).astype(int).tolist()
    yield from zip(edges[:-1], edges[1:], strict=True)
