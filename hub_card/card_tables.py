"""The tables of a model card: every number as it is shown, none that the record or the configuration does not hold."""

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from phosphot5.record.facts import Hardware
from phosphot5.record.metric_names import CLASS_TITLES
from phosphot5.record.run_record import RunRecord
from phosphot5.record.thresholds import probability_at
from phosphot5.wording import duration

__all__ = [
    "CALIBRATION",
    "KINASE_COLUMNS",
    "PEER_COLUMNS",
    "calibration_rows",
    "cost_rows",
    "earlier_rows",
    "example_rows",
    "further_rows",
    "geometry_rows",
    "group_rows",
    "hardware_rows",
    "kinase_rows",
    "result_tables",
]

KINASE_COLUMNS = {
    "residues": "residues",
    "sites": "sites",
    "substrates_auroc": "AUROC",
    "substrates_ap": "AP",
    "substrates_sensitivity": "sensitivity",
    "kinases_auroc": "among kinases: AUROC",
    "kinases_ap": "AP",
}
"""What the card tells of a family of kinases, and the headings."""
MANY = 3
"""Sets or groups from which the card has a table of all of them."""
GEOMETRY = (
    *("num_layers", "num_decoder_layers", "d_model", "num_heads", "d_kv", "d_ff", "feed_forward_proj"),
    *("attention", "window", "alignment", "conv_width", "global_context"),
    *(
        "focal_gamma",
        "label_smoothing",
        "copy_weight",
        "noise_std",
        "prefix_mask_prob",
        "known_site_prob",
        "dropout_rate",
    ),
)
"""Keys of config.json that the card shows."""

COLUMNS = (
    ("sites", "sites", "{:,.0f}"),
    ("prevalence", "positive", "{:.3f}"),
    ("auroc", "AUROC", "{:.3f}"),
    ("ap", "AP", "{:.3f}"),
    ("mcc", "MCC", "{:.3f}"),
    ("f1", "F1", "{:.3f}"),
    ("precision_at_recall_60", "precision at recall 0.6", "{:.3f}"),
    ("precision_at_recall_80", "at 0.8", "{:.3f}"),
    ("sensitivity_at_specificity_90", "sensitivity at specificity 0.90", "{:.3f}"),
    ("sensitivity_at_specificity_95", "at 0.95", "{:.3f}"),
    ("sensitivity_at_specificity_99", "at 0.99", "{:.3f}"),
    ("brier", "Brier score", "{:.4f}"),
    ("ece", "calibration error", "{:.4f}"),
    ("ece_uncalibrated", "before calibration", "{:.4f}"),
)
"""Metric of a class, its title and its format in the card."""

PEER_COLUMNS = (
    *(("st_auroc", "S/T AUROC"), ("st_ap", "S/T AP"), ("st_mcc", "S/T MCC")),
    *(("y_auroc", "Y AUROC"), ("y_ap", "Y AP"), ("y_mcc", "Y MCC")),
)
"""Metric and its title in the comparison with other tools."""

EXAMPLE_COLUMNS = ("position", "residue", "probability", "fpr", "call", "window")
"""Columns of the example: those of ``phosphot5 predict`` that differ within one protein."""
CALL_RATES = {"high": 0.01, "medium": 0.05, "low": 0.10}
"""Name of each call and its false-positive rate; a test holds them equal to the model's."""

NO_INTERVAL_SHOWN = ("_ece",)
"""Metrics that every resample raises, because chance adds to the gap of each bin: their interval says little."""
NOT_MEASURED = "not measured"
CALIBRATION = ("slope", "neighbours", "protein", "intercept")
"""Parts of the line that calibrates the log-odds, as the configuration names them."""


COST_ROWS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("steps", "optimizer steps", "{:,}".format),
    ("tokens", "tokens read, all noise passes counted", "{:,}".format),
    ("seconds", "time", duration),
    ("flops", "floating-point operations", "{:.2g}, estimated".format),
)
"""What trainings consume and add up to: name in the record, title, how it is shown."""


