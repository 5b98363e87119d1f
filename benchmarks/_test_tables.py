"""What ``results/test.json`` says: a part of README.md, and docs/test.md with everything."""

from collections.abc import Mapping
from typing import Any

from _environment import RESULTS
from _tables import METRICS, load, source, table, with_interval

from phosphot5.record.metric_names import CLASS_TITLES

OURS = "PhosphoT5, bundled"
TOOLS = {"deeppsp": "DeepPSP", "musitedeep_cnn": "MusiteDeep, ten CNNs", "phosphot5": OURS}
"""Name in the results and name to show."""
NOT_YET = "Not measured yet: the test set `multisource/test` is kept for releases and has not been used."
PEER_NOTE = (
    "DeepPSP's scores are those its authors published for this very set. MusiteDeep's are the mean of its ten "
    "CNNs; its ten capsule networks are not in its public copy, so the full tool may do somewhat better, and it "
    "was trained on UniProt, so part of these proteins it has seen."
)
FURTHER = {"mcc": "MCC", "f1": "F1", "brier": "Brier score", "ece": "calibration error"}
PICTURES = {
    "pr": "Precision and recall",
    "roc": "True and false positives",
    "reliability": "Probability and share of positives",
    "scores": "Scores of positives, negatives and unlabelled sites",
}


def measured() -> bool:
    """Tell whether the test set has been measured."""
    return (RESULTS / "test.json").exists()


def test() -> str:
    """Return the figures of the test set for README."""
    if not measured():
        return NOT_YET
    result = load("test")
    local = result["strict"]["strict30_local"]
    figures = ", ".join(f"{METRICS[name]} {with_interval(local['measured'], name)}" for name in METRICS)
    strict = (
        f"On the {local['proteins']['st']:,} proteins (S/T) and {local['proteins']['y']:,} (Y) with "
        f"{local['meaning']}: {figures}. {result['strict_note']}"
    )
    more = (
        "[docs/test.md](docs/test.md) has more: every tool on such proteins, by protein length, calibration."
    )
    return "\n".join(
        [
            f"{_what(result)} Brackets: 95 % interval over proteins.",
            "",
            *_headline(result["all"], result["published"]),
            "",
            f"{PEER_NOTE} {_mcc(result)}",
            "",
            "PhosphoT5 minus the other, paired over the same proteins:",
            "",
            *_differences(result["all"]["peers"]),
            "",
            f"{strict} {more} {source(result)}",
            "",
            *_pictures("docs/images/test", ("pr", "roc")),
        ]
    )


def page() -> str:
    """Return docs/test.md."""
    result = load("test")
    lines = [
        "# The test set",
        "",
        f"{_what(result)} It is measured once per release and chooses nothing. Brackets hold 95 % intervals from "
        f"{result['resamples']:,} resamples of the proteins; differences are paired, on the same resamples. "
        f"{result['species']} Weights: SHA-256 `{result['model']['files']['model.safetensors']}`. {source(result)}",
        *_section(
            "All proteins", _headline(result["all"], result["published"]), f"{PEER_NOTE} {_mcc(result)}"
        ),
        *_section("PhosphoT5 minus the others", _differences(result["all"]["peers"])),
        *_section("By residue", _by_residue(result["all"]["measured"]), " ".join(result["all"]["notes"])),
    ]
    for part in result["strict"].values():
        proteins = f"{part['proteins']['st']:,} proteins for S/T, {part['proteins']['y']:,} for Y"
        sites = f"{part['measured']['st_sites']:,} S/T and {part['measured']['y_sites']:,} Y sites"
        note = f"{proteins}; {sites}. {result['strict_note']} PhosphoT5 minus the others:"
        lines += _section(f"Proteins with {part['meaning']}", _headline(part), note)
        lines += ["", *_differences(part["peers"])]
    lines += _section(
        "By length",
        _by_length(result["by_length"]),
        "AP depends on the share of positive sites; a random predictor reaches it.",
    )
    lines += _section(
        "Calibration",
        _calibration(result["calibration"]),
        "Slope and intercept of the line through the log-odds that would calibrate these sites best: 1 and 0 for "
        "perfect probabilities.",
    )
    pictures = _pictures("images/test", tuple(PICTURES))
    return "\n".join([*lines, "", "## Pictures", "", *pictures]) + "\n"


