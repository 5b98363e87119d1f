"""Tiny models and random proteins."""

from collections.abc import Callable

import pytest
import torch

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration

TINY = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4, "window": 4}
ALL_PARTS = {"conv_width": 5, "global_context": True, "feed_forward_proj": "gated-silu"}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def make_model() -> Callable[..., PhosphoT5ForConditionalGeneration]:
    """Build a model in evaluation mode whose parameters all have an effect, the same for the same geometry."""

    def make(seed: int = 0, **overrides: object) -> PhosphoT5ForConditionalGeneration:
        torch.manual_seed(seed)
        model = PhosphoT5ForConditionalGeneration(PhosphoT5Config(**(TINY | overrides)))
        with torch.no_grad():
            for name, parameter in sorted(model.named_parameters()):
                if "layer_norm" in name:
                    parameter.add_(0.1 * torch.randn_like(parameter))
                elif "relative_attention_bias" in name or name.endswith(("open_site", "given_sites")):
                    parameter.copy_(torch.randn_like(parameter))
                elif "convolution" in name or "context" in name:
                    parameter.copy_(0.1 * torch.randn_like(parameter))
        return model.eval()

    return make


@pytest.fixture
def make_full_model(make_model):
    """Build such a model with the convolution, the protein-wide context and a gated feed-forward."""
    return lambda **overrides: make_model(**(ALL_PARTS | overrides))


@pytest.fixture
def make_proteins() -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
    """Make ids of random proteins, each ending in ``</s>``, and their mask; ``lengths`` count ``</s>``."""

    def make(*lengths: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        ids = torch.randint(3, 23, (len(lengths), max(lengths)), generator=generator)
        mask = (torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]).long()
        for row, length in zip(ids, lengths, strict=True):
            row[length - 1] = 1
        return ids * mask, mask

    return make
