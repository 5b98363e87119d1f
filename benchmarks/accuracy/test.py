"""Measure a model and its peers on the test set. Once per release: the test set chooses nothing.

    python benchmarks/accuracy/test.py [--model bundled] [--data ../shared/data]
    python benchmarks/accuracy/test.py --record

The first form reads the phosphosite data and the peers' scores beside the checkout and writes
``results/test.json`` and ``docs/images/test/*.png``. The figures under ``all`` are those of ``phosphot5 evaluate``
on the same files. The second form measures nothing: it copies the figures into the run record of the bundled
model, from which its card is made.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from phosphot5 import __version__
from phosphot5.bundled import bundled_folder
from phosphot5.data.labelled import read_labelled
from phosphot5.evaluation.peers import read_peers
from phosphot5.evaluation.results import Evaluation
from phosphot5.hub_card.model_files import model_file
from phosphot5.measure import score_labelled_sites
from phosphot5.prediction.loading import load_model
from phosphot5.record.facts import DataFile, PeerResult
from phosphot5.record.fingerprints import file_digest
from phosphot5.record.run_record import RECORD_FILE, RunRecord

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.accuracy.strata import TOOLS, by_length, calibration, strict
from benchmarks.common import RESULTS, ROOT, describe, save

SET = "multisource/test"
SITES = f"phosphosites/{SET}.fasta.gz"
PEERS = "peers/multisource_test_scores.tsv.gz"
STRICT = {
    "strict30_cov80": "no relative in multisource's S/T training (30 % identity, 80 % coverage of both)",
    "strict30_local": "no local alignment to multisource's S/T training (30 residues, 30 % identity)",
}
"""Lists of test proteins without relatives, and what that means."""
STRICT_NOTE = (
    "Both lists refer to the S/T training folds of multisource only. The training files for Y are free of test "
    "proteins and their homologs at 50 % identity and 80 % coverage, not at 30 %."
)
SPECIES = "The set holds human proteins only, so there is no table by species."
PUBLISHED = (
    {"name": "CaLMPhosKAN (ProtT5 + CaLM)", "metrics": {"st_ap": 0.53, "y_ap": 0.42}},
    {"name": "LMPhosSite (ProtT5)", "metrics": {"st_mcc": 0.390, "y_mcc": 0.298}},
)
"""Figures of papers, not measured here; those of LMPhosSite are of nearly the same sites."""
MODEL_FILES = ("config.json", "model.safetensors")
PICTURES = ROOT / "docs" / "images" / "test"
RESULT = RESULTS / "test.json"
CARD_METRICS = ("auroc", "ap")
"""What the card shows of a peer: its MCC would be at its best threshold on the test sites."""


def fingerprints(name: str) -> dict[str, str]:
    """Return the SHA-256 of the files that decide a model's scores."""
    return {file: file_digest(model_file(name, file)) for file in MODEL_FILES}


def refuse_a_second_model(result: Path, files: dict[str, str], release: str = __version__) -> None:
    """Stop if another model was measured for this release; the same one gives the same figures again."""
    if not result.exists():
        return
    before = json.loads(result.read_text(encoding="utf-8"))
    if before["release"] == release and before["model"]["files"] != files:
        raise SystemExit(
            f"{result.name}: {SET} was measured for release {release}, with another model. It is measured once "
            "per release, so that it chooses nothing. For a new release set the version in setup.cfg and where "
            "CONTRIBUTING.md says, install the package again, then measure."
        )


def measure(name: str, data: Path, pictures: Path, resamples: int = 1000) -> dict[str, Any]:
    """Score the test set, compare with the peers and draw the pictures.

    Parameters
    ----------
    name : str
        ``bundled``, a folder or a hub id.
    data : Path
        Folder with ``phosphosites`` and ``peers``.
    pictures : Path
        Folder for the pictures.
    resamples : int
        Resamples of the proteins behind the intervals.

    Returns
    -------
    dict
        What ``results/test.json`` holds, without the facts about the machine.
    """
    model = load_model(name)[0]
    proteins = list(read_labelled(data / SITES))
    sites = score_labelled_sites(model, proteins)
    peers = read_peers(data / PEERS, sites)
    fitted = model.config.calibration_of()
    evaluation = Evaluation.from_sites(sites, fitted, peers, resamples)
    pictures.mkdir(parents=True, exist_ok=True)
    evaluation.draw(pictures)
    lists = _strict_lists(data)
    read = [data / SITES, data / PEERS, *(path for pair in lists.values() for path in pair.values())]
    return {
        "release": __version__,
        "set": SET,
        "model": {"name": name, "parameters": model.num_parameters(), "files": fingerprints(name)},
        "files": {path.relative_to(data).as_posix(): file_digest(path) for path in read},
        "proteins": len(proteins),
        "resamples": resamples,
        "all": evaluation.as_dict(),
        "strict": {
            subset: {"meaning": STRICT[subset]} | strict(sites, peers, paths, fitted, resamples)
            for subset, paths in lists.items()
        },
        "strict_note": STRICT_NOTE,
        "by_length": by_length(sites, peers, np.array([len(protein) for protein in proteins])),
        "species": SPECIES,
        "calibration": calibration(sites),
        "published": list(PUBLISHED),
    }


def _strict_lists(data: Path) -> dict[str, dict[str, Path]]:
    """Return the files of :data:`STRICT`, by the residues they are for."""
    return {
        subset: {letters: data / f"peers/multisource_{letters}_test_{subset}.txt" for letters in ("ST", "Y")}
        for subset in STRICT
    }


def record(result: Path, folder: Path, copy: Path) -> None:
    """Put the figures into the run record of the model they were measured with.

    Parameters
    ----------
    result : Path
        What :func:`main` wrote.
    folder : Path
        The model's folder; its run record is replaced.
    copy : Path
        Second place of the same record.
    """
    measured = json.loads(result.read_text(encoding="utf-8"))
    if fingerprints(str(folder)) != measured["model"]["files"]:
        raise SystemExit(f"{result.name} is of another model than {folder.name}; measure this one first")
    run = RunRecord.load(folder / RECORD_FILE)
    counts = measured["all"]["sites"].values()
    positives, negatives = (sum(count[state] for count in counts) for state in ("positive", "negative"))
    digest = measured["files"][SITES]
    file = DataFile(f"{SET}.fasta.gz", "test", digest, measured["proteins"], positives, negatives)
    run.data = [one for one in run.data if one.role != "test"] + [file]
    run.metrics[SET] = measured["all"]["measured"]
    run.peers = [
        PeerResult(TOOLS.get(one["name"], one["name"]), SET, _for_card(one["peer"]))
        for one in measured["all"]["peers"]
    ]
    run.peers += [
        PeerResult(one["name"], SET, one["metrics"], published=True) for one in measured["published"]
    ]
    run.save(folder / RECORD_FILE)
    run.save(copy)


def _for_card(metrics: dict[str, float]) -> dict[str, float]:
    names = [
        f"{key}_{name}{end}" for key in ("st", "y") for name in CARD_METRICS for end in ("", "_low", "_high")
    ]
    return {name: metrics[name] for name in names if name in metrics}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and save, or copy what was measured into the run record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--record", action="store_true", help="copy the figures into the bundled run record")
    args = parser.parse_args(argv)
    if args.record:
        record(RESULT, bundled_folder(), RESULTS / "bundled_run_record.json")
        return
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it tells that it lists the fonts
    refuse_a_second_model(RESULT, fingerprints(args.model))
    result = describe() | measure(args.model, args.data, PICTURES)
    sys.stdout.write(f"{save('test', result)}\n")


if __name__ == "__main__":
    main()
