"""The mean of several checkpoints of one training, which ranks better than any one of them."""

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from phosphot5.errors import PhosphoT5Error

__all__ = ["mean_weights"]


def mean_weights(checkpoints: Sequence[Path]) -> dict[str, torch.Tensor]:
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


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return {
        name: weight
        for file in sorted(folder.glob("*.safetensors"))
        for name, weight in load_file(file).items()
    }
