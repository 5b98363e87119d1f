"""A split as a data set for the Hub: Parquet, one file a part, and a card made from the record of the split."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phosphot5.data.homology.split_folder import SPLIT_FILE
from phosphot5.data.labelled import labelled_schema, read_labelled, write_labelled
from phosphot5.data.records import Protein
from phosphot5.errors import InputFileError
from phosphot5.hub_card import (
    CARD_FILE,
    DatasetPart,
    Published,
    Target,
    list_files,
    part_path,
    render_dataset_card,
    upload,
)
from phosphot5.output import PathLike
from phosphot5.record.fingerprints import published_name, sha256_of_ids
from phosphot5.record.json_files import read_json_object
from phosphot5.wording import counted

__all__ = ["make_hub_dataset", "push_dataset"]


def push_dataset(
    split: PathLike, repo_id: str, licence: str, *, dry_run: bool = False, **options: Any
) -> Published | str:
    """Publish a split as a data set of the Hub, in one commit.

    Parameters
    ----------
    split, licence
        As for :func:`make_hub_dataset`, whose errors it raises.
    repo_id : str
        ``owner/name`` on the Hub; created if it does not exist.
    dry_run : bool
        Send nothing and return the list of files.
    **options
        ``private``, ``revision``, ``create_pr`` and ``tag``, as for :class:`~phosphot5.hub_card.Target`.

    Returns
    -------
    Published or str
        What was done, or the list of files with their sizes for a dry run.

    Raises
    ------
    PhosphoT5Error
        If the Hub refuses or cannot be reached; the message says what to do.
    """
    target = Target(repo_id, kind="dataset", **options)
    with tempfile.TemporaryDirectory() as folder:
        files = make_hub_dataset(split, Path(folder), repo_id, licence)
        listing = list_files(files, str(split), target)
        if dry_run:
            return listing
        return upload(files, target, "Phosphosites, split by homology", listing, _is_part)


def _is_part(name: str) -> bool:
    """Tell whether a file in the repository is a part, which an earlier split had and this one has not."""
    return name.startswith("data/") and name.endswith(".parquet")


def make_hub_dataset(split: PathLike, folder: Path, repo_id: str, licence: str) -> dict[str, Path]:
    """Write the parts of a split as Parquet files, with their record and a card.

    Parameters
    ----------
    split : str or os.PathLike
        A folder that ``phosphot5 data split`` wrote.
    folder : Path
        An empty folder to write into.
    repo_id : str
        Hub repository that the card names.
    licence : str
        Licence id of the Hub for the card, ``unknown`` if the sources state none.

    Returns
    -------
    dict of str to Path
        Path in the repository to the file, the card first.

    Raises
    ------
    InputFileError
        If the folder holds no split, or a part is not the one that was recorded.
    """
    from pyarrow import parquet

    record = _read_record(Path(split))
    parts, files = [], {}
    for name, about in record["parts"].items():
        source, file = Path(split) / about["file"], folder / part_path(name)
        proteins = list(read_labelled(source))
        _check_part(source, proteins, about)
        file.parent.mkdir(exist_ok=True)
        write_labelled(proteins, file)
        parts.append(DatasetPart(name, about, parquet.read_table(file).nbytes))
        files[part_path(name)] = file
    card = render_dataset_card(record, parts, labelled_schema(), repo_id, licence)
    for name, text in ((CARD_FILE, card), (SPLIT_FILE, json.dumps(record, indent=2, ensure_ascii=False))):
        files[name] = folder / name
        files[name].write_text(f"{text.rstrip()}\n", encoding="utf-8")
    return dict(sorted(files.items()))


def _read_record(split: Path) -> dict[str, Any]:
    """Read ``split.json``; its inputs get names that tell nothing of this machine."""
    path = split / SPLIT_FILE
    record = read_json_object(
        path,
        InputFileError,
        missing="give a folder written by `phosphot5 data split`",
        damaged="repeat the split",
    )
    if not record.get("parts"):
        raise InputFileError(f"{path}: lists no parts of a split; repeat the split")
    for file in record["inputs"]:
        file["file"] = published_name(file["file"])
    return record


def _check_part(path: Path, proteins: list[Protein], about: Mapping[str, Any]) -> None:
    """Refuse a file that was changed after the split: the card would say of it what does not hold."""
    found = sha256_of_ids({protein.id for protein in proteins})
    if (found, len(proteins)) != (about["sha256_of_ids"], about["proteins"]):
        raise InputFileError(
            f"{path}: changed since the split: {counted(len(proteins), 'protein')} with the fingerprint {found[:12]}, "
            f"expected {about['proteins']:,} with {about['sha256_of_ids'][:12]}; repeat the split"
        )
