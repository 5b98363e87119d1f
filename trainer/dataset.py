"""From labelled proteins to a data set of token ids and three-state labels."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import ClassVar

import datasets
import numpy as np
from pydantic import ConfigDict

from phosphot5.data import PHOSPHO_RESIDUES, Ledger, Protein, SiteState
from phosphot5.data.encode import encode
from phosphot5.data.homology.split_folder import Split, SplitOptions
from phosphot5.data.labelled import read_labelled
from phosphot5.errors import InputFormatError
from phosphot5.hub_card.dataset_files import DatasetAddress, fetch_files, is_hub_address
from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.progress import stage
from phosphot5.record.fingerprints import published_name
from phosphot5.record.validation import CHECKED
from phosphot5.wording import counted

__all__ = [
    "FileCount",
    "LabelledFile",
    "TrainingSet",
    "build_dataset",
    "kinds_of_label",
    "merge_proteins",
    "split_files",
]

logger = logging.getLogger(__name__)

FEATURES = datasets.Features(
    {
        "protein": datasets.Value("string"),
        "start": datasets.Value("int32"),
        "input_ids": datasets.List(datasets.Value("uint8")),
        "labels": datasets.List(datasets.Value("int16")),
        "length": datasets.Value("int32"),
        "label_source": datasets.Value("uint8"),
    }
)
NO_KINDS = {"": 0}
"""Kinds of label of a model that tells none apart."""
UNGROUPED = "other"
"""Name of the group of proteins without one, where others have one."""
GROUP_TAG = "group="
"""Word of a FASTA header that names the group of a protein."""


@dataclass(frozen=True)
class LabelledFile:
    """A file of labelled proteins to train or to evaluate on: hash-FASTA, or Parquet as `data convert` writes it.

    Parameters
    ----------
    path : str
        File name, or the address of a data set on the Hub: ``hf://datasets/OWNER/NAME``, with ``@REVISION`` and
        ``/FILE`` or ``/SPLIT`` where wanted; by default the split ``train``.
    residues : str
        Residues whose labels are taken; labels of others count as unknown.
    licence : str
        What its source states, for the record and the model card.
    label_source : str, optional
        Kind of its labels, one of the model's ``label_sources``; by default the model is not told.
    group : str, optional
        Group of its proteins, by which training may be balanced and validation is reported; by default what
        ``group=`` says in their headers.
    calibrate : bool
        Whether the calibration is fitted to it, if it is a validation file.

    Raises
    ------
    ValueError
        If the residues are no letters of STY, or the licence is empty.
    PhosphoT5Error
        If the path is an address of another form.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    path: str
    residues: str = "STY"
    licence: str = "not stated"
    label_source: str = ""
    group: str = ""
    calibrate: bool = True

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.residues or set(self.residues) - set("STY"):
            raise ValueError(f"the residues of {self.path} are {self.residues!r}; use letters of STY")
        if not self.licence:
            raise ValueError(f"the licence of {self.path} has no name")
        if is_hub_address(self.path):
            DatasetAddress.parse(self.path)

    def in_split(self, split: str) -> "LabelledFile":
        """Return the same with the split named, if it is a data set of the Hub whose address names no part."""
        if not is_hub_address(self.path):
            return self
        return replace(self, path=str(DatasetAddress.parse(self.path, split)))

    def fetched(self) -> "list[LabelledFile]":
        """Return files on this machine in place of an address of the Hub, one for each that it stands for.

        Raises
        ------
        PhosphoT5Error
            If they cannot be fetched.
        """
        if not is_hub_address(self.path):
            return [self]
        files = fetch_files(DatasetAddress.parse(self.path))
        return [replace(self, path=str(file)) for file in files]


@dataclass(frozen=True, kw_only=True)
class TrainingProtein(Protein):
    """A protein whose labels are of one kind.

    Parameters
    ----------
    label_source, group, calibrate
        As for `LabelledFile`.
    **fields
        As in `Protein`.
    """

    label_source: str = ""
    group: str = ""
    calibrate: bool = True


@dataclass(frozen=True)
class FileCount:
    """What was read from one file: proteins, and positives and negatives of the residues that were taken."""

    file: LabelledFile
    proteins: int
    positives: int
    negatives: int


@dataclass(frozen=True)
class TrainingSet:
    """A data set and what became of the proteins it was made from.

    Parameters
    ----------
    dataset : datasets.Dataset
        One row per protein or segment: ``protein``, ``start`` (0-based first residue), ``input_ids``,
        ``labels`` (-100 at sites of unknown state), ``length`` in tokens, ``label_source`` (its number) and, if
        proteins have groups, ``group``, a :class:`datasets.ClassLabel`.
    files : list of FileCount
        What was read.
    proteins : list of TrainingProtein
        The proteins read, one for each different sequence and kind of label, with all that the files say of its sites.
    unlabelled : int
        Segments left out because no site in them has a known state.
    """

    dataset: datasets.Dataset
    files: list[FileCount]
    proteins: list[TrainingProtein]
    unlabelled: int

    @property
    def tokens(self) -> int:
        """Tokens of all segments, without padding."""
        return int(np.sum(self.dataset["length"], dtype=np.int64))

    def ledger(self) -> dict[str, int]:
        """Account for every protein read: what became of it."""
        return {
            "records_read": sum(count.proteins for count in self.files),
            "proteins": len(self.proteins),
            "segments": len(self.dataset),
            "segments_without_label_left_out": self.unlabelled,
            "tokens": self.tokens,
        }

    def summary(self) -> str:
        """One line for people."""
        read = sum(count.proteins for count in self.files)
        states = np.frombuffer(b"".join(protein.states for protein in self.proteins), dtype=np.uint8)
        plus, minus = ((states == state).sum() for state in (SiteState.POSITIVE, SiteState.NEGATIVE))
        return (
            f"{counted(read, 'protein')} read from {counted(len(self.files), 'file')}, "
            f"{len(self.proteins):,} different; "
            f"{len(self.dataset):,} segments with {self.tokens:,} tokens, {self.unlabelled:,} "
            f"without a labelled site left out; {plus:,} positive and {minus:,} negative sites"
        )


