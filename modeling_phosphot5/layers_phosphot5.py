"""Layers that the encoder has beside T5's blocks."""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from transformers.models.t5.modeling_t5 import T5LayerNorm

from .attention_phosphot5 import join_parts, parts
from .configuration_phosphot5 import PhosphoT5Config

__all__ = ["GlobalContext", "LabelSourceAdapter", "ResidueConvolution"]


class ResidueConvolution(nn.Module):
    """Residual dense convolution over neighbouring residues: ``x + gelu(conv(x))``."""

    def __init__(self, config: PhosphoT5Config) -> None:
        super().__init__()
        self.width = config.conv_width
        self.proj = nn.Linear(config.conv_width * config.d_model, config.d_model, bias=False)

    def forward(self, hidden_states: torch.Tensor, protein_index: torch.Tensor, packed: bool) -> torch.Tensor:
        """Return states (batch, length, d_model).

        ``protein_index`` (batch, length) numbers them, 0 at padding; ``packed``: rows hold several.
        """
        half = self.width // 2
        padded = F.pad(hidden_states * (protein_index > 0)[..., None], (0, 0, half, half))
        neighbours = padded.unfold(1, self.width, 1).transpose(2, 3)
        same = None
        if packed:
            same = F.pad(protein_index, (half, half)).unfold(1, self.width, 1) == protein_index[..., None]
        out = []
        for part in parts(hidden_states, hidden_states.shape[1], hidden_states.shape[0]):
            seen = neighbours[:, part] if same is None else neighbours[:, part] * same[:, part, :, None]
            out.append(F.gelu(self.proj(seen.flatten(2)), approximate="tanh"))
        return hidden_states + join_parts(out)


class GlobalContext(nn.Module):
    """Add a function of the protein's mean state, one hidden layer wide, to every residue."""

    def __init__(self, config: PhosphoT5Config) -> None:
        super().__init__()
        self.layer_norm = T5LayerNorm(config.d_model, eps=config.layer_norm_epsilon)
        self.wi = nn.Linear(config.d_model, config.d_model, bias=False)
        self.wo = nn.Linear(config.d_model, config.d_model, bias=False)

    def forward(self, hidden_states: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
        """Return states (batch, length, d_model); ``members`` is that of :func:`membership`."""
        total = members @ self.layer_norm(hidden_states)
        mean = total / members.sum(-1, keepdim=True).clamp_min(1)
        return hidden_states + members.transpose(1, 2) @ self.wo(F.gelu(self.wi(mean), approximate="tanh"))


class LabelSourceAdapter(nn.Module):
    """Add a function of the state, one hidden layer wide, to the residues of proteins of some kinds of label.

    Each of these kinds has hidden units of its own (Houlsby et al. 2019); proteins of other kinds pass unchanged.
    """

    def __init__(self, config: PhosphoT5Config) -> None:
        super().__init__()
        units = sum(config.label_source_adapters.values())
        self.layer_norm = T5LayerNorm(config.d_model, eps=config.layer_norm_epsilon)
        self.down = nn.Linear(config.d_model, units, bias=False)
        self.up = nn.Linear(units, config.d_model, bias=False)

    def forward(self, hidden_states: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """Return states (batch, length, d_model).

        ``own`` (batch, length, units) or (units,) is true for the units of the kind of label of a residue's protein.
        """
        hidden = F.gelu(self.down(self.layer_norm(hidden_states)), approximate="tanh")
        return hidden_states + self.up(hidden * own)
