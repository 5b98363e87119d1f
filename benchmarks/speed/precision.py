"""Fine-tune the bundled model in float32, in bfloat16 and in what is chosen by itself, on less and less of a processor.

    python benchmarks/speed/precision.py

oneDNN is told to leave out instructions that the processor has (ONEDNN_MAX_CPU_ISA), as if it were an older one.
The trainings of a processor take turns and are repeated; a rate is the median. The validation after a training does
not count.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import ROOT, describe, save

PROCESSORS = {"as it is": "DEFAULT", "AVX-512 without bfloat16": "AVX512_CORE", "AVX2": "AVX2"}
"""Name and highest instruction set of each."""
CHOICES = {"bfloat16": ["training.bf16=true"], "float32": ["training.bf16=false"], "chosen": []}
STEPS, TOKENS, ROUNDS = 8, 1024, 2


def train(instructions: str, choice: list[str], folder: Path) -> tuple[bool, float]:
    """Train for some steps; return whether in bfloat16, and tokens per second."""
    examples = ROOT / "examples"
    subprocess.run(
        [
            *(sys.executable, "-m", "phosphot5", "train", "finetune", *choice),
            f"data.train=[{examples / 'synthetic_train.fasta'}]",
            f"data.valid=[{examples / 'synthetic_valid.fasta'}]",
            *(f"training.max_steps={STEPS}", f"training.tokens_per_batch={TOKENS}"),
            *("training.use_cpu=true", "training.eval_strategy=no", "training.save_strategy=no"),
            *("training.load_best_model_at_end=false", "training.early_stopping_patience=0"),
            f"training.output_dir={folder}",
        ],
        check=True,
        capture_output=True,
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": instructions},
    )
    record = json.loads((folder / "run_record.json").read_text(encoding="utf-8"))
    cost = record["cost"]
    return record["arguments"]["training.bf16"], cost["tokens"] / cost["seconds"]


def compare(instructions: str) -> dict[str, Any]:
    """Time all choices on one processor, in turn."""
    found: dict[str, list[tuple[bool, float]]] = {name: [] for name in CHOICES}
    for _ in range(ROUNDS):
        for name, choice in CHOICES.items():
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(train(instructions, choice, Path(folder) / "run"))
    return {
        "instructions": instructions,
        "chosen_is": sorted({"bfloat16" if bf16 else "float32" for bf16, _ in found["chosen"]}),
        "tokens_per_second": {
            name: round(statistics.median(rate for _, rate in rounds)) for name, rounds in found.items()
        },
    }


def main() -> None:
    """Measure all processors and save."""
    result = describe() | {"steps": STEPS, "tokens_per_batch": TOKENS, "rounds": ROUNDS, "processors": {}}
    for name, instructions in PROCESSORS.items():
        result["processors"][name] = compare(instructions)
        sys.stdout.write(f"{name}: {result['processors'][name]}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{save('precision', result)}\n")


if __name__ == "__main__":
    main()
