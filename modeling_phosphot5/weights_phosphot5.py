"""Whole weights or none: what is checked after a checkpoint was read."""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

__all__ = ["check_weights", "loading_report"]

NAMED = 3
"""Tensors that an error names."""
T5_LACKS = re.compile(r"\.(open_site|given_sites|label_sources|adapters\..*|convolution\..*|context\..*)$")
OLD_HEADS_LACK = re.compile(r"^kinases\.(encoder|decoder)_known\.")
"""Heads for families of kinases before release 0.6.0: states with known sites were read as others."""
ALIGNMENT = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
"""Stock T5 checkpoints may carry it."""


def check_weights(name: Any, model: nn.Module, info: dict[str, Any], lenient: bool = False) -> None:
    """Refuse a model some of whose weights are not those of its checkpoint, or no numbers.

    Parameters
    ----------
    name : str or path
        Folder or hub id.
    model : nn.Module
        As loaded; weights that are left on the disk are not looked at.
    info : dict
        ``missing_keys``, ``unexpected_keys`` and ``mismatched_keys`` of transformers. What T5 lacks may be missing
        if all of it is: these are the weights of a T5. So may what older heads for families of kinases lack.
    lenient : bool
        Whether tensors of another shape may start anew.

    Raises
    ------
    ValueError
        Names the first tensors of each kind.
    """
    missing = set(info["missing_keys"])
    for pattern, optional in ((T5_LACKS, {ALIGNMENT}), (OLD_HEADS_LACK, set())):
        lacked = {weight for weight, _ in model.named_parameters() if pattern.search(weight)}
        if lacked <= missing:
            missing -= lacked | optional
    mismatched = [] if lenient else [key[0] for key in info["mismatched_keys"]]
    wrong = [weight for weight, tensor in model.named_parameters() if not _is_finite(tensor)]
    faults = (
        _some(missing, "missing"),
        _some(info["unexpected_keys"], "not of this model"),
        _some(mismatched, "of another shape"),
        _some(wrong, "with NaN or infinity"),
    )
    if any(faults):
        raise ValueError(
            f"{name}: the weights are damaged or belong to another configuration: "
            f"{'; '.join(filter(None, faults))}; get the checkpoint anew"
        )


def _is_finite(tensor: torch.Tensor) -> bool:
    return tensor.is_meta or not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())


def _some(names: Iterable[str], fault: str) -> str:
    found = sorted(names)
    more = ", ..." if len(found) > NAMED else ""
    return f"{len(found)} {fault} ({', '.join(found[:NAMED])}{more})" if found else ""


@contextmanager
def loading_report(shown: bool) -> Iterator[None]:
    """Keep back, unless ``shown``, the table that transformers logs of such weights before the error."""
    logger = logging.getLogger("transformers.modeling_utils")

    def keep(record: logging.LogRecord) -> bool:
        return shown or record.levelno != logging.WARNING or "LOAD REPORT" not in record.getMessage()

    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
