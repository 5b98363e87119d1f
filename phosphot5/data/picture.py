"""A picture of a data set: how long its proteins are, and how many of their sites are labelled how."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from phosphot5.data.records import PHOSPHO_RESIDUES, SiteState
from phosphot5.data.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_summary"]

_BLUE, _ORANGE, _GREY, _INK = "#2a6f97", "#e07a1f", "#d5d8dc", "#333333"
_STATES = (
    (SiteState.POSITIVE, _ORANGE, "positive"),
    (SiteState.NEGATIVE, _BLUE, "negative"),
    (SiteState.UNKNOWN, _GREY, "not labelled"),
)


def draw_summary(summary: Summary, path: Path) -> None:
    """Draw the lengths of the proteins and the states of their S, T and Y as PNG.

    Parameters
    ----------
    summary : Summary
        Of at least one protein.
    path : Path
        The file to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _draw_lengths(left, summary)
    _draw_states(right, summary)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=_INK, length=3)
        axes.title.set(fontsize=11, color=_INK)
    figure.savefig(path, metadata={"Software": None})


def _draw_lengths(axes: "Axes", summary: Summary) -> None:
    lengths = np.array(summary.lengths)
    low, high = lengths.min(), lengths.max()
    edges = np.geomspace(low * 0.95, max(high, low + 1) * 1.05, 41)
    axes.hist(lengths, bins=edges.tolist(), color=_BLUE)
    axes.set_xscale("log")
    ticks = [tick for step in (1, 3) for tick in step * 10.0 ** np.arange(6) if edges[0] <= tick <= edges[-1]]
    axes.set_xticks(sorted(ticks) or [float(low)], [f"{tick:,.0f}" for tick in sorted(ticks) or [float(low)]])
    axes.minorticks_off()
    median = float(np.median(lengths))
    axes.axvline(median, color=_INK, linewidth=1, linestyle="--")
    axes.annotate(
        f"median {median:,.0f}",
        (median, 1),
        (4, -2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
        color=_INK,
        fontsize=9,
    )
    axes.margins(y=0.12)
    axes.set(xlabel="residues", ylabel="proteins", title=f"Lengths of {len(lengths):,} proteins")


def _draw_states(axes: "Axes", summary: Summary) -> None:
    rows = np.arange(len(PHOSPHO_RESIDUES))
    totals = np.array([sum(summary.sites[r, s] for s in SiteState) for r in PHOSPHO_RESIDUES])
    begin = np.zeros(len(rows))
    for state, colour, label in _STATES:
        counts = np.array([summary.sites[residue, state] for residue in PHOSPHO_RESIDUES])
        axes.barh(rows, counts, left=begin, color=colour, label=label, height=0.6)
        begin += counts
    for row, residue in enumerate(PHOSPHO_RESIDUES):
        share, positive = summary.prevalence(residue), summary.sites[residue, SiteState.POSITIVE]
        labelled = positive + summary.sites[residue, SiteState.NEGATIVE]
        text = "none labelled" if share is None else f"{positive:,} of {labelled:,} labelled: {share:.1%}"
        axes.annotate(
            text.replace("%", " %"),
            (0, row - 0.3),
            (2, 2),
            textcoords="offset points",
            va="bottom",
            color=_INK,
            fontsize=9,
        )
    axes.set_yticks(rows, list(PHOSPHO_RESIDUES), fontsize=12)
    axes.set_ylim(len(rows) - 0.5, -0.85)
    axes.set_xlim(0, max(totals.max(), 1) * 1.02)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.locator_params("x", nbins=5, integer=True)
    axes.set(xlabel="residues", title="Positives among labelled S, T and Y")
    axes.legend(loc="upper right", ncols=len(_STATES), frameon=False, fontsize=9, borderaxespad=0)
