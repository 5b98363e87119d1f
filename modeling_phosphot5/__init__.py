"""Hub set 1: configuration, model, loss, noise and the pipeline."""

from .configuration_phosphot5 import PhosphoT5Config
from .loss_phosphot5 import FocalLossWithSmoothing
from .modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from .noise_phosphot5 import NoisyT5

__all__ = ["FocalLossWithSmoothing", "NoisyT5", "PhosphoT5Config", "PhosphoT5ForConditionalGeneration"]
