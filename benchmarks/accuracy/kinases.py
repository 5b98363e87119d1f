"""Measure families of kinases beside DeepPSP and the Kinase Library, on the very same sites.

    pip download --no-deps --dest runs kinase-library==1.8.0
    python benchmarks/accuracy/kinases.py WHEEL [MODEL] [--data ../shared/data/kinases] [--files runs/kinases]

The task is DeepPSP's: rank the sites of a family among all S and T of the test proteins of the family. DeepPSP's scores
are those that it published. The Kinase Library (Johnson et al. 2023, Yaron-Barir et al. 2024) has a matrix for each
kinase: the score of a family is the highest, over its kinases, of a site's rank among all S and T (Y) of the
proteins. No test protein, and no homolog of one, was in the training of the head. All families are measured on the
substrates that `examples/kinase_tables.py` collects, each by a head that was fitted to others; the Kinase Library on
the same sites.
Writes ``results/kinases.json``.
"""

import argparse
import csv
import gzip
import io
import sys
import zipfile
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from phosphot5.bundled import bundled_folder
from phosphot5.data import Protein, read_fasta
from phosphot5.data.encode import encode
from phosphot5.data.homology.mmseqs import homologs
from phosphot5.data.kinases import known_families, read_kinase_table
from phosphot5.evaluation.kinases import ranking
from phosphot5.prediction.loading import load_model
from phosphot5.record.fingerprints import file_digest
from phosphot5.record.run_record import RECORD_FILE, RunRecord

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import ROOT, describe, save

DATABASE = "kinase_library/databases"
MATRICES = {
    "ST": f"{DATABASE}/matrices/ser_thr/ser_thr_all_log2_matrices.tsv",
    "Y": f"{DATABASE}/matrices/tyrosine/tyrosine_all_log2_matrices.tsv",
}
KINOME = f"{DATABASE}/kinase_data/kinome_information.tsv"
RESAMPLES = 1000
METRICS = ("auroc", "ap", "sensitivity")
TOOLS = ("ours", "DeepPSP", "Kinase Library")
RELATED, COVERAGE = 0.3, 0.8
"""Share of identical residues, and of both sequences in the alignment, of a relative."""


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def library(wheel: Path, residues: str) -> dict[str, dict[tuple[int, str], float]]:
    """Return gene symbol to the Kinase Library's matrix: position and residue to its log2."""
    with zipfile.ZipFile(wheel) as package:
        matrices, kinome = (package.read(name).decode() for name in (MATRICES[residues], KINOME))
    genes = {
        row["MATRIX_NAME"]: row["GENE_NAME"] for row in csv.DictReader(io.StringIO(kinome), delimiter="\t")
    }
    found = {}
    for row in csv.DictReader(io.StringIO(matrices), delimiter="\t"):
        name = row.pop("")
        found[genes.get(name, name)] = {
            (int(key[:-1]), key[-1]): float(value) for key, value in row.items() if value
        }
    return found


def library_ranks(
    sites: list[tuple[str, int]],
    proteins: dict[str, Protein],
    wheel: Path,
    families: list[str],
    residues: str,
) -> dict[str, np.ndarray]:
    """Return, for each family, the highest rank of each site among all, over the family's kinases."""
    offsets = [offset for offset in range(-5, 6) if offset]
    letters = np.array(
        [list("-----" + proteins[name].sequence + "-----")[index : index + 11] for name, index in sites]
    )
    ranks = {}
    for gene, matrix in library(wheel, residues).items():
        scores = np.zeros(len(sites))
        for offset in offsets:
            column = letters[:, offset + 5]
            for residue in np.unique(column):
                scores[column == residue] += matrix.get((offset, residue), 0.0)
        ranks[gene] = rankdata(scores) / len(scores)
    members = {
        family: [ranks[gene] for gene in sorted(known_families()[family].members) if gene in ranks]
        for family in families
    }
    return {family: np.max(of_family, axis=0) for family, of_family in members.items() if of_family}


