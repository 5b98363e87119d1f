"""Label relatives of proteins with known sites by similarity, as UniProt's curators do.

Debian's package metastudent-data has half a million sequences of UniProt (2014-01), of all kingdoms. One that aligns
with a protein of known sites gets its labels: an S or T (or a Y) opposite a positive one is positive, opposite one
without a label unknown, and every other one negative. A protein is labelled by the relative of the highest score and
left out if no positive remains. `training_files.py` makes files of these.
"""

import csv
import io
import lzma
import re
import struct
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from phosphot5.data import Protein, SiteState
from phosphot5.data.homology.mmseqs import MAX_RELATIVES, run_mmseqs, work_folder, write_numbered
from phosphot5.errors import PhosphoT5Error

WELL_KNOWN = Path(__file__).with_name("well_known_sites.tsv")
PARTS = ("MFO", "BPO", "CCO")
CODES = b"-ABCDEFGHIKLMNPQRSTVWXYZU*OJ"
"""Residues in NCBI's numbering (NCBIstdaa)."""
NOT_A_RESIDUE = re.compile("[^A-Z]")


@dataclass(frozen=True)
class Limits:
    """Which relatives of a protein are labelled, and how many at most."""

    identity: float
    coverage: float
    mode: int
    """What is covered, as MMseqs2 numbers it: 0 both, 2 the protein with known sites."""
    most: int
    closest: float
    """Nearer relatives tell nothing new."""
    sensitivity: float
    candidates: int
    """How far MMseqs2 looks, and how many candidates for a protein it aligns."""


ORDINARY = Limits(identity=0.4, coverage=0.8, mode=0, most=3, closest=0.9, sensitivity=2, candidates=300)
FAMILY = Limits(
    identity=0.35, coverage=0.6, mode=2, most=250, closest=1, sensitivity=4, candidates=MAX_RELATIVES
)
"""For well-known sites: in plants' receptor kinases, the kinase is a part of the protein."""


def read_package(path: Path) -> dict[str, str]:
    """Read accession and sequence of all proteins of the package.

    Raises
    ------
    PhosphoT5Error
        If it is no such package.
    """
    proteins: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(_member(path, b"data.tar"))) as archive:
            files = {name.rpartition("dataset_201401/")[2]: name for name in archive.getnames()}
            for part in PARTS:
                index, headers, residues = (
                    archive.extractfile(files[f"{part}/goasp.fasta.{kind}"]).read()
                    for kind in ("pin", "phr", "psq")
                )
                proteins.update(_database(index, headers, residues))
    except (OSError, LookupError, ValueError, tarfile.TarError, lzma.LZMAError) as error:
        raise PhosphoT5Error(f"{path}: no package metastudent-data of Debian ({error})") from error
    return proteins


def _member(path: Path, prefix: bytes) -> bytes:
    """Return a member of an ar archive, unpacked."""
    content, at = path.read_bytes(), 8
    while at < len(content):
        size = int(content[at + 48 : at + 58])
        if content[at : at + 16].startswith(prefix):
            return lzma.decompress(content[at + 60 : at + 60 + size])
        at += 60 + size + size % 2
    raise KeyError(prefix.decode())


def _database(index: bytes, headers: bytes, residues: bytes) -> Iterator[tuple[str, str]]:
    """Yield the records of a BLAST database of version 4."""
    at = 8
    for _ in range(2):  # title and date
        at += 4 + struct.unpack_from(">I", index, at)[0]
    count = struct.unpack_from(">I", index, at)[0]
    starts = np.frombuffer(index, ">u4", 2 * (count + 1), at + 16).reshape(2, -1)
    letters = np.frombuffer(CODES, np.uint8)[np.frombuffer(residues, np.uint8)].tobytes().decode()
    for number in range(count):
        title = headers[starts[0][number] + 7 : starts[0][number + 1]]
        length_bytes = 1 if title[0] < 128 else 1 + title[0] % 128
        accession = title[length_bytes : title.index(b"|")].decode()
        sequence = letters[starts[1][number] : starts[1][number + 1] - 1]
        if not NOT_A_RESIDUE.search(sequence):
            yield accession, sequence


