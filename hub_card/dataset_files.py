"""Files of data sets on the Hub: addresses such as ``hf://datasets/org/sites@v1/train``, fetched into the cache."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from phosphot5.errors import PhosphoT5Error

from .card import CARD_FILE
from .hub_errors import CLIENT_ERRORS

__all__ = ["DatasetAddress", "fetch_files", "is_hub_address"]

SCHEME = "hf://"
_ADDRESS = re.compile(
    r"hf://datasets/(?P<repo>[\w.-]+/[\w.-]+)"
    r"(?:@(?P<revision>refs/(?:pr|convert)/[^/]+|[^/]+))?(?:/(?P<path>[^*?\[\]]+))?"
)
VALID = ("validation", "valid")
"""The Hub's name of the validation split, and that of files that ``phosphot5 data split`` writes."""
ENDINGS = (".parquet", "-*-of-*.parquet", ".fasta.gz", ".fasta")
"""How the files of a split may end, in the order in which they are looked for; the second are those of `datasets`."""
FILES_SHOWN = 8
"""Files of a data set that an error lists."""


def is_hub_address(path: str) -> bool:
    """Tell whether a path stands for something on the Hub."""
    return path.startswith(SCHEME)


@dataclass(frozen=True)
class DatasetAddress:
    """Where labelled proteins are on the Hub.

    Parameters
    ----------
    repo_id : str
        ``owner/name`` of the data set.
    revision : str
        Branch, tag or commit.
    path : str
        A file of the repository if its last part has an ending, else the name of a split, after the folder in
        which it is, if any.
    """

    repo_id: str
    revision: str
    path: str

    @classmethod
    def parse(cls, text: str, split: str = "train") -> "DatasetAddress":
        """Read an address.

        Parameters
        ----------
        text : str
            ``hf://datasets/OWNER/NAME``, with ``@REVISION`` and ``/FILE`` or ``/SPLIT`` where wanted.
        split : str
            The split that is meant where none is named.

        Raises
        ------
        PhosphoT5Error
            If it has another form.
        """
        match = _ADDRESS.fullmatch(text.rstrip("/"))
        path = (match and match["path"]) or split
        if match is None or ".." in path.split("/"):
            raise PhosphoT5Error(
                f"{text}: not the address of a data set; write hf://datasets/OWNER/NAME, "
                "hf://datasets/OWNER/NAME/SPLIT or hf://datasets/OWNER/NAME@REVISION/FILE"
            )
        return cls(match["repo"], unquote(match["revision"] or constants.DEFAULT_REVISION), path)

    def __str__(self) -> str:
        quoted = quote(self.revision, safe="/" if self.revision.startswith("refs/") else "")
        at = "" if self.revision == constants.DEFAULT_REVISION else f"@{quoted}"
        return f"{SCHEME}datasets/{self.repo_id}{at}/{self.path}"

    @property
    def is_file(self) -> bool:
        """Whether the path is that of a file, not the name of a split."""
        return "." in PurePosixPath(self.path).name

    @property
    def patterns(self) -> list[str]:
        """Patterns of files that it may stand for; those of the first that is there are meant."""
        if self.is_file:
            return [self.path]
        folder, name = PurePosixPath(self.path).parent, PurePosixPath(self.path).name
        names = sorted(VALID, key=lambda known: known != name) if name in VALID else [name]
        folders = (folder / "data", folder)
        return [f"{place / name}{ending}" for name in names for place in folders for ending in ENDINGS]


