"""Tables of accuracy: the test set, the validation set, known sites, ways to calibrate, and leakage."""

from collections.abc import Mapping
from typing import Any

from benchmarks.accuracy.strata import TOOLS
from benchmarks.common import RESULTS
from docs.generate.release_tables import TITLES
from docs.generate.tables import METRICS, load, source, table, with_interval
from phosphot5.record.metric_names import CLASS_TITLES

OURS = TOOLS["phosphot5"]
NOT_YET = "Not measured yet: the test set `multisource/test` is kept for releases and has not been used."
PEER_NOTE = (
    "The scores of DeepPSP are those that its authors published for this set. Those of MusiteDeep are the mean of its "
    "ten CNNs: its ten capsule networks are not in its public copy, so the full tool may do somewhat better. It was "
    "trained on UniProt and has seen some of these proteins."
)
FURTHER = {"mcc": "MCC", "f1": "F1", "brier": "Brier score", "ece": "calibration error"}
METHODS = {"phosphot5": OURS, "one_hot_logistic_regression": "one-hot logistic regression"}
WAYS = {
    "uncalibrated": "none",
    "temperature": "temperature",
    "platt": "Platt scaling",
    "context": "Platt scaling with context (in use)",
    "isotonic": "isotonic regression",
}
"""Name of a way to calibrate in the results, and name to show."""


def measured() -> bool:
    """Tell whether the test set has been measured."""
    return (RESULTS / "test.json").exists()


def headline() -> str:
    """Return the one table of README: the tools on the test set."""
    if not measured():
        return NOT_YET
    result = load("test")
    return "\n".join([_what(result), "", *_headline(result["all"], result["published"], chance=True)])


def test() -> str:
    """Return everything that was measured on the test set."""
    if not measured():
        return NOT_YET
    result = load("test")
    lines = [
        f"{_what(result)} The set is measured once per release and chooses nothing. Brackets hold 95 % intervals from "
        f"{result['resamples']:,} resamples of the proteins; differences are paired, on the same resamples. "
        f"{result['species']} SHA-256 of the weights: `{result['model']['files']['model.safetensors']}`. "
        f"{source(result)}",
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
        "AP depends on the share of positives: compare within a bin.",
    )
    lines += _section(
        "Calibration on the test set",
        _calibration(result["calibration"]),
        "Slope and intercept of the line through the log-odds that would calibrate these sites best: 1 and 0 for "
        "perfect probabilities.",
    )
    return "\n".join(lines)


def calibration() -> str:
    """Return the comparison of ways to calibrate."""
    result = load("calibration")
    header = ["residue", "calibration", "log loss", "Brier score", "calibration error", "AUROC", "AP"]
    names = ("log_loss", "brier", "ece", "auroc", "ap")
    rows = [
        [row["residue"], WAYS[row["method"]], *(f"{row[name]:.4f}" for name in names)]
        for row in result["rows"]
    ]
    note = f"{result['folds']} folds of the proteins of `{result['set']}`. {source(result)}"
    return "\n".join([*table(header, rows), "", note])


def _what(result: Mapping[str, Any]) -> str:
    found = result["all"]["measured"]
    return (
        f"Release {result['release']} on `{result['set']}`: {result['proteins']:,} human proteins, "
        f"{found['st_sites']:,} measured S/T sites ({found['st_prevalence']:.1%} positive) and "
        f"{found['y_sites']:,} Y sites ({found['y_prevalence']:.1%})."
    )


def _section(title: str, lines: list[str], note: str = "") -> list[str]:
    return ["", f"### {title}", "", *lines, *(["", note] if note else [])]


def _headline(
    part: Mapping[str, Any], published: tuple[Mapping[str, Any], ...] = (), chance: bool = False
) -> list[str]:
    """Show a row for each tool and each paper with a metric of the table, and one for chance where asked."""
    rows = [[TOOLS.get(one["name"], one["name"]), one["peer"]] for one in part["peers"]]
    for one in published:
        if set(one["metrics"]) & set(METRICS):
            rows.append([f"{one['name']}, as published", one["metrics"]])
    rows.append([OURS, part["measured"]])
    if chance:
        rows.append(["random scores", _chance(part["measured"])])
    header = ["", *METRICS.values()]
    return table(header, [[name, *(with_interval(scores, m) for m in METRICS)] for name, scores in rows])


