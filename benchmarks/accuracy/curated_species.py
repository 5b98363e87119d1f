"""Measure curated S and T by group of species, and S and T apart: where curated labels are told worse, and which.

    python benchmarks/accuracy/curated_species.py [MODEL] [--data ../shared/data]

MusiteDeep's CNNs stand beside it, on the same sites of ``musitedeep/ST_dev``.
Writes ``results/curated_species.json``.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from phosphot5.data import SiteState
from phosphot5.data.species import group_of, named_species
from phosphot5.evaluation.metrics import site_metrics
from phosphot5.evaluation.peers import read_peers
from phosphot5.measure import score_labelled_sites
from phosphot5.prediction.loading import load_model
from phosphot5.record.fingerprints import file_digest
from phosphot5.record.metric_names import FEWEST
from phosphot5.trainer.dataset import merge_proteins

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.accuracy.groups import CURATED, PEERS, SETS, SITES
from benchmarks.common import describe, save

SET = "musitedeep/ST_dev.fasta.gz"
OTHERS = "others"
"""Species in none of the groups, bacteria among them."""
CLASSES = ("st", "s", "t")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the data")
    args = parser.parse_args()
    file, peer_table = SETS[SET]
    file = replace(file, path=str(args.data / SITES / SET), label_source=CURATED)
    proteins = merge_proteins([file])[0]
    sites = score_labelled_sites(load_model(args.model)[0], proteins)
    (peer,) = read_peers(args.data / PEERS / str(peer_table), sites)
    group = np.array([group_of(named_species(protein.header)) or OTHERS for protein in proteins])
    found = {}
    for name in np.unique(group):
        at = (group == name)[sites.protein] & (sites.states != SiteState.UNKNOWN)
        of_group = sites.at(at)
        tools = {"ours": of_group.probability.astype(np.float64), peer.name: peer.scores[at]}
        found[str(name)] = {"proteins": int((group == name).sum())} | {
            tool: {
                key: {figure: round(metrics[f"{key}_{figure}"], 4) for figure in ("auroc", "ap")}
                for key, count in _positives(of_group.truth, of_group.residues).items()
                if count >= FEWEST
            }
            for tool, scores in tools.items()
            for metrics in [site_metrics(scores, of_group.truth, of_group.residues)]
        }
        found[str(name)]["positives"] = _positives(of_group.truth, of_group.residues)
    result = {"model": args.model, "file": file_digest(file.path), "groups": found}
    sys.stdout.write(f"{save('curated_species', describe() | result)}\n")


def _positives(truth: np.ndarray, residues: np.ndarray) -> dict[str, int]:
    """Count the positives of each class."""
    return {key: int((truth & np.isin(residues, list(key.upper()))).sum()) for key in CLASSES}


if __name__ == "__main__":
    main()
