"""The benchmark scripts as modules, and a made-up test set with made-up peers."""

import gzip
import importlib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PROTEINS = 30


@pytest.fixture
def benchmarks(monkeypatch):
    """Import a module of benchmarks/ or docs/generate/ by its full name."""
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module


@pytest.fixture(scope="session")
def made_up_data(tmp_path_factory) -> Path:
    """A data folder with the files of the test set, all content drawn at random."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("data")
    peers, sites = folder / "peers", folder / "phosphosites" / "multisource"
    peers.mkdir()
    sites.mkdir(parents=True)
    fasta, scores = [], ["accession\tposition\tresidue\tlabel\tdeeppsp\tmusitedeep_cnn"]
    for number in range(PROTEINS):
        text = ""
        for position, letter in enumerate(rng.choice(list("STYAGKP"), 40 if number % 2 else 300), 1):
            text += letter
            if letter in "STY" and rng.random() < 0.8:
                label = int(rng.random() < 0.3)
                text += "@#"[label]
                one, two = rng.beta(2 + label, 3, 2).round(4)
                scores.append(f"X{number:05}\t{position}\t{letter}\t{label}\t{one}\t{two}")
        fasta.append(f">X{number:05} labelled=STY\n{text}\n")
    with gzip.open(sites / "test.fasta.gz", "wt") as handle:
        handle.writelines(fasta)
    with gzip.open(peers / "multisource_test_scores.tsv.gz", "wt") as handle:
        handle.write("\n".join(scores) + "\n")
    for letters, first in (("ST", 0), ("Y", 10)):
        for subset in ("strict30_cov80", "strict30_local"):
            names = [f"X{number:05}\n" for number in range(first, PROTEINS)]
            (peers / f"multisource_{letters}_test_{subset}.txt").write_text("".join(names))
    return folder
