"""What the generated tables of README.md and docs/ share."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from _environment import RESULTS

METRICS = {"st_auroc": "S/T AUROC", "st_ap": "S/T AP", "y_auroc": "Y AUROC", "y_ap": "Y AP"}
"""The metrics of most tables and their headings."""


def load(name: str) -> dict[str, Any]:
    """Return what a benchmark wrote."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def source(result: Mapping[str, Any]) -> str:
    """Say where figures come from."""
    machine = result["machine"]
    cores = "1 core" if machine["cores"] == 1 else f"{machine['cores']} cores"
    return f"`{result['command']}` on {machine['processor']}, {cores}."


def with_interval(scores: Mapping[str, float], metric: str) -> str:
    """Show a metric and, where there is one, its interval; ``-`` where it was not measured."""
    if metric not in scores:
        return "-"
    if f"{metric}_low" not in scores:
        return f"{scores[metric]:.3f}"
    return f"{scores[metric]:.3f} [{scores[f'{metric}_low']:.3f}-{scores[f'{metric}_high']:.3f}]"
