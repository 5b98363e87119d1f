"""Interrupted trainings: what a resumed one goes on from, and that it ends where an uninterrupted one does."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from phosphot5.errors import PhosphoT5Error
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.trainer import run
from phosphot5.trainer.checkpoints import last_checkpoint
from phosphot5.trainer.recipe import load_recipe

ROOT = Path(__file__).parents[2]
COMMAND = ["phosphot5", "train", "tiny"]
SMALL = ("model.d_model=16", "model.d_ff=24", "model.num_heads=2", "data.max_length=100")
EVERY_STEP = (
    *("training.tokens_per_batch=2048", "training.max_steps=4", "training.lr_scheduler_type=constant"),
    *("training.eval_strategy=steps", "training.eval_steps=1"),
    *("training.save_strategy=steps", "training.save_steps=1"),
)


class SwitchedOffError(Exception):
    """Stands for a machine that is switched off."""


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Train the tiny recipe, shortened, in a folder below the test's own."""
    monkeypatch.chdir(ROOT)

    def start(*overrides: str, folder: str = "out", resume: bool = False) -> RunRecord:
        where = f"training.output_dir={tmp_path / folder}"
        return run.train(load_recipe("tiny", [*SMALL, *EVERY_STEP, where, *overrides]), COMMAND, resume)

    return start


@pytest.fixture
def switch_off(monkeypatch: pytest.MonkeyPatch):
    """Let the training end before a step, once."""

    def before(step: int) -> None:
        stock = run.PhosphoT5Trainer.training_step

        def stop(self, *args, **kwargs):
            if self.state.global_step == step:
                monkeypatch.setattr(run.PhosphoT5Trainer, "training_step", stock)
                raise SwitchedOffError
            return stock(self, *args, **kwargs)

        monkeypatch.setattr(run.PhosphoT5Trainer, "training_step", stop)

    return before


def same_weights(one: Path, other: Path) -> bool:
    first, second = (load_file(folder / "model.safetensors") for folder in (one, other))
    return all(torch.equal(second[name], value) for name, value in first.items())


@pytest.mark.parametrize("step", [0, 2], ids=["before the first checkpoint", "after the second step"])
def test_a_resumed_training_leaves_the_same_model_and_metrics(
    train, switch_off, tmp_path: Path, step: int
) -> None:
    whole = train(folder="whole")
    switch_off(step)
    with pytest.raises(SwitchedOffError):
        train()
    begun = RunRecord.load(tmp_path / "out" / RECORD_FILE)
    assert begun.finished is None
    resumed = train(resume=True)
    assert same_weights(tmp_path / "whole", tmp_path / "out")
    assert resumed.metrics == whole.metrics
    assert (resumed.started, resumed.cost.steps) == (begun.started, whole.cost.steps)
    assert [(entry["step"], entry["changed"]) for entry in resumed.resumed] == [(step, {})]
    assert resumed.cost.flops == whole.cost.flops


def test_the_seconds_before_an_interruption_count(train, switch_off, tmp_path: Path) -> None:
    switch_off(2)
    with pytest.raises(SwitchedOffError):
        train()
    state = tmp_path / "out/checkpoint-2/trainer_state.json"
    text = state.read_text()
    assert '"before": ' in text
    before = text.partition('"before": ')[2].partition("\n")[0]
    state.write_text(text.replace(f'"before": {before}', '"before": 1000.0'))
    assert 1000 < train(resume=True).cost.seconds < 1100


def test_the_patience_before_an_interruption_counts(
    train, switch_off, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = [0.5, 0.4, 0.4, 0.4, 0.4, 0.4]
    monkeypatch.setattr("phosphot5.trainer.trainer.group_metrics", lambda *args: {"mean_ap": scores.pop(0)})
    switch_off(2)
    with pytest.raises(SwitchedOffError):
        train("training.max_steps=8", "training.early_stopping_patience=2")
    record = train("training.max_steps=8", "training.early_stopping_patience=2", resume=True)
    assert record.cost.steps == 3  # one evaluation without improvement before, one after


def test_what_has_changed_is_told_and_recorded(train, switch_off, caplog: pytest.LogCaptureFixture) -> None:
    switch_off(2)
    with pytest.raises(SwitchedOffError):
        train()
    with caplog.at_level(logging.INFO, "phosphot5"):
        record = train("training.learning_rate=0.005", resume=True)
    assert "continuing after step 2" in caplog.text
    assert "changed since it was interrupted: training.learning_rate, 0.01 -> 0.005" in caplog.text
    assert record.resumed[0]["changed"] == {"training.learning_rate": [0.01, 0.005]}


def test_a_checkpoint_half_written_is_passed_over_and_removed(train, switch_off, tmp_path: Path) -> None:
    train(folder="whole")
    switch_off(3)
    with pytest.raises(SwitchedOffError):
        train("training.save_total_limit=5")
    folder = tmp_path / "out"
    state = folder / "checkpoint-3/trainer_state.json"
    state.write_text(state.read_text()[:100])
    shutil.copytree(folder / "checkpoint-2", folder / "checkpoint-9")
    (folder / "checkpoint-9/trainer_state.json").unlink()
    assert last_checkpoint(folder) == folder / "checkpoint-2"
    record = train("training.save_total_limit=5", resume=True)
    assert record.resumed[0]["step"] == 2
    assert not (folder / "checkpoint-9").exists()
    assert same_weights(tmp_path / "whole", folder)


def test_nothing_to_resume_is_an_error(train) -> None:
    with pytest.raises(PhosphoT5Error, match="out: contains no training to resume; train without resuming"):
        train(resume=True)


@pytest.mark.slow
def test_a_killed_training_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    """SIGKILL after ever more time, whatever the program is doing then, until a part reaches the end."""

    def command(folder: str, *more: str) -> list[str]:
        overrides = [f"training.output_dir={tmp_path / folder}", "training.num_train_epochs=3"]
        often = ["training.save_strategy=steps", "training.save_steps=2", "training.logging_steps=1"]
        often += ["training.eval_strategy=steps", "training.eval_steps=2"]
        return [sys.executable, "-m", "phosphot5", "train", "tiny", *SMALL, *overrides, *often, *more]

    given = {"cwd": ROOT, "env": os.environ | {"OMP_NUM_THREADS": "1"}, "text": True}
    subprocess.run(command("whole"), check=True, capture_output=True, timeout=300, **given)
    parts, kills = tmp_path / "parts", 0
    steps = 0
    while True:
        begun = (parts / RECORD_FILE).exists()
        process = subprocess.Popen(
            command("parts", *(["--resume"] if begun else [])), stderr=subprocess.PIPE, **given
        )
        # let it take some steps more than the last time, then stop it in the middle of something
        seen = 0
        for line in process.stderr:
            seen += line.startswith("step ")
            if seen > 3 + kills:
                time.sleep(0.03 * kills)
                process.send_signal(signal.SIGKILL)
                kills += 1
                break
        process.stderr.close()
        if process.wait(timeout=300) == 0:
            break
        assert process.returncode == -signal.SIGKILL
        steps = max(steps, int(str(last_checkpoint(parts) or "-0").rpartition("-")[2]))
    assert kills >= 3
    assert 0 < steps
    record = RunRecord.load(parts / RECORD_FILE)
    assert len(record.resumed) >= kills - 1
    assert same_weights(tmp_path / "whole", parts)
