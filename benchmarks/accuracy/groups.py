"""Measure a model on every group of the choosing sets: human, other species, curated labels; peers beside it.

    python benchmarks/accuracy/groups.py [MODEL] [--release 0.4.0] [--curated-y FILE]

Writes ``results/groups/RELEASE.json``: for each group and S/T and Y the AUROC and AP with 95 % intervals over
proteins, chance (the share of positives, which is the AP of random scores), the shares of positives and of negatives
that are called at a false-positive rate of 5 %, and MusiteDeep's ten CNNs on the same sites where their scores are at
hand. FILE is what `examples/training_files.py` splits off MusiteDeep's tyrosines.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from phosphot5 import __version__
from phosphot5.evaluation.metrics import enough_positives
from phosphot5.evaluation.peers import Peer, compare, read_peers
from phosphot5.evaluation.sites import LabelledSites, evaluate_sites
from phosphot5.measure import score_labelled_sites
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS, false_positive_rate
from phosphot5.prediction.loading import load_model
from phosphot5.record.fingerprints import file_digest
from phosphot5.record.metric_names import CLASSES
from phosphot5.trainer.dataset import LabelledFile, merge_proteins

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save

MASS_SPEC, CURATED = "mass-spec", "curated"
SITES, PEERS = "phosphosites", "peers"
SETS = {
    "multisource/valid.fasta.gz": (LabelledFile("", label_source=MASS_SPEC, group="human"), None),
    "species/dev.fasta.gz": (LabelledFile("", label_source=MASS_SPEC), "species_dev_scores.tsv.gz"),
    "musitedeep/ST_dev.fasta.gz": (
        LabelledFile("", label_source=CURATED, group="curated"),
        "musitedeep_ST_dev_scores.tsv.gz",
    ),
}
"""File of a set to what its labels are, and the table of its peer."""
KEYS = ("st", "y")
"""Classes that are measured."""


def measure_set(
    model: PhosphoT5ForConditionalGeneration, file: LabelledFile, peers: Path | None, resamples: int
) -> dict[str, Any]:
    """Measure every group of a set, each site as one of its kind of label if the model tells kinds apart."""
    if file.label_source not in model.config.label_sources:
        file = replace(file, label_source="")
    proteins = merge_proteins([file])[0]
    sites = score_labelled_sites(model, proteins)
    theirs = read_peers(peers, sites) if peers else []
    groups = np.array([protein.group for protein in proteins])[sites.protein]
    table = model.config.fpr_table_of(file.label_source or None) or {}
    found = {}
    for group in dict.fromkeys(protein.group for protein in proteins):
        at = groups == group
        of_group = [replace(peer, scores=peer.scores[at]) for peer in theirs]
        found[group] = measure_group(sites.at(at), of_group, table, resamples)
    return found


def measure_group(
    sites: LabelledSites, peers: list[Peer], table: Mapping[str, dict[str, list[float]]], resamples: int
) -> dict[str, Any]:
    """AUROC and AP of S/T and Y with intervals, the shares called by a table, and peers on the same sites."""
    ours = evaluate_sites(sites, None, resamples)
    result: dict[str, Any] = {"proteins": len(np.unique(sites.measured().protein))}
    shares = called(sites.measured(), table)
    result |= {key: _figures(ours, key) | shares[key] for key in KEYS if enough_positives(ours, key)}
    result["peers"] = {}
    for peer in peers:
        compared = compare(sites, peer, None, resamples, 0)
        result["peers"][peer.name] = {
            key: _figures(compared["peer"], key)
            for key in KEYS
            if key in result and enough_positives(compared["peer"], key)
        }
    return result


def called(sites: LabelledSites, table: Mapping[str, dict[str, list[float]]]) -> dict[str, dict[str, float]]:
    """Return, for S/T and Y, the shares of positives and of negatives that the model's table calls."""
    rates = [
        false_positive_rate(float(probability), table.get(residue))
        for probability, residue in zip(sites.probability, sites.residues, strict=True)
    ]
    calls = np.array([rate is not None and rate <= CALLS["medium"] for rate in rates])
    found = {}
    for key in KEYS:
        at = np.isin(sites.residues, list(CLASSES[key])) & np.isin(sites.residues, list(table))
        of = {"called_positives": calls[at & sites.truth], "called_negatives": calls[at & ~sites.truth]}
        found[key] = {name: round(float(share.mean()), 4) for name, share in of.items() if share.size}
    return found


def _figures(metrics: dict[str, float], key: str) -> dict[str, float]:
    names = ("sites", "prevalence", "auroc", "auroc_low", "auroc_high", "ap", "ap_low", "ap_high", "ece")
    return {name: round(metrics[f"{key}_{name}"], 4) for name in names if f"{key}_{name}" in metrics}


def macro(groups: dict[str, Any]) -> dict[str, float]:
    """Mean over groups, each with the same weight, of the figures of S/T and of Y."""
    means = {}
    for key in KEYS:
        for name in ("auroc", "ap"):
            values = [group[key][name] for group in groups.values() if key in group]
            if values:
                means[f"{key}_{name}"] = round(float(np.mean(values)), 4)
    return means


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--release", default=__version__, help="release that has this model")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the data")
    parser.add_argument("--curated-y", type=Path, help="hash-FASTA with curated tyrosines to choose on")
    parser.add_argument("--resamples", type=int, default=1000, help="resamples behind the intervals")
    args = parser.parse_args()
    model = load_model(args.model)[0]
    sets = {
        name: (replace(file, path=str(args.data / SITES / name)), peers and args.data / PEERS / peers)
        for name, (file, peers) in SETS.items()
    }
    if args.curated_y:
        file = LabelledFile(str(args.curated_y), residues="Y", label_source=CURATED, group="curated")
        sets[args.curated_y.name] = file, None
    found = {}
    for name, (file, peers) in sets.items():
        found[name] = {
            "file": file_digest(file.path),
            "labels": file.label_source,
            "groups": measure_set(model, file, peers, args.resamples),
        }
        found[name]["macro"] = macro(found[name]["groups"])
    result = {"model": {"name": args.model, "parameters": model.num_parameters()}, "sets": found}
    sys.stdout.write(f"{save(f'groups/{args.release}', describe() | result)}\n")


if __name__ == "__main__":
    main()