def library_on_substrates(files: Path, wheel: Path, families: list[str]) -> dict[str, dict[str, float]]:
    """Measure the Kinase Library as the head was on proteins that it was not fitted to."""
    proteins = {p.id: p for p in read_fasta(files / "substrates.fasta.gz", notation="plain")}
    annotated = read_kinase_table(files / "kinases.tsv", proteins).of_protein
    found = {}
    for residues in MATRICES:
        of_class = [name for name in families if known_families()[name].residues == residues]
        sites = [
            (name, index)
            for name in annotated
            for index, letter in enumerate(proteins[name].sequence)
            if letter in residues
        ]
        ranks = library_ranks(sites, proteins, wheel, of_class, residues)
        names = np.array([name for name, _ in sites])
        for family, score in ranks.items():
            truth = np.array([family in annotated[name].get(index, ()) for name, index in sites])
            at = np.isin(names, np.unique(names[truth]))
            found[family] = {
                f"substrates_{key}": round(value, 4) for key, value in ranking(truth[at], score[at]).items()
            }
    return found


def our_scores(
    model_name: str, proteins: dict[str, Protein], families: list[str]
) -> dict[tuple[str, int], np.ndarray]:
    """Return, for each S and T, the probability that it is a site of each family."""
    model = load_model(model_name)[0]
    import torch

    columns = [2 + list(model.config.kinase_families).index(family) for family in families]
    found = {}
    for name, protein in proteins.items():
        ids = torch.from_numpy(encode(protein.sequence).astype(np.int64))[None]
        scores = model.score_kinases(ids)[0].numpy()
        for index, residue in enumerate(protein.sequence):
            if residue in "ST":
                found[name, index] = scores[index, 1] * scores[index, columns]
    return found


def with_intervals(truth: np.ndarray, score: np.ndarray, protein: np.ndarray) -> dict[str, float]:
    """Return metrics with 95 % intervals over proteins."""
    found = {name: round(value, 4) for name, value in ranking(truth, score).items()}
    members = [np.flatnonzero(protein == number) for number in np.unique(protein)]
    draw, drawn = np.random.default_rng(0), defaultdict(list)
    for _ in range(RESAMPLES):
        rows_drawn = np.concatenate(
            [members[number] for number in draw.integers(0, len(members), len(members))]
        )
        for name, value in ranking(truth[rows_drawn], score[rows_drawn]).items():
            drawn[name].append(value)
    for name, values in drawn.items():
        low, high = np.quantile(values, [0.025, 0.975])
        found |= {f"{name}_low": round(float(low), 4), f"{name}_high": round(float(high), 4)}
    return found


@dataclass
class Scored:
    """All S and T of a family's test proteins.

    Attributes
    ----------
    protein : numpy.ndarray of str of shape (sites,)
        Accession of each site's protein.
    truth : numpy.ndarray of bool of shape (sites,)
        True at the sites of the family.
    scores : dict of str to numpy.ndarray of shape (sites,)
        Tool to its scores.
    """

    protein: np.ndarray
    truth: np.ndarray
    scores: dict[str, np.ndarray]

    def of_proteins(self, names: Collection[str]) -> "Scored":
        """Return the sites of some proteins."""
        at = np.isin(self.protein, sorted(names))
        return Scored(self.protein[at], self.truth[at], {tool: x[at] for tool, x in self.scores.items()})


def score(model: str, proteins: dict[str, Protein], data: Path, wheel: Path) -> dict[str, Scored]:
    """Score the sites of every family of DeepPSP's tests, by ours and by both peers."""
    positives = {
        (row["family"], row["accession"], int(row["position"]) - 1)
        for row in rows(data / "test_sites.tsv.gz")
        if row["position"]
    }
    theirs: dict[str, dict[tuple[str, int], float]] = defaultdict(dict)
    for row in rows(data / "test_scores_deeppsp.tsv.gz"):
        theirs[row["family"]][row["accession"], int(row["position"]) - 1] = float(row["deeppsp"])
    families = sorted(theirs)
    ours = our_scores(model, proteins, families)
    pool = sorted(ours)
    place = {site: number for number, site in enumerate(pool)}
    ranks = library_ranks(pool, proteins, wheel, families, "ST")
    found = {}
    for column, family in enumerate(families):
        sites = sorted(theirs[family])
        found[family] = Scored(
            np.array([name for name, _ in sites]),
            np.array([(family, *site) in positives for site in sites]),
            {
                "ours": np.array([ours[site][column] for site in sites]),
                "DeepPSP": np.array([theirs[family][site] for site in sites]),
                "Kinase Library": np.array([ranks[family][place[site]] for site in sites]),
            },
        )
    return found