def well_known(pool: Mapping[str, str], residues: str) -> list[Protein]:
    """Return the proteins of the table, labelled.

    Raises
    ------
    PhosphoT5Error
        If a site is not in the sequence.
    """
    sites: dict[str, list[tuple[str, int]]] = {}
    with open(WELL_KNOWN, encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            found = [(site[0], int(site[1:])) for site in row["sites"].split()]
            sites[row["accession"]] = [site for site in found if site[0] in residues]
    proteins = []
    for accession, known in sites.items():
        sequence = pool.get(accession, "")
        states = bytearray(_unlabelled(sequence, residues))
        for residue, position in known:
            if sequence[position - 1 : position] != residue:
                raise PhosphoT5Error(f"{WELL_KNOWN}: {accession} has no {residue} at {position}")
            states[position - 1] = SiteState.POSITIVE
        if known:
            proteins.append(Protein(id=accession, sequence=sequence, states=bytes(states)))
    return proteins


def _unlabelled(sequence: str, residues: str) -> bytes:
    return bytes(SiteState.NEGATIVE if residue in residues else SiteState.UNKNOWN for residue in sequence)


def label_relatives(proteins: Sequence[Protein], pool: Mapping[str, str], residues: str) -> list[Protein]:
    """Label the proteins of a pool that are like well-known ones, then those like others, by similarity.

    Parameters
    ----------
    proteins : sequence of Protein
        With known sites.
    pool : mapping of str to str
        Accession to sequence.
    residues : str
        ``ST`` or ``Y``: whose labels to take.

    Raises
    ------
    PhosphoT5Error
        If the table of well-known sites does not fit the pool, or MMseqs2 is missing or fails.
    """
    found = list(relatives(well_known(pool, residues), pool, residues, FAMILY))
    labelled = {protein.sequence for protein in [*found, *proteins]}
    rest = {name: sequence for name, sequence in pool.items() if sequence not in labelled}
    known = [protein for protein in proteins if SiteState.POSITIVE in protein.states]
    return [*found, *relatives(known, rest, residues, ORDINARY)]


def relatives(
    known: Sequence[Protein], pool: Mapping[str, str], residues: str, limits: Limits
) -> Iterator[Protein]:
    """Yield the proteins of the pool that get a positive site, labelled."""
    if not known:
        return
    names = list(pool)
    hits = _search([protein.sequence for protein in known], list(pool.values()), limits)
    best: dict[int, tuple[float, int, tuple[int, int, str]]] = {}
    for query, target, identity, score, alignment in hits:
        if identity <= limits.closest and score > best.get(target, (0.0,))[0]:
            best[target] = (score, query, alignment)
    taken: Counter[int] = Counter()
    order = np.random.default_rng(1).permutation(sorted(best))
    for target in order.tolist():
        _, query, alignment = best[target]
        if taken[query] >= limits.most:
            continue
        states = transfer(known[query], pool[names[target]], residues, alignment)
        if SiteState.POSITIVE in states:
            taken[query] += 1
            description = f"labelled={residues} like={known[query].id}"
            yield Protein(
                id=names[target], sequence=pool[names[target]], description=description, states=states
            )


def transfer(known: Protein, sequence: str, residues: str, alignment: tuple[int, int, str]) -> bytes:
    """Label a sequence by an alignment: first residue of each, from 1, and CIGAR."""
    states = bytearray(_unlabelled(sequence, residues))
    ours, theirs = alignment[0] - 1, alignment[1] - 1
    for count, kind in re.findall(r"(\d+)([MID])", alignment[2]):
        length = int(count)
        if kind == "M":
            for step in range(length):
                state = known.states[ours + step]
                if sequence[theirs + step] in residues and known.sequence[ours + step] in residues:
                    states[theirs + step] = state
        ours += length if kind in "MI" else 0
        theirs += length if kind in "MD" else 0
    return bytes(states)


def _search(
    queries: Iterable[str], targets: Iterable[str], limits: Limits
) -> Iterator[tuple[int, int, float, float, tuple[int, int, str]]]:
    with work_folder() as folder:
        files = [folder / name for name in ("queries.fasta", "targets.fasta", "hits.tsv")]
        write_numbered(queries, files[0])
        write_numbered(targets, files[1])
        options = ["-a", "--min-seq-id", limits.identity, "-c", limits.coverage, "--cov-mode", limits.mode]
        options += ["-e", "1e-10", "-s", limits.sensitivity, "--max-seqs", limits.candidates]
        options += ["--format-output", "query,target,fident,bits,qstart,tstart,cigar"]
        run_mmseqs("easy-search", files, options, folder)
        with open(files[2], encoding="ascii", newline="") as handle:
            for query, target, identity, score, start, other, cigar in csv.reader(handle, delimiter="\t"):
                yield (
                    int(query),
                    int(target),
                    float(identity),
                    float(score),
                    (int(start), int(other), cigar),
                )
