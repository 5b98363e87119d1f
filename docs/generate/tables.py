"""Helpers of the generated tables."""

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.common import RESULTS, load

__all__ = ["METRICS", "load", "source", "table", "with_interval"]

METRICS = {"st_auroc": "S/T AUROC", "st_ap": "S/T AP", "y_auroc": "Y AUROC", "y_ap": "Y AP"}
"""The metrics of most tables and their headings."""


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def source(result: Mapping[str, Any]) -> str:
    """Name the command behind some figures, by the present place of its script, and the processor."""
    machine = result["machine"]
    cores = "1 core" if machine["cores"] == 1 else f"{machine['cores']} cores"
    python, script, *options = result["command"].split()
    name = script.rpartition("/")[2]
    place = next((path.parent.name for path in RESULTS.parent.glob(f"*/{name}")), "")
    command = " ".join([python, f"benchmarks/{place}/{name}", *options])
    return f"`{command}` on {machine['processor']}, {cores}."


def with_interval(scores: Mapping[str, float], metric: str) -> str:
    """Show a metric and, where there is one, its interval; ``-`` where it was not measured."""
    if metric not in scores:
        return "-"
    if f"{metric}_low" not in scores:
        return f"{scores[metric]:.3f}"
    return f"{scores[metric]:.3f} [{scores[f'{metric}_low']:.3f}-{scores[f'{metric}_high']:.3f}]"
