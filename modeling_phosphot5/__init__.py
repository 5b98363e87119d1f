"""Configuration, model, loss, noise and pipeline: the files that travel to the Hub with every checkpoint.

The names load on first use: readers of files need :mod:`.fasta_phosphot5`, but not torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .configuration_phosphot5 import PhosphoT5Config
    from .loss_phosphot5 import FocalLossWithSmoothing
    from .modeling_phosphot5 import PhosphoT5ForConditionalGeneration
    from .noise_phosphot5 import NoisyT5

__all__ = ["FocalLossWithSmoothing", "NoisyT5", "PhosphoT5Config", "PhosphoT5ForConditionalGeneration"]

_HOME = {
    "FocalLossWithSmoothing": "loss_phosphot5",
    "NoisyT5": "noise_phosphot5",
    "PhosphoT5Config": "configuration_phosphot5",
    "PhosphoT5ForConditionalGeneration": "modeling_phosphot5",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
