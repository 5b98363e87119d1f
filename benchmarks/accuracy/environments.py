"""Environments with other versions of transformers, and what a model's folder answers in them.

``tests/contract/test_compatibility.py`` and ``benchmarks/accuracy/compatibility.py`` share it.
"""

import json
import math
import os
import subprocess
import sys
import sysconfig
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.accuracy.probe import answers
from benchmarks.common import ROOT
from phosphot5.data import read_fasta
from phosphot5.export import REQUIREMENTS
from phosphot5.prediction.loading import load_model

REQUIREMENT = next(line for line in REQUIREMENTS.splitlines() if line.startswith("transformers"))
"""What a model's folder asks for."""
COMPARED = {
    "4.57.6": "transformers==4.57.6",
    "5.0.0": "transformers==5.0.0",
    "newest 5.13": "transformers==5.13.*",
    "newest 5.20": "transformers==5.20.*",
    "newest": REQUIREMENT,
}
"""What is compared, and how pip is asked for it."""
PROBE = Path(__file__).parent / "probe.py"
PROTEINS = ROOT / "examples" / "proteins.fasta"
CLOSE = 1e-5
"""How far a probability may be from this package's."""


class RegistryUnreachableError(Exception):
    """The package registry gives no answer."""


def examples() -> list[dict[str, str]]:
    """Return some of the example proteins as the pipeline takes them."""
    return [{"id": protein.id, "sequence": protein.sequence} for protein in list(read_fasta(PROTEINS))[::2]]


def expected(folder: Path) -> dict[str, Any]:
    """Return the answers of this package."""
    model, tokenizer = load_model(str(folder))
    found = answers(model, tokenizer, model.pipeline(tokenizer), examples())
    return {"type": model.config.model_type, **json.loads(json.dumps(found))}


def make_environment(requirement: str, folder: Path) -> Path:
    """Make an environment that shares what it can with the running one, but not this package.

    Only what the running environment has in another version is installed: transformers, huggingface_hub,
    tokenizers and what these need; torch and numpy are shared.

    Parameters
    ----------
    requirement : str
        Versions of transformers; the newest of them is installed.
    folder : Path
        Folder to make.

    Returns
    -------
    Path
        The environment's Python.

    Raises
    ------
    RegistryUnreachableError
        If pip gets no answer.
    RuntimeError
        If pip fails otherwise.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    (packages,) = folder.glob("lib/python*/site-packages")
    # a path in such a file is searched last, and hooks of editable installs in it are not run
    (packages / "running.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    # asked for first and alone: of a version that is installed pip is content without an answer of the registry
    report = _install(python, "--dry-run", "--ignore-installed", "--no-deps", "--report", "-", requirement)
    version = json.loads(report)["install"][0]["metadata"]["version"]
    _install(python, "--no-compile", f"transformers=={version}")
    return python


def _install(python: Path, *arguments: str) -> str:
    """Run pip's install for an environment, and return what it prints."""
    options = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"]
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", *options, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "from versions: none" in done.stderr:
        raise RegistryUnreachableError(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


def ask(python: Path, folder: Path, home: Path) -> dict[str, Any]:
    """Return versions and answers of a model's folder in an environment.

    Parameters
    ----------
    python : Path
        From :func:`make_environment`.
    folder : Path
        What ``phosphot5 export`` wrote.
    home : Path
        Folder for the caches and for the model that is saved again.

    Raises
    ------
    RuntimeError
        If the model cannot be loaded or used; holds the end of the error.
    """
    home.mkdir()
    quiet = {"HF_HOME": str(home / "cache"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(python), "-P", str(PROBE), str(folder), str(home / "again")],
        input=json.dumps(examples()),
        capture_output=True,
        text=True,
        cwd=home,
        env=inherited | quiet,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout)


def largest_difference(found: dict[str, Any], wanted: dict[str, Any]) -> float:
    """Return the largest difference of a score, infinite if tokens, sites or written sequences differ."""
    if any(found[name] != wanted[name] for name in ("type", "tokens", "texts", "written")):
        return math.inf
    pairs = list(zip(chain(*found["scores"]), chain(*wanted["scores"]), strict=True))
    if any(math.isnan(ours) != math.isnan(theirs) for ours, theirs in pairs):
        return math.inf
    if not all(map(_same_row, chain(*found["rows"]), chain(*wanted["rows"]))):
        return math.inf
    return max(abs(ours - theirs) for ours, theirs in pairs if not math.isnan(ours))


def _same_row(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Compare rows of a table, whose probabilities are rounded to four decimals."""
    same = all(ours[name] == theirs[name] for name in ("protein", "position", "window", "status"))
    return same and abs(ours["probability"] - theirs["probability"]) < 1.5e-4
