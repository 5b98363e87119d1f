"""The whole way from one shell: train, push, use elsewhere, fine-tune from the Hub, push again, use both."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from phosphot5.prediction.loading import load_model

ROOT = Path(__file__).parents[2]
REPO = "org/phosphot5"
SEQUENCE = "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLSPLPSQAM"
QUICK = (
    *("training.max_steps=2", "training.tokens_per_batch=2048", "training.eval_strategy=no"),
    *("training.save_strategy=no", "training.load_best_model_at_end=false"),
)
STRANGER = """
import json, sys
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, pipeline
repo, sequence, *revisions = sys.argv[1:]
result = []
for revision in revisions:
    which = {"revision": revision, "trust_remote_code": True}
    model = AutoModelForSeq2SeqLM.from_pretrained(repo, **which)
    tokenizer = AutoTokenizer.from_pretrained(repo, **which)
    scores = model.score_sites(**tokenizer(sequence, return_tensors="pt"))[0].tolist()
    rows = pipeline("phosphosite-prediction", model=repo, **which)(sequence)
    result.append({"scores": scores, "rows": rows})
json.dump(result, sys.stdout)
"""


def phosphot5(*arguments: object) -> str:
    """Run the command line in a process of its own, from the checkout."""
    command = [sys.executable, "-m", "phosphot5", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def scores_of(folder: Path) -> list[float]:
    model, tokenizer = load_model(str(folder))
    return model.score_sites(**tokenizer(SEQUENCE, return_tensors="pt"))[0].tolist()


@pytest.mark.slow
def test_train_push_use_finetune_push_use(local_hub, stranger, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"

    def used(*revisions: str, **environment: str) -> list[dict]:
        """Answers of revisions in a process without the package."""
        done = stranger(STRANGER, REPO, SEQUENCE, *revisions, cwd=tmp_path, **environment)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    phosphot5("train", "tiny", *QUICK, f"training.output_dir={first}")
    phosphot5("card", first, "--repo", REPO)
    assert "tag: v" in phosphot5("push", first, REPO)
    cache = {"HF_HOME": str(tmp_path / "fresh cache")}
    (pulled,) = used("main", **cache)
    assert pulled["scores"] == pytest.approx(scores_of(first), abs=1e-6, nan_ok=True)
    assert pulled["rows"] == json.loads((first / "run_record.json").read_text())["example"]["sites"]
    card = ModelCard.load(REPO, ignore_metadata_errors=False)
    card.validate()
    assert card.content == (first / "README.md").read_text(encoding="utf-8")

    given = (ROOT / "examples" / "synthetic_train.fasta", "-o", second)
    valid = ("--valid", ROOT / "examples" / "synthetic_valid.fasta")
    phosphot5("finetune", *given, *valid, "--model", REPO, *QUICK)
    assert json.loads((second / "run_record.json").read_text())["base_model"] == REPO
    phosphot5("card", second, "--repo", REPO)
    assert "tag: second" in phosphot5("push", second, REPO, "--tag", "second")
    before, after = used(next(iter(set(local_hub.repo(REPO).tags) - {"second"})), "second", **cache)
    assert before == pulled
    assert after["scores"] == pytest.approx(scores_of(second), abs=1e-6, nan_ok=True)
    assert after["scores"] != before["scores"]
    asked = len(local_hub.requests)
    assert used("second", **cache, HF_HUB_OFFLINE="1") == [after]
    assert len(local_hub.requests) == asked
