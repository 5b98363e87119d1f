"""Measure scoring in one thread, start-up left out: the release before and now, what int8 would bring, and the limit.

    python benchmarks/speed/scoring.py [--before 73c6066] [--residues 150000] [--rounds 5]

Both run `phosphot5 predict --threads 1` on a short and a long file of made-up proteins; the speed is that of the
residues that the long file has more. The release before runs from a copy of its files in the history of the
repository. The graph of the bundled model is then profiled in onnxruntime, and compared with its copy whose weights are
int8. Writes ``results/scoring.json``.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic

from phosphot5.bundled import bundled_folder
from phosphot5.data import Protein, write_fasta
from phosphot5.data.encode import encode
from phosphot5.prediction.graph import GRAPH_FILE

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save
from benchmarks.speed.predict import count, proteome
from benchmarks.speed.startup import lay_out, seconds

SHORT = 3_000
"""Residues of the short file, which start-up is measured with."""
PASSES = 20
KINDS = {
    "matrix products": {"MatMul", "FusedMatMul", "Gemm"},
    "copies": {
        "Transpose",
        "Slice",
        "Concat",
        "Pad",
        "Gather",
        "GatherND",
        "GatherElements",
        "Expand",
        "Reshape",
    }
    | {"ScatterND", "ScatterElements"},
}
"""Operations of the graph by what they do; the others compute element by element."""


def commands(before: str, residues: int, rounds: int) -> dict[str, list[int]]:
    """Time both releases in turn; return residues per second of every round."""
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for size in (SHORT, residues):
            proteins = proteome(size)
            files[size] = Path(folder, f"{size}.fasta"), count(proteins)
            write_fasta(files[size][0], proteins, notation="plain")
        old = lay_out(before, Path(folder))
        rates: dict[str, list[int]] = {"before": [], "now": []}
        for number in range(rounds + 1):
            for name, path in (("before", old), ("now", None)):
                taken = {size: seconds(_predict(file), path) for size, (file, _) in files.items()}
                more = files[residues][1] - files[SHORT][1]
                if number:  # the first round fills the caches of the machine
                    rates[name].append(round(more / (taken[residues] - taken[SHORT])))
    return rates


def _predict(file: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "phosphot5", "predict", str(file)),
        *("-o", "sites.tsv", "--threads", "1"),
    ]


def session(path: Path, **options: Any) -> onnxruntime.InferenceSession:
    """Open a graph as `phosphot5 predict` does, with further options."""
    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = made.inter_op_num_threads = 1
    made.enable_mem_pattern = False
    for name, value in options.items():
        setattr(made, name, value)
    return onnxruntime.InferenceSession(str(path), made, providers=["CPUExecutionProvider"])


def run(
    running: onnxruntime.InferenceSession, given: dict[str, np.ndarray], *outputs: str
) -> list[np.ndarray]:
    """Compute some outputs of a graph and nothing else; probabilities by default."""
    options = onnxruntime.RunOptions()
    options.only_execute_path_to_fetches = True
    return running.run(list(outputs or ("probability",)), given, options)


def inputs(proteins: list[Protein]) -> list[dict[str, np.ndarray]]:
    """Return what the graph takes for each protein."""
    ids = [encode(protein.sequence).astype(np.int64)[None] for protein in proteins]
    return [{"input_ids": tokens, "attention_mask": np.ones_like(tokens)} for tokens in ids]


def profile(graph: Path, given: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """Return the share of the time that each kind of operation takes."""
    with tempfile.TemporaryDirectory() as folder:
        running = session(graph, enable_profiling=True, profile_file_prefix=str(Path(folder, "profile")))
        for one in given:
            run(running, one)
        events = json.loads(Path(running.end_profiling()).read_text(encoding="utf-8"))
    spent: dict[str, float] = defaultdict(float)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("kernel_time"):
            operation = event["args"]["op_name"]
            kind = next((kind for kind, names in KINDS.items() if operation in names), "element by element")
            spent[kind] += event["dur"]
    total = sum(spent.values())
    return {kind: round(value / total, 3) for kind, value in sorted(spent.items())}


def int8(graph: Path, given: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """Compare the graph with its copy in int8: how many times as fast it is, and how far probabilities move."""
    with tempfile.TemporaryDirectory() as folder:
        quantized = Path(folder, "int8.onnx")
        quantize_dynamic(graph, quantized, weight_type=QuantType.QInt8)
        running = {"float32": session(graph), "int8": session(quantized)}
        ratios, moved = [], 0.0
        for _ in range(PASSES):
            taken, scores = {}, {}
            for name, one in running.items():
                began = time.perf_counter()
                scores[name] = [run(one, each)[0] for each in given]
                taken[name] = time.perf_counter() - began
            ratios.append(taken["float32"] / taken["int8"])
            pairs = zip(scores["float32"], scores["int8"], strict=True)
            moved = max(moved, *(float(np.nanmax(np.abs(a - b))) for a, b in pairs))
    return {"times_as_fast": round(statistics.median(ratios), 2), "largest_difference": round(moved, 4)}


def speeds(graph: Path, given: list[dict[str, np.ndarray]], shares: dict[str, float]) -> dict[str, float]:
    """Return residues per second of the graph, if it were nothing but its matrix products, and with kinases."""
    running = session(graph)
    times: dict[str, list[float]] = {"probability": [], "kinases": []}
    for _ in range(PASSES):
        for last, spent in times.items():
            began = time.perf_counter()
            for one in given:
                run(running, one, *dict.fromkeys(("probability", last)))
            spent.append(time.perf_counter() - began)
    residues = sum(one["input_ids"].size - 1 for one in given)
    speed = residues / statistics.median(times["probability"])
    more = [both / alone for alone, both in zip(*times.values(), strict=True)]
    return {
        "residues_per_second": round(speed),
        "matrix_products_alone": round(speed / shares["matrix products"]),
        "kinases_times_as_long": round(statistics.median(more), 3),
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", default="73c6066", help="commit of the release before")
    parser.add_argument("--residues", type=int, default=150_000, help="residues of the long file")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command on each file")
    args = parser.parse_args()
    graph = bundled_folder() / GRAPH_FILE
    given = inputs(proteome(SHORT))
    shares = profile(graph, given)
    result = {
        "before": args.before,
        "residues_per_second": commands(args.before, args.residues, args.rounds),
        "profile": shares,
        "graph": speeds(graph, given, shares),
        "int8": int8(graph, given),
    }
    sys.stdout.write(f"{save('scoring', describe() | result)}\n")


if __name__ == "__main__":
    main()
