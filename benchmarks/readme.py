"""Write the generated parts of README.md, docs/search.md and docs/test.md from ``results/`` and the bundled model.

    python benchmarks/readme.py

``tests/contract/test_readme.py`` fails when one of them is not what this script would write.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from _environment import ROOT
from _example_tables import example, examples
from _tables import METRICS, load, source, table, with_interval
from _test_tables import measured, page, test
from _training_tables import ablation, search_page, training

README = ROOT / "README.md"
TEST_PAGE = ROOT / "docs" / "test.md"
SEARCH_PAGE = ROOT / "docs" / "search.md"
METHODS = {"phosphot5": "PhosphoT5, bundled", "one_hot_logistic_regression": "one-hot logistic regression"}


def validation() -> str:
    """Return the table of validation figures."""
    result = load("validation")
    prevalence = {metric: result["phosphot5"][metric.split("_")[0] + "_prevalence"] for metric in METRICS}
    chance = ["0.500" if metric.endswith("auroc") else f"{prevalence[metric]:.3f}" for metric in METRICS]
    rows = [
        [name, *(with_interval(result[key], metric) for metric in METRICS)] for key, name in METHODS.items()
    ]
    ours = result["phosphot5"]
    note = (
        f"Brackets: 95 % interval over proteins. Expected calibration error {ours['st_ece']:.3f} for S/T, "
        f"{ours['y_ece']:.3f} for Y, on the set that the calibration was fitted on. {source(result)}"
    )
    return "\n".join([*table(["", *METRICS.values()], [*rows, ["chance", *chance]]), "", note])


def known_sites() -> str:
    """Return what it brings to give half of a protein's known sites."""
    result = load("known_sites")
    rows = [
        [name, *(f"{result[key][metric]['mean']:.3f}" for metric in METRICS)]
        for key, name in (("marginal", "nothing given"), ("conditional", "half of the positive sites given"))
    ]
    rows.append(["gain", *(f"{result['gain'][metric]['mean']:+.3f}" for metric in METRICS)])
    given = result["conditional"]
    low, high = (result["gain"]["st_ap"][end] for end in ("min", "max"))
    note = (
        f"{result['proteins']} proteins, {result['shown_sites']} sites given, {result['draws']} draws of the "
        f"half; the gain of S/T AP ranged from {low:+.3f} to {high:+.3f}. Given sites, the probabilities stay "
        f"calibrated (expected calibration error {given['st_ece']['mean']:.3f} for S/T, "
        f"{given['y_ece']['mean']:.3f} for Y), and `fpr`, made without given sites, is cautious: "
        f"{given['st_negatives_at_fpr_0.05']['mean']:.1%} of the negatives are at 0.05 or below. "
        f"{source(result)}"
    )
    return "\n".join([*table(["the other sites, scored with", *METRICS.values()], rows), "", note])


def decoding() -> str:
    """Return the comparison with token-by-token generation."""
    result = load("decoding")
    header = ["model", "proteins at once", "tokens each", "stock `generate`", "`score_sites`", "`annotate`"]
    rows = []
    for row in result["results"]:
        seconds = row["seconds"]
        rows.append(
            [row["model"], str(row["batch"]), str(row["tokens"]), f"{seconds['stock_generate']:.2f} s"]
        )
        rows[-1] += [
            f"{seconds[way]:.3f} s, {row[f'stock_generate_over_{way}']:.0f}x"
            for way in ("score_sites", "annotate")
        ]
    return "\n".join([*table(header, rows), "", source(result)])


def length() -> str:
    """Return time and memory against length."""
    result = load("length")
    rows = [
        [
            "T5-large geometry, bfloat16" if kind == "large" else f"bundled, {kind} attention",
            f"{row['residues']:,}",
            f"{row['seconds']:.2f} s",
            str(row.get("time_per_residue_over_1024", "")),
            f"{row['peak_memory_bytes'] / 1e9:.2f} GB",
        ]
        for kind in ("window", "full", "large")
        for row in result[kind]
    ]
    header = ["model", "residues", "time", "per residue, relative to 1,024", "peak memory of the process"]
    return "\n".join([*table(header, rows), "", source(result)])


