"""Training: arguments, trainer, batches, metrics, calibration and recipes."""

from .arguments import PhosphoT5TrainingArguments
from .collator import PhosphositeCollator
from .trainer import PhosphoT5Trainer

__all__ = ["PhosphoT5Trainer", "PhosphoT5TrainingArguments", "PhosphositeCollator"]
