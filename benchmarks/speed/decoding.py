"""Time ``score_sites`` and ``annotate`` against token-by-token generation by a stock T5 of the same geometry.

    python benchmarks/speed/decoding.py [--device DEVICE] [--quick]

The stock T5 of transformers generates greedily, with its cache, as many tokens as the protein has. It gets
our weights wherever it has a weight of that name; ``difference`` in the result says what it lacks. Our own
constrained generation is timed on the same proteins, and must write the same tokens as ``annotate``. Timed for
the bundled model and for a random one of the preset ``tiny``, one protein and eight at a time: what a step of
generation costs hardly depends on model and batch as long as both are small, what a parallel pass costs does.
 Writes ``results/decoding.json``; with ``--quick`` the proteins are short and nothing is written.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import T5Config, T5ForConditionalGeneration

from phosphot5.data import read_fasta
from phosphot5.data.encode import encode
from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.prediction.loading import load_model

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import ROOT, describe, save

LENGTHS, QUICK = (128, 512, 1024), (16, 64)
"""Tokens of each protein, ``</s>`` included."""
BATCHES = (1, 8)
ROUNDS, LONG_SECONDS = 3, 20.0
"""Times a call is timed; once if it takes longer than that."""
GEOMETRY = (
    *("vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_decoder_layers", "num_heads"),
    *("relative_attention_num_buckets", "relative_attention_max_distance", "layer_norm_epsilon"),
    *("feed_forward_proj", "tie_word_embeddings", "pad_token_id", "eos_token_id", "decoder_start_token_id"),
)
"""Settings that T5Config and PhosphoT5Config share."""
DIFFERENCE = (
    "stock T5 has full instead of windowed attention, no convolution, no protein-wide context, no position bias "
    "in cross-attention and no marks for open and known sites; the tokens that it writes are therefore others"
)


def stock_t5(ours: PhosphoT5ForConditionalGeneration) -> tuple[T5ForConditionalGeneration, list[str]]:
    """Make a stock T5 of the same geometry with our weights; also list our weights that it lacks."""
    settings = {name: getattr(ours.config, name) for name in GEOMETRY}
    stock = T5ForConditionalGeneration(T5Config(**settings)).to(ours.device, ours.dtype).eval()
    weights = ours.state_dict()
    # the embedding table and its other names are one tensor
    aliases = dict.fromkeys(
        ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight"), weights["shared.weight"]
    )
    if ours.config.tie_word_embeddings:
        aliases["lm_head.weight"] = weights["shared.weight"]
    result = stock.load_state_dict(weights | aliases, strict=False)
    if result.missing_keys:
        raise SystemExit(f"found no weights for {result.missing_keys} of the stock T5, expected all of them")
    return stock, result.unexpected_keys


def pieces(tokens: int, batch: int, device: torch.device) -> torch.Tensor:
    """Cut the example proteins, one after the other, into ids of shape (batch, tokens), ``</s>`` at the end."""
    residues = "".join(protein.sequence for protein in read_fasta(str(ROOT / "examples" / "proteins.fasta")))
    starts = [round(i * (len(residues) - tokens) / batch) for i in range(batch)]
    ids = np.stack([encode(residues[start : start + tokens - 1]) for start in starts])
    return torch.from_numpy(ids).to(device)


def measure(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return the median time of a call in seconds, and what the call returned."""
    times = []
    while len(times) < ROUNDS and not (times and times[0] > LONG_SECONDS):
        start = time.perf_counter()
        result = function()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times), result


def passes_of(model: PhosphoT5ForConditionalGeneration, ids: torch.Tensor) -> int:
    """Count the decoder passes of ``annotate``."""
    calls: list[int] = []
    hook = model.decoder.register_forward_hook(lambda *_: calls.append(1))
    model.annotate(ids)
    hook.remove()
    return len(calls)


def compare(
    model: PhosphoT5ForConditionalGeneration, stock: T5ForConditionalGeneration, tokens: int, batch: int
) -> dict[str, Any]:
    """Time every way to decode one batch of proteins.

    Raises
    ------
    SystemExit
        If ``annotate`` and constrained generation do not write the same tokens; in bfloat16 they may part
        at near-ties, see ``annotate``.
    """
    ids = pieces(tokens, batch, model.device)
    greedy = {"attention_mask": torch.ones_like(ids), "do_sample": False, "num_beams": 1, "use_cache": True}
    greedy["max_new_tokens"] = tokens
    ways = {
        "score_sites": lambda: model.score_sites(ids),
        "annotate": lambda: model.annotate(ids),
        "constrained_generate": lambda: model.generate(ids, constrained=True, **greedy),
        "stock_generate": lambda: stock.generate(ids, min_new_tokens=tokens, **greedy),
    }
    seconds, written = {}, {}
    for name, way in ways.items():
        seconds[name], written[name] = measure(way)
    annotated, generated = written["annotate"], written["constrained_generate"][:, 1:]
    equal = torch.equal(annotated, generated)
    if not equal and model.dtype == torch.float32:
        row, index = (annotated != generated).nonzero()[0].tolist()
        raise SystemExit(
            f"{tokens} tokens, row {row}, position {index + 1}: annotate and constrained generation differ"
        )
    if written["stock_generate"].shape != (batch, tokens + 1):
        raise SystemExit(f"stock T5 wrote {written['stock_generate'].shape[1] - 1} tokens, expected {tokens}")
    return {
        "tokens": tokens,
        "batch": batch,
        "seconds": {name: round(value, 4) for name, value in seconds.items()},
        "stock_generate_over_score_sites": round(seconds["stock_generate"] / seconds["score_sites"], 1),
        "stock_generate_over_annotate": round(seconds["stock_generate"] / seconds["annotate"], 1),
        "constrained_generate_over_annotate": round(seconds["constrained_generate"] / seconds["annotate"], 1),
        "annotate_decoder_passes": passes_of(model, ids),
        "annotate_marked_sites": int((annotated != ids).sum()),
        "annotate_equals_constrained_generate": equal,
    }


def tiny_model() -> PhosphoT5ForConditionalGeneration:
    """Make a random model of the preset ``tiny``."""
    torch.manual_seed(0)
    return PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny")).eval()


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", help="cpu, cuda, ... (default: cpu)")
    parser.add_argument("--quick", action="store_true", help="short proteins; show the result, write nothing")
    args = parser.parse_args()
    models = {
        "bundled": load_model("bundled")[0],
        "bundled in bfloat16": load_model("bundled")[0].to(torch.bfloat16),
        "tiny": tiny_model(),
    }
    results = []
    for name, model in models.items():
        stock, missing = stock_t5(model.to(args.device))
        compare(model, stock, QUICK[0], 1)  # what runs first also pays for start-up
        for batch in BATCHES:
            for tokens in QUICK if args.quick else LENGTHS:
                results.append({"model": name} | compare(model, stock, tokens, batch))
    result = describe() | {
        "device": torch.cuda.get_device_name() if model.device.type == "cuda" else model.device.type,
        "threads": torch.get_num_threads(),
        "difference": DIFFERENCE,
        "weights_that_stock_lacks": missing,
        "results": results,
    }
    sys.stdout.write(f"{json.dumps(result, indent=2) if args.quick else save('decoding', result)}\n")


if __name__ == "__main__":
    main()
