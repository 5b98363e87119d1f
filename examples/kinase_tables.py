"""Make the table of kinases and the sequences that the head of the bundled model is fitted to.

    python examples/kinase_tables.py ../shared/data/kinases -o runs/kinases

Joins the kinase-substrate pairs of PhosphoSitePlus and the training sites of DeepPSP. Proteins of DeepPSP's tests and
their homologs (50 % identity, 80 % of both covered) are left out. Where the two have different sequences of one
accession, DeepPSP's protein is called ACCESSION.deeppsp.
"""

import argparse
import csv
import gzip
import sys
from dataclasses import replace
from pathlib import Path

from label_tyrosines import homologs

from phosphot5.data import read_fasta, write_fasta
from phosphot5.errors import PhosphoT5Error

HEADER = ("protein", "position", "residue", "kinase", "family")


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def make(data: Path, output: Path) -> str:
    """Write both files and say how many proteins and sites they have."""
    sequences = {p.id: p for p in read_fasta(data / "substrates_proteins.fasta.gz", notation="hash")}
    names = {}
    for protein in read_fasta(data / "train_proteins.fasta.gz", notation="hash"):
        other = sequences.get(protein.id, protein)
        name = protein.id if other.sequence == protein.sequence else f"{protein.id}.deeppsp"
        names[protein.id] = name
        sequences.setdefault(name, replace(protein, id=name))
    proteins = list(sequences.values())
    close = homologs(proteins, list(read_fasta(data / "test_proteins.fasta.gz", notation="hash")))
    kept = {protein.id: protein for number, protein in enumerate(proteins) if number not in close}
    pairs = [
        (row["accession"], row["position"], row["residue"], row["kinase"], "")
        for row in rows(data / "substrates_pairs.tsv.gz")
    ]
    sites = [
        (names[row["accession"]], row["position"], row["residue"], "", row["family"])
        for row in rows(data / "train_sites.tsv.gz")
        if row["position"]
    ]
    table = [row for row in pairs + sites if row[0] in kept]
    output.mkdir(parents=True)
    write_fasta(output / "substrates.fasta.gz", kept.values(), notation="plain")
    with open(output / "kinases.tsv", "w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, delimiter="\t", lineterminator="\n").writerows([HEADER, *table])
    return f"{len(kept):,} proteins, {len(close):,} left out as homologs; {len(table):,} rows"


def main() -> None:
    """Make the files, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the kinase data")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to make")
    args = parser.parse_args()
    try:
        sys.stdout.write(f"{make(args.data, args.output)}\n")
    except (PhosphoT5Error, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
