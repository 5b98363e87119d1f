"""Load the bundled model, exported for the Hub, with several versions of transformers and compare its answers.

    python benchmarks/accuracy/compatibility.py

Needs the package registry; writes ``results/compatibility.json``.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from phosphot5.export import export_model

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.accuracy.environments import (
    CLOSE,
    COMPARED,
    REQUIREMENT,
    ask,
    expected,
    largest_difference,
    make_environment,
)
from benchmarks.common import describe, save


def row(requirement: str, folder: Path, wanted: dict[str, Any], place: Path) -> dict[str, Any]:
    """Return the versions that pip chose and how far the answers are from this package's, also saved again."""
    place.mkdir()
    found = ask(make_environment(requirement, place / "environment"), folder, place / "home")
    largest = max(largest_difference(found[name], wanted) for name in ("first", "again"))
    return {"versions": found["versions"], "equal": largest <= CLOSE, "largest_difference": largest}


def main() -> None:
    """Compare and save; what cannot be loaded stops the run."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        export_model("bundled", folder)
        wanted = expected(folder)
        rows = {}
        for number, (name, requirement) in enumerate(COMPARED.items()):
            rows[name] = row(requirement, folder, wanted, Path(temporary) / str(number))
            sys.stdout.write(f"{name}: {rows[name]}\n")
    result = {"model": "bundled", "requirement": REQUIREMENT, "tolerance": CLOSE, "results": rows}
    sys.stdout.write(f"{save('compatibility', result | describe())}\n")


if __name__ == "__main__":
    main()
