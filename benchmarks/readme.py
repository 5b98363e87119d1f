"""Write the generated parts of README.md from ``results/`` and the bundled model.

    python benchmarks/readme.py

``tests/contract/test_readme.py`` fails when README.md is not what this script would write.
"""

import json
import re
import sys
from collections.abc import Callable

from _environment import RESULTS, ROOT

from phosphot5.data import read_fasta
from phosphot5.inference import predict_sites
from phosphot5.loading import load_model

README = ROOT / "README.md"
SHOWN = ("protein", "position", "residue", "probability", "fpr", "call", "window")
BEST = 6
METHODS = {"phosphot5": "PhosphoT5, bundled", "one_hot_logistic_regression": "one-hot logistic regression"}
METRICS = {"st_auroc": "S/T AUROC", "st_ap": "S/T AP", "y_auroc": "Y AUROC", "y_ap": "Y AP"}


def example() -> str:
    """Return the best sites of the first example protein, as predicted here."""
    model = load_model("bundled")[0]
    _, rows = next(predict_sites(model, read_fasta(str(ROOT / "examples" / "proteins.fasta"))))
    best = sorted(rows, key=lambda row: -row["probability"])[:BEST]
    lines = [f"The {BEST} best of {len(rows)} sites of p53 (P04637):", "", f"| {' | '.join(SHOWN)} |"]
    lines.append("|" + "---|" * len(SHOWN))
    lines += [
        "| " + " | ".join(f"`{row[c]}`" if c == "window" else str(row[c]) for c in SHOWN) + " |"
        for row in best
    ]
    return "\n".join(lines)


def validation() -> str:
    """Return the table of validation figures."""
    result = json.loads((RESULTS / "validation.json").read_text(encoding="utf-8"))
    lines = [f"| | {' | '.join(METRICS.values())} |", "|---|" + "---|" * len(METRICS)]
    for key, name in METHODS.items():
        lines.append(f"| {name} | " + " | ".join(f"{result[key][metric]:.3f}" for metric in METRICS) + " |")
    prevalence = {metric: result["phosphot5"][metric.split("_")[0] + "_prevalence"] for metric in METRICS}
    chance = ["0.500" if metric.endswith("auroc") else f"{prevalence[metric]:.3f}" for metric in METRICS]
    lines += [f"| chance | {' | '.join(chance)} |", ""]
    lines.append(
        f"`{result['command']}` on {result['machine']['processor']}, {result['machine']['cores']} cores."
    )
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {"example": example, "validation": validation}


def generated(text: str) -> str:
    """Return README's text with every generated part made anew."""
    for name, make in PARTS.items():
        pattern = rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)"
        part = make()
        text, found = re.subn(pattern, lambda m, part=part: f"{m[1]}{part}\n{m[2]}", text, flags=re.DOTALL)
        if found != 1:
            raise SystemExit(f"README.md: found {found} parts called {name}, expected one")
    return text


def main() -> None:
    """Rewrite README.md."""
    README.write_text(generated(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{README}\n")


if __name__ == "__main__":
    main()
