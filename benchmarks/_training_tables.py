"""Tables of trainings: beside the stock trainer, from stock T5 to the released recipe, and all that was tried."""

import statistics
from collections.abc import Iterable, Mapping
from typing import Any

from _tables import METRICS, load, source, table

COMMIT = 9
"""Letters of a commit that are shown."""


def training() -> str:
    """Return the comparison with the stock model and trainer, and what each part of ours brings."""
    result = load("training")
    rows = []
    for group in ("throughput", "parts"):
        for name, row in result[group].items():
            title = name if group == "throughput" else f"ours, {name}"
            if "not_measured" in row:
                rows.append([title, *("-",) * 4, row["not_measured"]])
                continue
            ours, it = row["ours"], row["it"]
            speeds = [f"{side['tokens_per_second']:,}" for side in (ours, it)]
            ratio = f"{row['ours_over_it']:.2f} ({row['lowest']:.2f} to {row['highest']:.2f})"
            memory = " / ".join(f"{side['peak_memory_bytes'] / 1e9:.1f} GB" for side in (ours, it))
            rows.append([title, *speeds, ratio, f"{it['padding']:.1%}", memory])
    header = ["compared with", "ours, tokens/s", "it, tokens/s", "ours over it (range)", "its padding"]
    lines = table([*header, "peak memory, ours / it"], rows)
    rows = [
        [row["side"], f"{row['learning_rate']:g}", f"{row['steps']:,}", f"{row['tokens'] / 1e6:.2f} M"]
        + [f"{row[metric]:.3f}" if metric in row else "diverged" for metric in METRICS]
        for row in result["quality"].values()
    ]
    header = ["trained", "peak learning rate", "steps", "tokens", *METRICS.values()]
    minutes = " and ".join(sorted({f"{row['minutes']:g}" for row in result["quality"].values()}))
    after = f"After {minutes} minutes of training each, on the validation sites:"
    return "\n".join([*lines, "", after, "", *table(header, rows), "", source(result)])


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
        f"Mean of the seeds, in brackets the lowest and the highest; {run['steps']} steps of "
        f"{run['tokens_per_step']:,} tokens each: far from the end of a training, but the same for all. "
        "Speeds are of training steps taken in turn. "
        f"{source(result)}"
    )
    header = ["each line with all of the above", "seeds", *METRICS.values(), "tokens/s, last line = 1"]
    return "\n".join([*table(header, rows), "", note])


def _mean_and_range(runs: list[Mapping[str, Any]], metric: str) -> str:
    values = [run[metric] for run in runs]
    if not values:
        return "-"
    return f"{statistics.mean(values):.3f} [{min(values):.3f}-{max(values):.3f}]"


def search_page() -> str:
    """Return the page of all that was tried."""
    result = load("search")
    lines = [
        "# What was tried",
        "",
        "The log of the search for the released recipe: short trainings, scored on the validation proteins of the "
        "recipe (`multisource/valid`), on which alone everything was chosen. One seed each, so differences below "
        "some 0.004 in AP may be chance. Overrides are of `recipes/small.yaml` as it was at the commit.",
        "",
    ]
    for stage, about in result["stages"].items():
        trials = [trial for trial in result["trials"] if trial["stage"] == stage]
        lines += [f"## Stage {stage}: {about}", "", *_trial_table(trials), ""]
    lines += ["## Besides", "", *(f"- {note}" for note in result["notes"]), ""]
    return "\n".join([*lines, "Made by `benchmarks/readme.py` from `benchmarks/results/search.json`.", ""])


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
