"""Pictures of scores and of trainings, as PNG files.

matplotlib is loaded when a picture is drawn; its global state (pyplot, backend, settings) is not touched. Colours are
those of Okabe and Ito, which people with any colour vision can tell apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from phosphot5.data import SiteState
from phosphot5.evaluation.metrics import mean_ap
from phosphot5.evaluation.sites import LabelledSites
from phosphot5.evaluation.weighted import equal_count_bins
from phosphot5.output import PathLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import LegendLocType

__all__ = ["learning_curve", "precision_recall", "reliability", "roc", "score_distributions"]

PANELS = {"S/T": "ST", "Y": "Y"}
"""Title of each panel and the residues it shows."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Blue for the model, then those of its peers."""
GREY = "#777777"
DPI = 150


def roc(scores: Mapping[str, np.ndarray], truth: np.ndarray, residues: np.ndarray, path: PathLike) -> None:
    """Draw ROC curves of one or several scores of the same sites, with the line of chance.

    Parameters
    ----------
    scores : mapping of str to numpy.ndarray of float of shape (sites,)
        Name of each scorer to its scores, the model first.
    truth : numpy.ndarray of bool of shape (sites,)
        True at positives.
    residues : numpy.ndarray of str of shape (sites,)
        ``"S"``, ``"T"`` or ``"Y"``.
    path : str or os.PathLike
        The PNG file; an existing one is replaced.
    """
    figure = _figure()
    for axes, at in _panels(figure, truth, residues):
        for colour, (name, values) in zip(_colours(), scores.items(), strict=False):
            false_rate, true_rate, _ = roc_curve(truth[at], values[at])
            area = roc_auc_score(truth[at], values[at])
            axes.plot(false_rate, true_rate, color=colour, label=f"{name}, AUROC {area:.3f}")
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="chance")
        _finish(axes, "false-positive rate (1 - specificity)", "true-positive rate (recall)", "lower right")
    _save(figure, path)


def precision_recall(
    scores: Mapping[str, np.ndarray], truth: np.ndarray, residues: np.ndarray, path: PathLike
) -> None:
    """Draw precision-recall curves, with the prevalence; parameters as for :func:`roc`."""
    figure = _figure()
    for axes, at in _panels(figure, truth, residues):
        for colour, (name, values) in zip(_colours(), scores.items(), strict=False):
            precision, recall, _ = precision_recall_curve(truth[at], values[at])
            area = average_precision_score(truth[at], values[at])
            axes.step(recall, precision, where="post", color=colour, label=f"{name}, AP {area:.3f}")
        share = truth[at].mean()
        axes.axhline(share, color=GREY, linestyle=":", label=f"prevalence {share:.3f}")
        _finish(axes, "recall (true-positive rate)", "precision", "upper right")
    _save(figure, path)


def reliability(probability: np.ndarray, truth: np.ndarray, residues: np.ndarray, path: PathLike) -> None:
    """Draw how often sites of a probability are positive, in the bins of the calibration error.

    Parameters
    ----------
    probability : numpy.ndarray of float of shape (sites,)
        From 0 to 1.
    truth, residues, path
        As for :func:`roc`.
    """
    figure = _figure()
    for axes, at in _panels(figure, truth, residues):
        bins = equal_count_bins(probability[at])
        count = np.bincount(bins)
        filled = count > 0
        mean = np.bincount(bins, probability[at])[filled] / count[filled]
        share = np.bincount(bins, truth[at])[filled] / count[filled]
        error = np.sqrt(share * (1 - share) / count[filled])
        per_bin = f"{filled.sum()} bins of about {int(np.median(count[filled])):,} sites"
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="calibrated")
        axes.errorbar(
            mean, share, error, color=COLOURS[0], marker="o", markersize=4, capsize=2, label=per_bin
        )
        _finish(
            axes,
            "mean predicted probability",
            "share of positives (bars: binomial standard error)",
            "upper left",
        )
    _save(figure, path)