def _what(result: Mapping[str, Any]) -> str:
    found = result["all"]["measured"]
    return (
        f"Release {result['release']} on `{result['set']}`: {result['proteins']:,} human proteins, "
        f"{found['st_sites']:,} measured S/T sites ({found['st_prevalence']:.1%} positive) and "
        f"{found['y_sites']:,} Y sites ({found['y_prevalence']:.1%})."
    )


def _section(title: str, lines: list[str], note: str = "") -> list[str]:
    return ["", f"## {title}", "", *lines, *(["", note] if note else [])]


def _headline(part: Mapping[str, Any], published: tuple[Mapping[str, Any], ...] = ()) -> list[str]:
    """Show a row for each tool, for papers only where they have a metric of the table."""
    rows = [[TOOLS.get(one["name"], one["name"]), one["peer"]] for one in part["peers"]]
    for one in published:
        if set(one["metrics"]) & set(METRICS):
            rows.append([f"{one['name']}, as published", one["metrics"]])
    rows.append([OURS, part["measured"]])
    header = ["", *METRICS.values()]
    return table(header, [[name, *(with_interval(scores, m) for m in METRICS)] for name, scores in rows])


def _differences(peers: list[Mapping[str, Any]]) -> list[str]:
    rows = [
        [f"minus {TOOLS.get(one['name'], one['name'])}", *(_gap(one["difference"], m) for m in METRICS)]
        for one in peers
    ]
    return table(["", *METRICS.values()], rows)


def _gap(differences: Mapping[str, Mapping[str, float]], metric: str) -> str:
    if metric not in differences:
        return "-"
    gap = differences[metric]
    return f"{gap['difference']:+.3f} [{gap['low']:+.3f} to {gap['high']:+.3f}]"


def _mcc(result: Mapping[str, Any]) -> str:
    """Set our MCC beside a published one."""
    ours, stored = result["all"]["measured"], result["all"]["thresholds"]["source"] == "model"
    others = [
        f"{one['name']} published {one['metrics']['st_mcc']:.3f} and {one['metrics']['y_mcc']:.3f} on nearly the "
        "same sites"
        for one in result["published"]
        if "st_mcc" in one["metrics"]
    ]
    where = "at the stored thresholds" if stored else "at the best thresholds on these sites"
    return (
        f"MCC {where}: {ours['st_mcc']:.3f} for S/T and {ours['y_mcc']:.3f} for Y; {'; '.join(others)}."
        " Figures as published were not measured again."
    )


def _by_residue(scores: Mapping[str, float]) -> list[str]:
    names = {"auroc": "AUROC", "ap": "AP", **FURTHER}
    rows = [
        [title, f"{scores[f'{key}_sites']:,}", f"{scores[f'{key}_prevalence']:.3f}"]
        + [with_interval(scores, f"{key}_{name}") for name in names]
        for key, title in CLASS_TITLES.items()
        if f"{key}_sites" in scores
    ]
    return table(["", "sites", "positive", *names.values()], rows)


def _by_length(bins: list[Mapping[str, Any]]) -> list[str]:
    rows = []
    for one in bins:
        for name, scores in one["scores"].items():
            counts = []
            for key in ("st", "y"):
                has = f"{key}_sites" in scores
                counts.append(
                    f"{scores[f'{key}_sites']:,}, {scores[f'{key}_prevalence']:.3f}" if has else "-"
                )
            figures = [with_interval(scores, metric) for metric in METRICS]
            rows.append([one["residues"], f"{one['proteins']:,}", *counts, TOOLS.get(name, name), *figures])
    header = ["residues", "proteins", "S/T sites, positive", "Y sites, positive", "", *METRICS.values()]
    return table(header, rows)


def _calibration(classes: Mapping[str, Mapping[str, float]]) -> list[str]:
    names = {"ece": "calibration error", "brier": "Brier score", "slope": "slope", "intercept": "intercept"}
    rows = [
        [CLASS_TITLES[key], *(f"{figures[name]:.3f}" if name in figures else "-" for name in names)]
        for key, figures in classes.items()
    ]
    return table(["", *names.values()], rows)


def _pictures(folder: str, names: tuple[str, ...]) -> list[str]:
    return [f"![{PICTURES[name]}]({folder}/{name}.png)" for name in names]
