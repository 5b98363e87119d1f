"""Render the card of a prepared data set from the record of its split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huggingface_hub import DatasetCardData

from .templating import card_template

if TYPE_CHECKING:
    import pyarrow

__all__ = ["DatasetPart", "part_path", "render_dataset_card"]

HUB_SPLITS = {"valid": "validation"}
"""Names of parts that the Hub has another word for."""
SITE_CLASSES = tuple((residue, state) for residue in "STY" for state in ("positive", "negative"))
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True)
class DatasetPart:
    """One part of a data set as it is published.

    Parameters
    ----------
    name : str
        Its name in the split.
    record : mapping
        What ``split.json`` says of it.
    bytes : int
        Memory that it takes as an Arrow table.
    """

    name: str
    record: Mapping[str, Any]
    bytes: int

    @property
    def split(self) -> str:
        """Its name on the Hub."""
        return _split_name(self.name)

    @property
    def path(self) -> str:
        """Its file in the repository."""
        return part_path(self.name)

    @property
    def sha256_of_ids(self) -> str:
        """Fingerprint of its identifiers."""
        digest: str = self.record["sha256_of_ids"]
        return digest

    @property
    def cells(self) -> list[str]:
        """Numbers of its proteins, residues, sites and clusters."""
        sites = [self.record["sites"][residue][state] for residue, state in SITE_CLASSES]
        counts = [self.record["proteins"], self.record["residues"], *sites, self.record["clusters"]]
        return [f"{count:,}" for count in counts]

    def count(self, state: str) -> int:
        """Count its sites of a state, ``positive`` or ``negative``."""
        return sum(sites[state] for sites in self.record["sites"].values())


def part_path(name: str) -> str:
    """Return where the file of a part lies in the repository."""
    return f"data/{_split_name(name)}.parquet"


def _split_name(name: str) -> str:
    return HUB_SPLITS.get(name, name)


def render_dataset_card(
    split: Mapping[str, Any],
    parts: Sequence[DatasetPart],
    schema: "pyarrow.Schema",
    repo_id: str,
    licence: str,
) -> str:
    """Return the text of a data set's card; every number comes from the record of the split.

    Parameters
    ----------
    split : mapping
        Content of ``split.json``.
    parts : sequence of DatasetPart
        In the order of the split.
    schema : pyarrow.Schema
        Columns of the Parquet files.
    repo_id : str
        Where the data set will live.
    licence : str
        Licence id of the Hub.

    Returns
    -------
    str
        Markdown with a YAML block from which the Hub and `datasets` know splits and features.
    """
    residues = next((_local_residues(found) for found in split["leakage"]), None)
    return card_template("dataset_card.md.jinja").render(
        metadata=_metadata(parts, schema, licence).to_yaml(),
        title=repo_id.rpartition("/")[2],
        repo_id=repo_id,
        parts=parts,
        held_out=next((part for part in parts if part.name == "valid"), parts[-1]),
        proteins=sum(part.record["proteins"] for part in parts),
        positives=sum(part.count("positive") for part in parts),
        negatives=sum(part.count("negative") for part in parts),
        options=split["options"],
        version=split["versions"].get("phosphot5", ""),
        clusters=split["clusters"],
        leakage=[_leakage(found) for found in split["leakage"]],
        residues=residues,
        inputs=[{"name": file["file"], "sha256": file["sha256"]} for file in split["inputs"]],
        records=split["records"],
        licence=licence,
    )


def _metadata(parts: Sequence[DatasetPart], schema: "pyarrow.Schema", licence: str) -> DatasetCardData:
    from datasets import DatasetInfo, Features, SplitDict, SplitInfo
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs

    proteins = sum(part.record["proteins"] for part in parts)
    size = next((name for limit, name in SIZES if proteins < limit), "n>1M")
    data = DatasetCardData(
        license=licence,
        task_categories=["token-classification"],
        size_categories=[size],
        tags=["biology", "phosphorylation", "phosphot5", "protein", "proteomics"],
    )
    splits = {
        part.split: SplitInfo(part.split, num_bytes=part.bytes, num_examples=part.record["proteins"])
        for part in parts
    }
    info = DatasetInfo(features=Features.from_arrow_schema(schema), splits=SplitDict(splits))
    DatasetInfosDict({"default": info}).to_dataset_card_data(data)
    files = [{"split": part.split, "path": part.path} for part in parts]
    MetadataConfigs({"default": {"data_files": files}}).to_dataset_card_data(data)
    return data


def _leakage(found: Mapping[str, Any]) -> dict[str, Any]:
    whole = found["share_with_homolog_at_coverage"]
    local = found[_local_key(found)]
    return {
        "part": _split_name(found["part"]),
        "against": [_split_name(name) for name in found["against"]],
        "levels": list(whole),
        "cells": [f"{share * 100:.1f} %" for share in (*whole.values(), *local.values())],
    }


def _local_key(found: Mapping[str, Any]) -> str:
    return next(key for key in found if key.startswith("share_with_local_alignment_of_"))


def _local_residues(found: Mapping[str, Any]) -> int:
    return int(_local_key(found).split("_")[5])
