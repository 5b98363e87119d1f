"""Say which data files of the bundled model hold the proteins whose literature sites README shows.

    python benchmarks/accuracy/examples.py [--data ../shared/data]

Reads identifiers only and writes ``results/examples.json``. The scores in README are made with README itself.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phosphot5.bundled import bundled_folder
from phosphot5.data import Protein, read_fasta
from phosphot5.data.files.tables import parse_site
from phosphot5.data.uniprot import accession
from phosphot5.record.facts import DataFile
from phosphot5.record.fingerprints import file_digest
from phosphot5.record.run_record import RECORD_FILE, RunRecord

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import ROOT, describe, save

PROTEINS = ROOT / "examples" / "proteins.fasta"
SITES = ROOT / "examples" / "literature_sites.tsv"
TEST = "multisource/test.fasta.gz"
"""Looked into besides the files that the model's run record lists."""


def literature_sites(path: Path = SITES) -> dict[str, dict[int, tuple[str, str]]]:
    """Read sites of the literature.

    Parameters
    ----------
    path : Path
        Table with the columns ``accession``, ``site`` and ``known_as``.

    Returns
    -------
    dict of str to dict
        Accession to position (1-based) to residue and the site's usual name.
    """
    sites: dict[str, dict[int, tuple[str, str]]] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            residue, position = parse_site(row["site"])
            sites.setdefault(row["accession"], {})[position] = (residue, row["known_as"] or row["site"])
    return sites


def checked_proteins() -> list[Protein]:
    """Return the example proteins that have literature sites, in the order of the table.

    Raises
    ------
    SystemExit
        If a protein is missing, or a site is another residue in its sequence.
    """
    proteins = {protein.id: protein for protein in read_fasta(PROTEINS)}
    for name, sites in literature_sites().items():
        if name not in proteins:
            raise SystemExit(f"{SITES.name}: found sites of {name}, which is not in {PROTEINS.name}")
        sequence = proteins[name].sequence
        for position, (residue, _) in sites.items():
            if sequence[position - 1 : position] != residue:
                found = sequence[position - 1 : position] or "nothing"
                raise SystemExit(f"{SITES.name}: {name} has {found} at {position}, expected {residue}")
    return [proteins[name] for name in literature_sites()]


def membership(names: Sequence[str], data: Path, files: Sequence[DataFile]) -> dict[str, Any]:
    """Tell which files hold which proteins.

    Parameters
    ----------
    names : sequence of str
        Accessions.
    data : Path
        Folder that the names of the files start from; those that a recipe's script wrote start from the checkout or
        its folder ``runs``.
    files : sequence of DataFile
        Files that the model was made with; the test set is looked into besides. Tables are left out: the proteins of
        a table of kinases are those of the FASTA file beside it.

    Returns
    -------
    dict
        ``files``: accession to a list of file and role; ``not_read``: files that are not in the folder, or not as
        they were.
    """
    roles = {file.name: file.role for file in files if ".fasta" in file.name} | {TEST: "test"}
    digests = {file.name: file.sha256 for file in files}
    found: dict[str, list[dict[str, str]]] = {name: [] for name in names}
    not_read = []
    for file, role in roles.items():
        places = [folder / file for folder in (data, ROOT, ROOT / "runs")]
        path = next((place for place in places if place.is_file()), places[0])
        if not path.is_file() or file_digest(path) != digests.get(file, file_digest(path)):
            not_read.append(file)
            continue
        held = {accession(protein.id) for protein in read_fasta(path, notation="hash")}
        for name in held & set(names):
            found[name].append({"file": file, "role": role})
    return {"files": found, "not_read": not_read}


def main(argv: Sequence[str] | None = None) -> None:
    """Look and save."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args(argv)
    names = [protein.id for protein in checked_proteins()]
    files = RunRecord.load(bundled_folder() / RECORD_FILE).data
    result = describe() | membership(names, args.data / "phosphosites", files)
    sys.stdout.write(f"{save('examples', result)}\n")


if __name__ == "__main__":
    main()