def kinds_of_label(config: PhosphoT5Config) -> dict[str, int]:
    """Return the numbers of a model's kinds of label.

    The empty name is its default, for files that name none.
    """
    names = config.label_sources
    return {"": config.label_source_id(None)} | {name: config.label_source_id(name) for name in names}


def build_dataset(
    files: Sequence[LabelledFile], max_length: int = 2048, label_sources: Mapping[str, int] = NO_KINDS
) -> TrainingSet:
    """Read, merge and encode labelled proteins; longer ones are cut into segments of nearly equal length.

    Parameters
    ----------
    files : sequence of LabelledFile
        A sequence in several files with one kind of label is one protein; the first file that labels a site decides.
    max_length : int
        Longest segment in tokens.
    label_sources : mapping of str to int
        Numbers of the model's kinds of label; ``""``: of files that name none. See :func:`kinds_of_label`.

    Raises
    ------
    ValueError
        If no protein has a site of known state, or a file's kind of label is none of the model's.
    InputFormatError
        If a file does not hold labelled proteins.
    """
    for file in files:
        if file.label_source not in label_sources:
            kinds = ", ".join(filter(None, label_sources)) or "none"
            raise ValueError(
                f"{file.path}: label_source is {file.label_source!r}, but the model knows {kinds}"
            )
    proteins, counts = merge_proteins(files)
    groups = sorted({protein.group for protein in proteins} - {""})
    features = (
        FEATURES if not groups else FEATURES | {"group": datasets.ClassLabel(names=[UNGROUPED, *groups])}
    )
    rows: dict[str, list] = {name: [] for name in features}
    unlabelled = 0
    for protein in proteins:
        tokens, known = _encode_labelled(protein)
        for start, stop in _segments(len(known), max_length):
            if not known[start:stop].any():
                unlabelled += 1
                continue
            row = {"protein": protein.id, "start": start, "length": stop - start}
            row |= {"label_source": label_sources[protein.label_source], "group": protein.group or UNGROUPED}
            row |= {name: values[start:stop] for name, values in tokens.items()}
            for column in rows:
                rows[column].append(row[column])
    if not rows["protein"]:
        raise ValueError(
            f"none of {len(proteins)} proteins in {', '.join(f.path for f in files)} has a labelled "
            "site; mark positives with # and measured negatives with @ after the residue"
        )
    dataset = datasets.Dataset.from_dict(rows, features=datasets.Features(features)).with_format("numpy")
    return TrainingSet(dataset, counts, proteins, unlabelled)


def merge_proteins(
    files: Sequence[LabelledFile], ledger: Ledger | None = None
) -> tuple[list[TrainingProtein], list[FileCount]]:
    """Read labelled proteins; those of one sequence and one kind of label become one.

    Parameters
    ----------
    files : sequence of LabelledFile
        The first file that labels a site decides. Data sets of the Hub are fetched.
    ledger : Ledger, optional
        Takes one entry for each record read.

    Returns
    -------
    proteins : list of TrainingProtein
        In order of first appearance, under their first identifier.
    counts : list of FileCount
        What was read from each file.

    Raises
    ------
    InputFormatError
        If a file does not hold labelled proteins.
    """
    merged: dict[tuple[str, str], tuple[TrainingProtein, np.ndarray]] = {}
    counts = []
    for file in chain.from_iterable(file.fetched() for file in files):
        proteins = positives = negatives = 0
        for protein in _read(file.path, ledger):
            letters = np.frombuffer(protein.sequence.encode(), dtype=np.uint8)
            states = np.frombuffer(protein.states, dtype=np.uint8).copy()
            states[~np.isin(letters, list(file.residues.encode()))] = SiteState.UNKNOWN
            proteins += 1
            positives += int((states == SiteState.POSITIVE).sum())
            negatives += int((states == SiteState.NEGATIVE).sum())
            key = protein.sequence, file.label_source
            _, known = merged.setdefault(key, (_sourced(protein, file), states))
            known[known == SiteState.UNKNOWN] = states[known == SiteState.UNKNOWN]
        counts.append(FileCount(file, proteins, positives, negatives))
    return [replace(protein, states=states.tobytes()) for protein, states in merged.values()], counts


def _read(path: str, ledger: Ledger | None) -> Iterator[Protein]:
    """Read labelled proteins; an error names a file of the Hub as the record does, not by its place in the cache."""
    try:
        yield from read_labelled(path, ledger)
    except InputFormatError as error:
        name = published_name(path)
        error.path = name if is_hub_address(name) else path
        raise


def _sourced(protein: Protein, file: LabelledFile) -> TrainingProtein:
    words = [word for word in protein.description.split() if word.startswith(GROUP_TAG)]
    group = file.group or (words[0].removeprefix(GROUP_TAG) if words else "")
    given = {field.name: getattr(protein, field.name) for field in fields(Protein)}
    return TrainingProtein(**given, label_source=file.label_source, group=group, calibrate=file.calibrate)


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
    proteins, counts = merge_proteins(files, ledger)
    with stage(f"comparing {counted(len(proteins), 'protein')} with each other, using MMseqs2"):
        split = Split(proteins, options)
    folder.parent.mkdir(parents=True, exist_ok=True)
    split.write(folder, [count.file.path for count in counts], ledger, overwrite=overwrite)
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
