"""Small trainings on made-up proteins, for tests in this process and, run as a script, in several."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
from transformers import PrinterCallback, TrainerCallback

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.trainer import PhosphoT5Trainer, PhosphoT5TrainingArguments
from phosphot5.trainer.dataset import FEATURES

PARTNER = {7: 29, 11: 30, 18: 31}
SMALL = {"d_model": 16, "d_kv": 8, "d_ff": 24, "num_heads": 2, "window": 4}
EXACT = {"dropout_rate": 0.0, "noise_std": 0.0, "prefix_mask_prob": 1.0, "known_site_prob": 0.0}
PLAIN = {"bf16": False, "optim": "sgd", "learning_rate": 0.05, "lr_scheduler_type": "constant"} | {
    "max_grad_norm": 1e9,
    "weight_decay": 0.0,
    "warmup_steps": 0,
    "train_sampling_strategy": "sequential",
    "noise_iterations": 1,
}


def make_dataset(size: int = 24, seed: int = 0, longest: int = 40) -> datasets.Dataset:
    """Random proteins; each has its own share of unlabelled sites, so that batches differ in labels."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list] = {name: [] for name in FEATURES}
    for number in range(size):
        ids = rng.integers(3, 23, rng.integers(8, longest))
        ids[:3] = 7, 11, 18
        ids = np.append(ids, 1)
        sites = np.isin(ids, list(PARTNER))
        positive = sites & (rng.random(len(ids)) < 0.4)
        positive[:3] |= number % 2 == 0
        labels = np.where(positive, [PARTNER.get(i, -1) for i in ids.tolist()], ids)
        hidden = sites & (rng.random(len(ids)) < rng.random())
        hidden[:3] = False
        labels[hidden] = -100
        for name, value in zip(FEATURES, (f"p{number}", 0, ids, labels, len(ids), 0), strict=True):
            rows[name].append(value)
    return datasets.Dataset.from_dict(rows, features=FEATURES).with_format("numpy")


def make_model(seed: int = 0, **overrides: Any) -> PhosphoT5ForConditionalGeneration:
    """Build a model of a few thousand parameters, the same for the same seed."""
    torch.manual_seed(seed)
    return PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny", **(SMALL | overrides)))


class Watch(TrainerCallback):
    """Note losses and gradient norms; stop after a step."""

    def __init__(self, stop_at: int | None) -> None:
        self.stop_at = stop_at
        self.losses: list[float] = []
        self.norms: list[float] = []
        self.metrics: list[dict[str, float]] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_training_stop |= state.global_step == self.stop_at

    def on_log(self, args: Any, state: Any, control: Any, logs: dict, **kwargs: Any) -> None:
        if "grad_norm" in logs:
            self.losses.append(float(logs["loss"]))
            self.norms.append(float(logs["grad_norm"]))

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict, **kwargs: Any) -> None:
        self.metrics.append(metrics)


@dataclass
class Run:
    """One training and what came of it."""

    folder: str
    arguments: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    stop_at: int | None = None
    resume: bool = False
    size: int = 24

    def trainer(self, *callbacks: TrainerCallback) -> PhosphoT5Trainer:
        """Make the trainer."""
        quiet = {"disable_tqdm": True, "logging_steps": 1, "report_to": "none", "seed": 0}
        no_files = {"save_strategy": "no", "eval_strategy": "no", "load_best_model_at_end": False}
        given = quiet | no_files | {"output_dir": self.folder} | self.arguments
        trainer = PhosphoT5Trainer(
            make_model(**self.model),
            PhosphoT5TrainingArguments(**given),
            train_dataset=make_dataset(self.size),
            eval_dataset=make_dataset(10, seed=1),
            callbacks=list(callbacks),
        )
        trainer.remove_callback(PrinterCallback)
        return trainer

    def __call__(self) -> dict[str, Any]:
        """Train; return losses, gradient norms and weights."""
        watch = Watch(self.stop_at)
        trainer = self.trainer(watch)
        trainer.train(resume_from_checkpoint=self.resume or None)
        weights = {name: value.clone() for name, value in trainer.model.state_dict().items()}
        return {"losses": watch.losses, "norms": watch.norms, "metrics": watch.metrics, "weights": weights}


def main(path: str) -> None:
    """Run the trainings of a JSON list; the main process writes the results beside it."""
    results = [Run(**given)() for given in json.loads(Path(path).read_text())]
    if torch.distributed.get_rank() == 0:
        torch.save(results, Path(path).with_suffix(".pt"))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])
