"""PhosphoT5: rewrite a protein with its phosphorylated serines, threonines and tyrosines marked.

The public names below load on first use, because torch and transformers take seconds to import.
"""

import importlib
from importlib.metadata import version
from typing import Any

__version__ = version("phosphot5")

_HOME = {
    "FocalLossWithSmoothing": "phosphot5.modeling_phosphot5",
    "NoisyT5": "phosphot5.modeling_phosphot5",
    "PhosphoT5Config": "phosphot5.modeling_phosphot5",
    "PhosphoT5ForConditionalGeneration": "phosphot5.modeling_phosphot5",
    "PhosphoT5Tokenizer": "phosphot5.tokenization_phosphot5",
    "PhosphoT5Trainer": "phosphot5.trainer",
    "PhosphoT5TrainingArguments": "phosphot5.trainer",
    "RegularTokenizer": "phosphot5.tokenization_phosphot5",
    "load_model": "phosphot5.prediction.loading",
    "predict_sites": "phosphot5.prediction.scoring",
    "register": "phosphot5.registration",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'phosphot5' has no attribute {name!r}")
    importlib.import_module("phosphot5.registration").register()
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
