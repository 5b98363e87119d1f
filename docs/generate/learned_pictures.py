"""Draw the results of learned.py."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.common import ROOT
from benchmarks.learned import logos

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURES = ROOT / "docs" / "images" / "learned"
DPI = 150
BLUE, RED, GREEN, PURPLE, ORANGE = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"
GREY = "#777777"
COLOURS = {"KRH": BLUE, "DE": RED, "P": "#000000", "STYNQC": GREEN, "GAVLIMFW": GREY}
"""Basic, acidic, proline, polar, other: the colours of letters."""
CHEMICAL = "GAVLIMPFWYSTCNQHKRDE"
"""The order of letters in heat maps."""
TICKS = range(len(logos.OFFSETS))
HEAT_MAPS = ("letters", "position_bias")
"""Pictures with shades."""


def draw(result: Mapping[str, Any], folder: Path = PICTURES) -> list[Path]:
    """Draw all pictures of a result and return their paths; existing ones are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "logos": _residue_logos(result["residues"]),
        "classes": _class_logos(result["classes"]["S/T"]),
        "motifs": _motifs(result["motifs"]),
        "letters": _letters(result["mutations"]["by_letter"]),
        "reach": _reach(result["mutations"]),
    }
    if result["position_bias"]:
        pictures["position_bias"] = _position_bias(result["position_bias"])
    paths = []
    for name, figure in pictures.items():
        paths.append(folder / f"{name}.png")
        _save(figure, paths[-1], smooth=name in HEAT_MAPS)
    return paths


def _save(figure: "Figure", path: Path, smooth: bool) -> None:
    """Write a PNG file; of few colours, for a third of the size, unless it has smooth shades."""
    from PIL import Image

    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    with Image.open(buffer) as opened:
        image = opened.convert("RGB")
    if not smooth:
        image = image.quantize(128, dither=Image.Dither.NONE)
    image.save(path, format="png", optimize=True)


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _logo(axes: "Axes", rows: Mapping[str, str], title: str, site: str) -> None:
    """Draw one logo, with a gap at the site."""
    import logomaker
    import pandas as pd

    matrix = logos.from_rows(rows)
    frame = pd.DataFrame(matrix.T, index=logos.OFFSETS, columns=list(logos.AMINO_ACIDS))
    colours = {letter: colour for letters, colour in COLOURS.items() for letter in letters}
    logomaker.Logo(frame, ax=axes, color_scheme=colours, show_spines=False, vpad=0.02)
    axes.text(0, 0, site, ha="center", va="bottom", color=PURPLE, fontsize=18, fontweight="bold")
    axes.set_title(title, fontsize=10)
    axes.set_xticks(logos.OFFSETS, [f"{offset:+d}" for offset in logos.OFFSETS], fontsize=8)
    axes.set_ylim(0, max(float(matrix.sum(0).max()), 1.0))
    axes.tick_params(axis="y", labelsize=8)
    axes.axhline(0, color="black", linewidth=0.8)


def _residue_logos(residues: Mapping[str, Any]) -> "Figure":
    figure = _figure(11, 7.5)
    for line, (residue, row) in zip(figure.subplots(3, 2), residues.items(), strict=True):
        _logo(line[0], row["logo_top"], f"{residue}: the {row['top']:,} sites that score highest", residue)
        count = f"{row['phosphorylated']:,}"
        _logo(line[1], row["logo_phosphorylated"], f"{residue}: the {count} phosphorylated sites", residue)
    _logo_labels(figure, "all measured sites of that residue")
    return figure


def _class_logos(classes: Mapping[str, Any]) -> "Figure":
    figure = _figure(11, 9)
    for line, (name, row) in zip(figure.subplots(4, 2), classes.items(), strict=True):
        title = f"{name}: the {row['top']:,} S/T that score highest"
        _logo(line[0], row["logo_top"], title, "S\nT")
        title = f"{name}: the {row['phosphorylated']:,} phosphorylated S/T"
        _logo(line[1], row["logo_phosphorylated"], title, "S\nT")
    _logo_labels(figure, "all measured S/T")
    return figure


def _logo_labels(figure: "Figure", background: str) -> None:
    figure.supxlabel("residues from the site", fontsize=10)
    figure.supylabel(f"log2 of frequency over that around {background}", fontsize=10)


