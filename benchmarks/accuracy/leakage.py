"""Count the proteins of the choosing and testing sets that have a homolog in a training file.

    python benchmarks/accuracy/leakage.py [--data ../shared/data] [--files runs/files]

A homolog is one of 50 % identity over 80 % of both sequences, as in `examples/label_tyrosines.py`, which searches for
them; `examples/training_files.py` makes the training files. MMseqs2 searches the proteins of the sets among those of
one training file after the other. Writes ``results/leakage.json``: the counts of homologs and of equal sequences, and
the identifiers of the first proteins that have one.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from phosphot5.data import Protein, read_fasta
from phosphot5.data.homology.mmseqs import mmseqs_version
from phosphot5.record.fingerprints import file_digest

sys.path += [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "examples")]  # of the checkout
from label_tyrosines import COVERAGE, IDENTITY, homologs

from benchmarks.common import ROOT, describe, save

TRAINING = tuple(
    f"{name}.fasta.gz"
    for name in (
        *("multisource", "scop3p", "tyrosines", "species"),
        *("curated_ST", "evident_ST", "curated_Y", "relatives_ST", "relatives_Y"),
    )
)
HELD_OUT = (
    "phosphosites/multisource/valid.fasta.gz",
    "phosphosites/multisource/test.fasta.gz",
    "phosphosites/species/dev.fasta.gz",
    "phosphosites/musitedeep/ST_dev.fasta.gz",
    "kinases/test_proteins.fasta.gz",
)
"""Choosing and testing sets in the folder of the data."""
CURATED_Y = "curated_Y_dev.fasta.gz"
"""The set that lies among the training files."""
FIRST = 5
"""Identifiers that are kept of a pair of files."""


def with_homologs(
    held_out: Mapping[str, Sequence[Protein]], training: Sequence[Protein]
) -> dict[str, list[Protein]]:
    """Return the proteins of each set that have a homolog in a training file.

    Parameters
    ----------
    held_out : mapping of str to sequence of Protein
        Proteins by the name of their set.
    training : sequence of Protein
        Proteins of the training file.

    Raises
    ------
    PhosphoT5Error
        If MMseqs2 is missing or fails.
    """
    pooled = [(name, protein) for name, proteins in held_out.items() for protein in proteins]
    found: dict[str, list[Protein]] = {name: [] for name in held_out}
    for number in sorted(homologs([protein for _, protein in pooled], list(training))):
        name, protein = pooled[number]
        found[name].append(protein)
    return found


def in_any_file(files: Iterable[Mapping[str, Sequence[Protein]]]) -> dict[str, int]:
    """Count the proteins of each set that have a homolog in at least one of the training files."""
    names: dict[str, set[str]] = {}
    for file in files:
        for name, proteins in file.items():
            names.setdefault(name, set()).update(protein.id for protein in proteins)
    return {name: len(ids) for name, ids in names.items()}


def measure(held_out: Mapping[str, Path], training: Mapping[str, Path]) -> dict[str, Any]:
    """Search every training file for homologs of every set.

    Parameters
    ----------
    held_out, training : mapping of str to Path
        Hash-FASTA by the name to record.

    Returns
    -------
    dict
        ``held_out`` and ``training``: name to ``sha256`` and ``proteins``, and of a training file ``homologs``: set to
        ``proteins``, ``equal`` (those whose very sequence is there) and ``first`` (identifiers); ``in_any_file``.
    """
    sets = {name: list(read_fasta(path, notation="hash")) for name, path in held_out.items()}
    close, files = {}, {}
    for name, path in training.items():
        proteins = list(read_fasta(path, notation="hash"))
        close[name] = with_homologs(sets, proteins)
        sequences = {protein.sequence for protein in proteins}
        found = {
            of: {
                "proteins": len(near),
                "equal": sum(protein.sequence in sequences for protein in sets[of]),
                "first": [protein.id for protein in near[:FIRST]],
            }
            for of, near in close[name].items()
        }
        files[name] = {"sha256": file_digest(path), "proteins": len(proteins), "homologs": found}
    sizes = {
        name: {"sha256": file_digest(path), "proteins": len(sets[name])} for name, path in held_out.items()
    }
    return {"held_out": sizes, "training": files, "in_any_file": in_any_file(close.values())}


def main(argv: Sequence[str] | None = None) -> None:
    """Search and save."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of the data"
    )
    parser.add_argument(
        "--files", type=Path, default=ROOT / "runs" / "files", help="folder of the training files"
    )
    args = parser.parse_args(argv)
    held_out = {"/".join(Path(name).parts[-2:]): args.data / name for name in HELD_OUT}
    held_out[CURATED_Y] = args.files / CURATED_Y
    found = measure(held_out, {name: args.files / name for name in TRAINING})
    search = {"identity": IDENTITY, "coverage": COVERAGE, "mmseqs": mmseqs_version()}
    sys.stdout.write(f"{save('leakage', describe() | search | found)}\n")


if __name__ == "__main__":
    main()
