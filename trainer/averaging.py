"""Means of weights: of the checkpoints of one training, and of a trained model and others."""

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.prediction.loading import load_model

from .start import suited

__all__ = ["Weights", "mean_weights", "mixed_weights", "weights_like"]

Weights = dict[str, torch.Tensor]


def weights_like(name: str, config: PhosphoT5Config, weights: Weights) -> Weights:
    """Load the weights of another model of this architecture, or of a shallower one.

    Parameters
    ----------
    name : str
        ``bundled``, a folder or a hub id. Kinds of label and encoder blocks that it lacks are added; see
        :func:`~phosphot5.trainer.start.suited`.
    config : PhosphoT5Config
        Of the model to be like.
    weights : dict of str to torch.Tensor
        Its weights.

    Returns
    -------
    dict of str to torch.Tensor
        Name to weight.

    Raises
    ------
    PhosphoT5Error
        If the model cannot be loaded, or its weights have other names or shapes.
    """
    try:
        model = suited(load_model(name)[0], config.label_sources, config.num_layers)
    except ValueError as error:
        raise PhosphoT5Error(f"mix_with: {name}: {error}") from error
    other: Weights = model.state_dict()
    shapes, found = ({key: value.shape for key, value in of.items()} for of in (weights, other))
    if different := sorted(key for key in shapes.keys() | found.keys() if shapes.get(key) != found.get(key)):
        raise PhosphoT5Error(
            f"mix_with: {name} differs from the model to train in {', '.join(different[:3])}; "
            "give a model of the same architecture"
        )
    return other


def mixed_weights(weights: Weights, others: Sequence[tuple[Weights, float]]) -> Weights:
    """Return weights that consist of a share of each of some others (Wortsman et al. 2022), and of these.

    Parameters
    ----------
    weights : dict of str to torch.Tensor
        They fill up what the shares leave of 1.
    others : sequence of tuple of dict and float
        Weights like these, and their shares.
    """
    rest = 1 - sum(share for _, share in others)
    return {
        name: (rest * weight + sum(share * other[name].to(weight) for other, share in others)).to(
            weight.dtype
        )
        if weight.is_floating_point()
        else weight
        for name, weight in weights.items()
    }


def mean_weights(checkpoints: Sequence[Path]) -> Weights:
    """Average the weights of checkpoints (Izmailov et al. 2018, stochastic weight averaging).

    Parameters
    ----------
    checkpoints : sequence of Path
        Folders with safetensors, in shards or not, of one architecture.

    Returns
    -------
    dict of str to torch.Tensor
        Name to mean, in the numbers of the checkpoints; summed up in float64.

    Raises
    ------
    PhosphoT5Error
        If there is no checkpoint, or one of them has other weights than the first.
    """
    if not checkpoints:
        raise PhosphoT5Error("no checkpoints to average; give at least one")
    first = _weights(checkpoints[0])
    total = {name: weight.double() for name, weight in first.items()}
    for folder in checkpoints[1:]:
        weights = _weights(folder)
        if different := weights.keys() ^ total.keys():
            raise PhosphoT5Error(
                f"{folder}: its weights differ from those of {checkpoints[0]} in {', '.join(sorted(different)[:3])}; "
                "average checkpoints of one training"
            )
        for name, weight in weights.items():
            total[name] += weight
    return {name: (total[name] / len(checkpoints)).to(first[name].dtype) for name in total}


def _weights(folder: Path) -> Weights:
    return {
        name: weight
        for file in sorted(folder.glob("*.safetensors"))
        for name, weight in load_file(file).items()
    }
