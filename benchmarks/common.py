"""Helpers of all benchmarks: where results lie, what every result carries, and the validation proteins."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phosphot5.data import Protein, read_fasta
from phosphot5.record import environment

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SMALL = ROOT / "recipes" / "small.yaml"
"""The recipe whose data and settings the benchmarks share."""


def describe() -> dict[str, Any]:
    """Describe the run.

    Returns
    -------
    dict
        ``machine``, ``versions``, ``commit`` (None outside a git checkout, ``-dirty`` appended when files
        differ from it) and ``command``.
    """
    script = Path(sys.argv[0]).resolve()
    name = script.relative_to(ROOT) if script.is_relative_to(ROOT) else script.name
    return {
        "machine": {"processor": environment.cpu_model(), "cores": environment.usable_cores()},
        "versions": environment.package_versions(),
        "commit": environment.git_commit(Path(__file__)),
        "command": " ".join(["python", str(name), *sys.argv[1:]]),
    }


def save(name: str, result: dict[str, Any]) -> Path:
    """Write ``result`` to ``benchmarks/results/NAME.json`` and return its path."""
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return path


def load(name: str) -> dict[str, Any]:
    """Return the result that :func:`save` wrote under a name."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def validation_proteins() -> Iterator[Protein]:
    """Yield the validation proteins of the recipe ``small``, with their labels."""
    from phosphot5.trainer.recipe import load_recipe

    for file in load_recipe(SMALL).data.valid:
        yield from read_fasta(file.path, notation="hash")
