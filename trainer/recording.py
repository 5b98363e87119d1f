"""The run record of every training, however it was started: what is known is filled in, the rest is not recorded."""

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from phosphot5.record import environment
from phosphot5.record.facts import Cost
from phosphot5.record.fingerprints import sha256_of_ids
from phosphot5.record.run_record import NOT_RECORDED, RECORD_FILE, RunRecord

if TYPE_CHECKING:
    from .trainer import PhosphoT5Trainer

__all__ = ["RecordCallback", "accelerator_name", "published_model", "training_cost"]

LOGGED_METRICS = ("loss", "st_auroc", "st_ap", "y_auroc", "y_ap")
"""Metrics of an evaluation that go into the record."""


class RecordCallback(TrainerCallback):
    """Keep the record of a training in its output folder, from its beginning to its end.

    A record that was opened before the training, as :func:`~phosphot5.trainer.run.train` does, is kept as it is.

    Parameters
    ----------
    trainer : PhosphoT5Trainer
        Its ``record`` is filled.
    """

    def __init__(self, trainer: "PhosphoT5Trainer") -> None:
        self.trainer = trainer

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Open a record, or take up that of the training that is resumed, and save it."""
        path = Path(args.output_dir or ".") / RECORD_FILE
        if self.trainer.record is None:
            self.trainer.record = _open_record(self.trainer)
            if state.global_step and path.is_file():
                self.trainer.record.resume(RunRecord.load(path), state.global_step)
        if state.is_world_process_zero:
            self.trainer.record.save(path)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Note the cost, and the evaluation of the model that is kept."""
        record = self.trainer.record
        assert record is not None  # opened at the beginning
        record.finish(training_cost(self.trainer))
        evaluations = [entry for entry in state.log_history if "eval_loss" in entry]
        best = [entry for entry in evaluations if entry.get(_best_metric(args)) == state.best_metric]
        if evaluations:
            kept = (best or evaluations)[-1]
            found = {name: kept.get(f"eval_{name}") for name in LOGGED_METRICS}
            record.metrics = {"evaluation in training": {k: v for k, v in found.items() if v is not None}}
        if state.is_world_process_zero:
            record.save(Path(args.output_dir or ".") / RECORD_FILE)


def training_cost(trainer: "PhosphoT5Trainer") -> Cost:
    """Sum up what a training consumed, all its parts together; memory is that of this part."""
    columns = getattr(trainer.train_dataset, "column_names", ())
    tokens = None
    if "length" in columns and trainer.state.epoch is not None:
        dataset: Any = trainer.train_dataset
        of_epoch = int(np.sum(dataset["length"], dtype=np.int64))
        tokens = round(of_epoch * trainer.state.epoch * trainer.args.noise_iterations)
    return Cost(
        tokens=tokens,
        steps=trainer.state.global_step,
        seconds=round(trainer.training_seconds, 1),
        peak_memory_bytes=_peak_memory(),
        flops=float(f"{trainer.state.total_flos:.4g}"),
    )


def accelerator_name() -> str | None:
    """Return the name of the accelerator that a training uses; None on a CPU."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def published_model(name: str) -> str:
    """Name a model; a path of this machine is no hub id, though it may look like one."""
    return Path(name).resolve().name if Path(name).is_dir() else name


def _open_record(trainer: "PhosphoT5Trainer") -> RunRecord:
    """Open a record with the facts that a trainer knows: its data are in memory, their files are not known."""
    defaults = {f.name: f.default for f in dataclasses.fields(trainer.args)}
    plain = (bool, int, float, str)
    arguments = {
        f"training.{name}": value
        for name, value in vars(trainer.args).items()
        if name in defaults and isinstance(value, plain) and value != defaults[name] and _publishable(name)
    }
    model = trainer.accelerator.unwrap_model(trainer.model)
    record = RunRecord.start(
        sys.argv[:1],
        arguments,
        trainer.args.seed,
        accelerator=accelerator_name(),
        base_model=published_model(model.name_or_path) if model.name_or_path else NOT_RECORDED,
    )
    record.parameters = model.num_parameters()
    for role, dataset in (("train", trainer.train_dataset), ("valid", trainer.eval_dataset)):
        known: Any = dataset
        if "protein" in (getattr(known, "column_names", None) or ()):
            record.splits[role] = sha256_of_ids(set(known["protein"]))
    return record


def _publishable(name: str) -> bool:
    """Tell whether an argument may go into the record: no token, and no path of this machine."""
    return not name.endswith(("token", "dir"))


def _best_metric(args: TrainingArguments) -> str:
    name = args.metric_for_best_model or "loss"
    return name if name.startswith("eval_") else f"eval_{name}"


def _peak_memory() -> int:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return environment.peak_memory_bytes()