def _chance(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the figures of random scores: AP is the share of positives."""
    kinds = {"st", "y"} & {name.partition("_")[0] for name in scores}
    return {f"{k}_auroc": 0.5 for k in kinds} | {f"{k}_ap": scores[f"{k}_prevalence"] for k in kinds}


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
        " Published figures were not measured again."
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


def validation() -> str:
    """Return the table of validation figures."""
    result = load("validation")
    ours = result["phosphot5"]
    scores = {name: result[key] for key, name in METHODS.items()} | {"random scores": _chance(ours)}
    rows = [[name, *(with_interval(one, metric) for metric in METRICS)] for name, one in scores.items()]
    note = (
        f"Brackets hold 95 % intervals over proteins. Expected calibration error {ours['st_ece']:.3f} for S/T, "
        f"{ours['y_ece']:.3f} for Y, measured on the set that the calibration was fitted on. {source(result)}"
    )
    return "\n".join([*table(["", *METRICS.values()], rows), "", note])


def known_sites() -> str:
    """Return the gain from giving half of a protein's known sites."""
    result = load("known_sites")
    rows = [
        [name, *(f"{result[key][metric]['mean']:.3f}" for metric in METRICS)]
        for key, name in (("marginal", "nothing given"), ("conditional", "half of the positive sites given"))
    ]
    rows.append(["gain", *(f"{result['gain'][metric]['mean']:+.3f}" for metric in METRICS)])
    given = result["conditional"]
    low, high = (result["gain"]["st_ap"][end] for end in ("min", "max"))
    note = (
        f"{result['proteins']} proteins, {result['shown_sites']:,} given sites, {result['draws']} random draws; the "
        f"gain in S/T AP ranged from {low:+.3f} to {high:+.3f}. Probabilities stay calibrated with given sites "
        f"(expected calibration error {given['st_ece']['mean']:.3f} for S/T, {given['y_ece']['mean']:.3f} for Y). "
        f"`fpr` is conservative, because its table was made without given sites: "
        f"{given['st_negatives_at_fpr_0.05']['mean']:.1%} of the negatives are at 0.05 or below. {source(result)}"
    )
    return "\n".join(
        [*table(["remaining sites", *METRICS.values()], rows), "", note, *_known_by_group(result)]
    )


def _known_by_group(result: Mapping[str, Any]) -> list[str]:
    """Show every group without and with known sites."""
    rows = []
    for name, groups in ({"multisource/valid.fasta.gz": {"human": result}} | result["groups"]).items():
        for group, found in groups.items():
            title = TITLES[name].format(group=group.replace("_", " "))
            rows += [
                [title, CLASS_TITLES[key], f"{found['proteins']:,}", *_without_and_with(found, key)]
                for key in ("st", "y")
                if f"{key}_ap" in found["gain"]
            ]
    text = (
        "Every group of the [choosing sets](accuracy.md#other-species-and-curated-labels), measured in the same way. "
        "Classes with fewer than 20 remaining positives are left out."
    )
    header = ("group", "", "proteins", "AUROC", "with known sites", "AP", "with known sites")
    return ["", text, "", *table(header, rows)]


def _without_and_with(found: Mapping[str, Any], key: str) -> list[str]:
    return [
        f"{found[part][f'{key}_{metric}']['mean']:.3f}"
        for metric in ("auroc", "ap")
        for part in ("marginal", "conditional")
    ]


def leakage() -> str:
    """Return how many proteins of each choosing or testing set have a homolog in each training file."""
    result = load("leakage")
    held_out = {name: f"{about['proteins']:,}" for name, about in result["held_out"].items()}
    rows = [["proteins", *held_out.values()]]
    for file, found in result["training"].items():
        cells = (_leaks(found["homologs"][name]) for name in held_out)
        rows.append([f"`{_stem(file)}` ({found['proteins']:,})", *cells])
    rows.append(["any of them", *(f"{result['in_any_file'][name]:,}" for name in held_out)])
    header = ["", *(f"`{_stem(name)}`" for name in held_out)]
    return "\n".join([*table(header, rows), "", source(result)])


def _leaks(found: Mapping[str, Any]) -> str:
    equal = f" ({found['equal']:,} equal)" if found["equal"] else ""
    return f"{found['proteins']:,}{equal}"


def _stem(name: str) -> str:
    return name.removesuffix(".fasta.gz")
