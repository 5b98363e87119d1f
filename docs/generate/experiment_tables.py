"""Tables of experiments: from stock T5 to the released recipe, and the log of the search."""

import statistics
from collections.abc import Iterable, Mapping
from typing import Any

from docs.generate.tables import METRICS, load, source, table

COMMIT = 9
"""Letters of a commit that are shown."""


def ablation() -> str:
    """Return what each part brings on the way from stock T5 to the released recipe."""
    result = load("ablation")
    runs, times = result["runs"], result["step_time_over_last"]
    rows = []
    for rung, cost in times.items():
        own = [run for run in runs if run["rung"] == rung]
        rows.append(
            [rung, str(len(own)), *(_mean_and_range(own, metric) for metric in METRICS), f"{1 / cost:.2f}"]
        )
    run = runs[0]
    note = (
        f"Mean over seeds, with the lowest and highest in brackets; {run['steps']} steps of "
        f"{run['tokens_per_step']:,} tokens each: a small part of a training, but the same for every line. "
        "Speeds were measured on alternating training steps. "
        f"{source(result)}"
    )
    header = [
        "each line includes all lines above",
        "seeds",
        *METRICS.values(),
        "tokens/s, relative to the last line",
    ]
    return "\n".join([*table(header, rows), "", note])


def _mean_and_range(runs: list[Mapping[str, Any]], metric: str) -> str:
    values = [run[metric] for run in runs]
    if not values:
        return "-"
    return f"{statistics.mean(values):.3f} [{min(values):.3f}-{max(values):.3f}]"


def search() -> str:
    """Return the log of the search, stage by stage."""
    result = load("search")
    lines: list[str] = []
    for stage, about in result["stages"].items():
        trials = [trial for trial in result["trials"] if trial["stage"] == stage]
        lines += [f"### Stage {stage}: {about}", "", *_trial_table(trials), ""]
    return "\n".join([*lines, "### Other findings", "", *(f"- {note}" for note in result["notes"])])


def _trial_table(trials: Iterable[Mapping[str, Any]]) -> list[str]:
    rows = [
        [
            trial["name"],
            *(f"{trial[metric]:.3f}" for metric in METRICS),
            f"{trial['parameters'] / 1e6:.2f} M",
            f"{trial['steps']:,}",
            "code" if trial["overrides"] is None else " ".join(f"`{o}`" for o in trial["overrides"]),
            f"`{trial['commit'][:COMMIT]}`",
        ]
        for trial in trials
    ]
    return table(["tried", *METRICS.values(), "parameters", "steps", "overrides", "commit"], rows)