def _motifs(motifs: Mapping[str, Any]) -> "Figure":
    figure = _figure(11, 5.6)
    paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}
    for axes, (kind, rows) in zip(figure.subplots(1, 2), motifs.items(), strict=True):
        points = {name: enrichments(row) for name, row in rows.items() if enrichments(row) is not None}
        x, y = np.array(list(points.values())).T if points else (np.empty(0), np.empty(0))
        low, high = min([*y, 0.0]) - 0.25, max([*y, 0.5]) + 0.25
        left, right = min([*x, 0.0]) - 0.1, max([*x, 0.5]) + 0.1
        right += 0.35 * (right - left)  # room for the names
        axes.plot([left, right], [left, right], color=GREY, linestyle=":", linewidth=1)
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.scatter(x, y, color=BLUE, s=22, zorder=3)
        for shift, (name, (across, up)) in zip(
            _shifts(x, y, right - left, high - low), points.items(), strict=True
        ):
            axes.annotate(name, (across, up), (5, shift), textcoords="offset points", fontsize=8, bbox=paper)
        axes.set(
            title=f"{kind}: enrichment of known motifs",
            xlabel="among phosphorylated sites (log2)",
            ylabel="among the sites that score highest (log2)",
            xlim=(left, right),
            ylim=(low, high),
        )
    return figure


def _shifts(x: np.ndarray, y: np.ndarray, width: float, extent: float) -> list[float]:
    """Return how far, in points, each label is moved up so that it stays off those beside it."""
    moved = np.full(len(x), -3.0)
    heights = y.copy()
    for index in np.argsort(y, kind="stable"):
        beside = (np.abs(x - x[index]) < 0.3 * width) & (y <= y[index]) & (np.arange(len(x)) != index)
        beside &= (y < y[index]) | (np.arange(len(x)) < index)
        floor = max(heights[beside], default=-np.inf) + 0.033 * extent
        if heights[index] < floor:
            moved[index] += (floor - heights[index]) / extent * 330
            heights[index] = floor
    return moved.tolist()


def _letters(by_letter: Mapping[str, Any]) -> "Figure":
    figure = _figure(11, 5.4)
    order = [logos.AMINO_ACIDS.index(letter) for letter in CHEMICAL]
    for axes, (kind, rows) in zip(figure.subplots(1, 2), by_letter.items(), strict=False):
        _heat_map(figure, axes, logos.from_rows(rows)[order], "change of log2-odds")
        axes.set_xticks(TICKS, [f"{offset:+d}" for offset in logos.OFFSETS], fontsize=8)
        axes.set_yticks(range(len(CHEMICAL)), CHEMICAL, fontsize=8)
        axes.axvline(logos.HALF - 0.5, color="black", linewidth=0.8)
        axes.set(title=f"{kind}: what each letter does to the score", xlabel="residues from the site")
    return figure


def _heat_map(figure: "Figure", axes: "Axes", matrix: np.ndarray, label: str, **options: Any) -> None:
    """Draw a matrix around 0: blue below, white at 0, vermilion above."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("around 0", [BLUE, "#ffffff", RED])
    limit = float(np.abs(matrix).max()) or 1.0
    image = axes.imshow(matrix, cmap=colours, vmin=-limit, vmax=limit, aspect="auto", **options)
    figure.colorbar(image, ax=axes, label=label, shrink=0.85)


def _reach(mutations: Mapping[str, Any]) -> "Figure":
    figure = _figure(8, 4.2)
    axes = figure.subplots()
    for colour, (residue, row) in zip((BLUE, ORANGE, GREEN), mutations["profile"].items(), strict=False):
        size = np.array([float(value) for value in row.split()])
        reach = len(size) // 2
        across = np.arange(-reach, reach + 1)
        size[reach] = np.nan  # the site itself is not changed
        axes.plot(across, size, color=colour, label=f"{residue}, {mutations['sites'][residue]} sites")
    axes.axvline(0, color=GREY, linestyle=":", linewidth=1)
    axes.set(
        title="Change of the score of a site when another residue is changed",
        xlabel="residues from the site",
        ylabel="mean size of the change of log2-odds",
    )
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def _position_bias(biases: Mapping[str, Any]) -> "Figure":
    figure = _figure(5.5 * len(biases), 3.2)
    for axes, (name, rows) in zip(
        figure.subplots(1, len(biases), squeeze=False)[0], biases.items(), strict=True
    ):
        matrix = logos.from_rows(rows)
        reach = matrix.shape[1] // 2
        box = (-reach - 0.5, reach + 0.5, len(matrix) + 0.5, 0.5)
        _heat_map(figure, axes, matrix, "bias", extent=box, interpolation="nearest")
        axes.set(title=f"{name}: position bias", xlabel="residues from the query", ylabel="head")
        axes.set_yticks(range(1, len(matrix) + 1, 1 + len(matrix) // 10))
    return figure


def enrichments(row: Mapping[str, float]) -> tuple[float, float] | None:
    """Return log2 enrichments of a motif among phosphorylated and best sites, None if a share is 0."""
    shares = [row[f"share_of_{name}"] for name in ("measured", "phosphorylated", "top")]
    if not all(shares):
        return None
    return float(np.log2(shares[1] / shares[0])), float(np.log2(shares[2] / shares[0]))
