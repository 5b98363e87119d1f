"""What every test gets: no network beyond this machine, no cache of the user, a Hub of its own on request."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_socket import socket_allow_hosts

if TYPE_CHECKING:
    from hub_server import LocalHub

CHROMIUM = Path("/usr/bin/chromium")

sys.path.insert(0, str(Path(__file__).parent / "local_hub"))

# The Hub's client reads these when it is imported, so they are set before any test module is; they also reach
# the processes that tests start, where sockets are not blocked.
_HF_HOME = tempfile.TemporaryDirectory(prefix="phosphot5-tests-")
os.environ |= {
    "HF_HOME": _HF_HOME.name,
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "NO_PROXY": "127.0.0.1,localhost",
    # more threads only slow tiny models down, several times where the cores are busy
    "OMP_NUM_THREADS": "1",
}
for _name in ("HF_TOKEN", "HF_ENDPOINT", "HF_HUB_CACHE", "HF_MODULES_CACHE", "HF_DATASETS_CACHE"):
    os.environ.pop(_name, None)


def pytest_configure(config: pytest.Config) -> None:
    """Ignore what huggingface_hub 2.4 (November 2026) makes its HTTP library warn of in every upload."""
    config.addinivalue_line("filterwarnings", "ignore:Use 'content=<...>' to upload raw:DeprecationWarning")


def pytest_runtest_setup() -> None:
    """Let tests connect to this machine only."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


def pytest_unconfigure() -> None:
    """Remove the session's Hugging Face folder."""
    _HF_HOME.cleanup()


@pytest.fixture
def local_hub(monkeypatch: pytest.MonkeyPatch) -> "Iterator[LocalHub]":
    """A Hub server of this test's own; the client talks to it in this process and in processes it starts."""
    import huggingface_hub
    from hub_client import use_hub
    from hub_server import LocalHub

    with LocalHub() as hub:
        use_hub(hub, monkeypatch)
        yield hub
        huggingface_hub.close_session()


LINE = {"slope": 1.5, "neighbours": 0.4, "protein": -0.2, "intercept": -0.5}
"""A calibration to which both contexts matter."""


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a random tiny model as a training leaves it: weights, configuration, tokenizer, record."""
    import torch

    from phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration, PhosphoT5Tokenizer
    from phosphot5.record.run_record import RECORD_FILE, RunRecord

    torch.manual_seed(0)
    levels = [0.9, 0.6, 0.3, 0.1]
    config = PhosphoT5Config.preset(
        "tiny",
        calibration={residue: dict(LINE) for residue in "STY"},
        fpr_table={residue: {"fpr": [0.01, 0.05, 0.2, 1.0], "probability": levels} for residue in "STY"},
    )
    folder = tmp_path_factory.mktemp("tiny") / "model"
    PhosphoT5ForConditionalGeneration(config).save_pretrained(folder)
    PhosphoT5Tokenizer().save_pretrained(folder)
    RunRecord.start(["phosphot5", "train", "tiny"], {}, seed=0).save(folder / RECORD_FILE)
    return folder


FAMILIES = {
    "AGC": {"residues": "ST", "members": ["AKT1", "PRKACA"], "sites": 5},
    "CK2": {"residues": "ST", "members": ["CSNK2A1"], "sites": 4},
    "PKA": {"residues": "ST", "members": ["PRKACA"], "sites": 4},
    "SRC": {"residues": "Y", "members": ["SRC"], "sites": 3},
}
"""Families of a tiny model; AGC is a group, which holds PKA."""


@pytest.fixture(scope="session")
def kinase_folder(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model with a random head for families of kinases; CK2 has no false-positive rates."""
    import shutil

    import torch

    from phosphot5 import PhosphoT5ForConditionalGeneration
    from phosphot5.modeling_phosphot5.kinases_phosphot5 import KinaseHead

    folder = tmp_path_factory.mktemp("kinases") / "model"
    shutil.copytree(tiny_folder, folder)
    model = PhosphoT5ForConditionalGeneration.from_pretrained(folder)
    config = model.config
    config.kinase_families = FAMILIES
    rates = {"fpr": [0.01, 0.05, 0.2, 1.0], "probability": [0.6, 0.4, 0.2, 0.0]}
    config.kinase_fpr_table = {name: rates for name in FAMILIES if name != "CK2"}
    torch.manual_seed(0)
    model.kinases = KinaseHead(config.d_model, config.vocab_size, len(FAMILIES))
    with torch.no_grad():
        for weight in model.kinases.parameters():
            weight.normal_(std=0.5)
        model.kinases.site_slope.fill_(1.2)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="the tests drive Chromium by playwright")
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def no_mmseqs(monkeypatch):
    """Cluster by the first two letters and find no leaks, without MMseqs2."""
    import numpy as np

    from phosphot5.data.homology import split_folder
    from phosphot5.data.homology.leakage import Leakage

    def cluster(proteins, identity, coverage):
        letters = sorted({protein.sequence[:2] for protein in proteins})
        return np.array([letters.index(protein.sequence[:2]) for protein in proteins])

    def measure(parts, against, coverage):
        levels = {0.3: 1, 0.5: 0, 0.9: 0}
        return [Leakage(name, tuple(a), len(parts[name]), levels, levels) for name, a in against.items()]

    monkeypatch.setattr(split_folder, "cluster_proteins", cluster)
    monkeypatch.setattr(split_folder, "measure_leakage", measure)
    monkeypatch.setattr(split_folder, "mmseqs_version", lambda: "18")
