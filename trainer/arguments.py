"""Training arguments: those of transformers' Seq2SeqTrainer plus what is PhosphoT5's own."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from transformers import Seq2SeqTrainingArguments

from phosphot5.prediction.precision import bfloat16_is_fast

__all__ = ["PhosphoT5TrainingArguments"]

RANGES: dict[str, tuple[float, float]] = {
    "noise_iterations": (1, 1000),
    "tokens_per_batch": (1, 2**31),
    "eval_tokens_per_batch": (1, 2**31),
    "average_checkpoints": (0, 10**6),
    "early_stopping_patience": (0, 10**9),
    "learning_rate": (0, 1e3),
    "weight_decay": (0, 1e3),
    "warmup_steps": (0, 1e12),
    "adam_beta1": (0, 1),
    "adam_beta2": (0, 1),
    "adam_epsilon": (0, 1),
    "max_grad_norm": (0, float("inf")),
    "num_train_epochs": (0, 1e9),
    "max_steps": (-1, 1e12),
    "logging_steps": (0, 1e12),
    "eval_steps": (0, 1e12),
    "save_steps": (0, 1e12),
    "save_total_limit": (1, 1e9),
    "per_device_train_batch_size": (1, 2**31),
    "per_device_eval_batch_size": (1, 2**31),
    "gradient_accumulation_steps": (1, 10**6),
    "seed": (0, 2**32 - 1),
    "data_seed": (0, 2**32 - 1),
    "dataloader_num_workers": (0, 4096),
    "dataloader_prefetch_factor": (1, 10**6),
    "label_smoothing_factor": (0, 1),
}
"""Lowest and highest value of numbers, by argument; not a number is in no range, None in each."""


@dataclass
class PhosphoT5TrainingArguments(Seq2SeqTrainingArguments):
    """Arguments of :class:`~phosphot5.PhosphoT5Trainer`.

    Defaults that differ from transformers': ``bf16`` (None: where it is fast), ``learning_rate`` (1e-3),
    ``weight_decay`` (0.05), ``adam_beta2`` (0.98), ``warmup_steps`` (0.05, a share of all steps), ``eval_strategy`` and
    ``save_strategy`` (``"epoch"``), ``save_total_limit`` (2), ``load_best_model_at_end`` (True),
    ``metric_for_best_model`` (``"mean_ap"``), ``restore_callback_states_from_checkpoint`` (True),
    ``remove_unused_columns`` (False) and ``label_names`` (``["labels"]``).

    Raises
    ------
    ValueError
        If float16 is asked for, or a number below is out of its range.
    """

    if TYPE_CHECKING:
        output_dir: str = ""  # never None after transformers' checks

    noise_iterations: int = field(
        default=2, metadata={"help": "Passes over every batch, each with fresh embedding noise."}
    )
    tokens_per_batch: int | None = field(
        default=None,
        metadata={
            "help": "Tokens per device and micro-batch, padding included; replaces "
            "per_device_train_batch_size. A longer protein makes a batch of its own."
        },
    )
    eval_tokens_per_batch: int = field(
        default=16384, metadata={"help": "Padded tokens per device and batch in evaluation."}
    )
    compile_blocks: bool = field(
        default=False,
        metadata={
            "help": "Compile the blocks of the model for training, for batches of one shape: packed rows are "
            "padded to tokens_per_batch. Costs a minute at the start and needs a C++ compiler on a CPU."
        },
    )
    muon: bool = field(
        default=False,
        metadata={
            "help": "Train the matrices of the hidden layers by Muon, the rest by AdamW, in place of optim."
        },
    )
    adapters_only: bool = field(
        default=False,
        metadata={
            "help": "Train the adapters and vectors of kinds of label and leave everything else as it is: a kind "
            "without training proteins keeps its scores."
        },
    )
    average_checkpoints: int = field(
        default=0,
        metadata={
            "help": "Last checkpoints whose mean the training ends with, in place of the last or the best one; 0: "
            "none. They have to be kept: save_total_limit at least as many, load_best_model_at_end false."
        },
    )
    mix_with: dict[str, float] | str | None = field(
        default=None,
        metadata={
            "help": "Models whose weights go into the final ones, and the share of each, as a mapping (JSON on a "
            "command line): bundled, folders or hub ids, of the same architecture. What they knew and the training "
            "forgot comes back (Wortsman et al. 2022)."
        },
    )
    early_stopping_patience: int = field(
        default=3, metadata={"help": "Evaluations without improvement after which training stops; 0: never."}
    )
    bf16: bool | None = field(  # type: ignore[assignment]  # transformers has no way to leave it open
        default=None,
        metadata={
            "help": "bfloat16 autocast, on CPU as well; by default where the processor is fast at it.",
            **{"nargs": "?", "const": True},  # a bare --bf16 still means yes
        },
    )
    learning_rate: float = field(default=1e-3, metadata={"help": "Peak learning rate of AdamW."})
    weight_decay: float = field(default=0.05, metadata={"help": "Weight decay of AdamW."})
    adam_beta2: float = field(default=0.98, metadata={"help": "Second-moment decay of AdamW."})
    warmup_steps: float = field(
        default=0.05, metadata={"help": "Steps of linear warm-up; below 1, a share of all steps."}
    )
    eval_strategy: str = field(default="epoch", metadata={"help": "When to evaluate: no, steps or epoch."})
    save_strategy: str = field(default="epoch", metadata={"help": "When to save: no, steps, epoch or best."})
    save_total_limit: int | None = field(default=2, metadata={"help": "Checkpoints kept beside the best."})
    load_best_model_at_end: bool = field(default=True, metadata={"help": "Restore the best checkpoint."})
    metric_for_best_model: str | None = field(
        default="mean_ap", metadata={"help": "Metric that early stopping and the best model go by."}
    )
    restore_callback_states_from_checkpoint: bool = field(
        default=True, metadata={"help": "A resumed training goes on counting its patience and its seconds."}
    )
    remove_unused_columns: bool = field(default=False, metadata={"help": "The collator picks its columns."})
    label_names: list[str] | None = field(
        default_factory=lambda: ["labels"], metadata={"help": "Columns that hold labels."}
    )

    def __post_init__(self) -> None:
        """Check what is ours, then let transformers check the rest."""
        if self.fp16 or self.fp16_full_eval:
            raise ValueError("fp16 is refused: T5 overflows in float16; use bf16, or bf16: false for float32")
        for name, (lowest, highest) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not lowest <= value <= highest:
                raise ValueError(f"{name} is {value}, expected a number from {lowest:,} to {highest:,}")
        self.mix_with = _shares(self.mix_with)
        if self.compile_blocks and self.tokens_per_batch is None:
            raise ValueError("compile_blocks needs batches of one shape; set tokens_per_batch as well")
        if self.average_checkpoints and self.load_best_model_at_end:
            raise ValueError("average_checkpoints leaves no best model; set load_best_model_at_end to false")
        if self.average_checkpoints > (self.save_total_limit or self.average_checkpoints):
            raise ValueError(
                f"average_checkpoints is {self.average_checkpoints}, but save_total_limit {self.save_total_limit}; "
                "raise or remove the limit"
            )
        if not torch.cuda.is_available():
            self.use_cpu = True  # else transformers takes bf16 for a request for a GPU
        if self.bf16 is None:
            self.bf16 = bfloat16_is_fast("cpu" if self.use_cpu else "cuda")
        super().__post_init__()  # type: ignore[no-untyped-call]  # untyped in transformers


def _shares(given: dict[str, float] | str | None) -> dict[str, float]:
    """Return model to share, from a mapping or its JSON."""
    try:
        shares: dict[str, float] = json.loads(given) if isinstance(given, str) else given or {}
        valid = sum(shares.values()) <= 1 + 1e-9 and all(share > 0 for share in shares.values())
    except (ValueError, AttributeError, TypeError):
        valid = False
    if not valid:
        raise ValueError(
            f"mix_with is {given!r}; expected models and their shares, all above 0 and together 1 at most, for "
            "instance {bundled: 0.3}"
        )
    return shares
