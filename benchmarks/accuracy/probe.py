"""What a model and its tokenizer answer; run as a script, what they answer where this package is not installed.

    python -P probe.py FOLDER AGAIN < proteins.json

loads the model of FOLDER as its users do, saves it to AGAIN, loads that too, and writes versions and the answers
of both as JSON. It imports what a model's folder needs and nothing else.
"""

import importlib.util
import json
import sys
from importlib.metadata import version
from typing import Any

from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer, Pipeline, pipeline

TASK = "phosphosite-prediction"
PIECE = 60
"""Residues of the protein that is written token by token."""


def answers(model: Any, tokenizer: Any, predict: Pipeline, proteins: list[dict[str, str]]) -> dict[str, Any]:
    """Return tokens, scores, table rows and written sequences.

    Parameters
    ----------
    model, tokenizer : PhosphoT5ForConditionalGeneration and PhosphoT5Tokenizer
        Of this package or of a folder.
    predict : Pipeline
        The pipeline made from them.
    proteins : list of dict
        With ``id`` and ``sequence``.
    """
    sequences = [protein["sequence"] for protein in proteins]
    batch = tokenizer(sequences, padding=True, return_tensors="pt")
    piece = tokenizer(sequences[0][:PIECE], return_tensors="pt")
    written = [
        model.annotate(**batch),
        model.annotate(**piece),
        model.generate(**piece, max_new_tokens=PIECE, do_sample=False),
        model.generate(**piece, constrained=True, do_sample=False),
    ]
    return {
        "tokens": [tokenizer(sequence)["input_ids"] for sequence in sequences],
        "texts": [tokenizer.decode(row) for row in batch["input_ids"]],
        "scores": [model.score_sites(**tokenizer(s, return_tensors="pt"))[0].tolist() for s in sequences],
        "rows": predict(proteins, batch_size=2),
        "written": [ids.tolist() for ids in written],
    }


def answers_of(folder: str, proteins: list[dict[str, str]]) -> dict[str, Any]:
    """Load a folder by the classes for any model, and return its answers."""
    trust = {"trust_remote_code": True}
    kind = AutoConfig.from_pretrained(folder, **trust).model_type
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, **trust)
    tokenizer = AutoTokenizer.from_pretrained(folder, **trust)
    predict = pipeline(TASK, model=folder, **trust)
    if sys.argv[2] != folder:
        model.save_pretrained(sys.argv[2])
        tokenizer.save_pretrained(sys.argv[2])
    return {"type": kind, **answers(model, tokenizer, predict, proteins)}


def main() -> None:
    """Answer."""
    if importlib.util.find_spec("phosphot5") is not None:
        raise SystemExit("phosphot5 can be imported: the answers would prove nothing")
    folder, again = sys.argv[1:]
    proteins = json.load(sys.stdin)
    packages = ("transformers", "huggingface_hub", "tokenizers", "torch")
    result = {"versions": {name: version(name) for name in packages}}
    result |= {"first": answers_of(folder, proteins), "again": answers_of(again, proteins)}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
