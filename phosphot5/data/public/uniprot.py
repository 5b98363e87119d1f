"""Sequences of UniProtKB by accession, from its REST service; answers are kept, and a second call asks nothing."""

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from phosphot5.data.files.fasta import read_fasta
from phosphot5.data.records import Protein
from phosphot5.errors import PhosphoT5Error
from phosphot5.progress import Progress

if TYPE_CHECKING:
    import requests

__all__ = ["UNIPROT", "fetch_sequences", "fetched_sequences", "uniprot_get"]

logger = logging.getLogger(__name__)

UNIPROT = "https://rest.uniprot.org"
"""Address of the service."""
AT_ONCE = 100
"""Accessions of one request."""
TIMEOUT = 60
"""Seconds without an answer after which the service counts as gone."""


@contextmanager
def uniprot_get(base: str) -> Iterator[Callable[..., "requests.Response"]]:
    """Give a function that asks the service, over one connection, and again where it is busy.

    Parameters
    ----------
    base : str
        Address of the service.

    Yields
    ------
    callable
        Takes what ``requests.get`` takes; waits for `TIMEOUT` seconds at most.

    Raises
    ------
    PhosphoT5Error
        If requests is not installed.
    """
    try:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util.retry import Retry
    except ImportError as error:
        raise PhosphoT5Error(
            "downloads need requests; install with `pip install 'phosphot5[data]'`"
        ) from error
    busy = (429, 500, 502, 503, 504)
    again = Retry(3, backoff_factor=0.5, status_forcelist=busy, raise_on_status=False)
    with requests.Session() as session:
        session.mount(base, HTTPAdapter(max_retries=again))
        yield partial(session.get, timeout=TIMEOUT)


def _requests(accessions: Iterable[str], folder: Path) -> Iterator[tuple[list[str], Path]]:
    """Yield the accessions of each request, and the file for its answer."""
    names = sorted(set(accessions))
    for start in range(0, len(names), AT_ONCE):
        asked = names[start : start + AT_ONCE]
        digest = hashlib.sha256(",".join(asked).encode()).hexdigest()[:16]
        yield asked, folder / "uniprot" / f"{asked[0]}-{digest}.fasta"


def fetch_sequences(accessions: Iterable[str], folder: Path, base: str = UNIPROT) -> int:
    """Bring the sequences that a folder does not have yet.

    Parameters
    ----------
    accessions : iterable of str
        Accessions of UniProtKB.
    folder : Path
        Where the answers go, as FASTA in ``uniprot/``.
    base : str
        Address of the service.

    Returns
    -------
    int
        How many accessions were asked for.

    Raises
    ------
    PhosphoT5Error
        If the service does not answer. What came before stays, a second call goes on there.
    """
    missing = [(asked, file) for asked, file in _requests(accessions, folder) if not file.is_file()]
    number = sum(len(asked) for asked, _ in missing)
    if missing:
        logger.info("%s accessions to ask UniProt for", f"{number:,}")
    with Progress("accessions", number) as progress:
        for asked, file in missing:
            _ask(asked, file, base)
            progress.advance(len(asked))
    return number


def fetched_sequences(accessions: Iterable[str], folder: Path) -> Iterator[Protein]:
    """Yield the entries that UniProt answered with, under their accessions, without labels."""
    for _, file in _requests(accessions, folder):
        if file.stat().st_size:  # UniProt may know none of the accessions
            yield from read_fasta(file, notation="plain")


def _ask(accessions: list[str], target: Path, base: str) -> None:
    url = f"{base.rstrip('/')}/uniprotkb/accessions"
    query = {"accessions": ",".join(accessions), "format": "fasta", "size": str(len(accessions))}
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.part")
    try:
        with uniprot_get(base) as get:
            answer = get(url, params=query)
        answer.raise_for_status()
        if answer.content and not answer.content.startswith(b">"):
            raise PhosphoT5Error(f"{url}: the answer is no FASTA; is it a server of UniProt? (--uniprot)")
        unfinished.write_bytes(answer.content)
        os.replace(unfinished, target)
    except OSError as error:  # what requests raises is one
        reason = str(error).splitlines()[0].partition("?")[0]
        raise PhosphoT5Error(
            f"{url}: no answer for {accessions[0]} and those after it ({reason}); run the command again, which goes on "
            "with them"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
