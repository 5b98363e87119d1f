"""Time six proteins from the command to the end of its process: as released before, through torch, through onnxruntime.

    python benchmarks/speed/startup.py [--before 73c6066] [--rounds 5]

The release before runs from a copy of its files in the history of the repository. Beside the commands stands what
`import torch` takes by itself. The commands take turns; ``results/startup.json`` has the times of each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save

ROOT = Path(__file__).parents[2]
PROTEINS = ROOT / "examples" / "proteins.fasta"
FOLDERS = ("hub_card", "modeling_phosphot5", "recipes", "tokenization_phosphot5", "trainer")
"""Folders of the root that the package has inside."""


def lay_out(commit: str, folder: Path) -> Path:
    """Write the package as it was at a commit, laid out as it is installed; return the folder to import it from."""
    archive = subprocess.run(
        ["git", "archive", commit, "phosphot5", *FOLDERS], cwd=ROOT, capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    for name in FOLDERS:
        (folder / name).rename(folder / "phosphot5" / name)
    return folder


def seconds(command: list[str], path: Path | None) -> float:
    """Time one run of a command; ``path`` comes first where Python looks for packages."""
    environment = dict(os.environ) | ({} if path is None else {"PYTHONPATH": str(path)})
    with tempfile.TemporaryDirectory() as empty:
        began = time.perf_counter()
        subprocess.run(command, cwd=empty, env=environment, capture_output=True, check=True)
        return time.perf_counter() - began


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", default="73c6066", help="commit of the release before")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command")
    args = parser.parse_args()
    predict = [sys.executable, "-m", "phosphot5", "predict", str(PROTEINS), "-o", "sites.tsv"]
    with tempfile.TemporaryDirectory() as folder:
        old = lay_out(args.before, Path(folder))
        commands = {
            "before": (predict, old),
            "torch": ([*predict, "--runtime", "torch"], None),
            "onnx": ([*predict, "--runtime", "onnx"], None),
            "import torch": ([sys.executable, "-c", "import torch"], None),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(args.rounds + 1):
            for name, command in commands.items():
                taken = seconds(*command)
                if number:  # the first round fills the caches of the machine
                    times[name].append(round(taken, 3))
    sys.stdout.write(f"{save('startup', describe() | {'before': args.before, 'seconds': times})}\n")


if __name__ == "__main__":
    main()
