"""Loading a model by name: the bundled one, a folder or a hub id."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from phosphot5.bundled import bundled_folder
from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.prediction.onednn import use_onednn
from phosphot5.prediction.precision import bfloat16_is_fast
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

__all__ = ["load_model", "move_to_device", "weight_bytes"]


def load_model(
    name: str, revision: str | None = None, label_source: str | None = None, **overrides: Any
) -> tuple[PhosphoT5ForConditionalGeneration, PhosphoT5Tokenizer]:
    """Load a model with the code of this package, and its tokenizer.

    Parameters
    ----------
    name : str
        ``bundled``, a folder, or a hub id such as ``org/phosphot5``.
    revision : str, optional
        Branch, tag or commit of a hub id.
    label_source : str, optional
        Kind of label that calls ask for unless they name another; by default the checkpoint's.
    **overrides
        Values that replace those of the checkpoint's configuration, for instance ``dropout_rate=0.2``.

    Returns
    -------
    tuple of PhosphoT5ForConditionalGeneration and PhosphoT5Tokenizer
        The model in evaluation mode.

    Raises
    ------
    PhosphoT5Error
        If there is no such model, or it is no PhosphoT5.
    """
    source = str(bundled_folder()) if name == "bundled" else name
    at = revision or "main"
    try:
        config = PhosphoT5Config.from_pretrained(source, revision=at)
        if config.model_type != PhosphoT5Config.model_type:
            raise PhosphoT5Error(f"{name}: is a model of type {config.model_type!r}, expected phosphot5")
        if label_source is not None:
            overrides["label_source"] = label_source
        for key, value in overrides.items():
            setattr(config, key, value)
        _checked(name, config)
        model = PhosphoT5ForConditionalGeneration.from_pretrained(source, config=config, revision=at)
        tokenizer = PhosphoT5Tokenizer.from_pretrained(source, revision=at)
    except PhosphoT5Error:
        raise
    except Exception as error:  # a damaged file makes the libraries raise nearly everything
        raise PhosphoT5Error(
            f"{name}: cannot be loaded as a model; give bundled, a folder or a hub id ({type(error).__name__}: {error})"
        ) from error
    return model.eval(), tokenizer


def _checked(name: str, config: PhosphoT5Config) -> None:
    """Check the configuration with its overrides."""
    try:
        config.check()
    except ValueError as error:
        raise PhosphoT5Error(f"{name}: {error}") from error


def move_to_device(
    model: PhosphoT5ForConditionalGeneration, device: str | torch.device = "auto", dtype: str = "auto"
) -> PhosphoT5ForConditionalGeneration:
    """Move a model to the device and into the numbers to predict with.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        Is changed.
    device : str or torch.device
        ``auto``: an accelerator if there is one.
    dtype : str
        ``float32`` or ``bfloat16``; ``auto``: float32 on a CPU, bfloat16 on an accelerator with units for it.

    Raises
    ------
    PhosphoT5Error
        If the device cannot be used.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(device)
        if dtype == "auto":
            dtype = "bfloat16" if device.type != "cpu" and bfloat16_is_fast(device.type) else "float32"
        # transformers wraps `to` in a way that hides the model as its first argument
        model.to(device, getattr(torch, dtype))  # type: ignore[arg-type]
    except (RuntimeError, AssertionError) as error:
        raise PhosphoT5Error(f"--device {device}: cannot be used here ({error}); try cpu") from error
    if (device.type, dtype) == ("cpu", "float32"):
        use_onednn(model)
    return model


def weight_bytes(model: torch.nn.Module) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the bytes (numpy.ndarray of uint8) of each weight, for a fingerprint."""
    for name, tensor in model.state_dict().items():
        yield name, tensor.cpu().contiguous().flatten().view(torch.uint8).numpy()
