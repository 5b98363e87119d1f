"""What every benchmark result carries: machine, versions, commit and command."""

import json
import sys
from pathlib import Path
from typing import Any

from phosphot5.record import environment

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"


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
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return path