def geometry_rows(record: RunRecord, config: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return setting and value of the model's geometry and loss."""
    shape = [(key, config[key]) for key in GEOMETRY if key in config]
    return [("parameters", record.parameters or NOT_MEASURED), *shape]


def example_rows(record: RunRecord) -> list[list[str]]:
    """Return the cells of the example's sites, in the columns :data:`EXAMPLE_COLUMNS`."""
    sites = record.example.sites if record.example else []
    return [["-" if site[name] is None else str(site[name]) for name in EXAMPLE_COLUMNS] for site in sites]


def calibration_rows(config: Mapping[str, Any]) -> list[list[str]]:
    """Return, for each calibrated residue, the probabilities from which it is called and how it was calibrated.

    Parameters
    ----------
    config : mapping
        Content of config.json.

    Returns
    -------
    list of list of str
        Residue, behind it the kind of label if there are several, probability at each rate of :data:`CALL_RATES`,
        threshold of highest MCC, and the fitted line.
    """
    lines, tables = (config.get(name) or {} for name in ("calibration", "fpr_table"))
    if not config.get("label_sources"):
        lines, tables = {"": lines}, {"": tables}
    entries = [(kind, *entry) for kind, fitted in lines.items() for entry in sorted(fitted.items())]
    rows = []
    for kind, residue, line in entries:
        table = (tables.get(kind) or {}).get(residue)
        levels = [probability_at(table, rate) if table else None for rate in CALL_RATES.values()]
        fitted = [line.get(name) for name in ("threshold", *CALIBRATION)]
        name = f"{residue}, {kind}" if kind else residue
        rows.append([name, *("-" if value is None else f"{value:.3f}" for value in levels + fitted)])
    return rows


def result_tables(record: RunRecord) -> list[dict[str, Any]]:
    """Make one table for each evaluation set: rows for metrics, columns for classes, as far as the set has any."""
    results = []
    for name, scores in record.metrics.items():
        classes = [key for key in CLASS_TITLES if any(f"{key}_{metric}" in scores for metric, *_ in COLUMNS)]
        rows = [
            {
                "title": title,
                "cells": [_score(scores, f"{key}_{metric}", number_format) for key in classes],
            }
            for metric, title, number_format in COLUMNS
            if any(f"{key}_{metric}" in scores for key in classes)
        ]
        titles = [CLASS_TITLES[key] for key in classes]
        results.append({"name": name, "classes": titles, "rows": rows, "peers": _peers(record, name)})
    return results


def group_rows(record: RunRecord) -> list[list[str]]:
    """Return AUROC, AP and the share of positives of S/T and Y for each of several sets or groups; none for one set."""
    if len(record.metrics) < MANY:
        return []
    shown = [f"{key}_{metric}" for key in ("st", "y") for metric in ("auroc", "ap", "prevalence")]
    return [
        [name.replace("_", " "), *(_score(scores, key, "{:.3f}", missing="-") for key in shown)]
        for name, scores in record.metrics.items()
    ]


def kinase_rows(record: RunRecord, config: Mapping[str, Any]) -> list[list[str]]:
    """Return name and cells of each family of kinases, in the columns :data:`KINASE_COLUMNS`."""
    rows = []
    for name, about in config.get("kinase_families", {}).items():
        found = record.kinases.get(name, {})
        figures = [
            "-" if found.get(key) is None else f"{found[key]:.3f}" for key in KINASE_COLUMNS if "_" in key
        ]
        rows.append([name, "S, T" if about["residues"] == "ST" else "Y", f"{about['sites']:,}", *figures])
    return rows


def _peers(record: RunRecord, name: str) -> list[dict[str, Any]]:
    """Rows of the comparison on one evaluation set, this model last; none where no other tool was measured."""
    peers = [peer for peer in record.peers if peer.set == name]
    if not peers:
        return []
    rows = [(peer.name + (", as published" if peer.published else ""), peer.metrics) for peer in peers]
    return [
        {
            "title": title,
            "cells": [_score(scores, key, "{:.3f}", missing="-") for key, _ in PEER_COLUMNS],
        }
        for title, scores in [*rows, ("this model", record.metrics[name])]
    ]


def _score(
    scores: Mapping[str, float | None], key: str, number_format: str, missing: str = NOT_MEASURED
) -> str:
    value, low, high = (scores.get(name) for name in (key, f"{key}_low", f"{key}_high"))
    if value is None:
        return missing
    shown = number_format.format(value)
    if key.endswith(NO_INTERVAL_SHOWN):
        return shown
    return (
        shown
        if low is None or high is None
        else f"{shown} [{number_format.format(low)}-{number_format.format(high)}]"
    )


def further_rows(record: RunRecord) -> list[dict[str, str]]:
    """Return the measurements that the tables of results have no row for."""
    known = {
        f"{key}_{metric}{end}"
        for key in CLASS_TITLES
        for metric, *_ in COLUMNS
        for end in ("", "_low", "_high")
    }
    return [
        {"name": name, "title": key, "text": NOT_MEASURED if value is None else f"{value:.6g}"}
        for name, scores in record.metrics.items()
        for key, value in scores.items()
        if key not in known and not key.endswith(("_low", "_high"))
    ]


def earlier_rows(record: RunRecord) -> list[list[str]]:
    """Return command, seed, code, steps, tokens and time of the trainings that led to the one of the record."""
    return [
        [
            f"`{shlex.join(training.command)}`",
            str(training.seed),
            f"`{training.git_commit}`" if training.git_commit else "no commit recorded",
            *(
                _amount(number_format, getattr(training.cost, name))
                for name, _, number_format in COST_ROWS[:3]
            ),
        ]
        for training in record.earlier
    ]


def cost_rows(record: RunRecord) -> list[tuple[str, str]]:
    """Return what the run consumed, each with its name, and what it was together with the earlier trainings."""
    rows = []
    for name, title, number_format in COST_ROWS:
        text = _amount(number_format, getattr(record.cost, name))
        parts = [getattr(cost, name) for cost in (record.cost, *(part.cost for part in record.earlier))]
        if record.earlier and None not in parts:
            text += f"; with the earlier trainings {number_format(sum(parts))}"
        rows.append((title, text))
    return [*rows, ("peak memory", _gibibytes(record.cost.peak_memory_bytes))]


def _amount(number_format: Callable[[float], str], value: float | None) -> str:
    return NOT_MEASURED if value is None else number_format(value)


def hardware_rows(hardware: Hardware) -> list[tuple[str, str]]:
    """Return the parts of the machine, each with its name."""
    return [
        ("processor", f"{hardware.cpu}, {hardware.cores} core{'' if hardware.cores == 1 else 's'}"),
        ("main memory", _gibibytes(hardware.memory_bytes)),
        ("accelerator", hardware.accelerator or "none"),
    ]


def _gibibytes(size: int | None) -> str:
    return NOT_MEASURED if size is None else f"{size / 2**30:.1f} GiB"
