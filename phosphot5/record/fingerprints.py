"""Fingerprints of files, sets of records and models, and the names that they are published under."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phosphot5.errors import InputFileError
from phosphot5.output import PathLike

if TYPE_CHECKING:
    import numpy as np

__all__ = ["file_digest", "model_digest", "published_name", "sha256_of_ids"]

_IN_HUB_CACHE = re.compile(r"/datasets--((?:(?!--)[^/])+)--([^/]+)/snapshots/([0-9a-f]{40})/(.+)$")
"""A file of a data set in the cache of huggingface_hub: owner, name, commit and path in the repository."""


def file_digest(path: PathLike) -> str:
    """Return the SHA-256 of a file in hexadecimal.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Raises
    ------
    InputFileError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    return digest.hexdigest()


def published_name(path: PathLike) -> str:
    """Name a file by its folder and its name, never by a path of the machine; one of the Hub by its commit.

    Examples
    --------
    >>> published_name("/home/me/data/multisource/valid.fasta.gz")
    'multisource/valid.fasta.gz'
    """
    if of_hub := _IN_HUB_CACHE.search(Path(path).as_posix()):
        return "hf://datasets/{}/{}@{}/{}".format(*of_hub.groups())
    return "/".join(Path(path).parts[-2:])


def sha256_of_ids(ids: Iterable[str]) -> str:
    """Return one fingerprint for a set of record ids, whatever their order."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


def model_digest(config: Mapping[str, Any], weights: "Iterable[tuple[str, np.ndarray]]") -> str:
    """Return the SHA-256 of a model's configuration and weights.

    Parameters
    ----------
    config : mapping
        The configuration as plain types; keys that begin with an underscore do not count.
    weights : iterable of str and numpy.ndarray
        Name and bytes of each tensor, in any order.
    """
    settings = {name: value for name, value in config.items() if not name.startswith("_")}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, weight in sorted(weights, key=lambda pair: pair[0]):
        digest.update(name.encode())
        digest.update(weight.tobytes())
    return digest.hexdigest()