def score_distributions(sites: LabelledSites, thresholds: Mapping[str, float], path: PathLike) -> None:
    """Draw the distributions of the probabilities of positive, negative and unlabelled sites.

    Parameters
    ----------
    sites : LabelledSites
        Scored, the unlabelled ones included.
    thresholds : mapping of str to float
        Letters of a residue or class, such as ``"S"`` or ``"ST"``, to the probability to mark in their panel.
    path
        As for :func:`roc`.
    """
    figure = _figure()
    shown = {
        "positive": (SiteState.POSITIVE, COLOURS[1], "-"),
        "measured negative": (SiteState.NEGATIVE, COLOURS[0], "-"),
        "not labelled": (SiteState.UNKNOWN, GREY, "--"),
    }
    for axes, at in _panels(figure, sites.truth, sites.residues):
        for name, (state, colour, line) in shown.items():
            values = sites.probability[at & (sites.states == state)]
            if not values.size:
                continue
            height, edges = np.histogram(values, bins=50, range=(0, 1))
            label = f"{name} ({values.size:,})"
            axes.stairs(height / values.size, edges, color=colour, linestyle=line, linewidth=1.5, label=label)
        axes.set_xlim(0, 1)
        marks = {name: t for name, t in thresholds.items() if set(name) <= set(sites.residues[at].tolist())}
        for line, (name, threshold) in zip(("-.", ":"), marks.items(), strict=False):
            axes.axvline(
                threshold,
                color="black",
                linestyle=line,
                linewidth=1,
                label=f"threshold {'/'.join(name)} {threshold:.2f}",
            )
        _finish(axes, "predicted probability", "share of sites per 0.02", "upper right", square=False)
    _save(figure, path)


def learning_curve(history: Sequence[Mapping[str, float]], path: PathLike) -> None:
    """Draw losses and validation metrics over the steps of a training, the best step marked.

    Parameters
    ----------
    history : sequence of mapping of str to float
        ``trainer.state.log_history``: entries with ``step`` and any of ``loss``, ``eval_loss``, ``eval_st_ap``,
        ``eval_y_ap``, ``eval_st_auroc``, ``eval_y_auroc``; what is missing is not drawn. The best step is that of
        the highest mean of the two APs, without any AP that of the lowest ``eval_loss``.
    path
        As for :func:`roc`.
    """
    figure = _figure()
    left, right = figure.subplots(1, 2)
    best = _best_step(history)
    losses = {"loss": ("training", COLOURS[1], "-", ""), "eval_loss": ("validation", COLOURS[0], "-", "o")}
    metrics = {
        "eval_st_ap": ("AP, S/T", COLOURS[0], "-", "o"),
        "eval_y_ap": ("AP, Y", COLOURS[1], "-", "o"),
        "eval_st_auroc": ("AUROC, S/T", COLOURS[0], "--", "s"),
        "eval_y_auroc": ("AUROC, Y", COLOURS[1], "--", "s"),
    }
    left.set_yscale("log")  # the first steps would flatten the rest
    for axes, title, curves in ((left, "loss", losses), (right, "AP and AUROC in validation", metrics)):
        axes.set_title(title)
        for name, (label, colour, line, marker) in curves.items():
            points = [(entry["step"], entry[name]) for entry in history if name in entry and "step" in entry]
            if points:
                steps, values = zip(*points, strict=True)
                style = {"color": colour, "linestyle": line, "marker": marker, "markersize": 4}
                axes.plot(steps, values, label=label, **style)
        if best is not None:
            axes.axvline(best, color="black", linestyle=":", linewidth=1, label=f"best, step {best:,}")
        _finish(axes, "step", title, "best", square=False)
    _save(figure, path)


def _best_step(history: Sequence[Mapping[str, float]]) -> int | None:
    """Return the step of the best evaluation, None without any."""
    aps = {}
    for entry in history:
        plain = {name.removeprefix("eval_"): value for name, value in entry.items()}
        if "step" in entry and ("st_ap" in plain or "y_ap" in plain):
            aps[int(entry["step"])] = mean_ap(plain)
    if aps:
        return max(aps, key=aps.__getitem__)
    losses = {int(e["step"]): e["eval_loss"] for e in history if "step" in e and "eval_loss" in e}
    return min(losses, key=losses.__getitem__) if losses else None


def _figure() -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(10, 4.6), layout="constrained")


def _colours() -> Iterator[str]:
    """Yield colours without end; from the seventh scorer on they repeat."""
    while True:
        yield from COLOURS


def _panels(figure: "Figure", truth: np.ndarray, residues: np.ndarray) -> "Iterator[tuple[Axes, np.ndarray]]":
    """Yield the axes of each panel that has positives and negatives, and a mask of its sites."""
    for axes, (title, letters) in zip(figure.subplots(1, 2), PANELS.items(), strict=True):
        at = np.isin(residues, list(letters))
        positives = int(truth[at].sum())
        axes.set_title(f"{title}: {int(at.sum()):,} sites, {positives:,} positive")
        if 0 < positives < at.sum():
            yield axes, at
        else:
            axes.set_axis_off()
            text = "no positive and negative sites to compare"
            axes.text(0.5, 0.5, text, ha="center", transform=axes.transAxes)


def _finish(axes: "Axes", across: str, up: str, legend: "LegendLocType", square: bool = True) -> None:
    """Label the axes; a square panel runs from 0 to 1 both ways."""
    axes.set(xlabel=across, ylabel=up)
    if square:
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=legend, fontsize="small")


def _save(figure: "Figure", path: PathLike) -> None:
    figure.savefig(path, format="png", dpi=DPI)
