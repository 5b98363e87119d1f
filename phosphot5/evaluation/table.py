"""Metrics as tables for people to read."""

from collections.abc import Mapping
from typing import Any

from phosphot5.record.metric_names import CLASS_TITLES, HEADLINE

__all__ = ["FURTHER", "comparison_table", "metrics_table"]

FURTHER = {
    "precision_at_recall_60": "prec@rec60",
    "precision_at_recall_80": "prec@rec80",
    "sensitivity_at_specificity_90": "sens@spec90",
    "sensitivity_at_specificity_95": "sens@spec95",
    "sensitivity_at_specificity_99": "sens@spec99",
}
"""Metrics of the second table and their headings."""
WIDTH = 13
"""Columns of text for one metric."""


def metrics_table(metrics: Mapping[str, float], columns: Mapping[str, str]) -> str:
    """Show metrics, a row for each residue class, its interval under each number.

    Parameters
    ----------
    metrics : mapping of str to float
        From :func:`~phosphot5.evaluation.sites.evaluate_sites`; a metric that is missing is shown as ``-``.
    columns : mapping of str to str
        Metric without its class, to its heading: :data:`HEADLINE` or :data:`FURTHER`.

    Returns
    -------
    str
        Lines without a line break at the end.
    """
    lines = ["     sites  positive" + "".join(heading.rjust(WIDTH) for heading in columns.values())]
    for key, name in CLASS_TITLES.items():
        if f"{key}_sites" not in metrics:
            continue
        count = f"{metrics[f'{key}_sites']:,}".rjust(11 - len(name))
        share = f"{metrics[f'{key}_prevalence']:.1%}".rjust(8)
        names = [f"{key}_{column}" for column in columns]
        lines.append(f"{name}{count} {share}" + "".join(_number(metrics, n).rjust(WIDTH) for n in names))
        if any(f"{n}_low" in metrics for n in names):
            lines.append(" " * 20 + "".join(_bounds(metrics, n).rjust(WIDTH) for n in names))
    return "\n".join(lines)


def comparison_table(comparison: Mapping[str, Any]) -> str:
    """Show a model and a peer, a row for each class and metric: both, their difference and its interval.

    Parameters
    ----------
    comparison : mapping
        From :func:`~phosphot5.evaluation.peers.compare`.

    Returns
    -------
    str
        Lines without a line break at the end.
    """
    ours, theirs = comparison["model"], comparison["peer"]
    peer = comparison["name"] if len(comparison["name"]) <= WIDTH else comparison["name"][: WIDTH - 1] + "~"
    columns = ("model", peer, "difference", "95 % interval", "above zero")
    lines = [" " * 12 + "".join(heading.rjust(WIDTH + 2) for heading in columns)]
    for key, name in CLASS_TITLES.items():
        for metric, heading in HEADLINE.items():
            gap = comparison["difference"].get(f"{key}_{metric}")
            if gap is None:
                continue
            cells = (
                _number(ours, f"{key}_{metric}"),
                _number(theirs, f"{key}_{metric}"),
                f"{gap['difference']:+.3f}",
                f"{gap['low']:+.3f} {gap['high']:+.3f}",
                f"{gap['above_zero']:.1%}",
            )
            lines.append(f"{name:4}{heading:8}" + "".join(cell.rjust(WIDTH + 2) for cell in cells))
    return "\n".join(lines)


def _number(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.3f}" if name in metrics else "-"


def _bounds(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[f'{name}_low']:.3f}-{metrics[f'{name}_high']:.3f}" if f"{name}_low" in metrics else ""
