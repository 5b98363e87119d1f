"""The model that a training starts from: a new one, or a trained one that is made larger on the way."""

import copy
import logging
import re
from typing import Any

import torch

from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.prediction.loading import load_model

from .recipe import Recipe

__all__ = ["make_model", "only_adapters", "suited", "with_adapters", "with_encoder_blocks"]

logger = logging.getLogger(__name__)

NUMBERED = re.compile(r"(encoder\.(?:block|context|adapters)\.)(\d+)(\..+)")
"""Weights of the encoder's blocks, and of the protein-wide contexts and the adapters after them."""
LAST = (".SelfAttention.o.weight", ".DenseReluDense.wo.weight", ".wo.weight", ".up.weight")
"""What a layer adds to the states goes through one of these."""


def make_model(recipe: Recipe, seed: int) -> PhosphoT5ForConditionalGeneration:
    """Make or load the model a recipe starts from, reproducibly from the seed.

    Raises
    ------
    PhosphoT5Error
        If a value is refused or the start cannot be loaded.
    """
    given = dict(recipe.model)
    preset, start, t5 = (given.pop(name, None) for name in ("preset", "start_from", "from_t5"))
    torch.manual_seed(seed)
    try:
        if start is not None:
            return _trained(start, given)
        if t5 is not None:
            return PhosphoT5ForConditionalGeneration.from_t5(t5, **given)
        config = PhosphoT5Config.preset(preset, **given) if preset else PhosphoT5Config(**given)
    except (OSError, ValueError) as error:
        raise PhosphoT5Error(f"model: {error}") from error
    return PhosphoT5ForConditionalGeneration(config)


def _trained(start: str, given: dict[str, Any]) -> PhosphoT5ForConditionalGeneration:
    """Load the model to start from; kinds of label, encoder blocks and adapters that it lacks are added."""
    names, default = given.pop("label_sources", None), given.pop("label_source", None)
    layers, adapters = given.pop("num_layers", None), given.pop("label_source_adapters", None)
    loaded = load_model(start, **given)[0]
    if loaded.config.kinase_families:
        logger.warning(
            "%s tells families of kinases apart by states that this training changes; the new model will tell none "
            "until `phosphot5 finetune --kinases` fits them to it",
            start,
        )
    model = suited(loaded, names or loaded.config.label_sources, layers or loaded.config.num_layers)
    if adapters not in (None, model.config.label_source_adapters):
        model = with_adapters(model, adapters)
    if default is not None:
        model.config.label_source = default
        model.config.check()
    return model


def suited(
    model: PhosphoT5ForConditionalGeneration, label_sources: list[str], layers: int
) -> PhosphoT5ForConditionalGeneration:
    """Return a model that scores sites as the given one does, with room to learn more.

    Its head for families of kinases is left out: it belongs to states that a training changes.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        May be changed.
    label_sources : list of str
        Kinds of label to tell apart.
    layers : int
        Number of encoder blocks.

    Raises
    ------
    ValueError
        If the model has other kinds of label, or more encoder blocks.
    """
    model.kinases, model.config.kinase_families, model.config.kinase_fpr_table = None, {}, None
    if label_sources != model.config.label_sources:
        model.add_label_sources(label_sources)
    return model if layers == model.config.num_layers else with_encoder_blocks(model, layers)


def with_encoder_blocks(
    model: PhosphoT5ForConditionalGeneration, layers: int
) -> PhosphoT5ForConditionalGeneration:
    """Return a deeper model that gives the same scores.

    New blocks are spread among the old ones. Each is a copy of the block before it and adds nothing to the states
    until it is trained (Wu et al. 2024, LLaMA Pro).

    Raises
    ------
    ValueError
        If the model has more encoder blocks.
    """
    old = model.config.num_layers
    if layers < old:
        raise ValueError(
            f"num_layers is {layers}, and the model to start from has {old}; blocks cannot be left out"
        )
    config = copy.deepcopy(model.config)
    config.num_layers = layers
    with torch.random.fork_rng(devices=[]):  # what is drawn for new weights is not used
        deeper = PhosphoT5ForConditionalGeneration(config)
    given = model.state_dict()
    weights = {}
    for name, empty in deeper.state_dict().items():
        match = NUMBERED.fullmatch(name)
        if match is None:
            weights[name] = given[name]
            continue
        number = int(match[2])
        source = number * old // layers
        is_new = number > 0 and (number - 1) * old // layers == source
        weight = given[f"{match[1]}{source}{match[3]}"]
        weights[name] = torch.zeros_like(empty) if is_new and name.endswith(LAST) else weight
    deeper.load_state_dict(weights)
    return deeper.train(model.training)


def with_adapters(
    model: PhosphoT5ForConditionalGeneration, units: dict[str, int]
) -> PhosphoT5ForConditionalGeneration:
    """Return a model with adapters for kinds of label, which gives the same scores until they are trained.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        Without adapters.
    units : dict of str to int
        Kind of label to its hidden units, see :class:`~phosphot5.PhosphoT5Config`.

    Raises
    ------
    ValueError
        If the model has adapters, or does not know a kind.
    """
    if has := model.config.label_source_adapters:
        raise ValueError(f"label_source_adapters is {units}, and the model to start from has {has} already")
    config = copy.deepcopy(model.config)
    config.label_source_adapters = dict(units)
    wider = PhosphoT5ForConditionalGeneration(config)
    wider.load_state_dict(wider.state_dict() | model.state_dict())
    return wider.train(model.training)


def only_adapters(model: PhosphoT5ForConditionalGeneration) -> None:
    """Let a training change what kinds of label have of their own, and nothing else: their adapters and vectors.

    Kinds without adapters keep their scores if the training has no protein of them.

    Raises
    ------
    PhosphoT5Error
        If the model has none.
    """
    if not model.config.label_source_adapters:
        raise PhosphoT5Error(
            "adapters_only: the model has no adapters; set model.label_source_adapters, for instance {curated: 128}"
        )
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(".adapters." in name or name.endswith(".label_sources"))
