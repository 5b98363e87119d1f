"""Focal loss with label smoothing: a pure function and the module that reduces it."""

import torch
from torch import nn

from .decoding_phosphot5 import choice_logits, plain_ids

__all__ = ["FocalLossWithSmoothing", "focal_cross_entropy", "phosphosite_loss"]


def focal_cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, gamma: float = 2.0, smoothing: float = 0.035
) -> torch.Tensor:
    """Focal cross-entropy with uniform label smoothing, item by item.

    ``(1 - p_t) ** gamma * ((1 - smoothing) * -log p_t + smoothing * mean_c(-log p_c))``: with ``gamma`` 0 it
    is :func:`torch.nn.functional.cross_entropy` with the same smoothing. Computed in float32 at least,
    also inside autocast.

    Parameters
    ----------
    logits : torch.Tensor of shape (n, classes)
        Unnormalised scores.
    targets : torch.Tensor of shape (n,)
        Class of each item, 0-based.
    gamma : float
        Focusing exponent (Lin et al. 2017); 0 switches focusing off.
    smoothing : float
        Probability mass spread evenly over all classes.

    Returns
    -------
    torch.Tensor of shape (n,)
        Loss of each item.
    """
    with torch.autocast(logits.device.type, enabled=False):
        wide = logits if logits.dtype == torch.float64 else logits.float()
        log_p = torch.log_softmax(wide, dim=-1)
        nll = -log_p.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
        loss = (1 - smoothing) * nll - smoothing * log_p.mean(dim=-1)
        if gamma == 0:
            return loss
        # 1 - p_t without cancellation; the floor keeps the gradient of a fractional power finite at p_t = 1
        miss = -torch.expm1(-nll)
        return miss.clamp_min(torch.finfo(wide.dtype).tiny) ** gamma * loss


class FocalLossWithSmoothing(nn.Module):
    """Sum of the focal smoothed losses of labelled items, normalised by their number.

    Parameters
    ----------
    gamma, smoothing : float
        See :func:`focal_cross_entropy`; the defaults are those of the recipe.
    ignore_index : int
        Label of items that carry no loss: padding and sites whose state is not known.

    Raises
    ------
    ValueError
        If ``gamma`` is negative or ``smoothing`` is outside 0 to 1.
    """

    def __init__(self, gamma: float = 2.0, smoothing: float = 0.035, ignore_index: int = -100) -> None:
        super().__init__()
        if gamma < 0 or not 0 <= smoothing <= 1:
            raise ValueError(
                f"gamma is {gamma} and smoothing {smoothing}, expected gamma >= 0 and 0 <= smoothing <= 1"
            )
        self.gamma = gamma
        self.smoothing = smoothing
        self.ignore_index = ignore_index

    def forward(
        self, logits: torch.Tensor, labels: torch.Tensor, num_items: torch.Tensor | float | None = None
    ) -> torch.Tensor:
        """Return the loss as a scalar.

        Parameters
        ----------
        logits : torch.Tensor of shape (..., classes)
            Unnormalised scores.
        labels : torch.Tensor of shape (...)
            0-based classes, ``ignore_index`` where there is none.
        num_items : torch.Tensor or float, optional
            Divisor of the sum, for instance the labels of all micro-batches of a step; by default the
            labelled items given here.
        """
        keep = labels != self.ignore_index
        losses = focal_cross_entropy(logits[keep], labels[keep], self.gamma, self.smoothing)
        return losses.sum() / (keep.sum().clamp_min(1) if num_items is None else num_items)

    def extra_repr(self) -> str:
        """Name the parameters in ``print(module)``."""
        return f"gamma={self.gamma}, smoothing={self.smoothing}"


def phosphosite_loss(
    criterion: FocalLossWithSmoothing,
    logits: torch.Tensor,
    labels: torch.Tensor,
    partner: torch.Tensor,
    copy_weight: float,
    num_items: torch.Tensor | int | None = None,
) -> torch.Tensor:
    """Loss over the legal choice at each site and, weighted, over copying every labelled position.

    Parameters
    ----------
    criterion : FocalLossWithSmoothing
        Used for both parts.
    logits : torch.Tensor of shape (batch, length, vocab_size)
        Scores of the decoder.
    labels : torch.Tensor of int64 of shape (batch, length)
        Annotated tokens, ``criterion.ignore_index`` where there is no label.
    partner : torch.Tensor of shape (vocab_size,)
        From :func:`~phosphot5.modeling_phosphot5.decoding_phosphot5.phospho_partner`.
    copy_weight : float
        Weight of the full-vocabulary part, which teaches copying.
    num_items : torch.Tensor or int, optional
        Divisor; by default the labelled positions given here.

    Returns
    -------
    torch.Tensor
        Scalar.
    """
    labelled = labels != criterion.ignore_index
    logits, labels = logits[labelled], labels[labelled]
    num_items = max(len(labels), 1) if num_items is None else num_items
    residue = plain_ids(labels, partner)
    sites = partner[residue] >= 0
    choice = choice_logits(logits[sites], residue[sites], partner)
    loss = criterion(choice, (labels != residue)[sites].long(), num_items)
    return loss + copy_weight * criterion(logits, labels, num_items)
