"""Single sequences of UniProtKB by accession, from its REST service."""

import logging
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from phosphot5.data.public.uniprot import UNIPROT, uniprot_get
from phosphot5.errors import PhosphoT5Error
from phosphot5.wording import printable, some

__all__ = ["entries_file", "is_accession"]

logger = logging.getLogger(__name__)

_ACCESSION = re.compile(
    r"(?:[OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d(?:[A-Z][A-Z\d]{2}\d){1,2})(?:-\d{1,3})?", re.ASCII | re.IGNORECASE
)
_OFFLINE = "without a network, download the FASTA file elsewhere and give it instead"


def is_accession(text: str) -> bool:
    """Tell whether a text is an accession of UniProtKB, or that of an isoform.

    Examples
    --------
    >>> is_accession("P04637"), is_accession("A0A024R1R8"), is_accession("P04637-2"), is_accession("p53.fasta")
    (True, True, True, False)
    """
    return _ACCESSION.fullmatch(text) is not None


@contextmanager
def entries_file(accessions: Sequence[str], base: str = UNIPROT) -> Iterator[str]:
    """Download the sequences of entries, into a FASTA file that lasts as long as the context.

    Parameters
    ----------
    accessions : sequence of str
        Accessions of UniProtKB, those of isoforms too.
    base : str
        Address of the service.

    Yields
    ------
    str
        Path of the file, with the sequences in the order of the accessions.

    Raises
    ------
    PhosphoT5Error
        If the service does not answer, or has no sequence under one of the accessions.
    """
    logger.info("asking %s for %s", base, some(list(accessions)))
    texts = _ask([accession.upper() for accession in accessions], base.rstrip("/"))
    with tempfile.TemporaryDirectory(prefix="phosphot5-") as folder:
        path = Path(folder) / "uniprot.fasta"
        path.write_text("".join(texts), encoding="utf-8")
        yield str(path)


def _ask(accessions: Sequence[str], base: str) -> list[str]:
    texts = []
    with uniprot_get(base) as get:
        for accession in accessions:
            url = f"{base}/uniprotkb/{accession}.fasta"
            try:
                answer = get(url)
            except OSError as error:  # what requests raises is one
                reason = printable(str(error), 100)
                raise PhosphoT5Error(f"{url}: no answer ({reason}); {_OFFLINE}") from error
            if answer.status_code in (400, 404, 410) or answer.ok and not answer.content.strip():
                raise PhosphoT5Error(f"{accession}: UniProt has no sequence under this accession; check it")
            if not answer.ok or not answer.text.startswith(">"):
                raise PhosphoT5Error(f"{url}: status {answer.status_code} and no FASTA; {_OFFLINE}")
            texts.append(answer.text.rstrip("\n") + "\n")
    return texts
