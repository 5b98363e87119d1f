"""Downloading public files at pinned commits; each is checked by its id in git, and kept once it is whole."""

import csv
import hashlib
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from phosphot5.errors import PhosphoT5Error
from phosphot5.progress import Progress

__all__ = ["GITHUB", "Source", "fetch", "public_sources"]

logger = logging.getLogger(__name__)

GITHUB = "https://raw.githubusercontent.com"
"""Where the files of public repositories are."""
TIMEOUT = 60
"""Seconds without an answer after which a server counts as gone."""


@dataclass(frozen=True)
class Source:
    """A file of a public repository.

    Parameters
    ----------
    repository : str
        ``owner/name`` on GitHub.
    commit : str
        Commit in hexadecimal.
    path : str
        Path inside the repository.
    git_blob : str
        Id that git gives its content: SHA-1 of ``blob SIZE``, a NUL and the content.
    bytes : int, optional
        Its size, where it is known.
    """

    repository: str
    commit: str
    path: str
    git_blob: str
    bytes: int | None

    def url(self, base: str) -> str:
        """Return the address at a server that has the paths of GitHub's raw files."""
        return f"{base.rstrip('/')}/{self.repository}/{self.commit}/{quote(self.path)}"

    def file(self, folder: Path) -> Path:
        """Return where a folder of fetched files has it."""
        return folder / self.repository / self.path

    def matches(self, path: Path) -> bool:
        """Whether a file has the content that git knows by the id."""
        if not path.is_file() or self.bytes not in (None, path.stat().st_size):
            return False
        content = path.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == self.git_blob


def public_sources() -> list[Source]:
    """Return the files that the training files are made from."""
    text = (resources.files(__package__) / "sources.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return [
        Source(row["repository"], row["commit"], row["path"], row["git_blob"], int(row["bytes"] or 0) or None)
        for row in rows
    ]


def fetch(sources: Iterable[Source], folder: Path, base: str = GITHUB) -> int:
    """Bring files that a folder does not have yet.

    Parameters
    ----------
    sources : iterable of Source
        What to bring.
    folder : Path
        Where the files go, in folders of their repositories; made if it is not there.
    base : str
        Address of the server.

    Returns
    -------
    int
        How many files were downloaded; those that are there and right are not asked for.

    Raises
    ------
    PhosphoT5Error
        If a file cannot be had, or is not the one of the commit. What came before stays, a second call goes on there.
    """
    sources = list(sources)
    missing = [source for source in sources if not source.matches(source.file(folder))]
    if missing:
        size = sum(source.bytes or 0 for source in missing) / 1e6
        logger.info("%d of %d files to download, at least %.1f MB", len(missing), len(sources), size)
    with Progress("files", len(missing)) as progress:
        for source in missing:
            _download(source, source.file(folder), source.url(base))
            progress.advance()
    return len(missing)


def _download(source: Source, target: Path, url: str) -> None:
    """Download one file; it gets its name when it is whole and right."""
    try:
        import pooch
        from requests import RequestException
    except ImportError as error:
        raise PhosphoT5Error("downloads need pooch; install with `pip install 'phosphot5[data]'`") from error
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.part")
    try:
        pooch.HTTPDownloader(timeout=TIMEOUT)(url, str(unfinished), None)
        if not source.matches(unfinished):
            found = unfinished.stat().st_size
            if source.bytes not in (None, found):
                raise PhosphoT5Error(
                    f"{url}: {found:,} of {source.bytes:,} bytes arrived; run the command again, which goes on with "
                    "this file"
                )
            raise PhosphoT5Error(
                f"{url}: its content is not that of commit {source.commit[:7]}; it was changed on its way, so use "
                "another server (--from) or network"
            )
        os.replace(unfinished, target)
    except (RequestException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise PhosphoT5Error(
            f"{url}: cannot be downloaded ({reason}); run the command again, which goes on with this file"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