def fetch_files(address: DatasetAddress) -> list[Path]:
    """Fetch the files that an address stands for, through the cache of huggingface_hub.

    HF_HOME, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are respected. Without a connection, files in the cache do.

    Parameters
    ----------
    address : DatasetAddress
        A file or a split.

    Returns
    -------
    list of Path
        Files in the cache, in a folder that is named by the commit; one, or the shards of a split in their order.

    Raises
    ------
    PhosphoT5Error
        If there is no such data set, revision, split or file, access is not granted, or the Hub cannot be reached.
    """
    try:
        folder = snapshot_download(
            address.repo_id,
            repo_type="dataset",
            revision=address.revision,
            allow_patterns=[*address.patterns, CARD_FILE],
        )
    except CLIENT_ERRORS as error:
        raise PhosphoT5Error(f"{address}: {_reason(error, address)}") from error
    for pattern in address.patterns:
        if files := sorted(Path(folder).glob(_quoted(pattern))):
            _check_shards(address, files)
            return files
    what = "file" if address.is_file else "split"
    raise PhosphoT5Error(
        f"{address}: the data set has no such {what}; {_content(address, Path(folder).name)}"
    )


def _quoted(pattern: str) -> str:
    """Quote what stands for itself in a pattern, which is all but the star of a shard's ending."""
    return "*".join(escape(part) for part in pattern.split("*"))


def _check_shards(address: DatasetAddress, files: list[Path]) -> None:
    """Refuse a split of which shards are missing, as an interrupted download can leave it in the cache."""
    numbered = re.search(r"-of-0*(\d+)\.parquet$", files[0].name)
    if numbered and not address.is_file and int(numbered[1]) != len(files):
        raise PhosphoT5Error(
            f"{address}: {len(files)} of {int(numbered[1])} files of the split are there; download it again with "
            f"`hf download {address.repo_id} --repo-type dataset`"
        )


def _content(address: DatasetAddress, commit: str) -> str:
    """Say which files a data set has, as far as the Hub tells."""
    names: Iterator[str] = iter(())
    with suppress(*CLIENT_ERRORS):
        listed = HfApi().list_repo_files(address.repo_id, repo_type="dataset", revision=commit)
        names = (name for name in listed if name.endswith((".parquet", ".fasta", ".fasta.gz")))
    found = sorted(names)
    if not found:
        return "no .parquet, .fasta or .fasta.gz is in it"
    more = f" and {len(found) - FILES_SHOWN:,} more" if len(found) > FILES_SHOWN else ""
    return f"it has {', '.join(found[:FILES_SHOWN])}{more}"


def _reason(error: BaseException, address: DatasetAddress) -> str:
    """Say what the Hub's client complains of, and what to do."""
    if isinstance(error, GatedRepoError):
        page = f"{constants.ENDPOINT}/datasets/{address.repo_id}"
        return (
            f"access must be granted; ask for it at {page}, then log in with `hf auth login` or set HF_TOKEN"
        )
    if isinstance(error, RepositoryNotFoundError):
        return (
            "the Hub has no such data set, or it is private; check the spelling, or log in with `hf auth login` "
            "or set HF_TOKEN"
        )
    if isinstance(error, RevisionNotFoundError):
        return f"the data set has no branch, tag or commit {address.revision}"
    if isinstance(error, HFValidationError):
        return f"{error}"
    if isinstance(error, OSError) and error.strerror:
        return (
            f"cannot be kept in the cache, {constants.HF_HUB_CACHE} ({error.strerror}); make room there, or set "
            "HF_HOME to another folder"
        )
    cause = error.__cause__
    download = f"`hf download {address.repo_id} --repo-type dataset`"
    if isinstance(error, OfflineModeIsEnabled) or isinstance(cause, OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE is set and the cache has no copy; unset it, or run {download} where there is a network"
    answer = next((fault for fault in (error, cause) if isinstance(fault, HfHubHTTPError)), None)
    if answer is not None:
        return f"the Hub answered {answer.response.status_code}; try again later, or check HF_TOKEN and HF_ENDPOINT"
    reason = str(cause or error).partition("\n")[0]
    return (
        f"no connection to {constants.ENDPOINT} and no copy in the cache ({reason}); check the network, the proxy and "
        f"HF_ENDPOINT, or run {download} where there is a network"
    )
