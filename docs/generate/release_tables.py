"""Tables by group: the newest release with intervals, peers and chance, and the releases beside each other."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.releases import measured_releases
from docs.generate.tables import load, source, table, with_interval
from phosphot5.record.metric_names import CLASS_TITLES

TITLES = {
    "multisource/valid.fasta.gz": "human (`multisource/valid`)",
    "species/dev.fasta.gz": "{group} (`species/dev`)",
    "musitedeep/ST_dev.fasta.gz": "curated, some 190 species (`ST_dev`)",
    "curated_Y_dev.fasta.gz": "curated, species other than human (part of `musitedeep/Y_train`)",
}
"""File of a set in the results, and name to show of its groups."""
PEER = "musitedeep_cnn"
MEASURED = {
    "ece": "calibration error",
    "called_positives": "called at 5 %: positives",
    "called_negatives": "negatives",
}
"""Name of a figure in the results to the head of its column."""


def groups() -> str:
    """Return the figures of the newest release in every group, beside those of its peer and of chance."""
    result = load(f"groups/{measured_releases()[-1]}")
    rows = [
        [
            title,
            CLASS_TITLES[key],
            f"{found['proteins']:,}",
            with_interval(found[key], "auroc"),
            with_interval(found[key], "ap"),
            f"{found[key]['prevalence']:.3f}",
            *(f"{found[key][name]:.3f}" if name in found[key] else "-" for name in MEASURED),
            with_interval(_peer(found, key), "auroc"),
            with_interval(_peer(found, key), "ap"),
        ]
        for title, key, found in _rows(result)
    ]
    header = ("group", "", "proteins", "AUROC", "AP", "chance (AP)", *MEASURED.values())
    return "\n".join([*table([*header, "MusiteDeep, ten CNNs: AUROC", "AP"], rows), "", source(result)])


def releases() -> str:
    """Return AUROC and AP of every release and of the peer, in every group, and the means over `species/dev`."""
    names = measured_releases()
    results = [load(f"groups/{name}") for name in names]
    columns = [{(title, key): found for title, key, found in _rows(result)} for result in results]
    rows = [
        [
            title,
            CLASS_TITLES[key],
            *(_pair(column.get((title, key), {}).get(key, {})) for column in columns),
            _pair(_peer(found, key)),
        ]
        for (title, key), found in columns[-1].items()
    ]
    for key in ("st", "y"):
        macros = [result["sets"]["species/dev.fasta.gz"]["macro"] for result in results]
        cells = [_pair({"auroc": m[f"{key}_auroc"], "ap": m[f"{key}_ap"]}) for m in macros]
        peer = [
            _peer(found, key) for title, k, found in _rows(results[-1]) if k == key and "species/dev" in title
        ]
        peer = [figures for figures in peer if figures]
        mean = {m: sum(figures[m] for figures in peer) / len(peer) for m in ("auroc", "ap")} if peer else {}
        rows.append(["mean over `species/dev`", CLASS_TITLES[key], *cells, _pair(mean)])
    header = ["AUROC/AP", "", *names, "MusiteDeep, ten CNNs"]
    return "\n".join(table(header, rows))


def _rows(result: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield title, class and figures of each group."""
    for name, part in result["sets"].items():
        for group, found in part["groups"].items():
            for key in ("st", "y"):
                if key in found:
                    yield TITLES[name].format(group=group.replace("_", " ")), key, found


def _peer(found: Mapping[str, Any], key: str) -> Mapping[str, float]:
    figures: Mapping[str, float] = found["peers"].get(PEER, {}).get(key, {})
    return figures


def _pair(figures: Mapping[str, float]) -> str:
    return f"{figures['auroc']:.3f}/{figures['ap']:.3f}" if figures else "-"


def curated_species() -> str:
    """Return the figures of curated S and T by group of species, beside those of the peer."""
    result = load("curated_species")
    rows = []
    for group, found in sorted(result["groups"].items(), key=lambda item: -item[1]["proteins"]):
        for key, count in found["positives"].items():
            if key in found["ours"]:
                figures = [_pair(found[tool][key]) for tool in ("ours", PEER)]
                name = group.replace("_", " ") if key == "st" else ""
                rows.append(
                    [
                        name,
                        f"{found['proteins']:,}" if name else "",
                        CLASS_TITLES[key],
                        f"{count:,}",
                        *figures,
                    ]
                )
    header = ["group", "proteins", "", "positives", "AUROC/AP", "MusiteDeep, ten CNNs"]
    return "\n".join([*table(header, rows), "", source(result)])