def measure(scored: dict[str, Scored]) -> dict[str, dict[str, Any]]:
    """Measure every tool on every family, with intervals."""
    return {
        family: {
            "proteins": len(np.unique(sites.protein)),
            "sites": int(sites.truth.sum()),
            "others": int((~sites.truth).sum()),
            **{tool: with_intervals(sites.truth, x, sites.protein) for tool, x in sites.scores.items()},
        }
        for family, sites in scored.items()
    }


def by_homology(
    scored: dict[str, Scored], proteins: dict[str, Protein], fitted: list[Protein]
) -> dict[str, dict[str, Any]]:
    """Measure the test proteins with a relative among those that the head was fitted to, and the others.

    Each figure is the mean over the families that have sites enough in that part.
    """
    sequences = [protein.sequence for protein in proteins.values()]
    close = homologs(sequences, [protein.sequence for protein in fitted], RELATED, COVERAGE)
    parts: dict[str, list[str]] = {"related": [], "unrelated": []}
    for number, name in enumerate(proteins):
        parts["related" if number in close else "unrelated"].append(name)
    found: dict[str, dict[str, Any]] = {}
    for part, names in parts.items():
        of_part = {family: sites.of_proteins(names) for family, sites in scored.items()}
        measured = {
            family: {tool: ranking(sites.truth, x) for tool, x in sites.scores.items()}
            for family, sites in of_part.items()
        }
        measured = {family: tools for family, tools in measured.items() if all(tools.values())}
        found[part] = {"proteins": len(names), "families": sorted(measured)}
        found[part] |= {tool: mean_of(measured, tool) for tool in TOOLS if measured}
    return found


def mean_of(measured: Mapping[str, Mapping[str, Mapping[str, float]]], tool: str) -> dict[str, float]:
    """Return the mean over families of a tool's figures."""
    return {
        metric: round(float(np.mean([row[tool][metric] for row in measured.values()])), 4)
        for metric in METRICS
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, help="kinase-library, as pip download leaves it")
    parser.add_argument("model", nargs="?", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "kinases")
    parser.add_argument(
        "--files", type=Path, default=ROOT / "runs" / "kinases", help="of examples/kinase_tables.py"
    )
    args = parser.parse_args()
    proteins = {
        protein.id: protein for protein in read_fasta(args.data / "test_proteins.fasta.gz", notation="hash")
    }
    fitted = list(read_fasta(args.files / "substrates.fasta.gz", notation="plain"))
    scored = score(args.model, proteins, args.data, args.wheel)
    tests = measure(scored)
    folder = bundled_folder() if args.model == "bundled" else Path(args.model)
    kinases = RunRecord.load(folder / RECORD_FILE).kinases
    result = {
        "model": args.model,
        "wheel": {"name": args.wheel.name, "sha256": file_digest(args.wheel)},
        "deeppsp_tests": tests,
        "mean": {tool: mean_of(tests, tool) for tool in TOOLS},
        "by_homology": {"identity": RELATED, "coverage": COVERAGE}
        | {"parts": by_homology(scored, proteins, fitted)},
        "substrates": {
            "ours": kinases,
            "Kinase Library": library_on_substrates(args.files, args.wheel, list(kinases)),
        },
    }
    sys.stdout.write(f"{save('kinases', describe() | result)}\n")


if __name__ == "__main__":
    main()
