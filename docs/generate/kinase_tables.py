"""Tables of families of kinases: beside DeepPSP and the Kinase Library."""

from collections.abc import Mapping
from typing import Any

from docs.generate.tables import load, source, table, with_interval

__all__ = ["deeppsp", "families", "families_by_homology", "families_by_sites"]

TOOLS = ("ours", "DeepPSP", "Kinase Library")
SITES = (50, 100, 200, 500)
"""Fewest sites of the families in each bin."""


def deeppsp() -> str:
    """Return AUROC and AP of every family of DeepPSP's tests, of ours and of both peers."""
    result = load("kinases")
    rows = [
        [
            name,
            f"{found['proteins']:,}",
            f"{found['sites']:,}",
            *(with_interval(found[tool], metric) for tool in TOOLS for metric in ("auroc", "ap")),
        ]
        for name, found in result["deeppsp_tests"].items()
    ]
    means = [f"{result['mean'][tool][metric]:.3f}" for tool in TOOLS for metric in ("auroc", "ap")]
    rows.append(["mean", "", "", *means])
    header = [
        "family",
        "proteins",
        "sites",
        "AUROC",
        "AP",
        "DeepPSP: AUROC",
        "AP",
        "Kinase Library: AUROC",
        "AP",
    ]
    ahead = sum(found["ours"]["ap"] > found["DeepPSP"]["ap"] for found in result["deeppsp_tests"].values())
    behind = [
        name
        for name, found in result["deeppsp_tests"].items()
        if found["ours"]["ap"] <= found["DeepPSP"]["ap"]
    ]
    note = f"In AP, PhosphoT5 is ahead of DeepPSP on {ahead} of {len(result['deeppsp_tests'])} families" + (
        f", and behind it on {' and '.join(behind)}." if behind else "."
    )
    return "\n".join([*table(header, rows), "", note, "", source(result)])


def families() -> str:
    """Return the figures of every family on substrates, beside the Kinase Library."""
    substrates = load("kinases")["substrates"]
    ours, library = substrates["ours"], substrates["Kinase Library"]
    both = [
        name for name in ours if "substrates_ap" in ours[name] and "substrates_ap" in library.get(name, {})
    ]
    rows = [_row(name, ours[name], library.get(name, {})) for name in ours]
    metrics = ("substrates_auroc", "substrates_ap")
    means = [
        f"{sum(found[name][metric] for name in both) / len(both):.3f}"
        for found in (ours, library)
        for metric in metrics
    ]
    rows.append([f"mean of {len(both)}", "", *means[:2], "", *means[2:], "", "", "", ""])
    header = ["family", "sites", "AUROC", "AP", "sensitivity", "Kinase Library: AUROC", "AP"]
    header += ["among kinases: AUROC", "AP", "AP with known sites", "calibration error"]
    behind = [name for name in both if ours[name]["substrates_ap"] < library[name]["substrates_ap"]]
    shown = [found for found in ours.values() if "kinases_known_auroc" in found]
    among = {
        key: sum(found[f"kinases_{key}"] for found in shown) / len(shown)
        for key in ("auroc", "ap", "known_auroc", "known_ap", "ece")
    }
    notes = [
        f"Behind the Kinase Library in AP: {', '.join(behind) or 'none'}.",
        f"Mean AUROC/AP among kinases: {among['auroc']:.3f}/{among['ap']:.3f} without known sites, "
        f"{among['known_auroc']:.3f}/{among['known_ap']:.3f} with them. Mean calibration error of the probability "
        f"given phosphorylation: {among['ece']:.3f}.",
    ]
    return "\n".join([*table(header, rows), "", " ".join(notes)])


def _row(name: str, ours: Mapping[str, Any], library: Mapping[str, Any]) -> list[str]:
    columns = ("substrates_auroc", "substrates_ap", "substrates_sensitivity")
    among = ("kinases_auroc", "kinases_ap", "kinases_known_ap", "kinases_ece")
    return [
        name,
        f"{ours['sites']:,.0f}",
        *(_cell(ours, key) for key in columns),
        *(_cell(library, key) for key in columns[:2]),
        *(_cell(ours, key) for key in among),
    ]


def _cell(found: Mapping[str, Any], key: str) -> str:
    return f"{found[key]:.3f}" if key in found else "-"


def families_by_homology() -> str:
    """Return the mean figures of test proteins with and without a relative among the substrates of the fit."""
    found = load("kinases")["by_homology"]
    rows = [
        [
            f"with a relative of {found['identity']:.0%}" if part == "related" else "without",
            f"{of_part['proteins']:,}",
            f"{len(of_part['families'])}",
            *(f"{of_part[tool][metric]:.3f}" for tool in TOOLS for metric in ("auroc", "ap")),
        ]
        for part, of_part in found["parts"].items()
    ]
    header = ["test proteins", "proteins", "families", "AUROC", "AP"]
    header += ["DeepPSP: AUROC", "AP", "Kinase Library: AUROC", "AP"]
    return "\n".join(table(header, rows))


def families_by_sites() -> str:
    """Return the mean figures of families with few and with many sites, beside the Kinase Library."""
    substrates = load("kinases")["substrates"]
    ours, library = substrates["ours"], substrates["Kinase Library"]
    rows = []
    for low, high in zip(SITES, (*SITES[1:], float("inf")), strict=True):
        names = [
            name
            for name in ours
            if low <= ours[name]["sites"] < high and "substrates_ap" in library.get(name, {})
        ]
        means = [
            f"{sum(found[name][f'substrates_{metric}'] for name in names) / len(names):.3f}"
            for found in (ours, library)
            for metric in ("auroc", "ap")
        ]
        title = f"{low:,} or more" if high == float("inf") else f"{low:,} to {high - 1:,.0f}"
        rows.append([title, f"{len(names)}", *means])
    return "\n".join(table(["sites", "families", "AUROC", "AP", "Kinase Library: AUROC", "AP"], rows))
