"""Noisy embeddings: Gaussian noise on the input embeddings of a T5, in training only."""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

__all__ = ["EmbeddingNoise", "NoisyT5"]


class EmbeddingNoise(nn.Module):
    """Add Gaussian noise in training mode; the identity in evaluation mode.

    Parameters
    ----------
    std : float
        Standard deviation in units of the embedding. Reproducible from torch's seed.
    """

    def __init__(self, std: float = 0.1) -> None:
        super().__init__()
        self.std = std

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Return embeddings of the given shape (..., d_model), with fresh noise at every call."""
        if not self.training or self.std == 0:
            return embeddings
        return torch.add(embeddings, torch.randn_like(embeddings), alpha=self.std)

    def extra_repr(self) -> str:
        """Name the parameter in ``print(module)``."""
        return f"std={self.std}"


class NoisyT5(nn.Module):
    """Wrap any encoder-decoder T5 so that training sees noisy input embeddings.

    The wrapped model's attributes (``config``, ``generate``, ``save_pretrained``, ...) are reachable on the
    wrapper. PhosphoT5 has the same noise built in, set by ``config.noise_std``.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        A ``T5ForConditionalGeneration`` or a model with the same encoder, decoder and ``embed_tokens``.
    noise_std : float
        Standard deviation of the noise.

    Raises
    ------
    ValueError
        If the model already adds noise of its own (``config.noise_std > 0``).
    """

    def __init__(self, model: PreTrainedModel, noise_std: float = 0.1) -> None:
        super().__init__()
        if isinstance(model, NoisyT5):
            raise ValueError("the model already adds noise (it is a NoisyT5); unwrap it first")
        if getattr(model.config, "noise_std", 0):
            raise ValueError(
                f"the model already adds noise (config.noise_std is {model.config.noise_std}); "
                "set it to 0 before wrapping, or train the model as it is"
            )
        self.model = model
        self.noise = EmbeddingNoise(noise_std)
        embeddings = {id(m): m for m in (model.get_encoder().embed_tokens, model.get_decoder().embed_tokens)}
        self._hooks = [m.register_forward_hook(self._add_noise) for m in embeddings.values()]

    def _add_noise(self, module: nn.Module, args: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
        return self.noise(output)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the wrapped model."""
        return self.model(*args, **kwargs)

    def unwrap(self) -> PreTrainedModel:
        """Remove the noise and return the wrapped model."""
        for hook in self._hooks:
            hook.remove()
        return self.model

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "model":
                raise
            return getattr(self.model, name)
