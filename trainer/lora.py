"""Low-rank adaptation of large models through peft, an optional dependency."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict
from torch import nn

from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.record.validation import CHECKED

if TYPE_CHECKING:
    from peft import LoraModel

__all__ = ["LoraRecipe", "add_lora", "merge_lora"]

TARGETS = ["q", "k", "v", "o", "wi", "wi_0", "wi_1", "wo"]
"""Linear layers of attention and feed-forward that are adapted; everything else is trained as it is."""
UNADAPTED_MODULES = r".*\.context\..*"
"""Layers that T5 lacks, by name: trained whole, without adapters."""


@dataclass(frozen=True)
class LoraRecipe:
    """How the linear layers of attention and feed-forward are adapted (Hu et al. 2021).

    Parameters
    ----------
    rank : int
        Rank of the change of each weight matrix.
    alpha : float
        The change is scaled by ``alpha / rank``.
    dropout : float
        Dropout before the change, in training.

    Raises
    ------
    ValueError
        If the rank is below 1.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Check the rank."""
        if self.rank < 1:
            raise ValueError(f"the rank is {self.rank}; use at least 1")


def add_lora(model: PhosphoT5ForConditionalGeneration, recipe: LoraRecipe) -> "LoraModel":
    """Put adapters into a model, in place: only they, and what is no large matrix, are trained.

    Embeddings, norms, biases and what PhosphoT5 adds to T5 stay trainable: these are small, and new where the
    model comes from a T5 checkpoint. Checkpoints hold weights and adapters, and resume like any other.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        The model, whose function does not change.
    recipe : LoraRecipe
        Rank, scale and dropout.

    Returns
    -------
    peft.LoraModel
        For :func:`merge_lora`.

    Raises
    ------
    PhosphoT5Error
        If peft is not installed.
    """
    try:
        from peft import LoraConfig, LoraModel
    except ImportError as error:
        raise PhosphoT5Error('lora needs the package peft; pip install "phosphot5[lora]"') from error
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,  # type: ignore[arg-type]  # peft scales by any number
        lora_dropout=recipe.dropout,
        target_modules=TARGETS,
        exclude_modules=UNADAPTED_MODULES,
    )
    adapted = LoraModel(model, config, "default")
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(".base_layer." not in name)
    return adapted


def merge_lora(adapted: "LoraModel") -> nn.Module:
    """Add the adapters to the weights, in place, and return the model as it was before :func:`add_lora`."""
    model = adapted.merge_and_unload()
    return model.requires_grad_(True)