def predict() -> str:
    """Return speed and memory of the whole command."""
    result = load("predict")
    rows = [
        [
            name.replace("_half_input", "").replace("_in_processes", ""),
            f"{row['processes']} x {row['threads']}",
            f"{row['residues']:,}",
            f"{row['residues_per_second']:,}",
            f"{row['peak_memory_gb']:.2f} GB",
        ]
        for name, row in result["commands"].items()
    ]
    change, linear = result["bfloat16"]["largest_change_of_a_probability"], result["onednn"]
    note = (
        f"Start-up included. {result['share_in_model']['of_time']:.0%} of the time is spent inside the model. "
        f"In float32 oneDNN computes the linear layers, in place of torch's BLAS: {linear['ratio']:.2f} times as fast "
        f"in one thread ({linear['lowest']:.2f} to {linear['highest']:.2f}), no probability differs by more than "
        f"{linear['largest_change_of_a_probability']:.0e}. "
        f"`--dtype bfloat16` changes no probability by more than {change}. {source(result)}"
    )
    header = ["numbers", "processes x threads", "residues", "residues/s", "peak memory of a process"]
    return "\n".join([*table(header, rows), "", note])


def runtimes() -> str:
    """Return the speed of the ONNX graph beside torch's."""
    result = load("runtimes")
    proteome, giant = result["proteome"], result["titin_length"]
    header = [
        "residues/s in one thread, one protein at a time",
        "torch",
        "torch as in `predict`",
        "onnxruntime",
    ]
    rows = [
        [name, *(f"{part['residues_per_second'][way]:,}" for way in ("torch", "predict", "onnxruntime"))]
        for name, part in (
            (f"{proteome['proteins']} proteins", proteome),
            (f"{giant['residues']:,} residues", giant),
        )
    ]
    plain, ours = (proteome["onnxruntime_over"][way] for way in ("torch", "predict"))
    note = (
        f"onnxruntime is {plain['median']:.2f} times as fast as torch ({plain['min']:.2f} to {plain['max']:.2f} in "
        f"{result['rounds']} rounds), {ours['median']:.2f} times ({ours['min']:.2f} to {ours['max']:.2f}) where oneDNN "
        "computes the linear layers, as in `phosphot5 predict`. No probability differs by more than "
        f"{result['largest_difference']:.0e}. {source(result)}"
    )
    return "\n".join([*table(header, rows), "", note])


def compatibility() -> str:
    """Return what the exported folder does with several versions of transformers."""
    result = load("compatibility")
    header = ["transformers", "huggingface_hub", "tokenizers", "loads", "same answers", "largest difference"]
    rows = []
    for row in result["results"].values():
        numbers = [row["versions"][name] for name in ("transformers", "huggingface_hub", "tokenizers")]
        equal = "yes" if row["equal"] else "no"
        rows.append([*numbers, "yes", equal, f"{row['largest_difference']:.0e}"])
    note = (
        "Tokens, probabilities, the pipeline's rows, `annotate` and `generate`, of the exported folder and of the same "
        f"saved again there, against those of this package. {source(result)}"
    )
    return "\n".join([*table(header, rows), "", note])


PARTS: dict[str, Callable[[], str]] = {
    part.__name__: part
    for part in (
        example,
        known_sites,
        test,
        validation,
        examples,
        predict,
        runtimes,
        compatibility,
        decoding,
        length,
        training,
        ablation,
    )
}


def generated(text: str) -> str:
    """Return README's text with every generated part made anew."""
    for name, make in PARTS.items():
        pattern = rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)"
        part = make()
        text, found = re.subn(pattern, lambda m, part=part: f"{m[1]}{part}\n{m[2]}", text, flags=re.DOTALL)
        if found != 1:
            raise SystemExit(f"README.md: found {found} parts called {name}, expected one")
    return text


def documents() -> dict[Path, str]:
    """Return every file this script writes, and its text; there is no docs/test.md before the test set is measured."""
    texts = {README: generated(README.read_text(encoding="utf-8")), SEARCH_PAGE: search_page()}
    return texts | ({TEST_PAGE: page()} if measured() else {})


def main() -> None:
    """Rewrite the files."""
    for path, text in documents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
