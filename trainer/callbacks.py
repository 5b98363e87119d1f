"""What happens beside the steps of a training: code files, the sampler's epoch, the clock, progress for people."""

import logging
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.dynamic_module_utils import custom_object_save
from transformers.trainer_callback import ExportableState

from phosphot5.export import write_endpoint_files
from phosphot5.progress import Progress, clear_bar
from phosphot5.wording import duration

from .sampler import TokenBudgetSampler

__all__ = ["CodeFilesCallback", "ConsoleProgress", "SamplerEpochCallback", "TrainingClock"]

logger = logging.getLogger(__name__)

SHOWN_METRICS = {"st_auroc": "S/T AUROC", "st_ap": "S/T AP", "y_auroc": "Y AUROC", "y_ap": "Y AP"}
"""Metrics of an evaluation that people are shown, by their names."""


class CodeFilesCallback(TrainerCallback):
    """Put configuration, tokenizer and code files into the output folder when training begins.

    The Trainer pushes checkpoints without code files, so that what is on the Hub would not load before the
    final push.
    """

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Save, in the main process, what the classes registered for the Auto classes need."""
        model, tokenizer = kwargs["model"], kwargs.get("processing_class")
        if not state.is_world_process_zero:
            return
        folder = str(args.output_dir)
        if model._auto_class is not None:
            custom_object_save(model, folder, config=model.config)
        model.config.save_pretrained(folder)
        if tokenizer is not None:
            tokenizer.save_pretrained(folder)
        write_endpoint_files(Path(folder))


class SamplerEpochCallback(TrainerCallback):
    """Tell the sampler the epoch also where the Trainer cannot reach it, after resuming in several processes.

    Parameters
    ----------
    sampler : TokenBudgetSampler
        The sampler of the training batches.
    """

    def __init__(self, sampler: TokenBudgetSampler) -> None:
        self.sampler = sampler

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Choose the epoch that begins or, after resuming, goes on."""
        self.sampler.set_epoch(int(state.epoch))


class TrainingClock(TrainerCallback, ExportableState):
    """Count the seconds of a training over all its parts; checkpoints carry them to the next part."""

    def __init__(self) -> None:
        self.before = 0.0
        self._began: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before the last checkpoint resumed from included."""
        return self.before + (0.0 if self._began is None else time.monotonic() - self._began)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start."""
        self._began = time.monotonic()

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"args": {}, "attributes": {"before": self.seconds}}


class ConsoleProgress(TrainerCallback):
    """Show how a training goes: a bar on a terminal, a line for every logging step and evaluation in a log.

    Parameters
    ----------
    tokens_per_epoch : int
        Tokens of the training set.
    """

    def __init__(self, tokens_per_epoch: int) -> None:
        self._tokens_per_epoch = tokens_per_epoch
        self._bar: Progress | None = None
        self._step = 0
        self._began: tuple[float, int, float] = (0.0, 0, 0.0)
        self._last: tuple[float, float] = (0.0, 0.0)
        self._figures: dict[str, str] = {}
        self._ended = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Note where the training begins or, after resuming, goes on."""
        now = time.monotonic()
        self._began = (now, state.global_step, state.epoch or 0.0)
        self._last = (now, state.epoch or 0.0)
        if state.is_world_process_zero and not args.disable_tqdm:
            self._step = state.global_step
            self._bar = Progress("steps", state.max_steps, state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.advance(state.global_step - self._step)
            self._step = state.global_step

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Show loss, the last AP and tokens per second, and in a log the time left."""
        if logs is None or not state.is_world_process_zero or "loss" not in logs:
            return
        now = time.monotonic()
        tokens = (state.epoch - self._last[1]) * self._tokens_per_epoch
        self._figures |= {
            "loss": f"{float(logs['loss']):.4f}",
            "tokens/s": f"{tokens / (now - self._last[0]):,.0f}",
        }
        self._last = (now, state.epoch)
        figures = ", ".join(f"{name} {value}" for name, value in self._figures.items())
        if self._bar is not None:
            self._bar.note(figures)
            return
        began, first, _ = self._began
        left = (now - began) / (state.global_step - first) * (state.max_steps - state.global_step)
        logger.info(
            "step %s of %s, epoch %.2f: %s, about %s left",
            *(f"{state.global_step:,}", f"{state.max_steps:,}", state.epoch, figures, duration(left)),
        )

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Show the metrics of an evaluation."""
        if not state.is_world_process_zero or not metrics:
            return
        found = {title: metrics.get(f"eval_{name}") for name, title in SHOWN_METRICS.items()}
        shown = {title: f"{value:.3f}" for title, value in found.items() if value is not None}
        self._figures |= {title: value for title, value in shown.items() if title.endswith(" AP")}
        line = ", ".join(f"{title} {value}" for title, value in shown.items())
        what = "the best model" if self._ended else f"after step {state.global_step:,}"
        logger.info("evaluated %s: %s", what, line)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Close the bar."""
        self._ended = True
        self._bar = None
        clear_bar()
