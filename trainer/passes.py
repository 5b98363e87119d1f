"""Noise passes: several passes over one batch, together or in turn, and how far their scores differ."""

import torch
from torch import nn

from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.decoding_phosphot5 import choice_logits, site_mask

__all__ = ["NOISE_BATCHING", "disagreement", "embedding_rms", "fits", "repeated", "draw_training_inputs"]

NOISE_BATCHING = ("auto", "together", "in_turn")
"""Ways to run the noise passes of a batch."""
SHARE_OF_MEMORY = 0.9
"""Share of an accelerator's memory that passes run together may take."""


def repeated(inputs: dict[str, torch.Tensor], passes: int) -> dict[str, torch.Tensor]:
    """Return the batch ``passes`` times, one after the other along the first dimension."""
    return {name: torch.cat([values] * passes) for name, values in inputs.items()}


def draw_training_inputs(
    model: PhosphoT5ForConditionalGeneration, inputs: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Draw once what the model is shown of a batch, so that its passes differ in noise and dropout alone.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In training mode.
    inputs : dict of str to torch.Tensor
        A collated batch.

    Returns
    -------
    dict of str to torch.Tensor
        The batch with the shown source, decoder ids and open sites; see ``training_inputs`` of the model.
    """
    drawn = model.training_inputs(inputs["input_ids"], inputs["labels"], inputs["attention_mask"])
    return inputs | dict(zip(("input_ids", "decoder_input_ids", "open_sites"), drawn, strict=True))


def disagreement(
    logits: torch.Tensor, input_ids: torch.Tensor, partner: torch.Tensor, passes: int
) -> torch.Tensor:
    """Sum over all sites the symmetric KL divergence between passes, averaged over the pairs of passes.

    With two choices at a site it is ``(p - q) (logit p - logit q)`` for the probabilities ``p`` and ``q``
    of two passes. Sites of unknown state count too: their label is not needed.

    Parameters
    ----------
    logits : torch.Tensor of shape (passes x rows, length, vocab_size)
        Of a batch made by :func:`repeated`.
    input_ids : torch.Tensor of int64 of shape (passes x rows, length)
        The source.
    partner : torch.Tensor of shape (vocab_size,)
        From :func:`~phosphot5.modeling_phosphot5.decoding_phosphot5.phospho_partner`.
    passes : int
        Two or more.

    Returns
    -------
    torch.Tensor
        Scalar, 0 or more.
    """
    sites = site_mask(input_ids, partner)
    choice = choice_logits(logits[sites], input_ids[sites], partner).float()
    odds = (choice[:, 1] - choice[:, 0]).view(passes, -1)
    probability = odds.sigmoid()
    covariance = (probability * odds).mean(0) - probability.mean(0) * odds.mean(0)
    return 2 * passes / (passes - 1) * covariance.sum()


def embedding_rms(model: nn.Module) -> float:
    """Return the root mean square of the input embeddings, gathered where they are sharded over processes."""
    weight = model.get_input_embeddings().weight.detach()
    if hasattr(weight, "full_tensor"):
        weight = weight.full_tensor()
    return weight.float().square().mean().sqrt().item()


def fits(passes: int, idle: int, peak: int, total: int) -> bool:
    """Tell whether passes fit into an accelerator's memory together.

    Parameters
    ----------
    passes : int
        Their number.
    idle, peak : int
        Bytes in use between the steps, and at the peak of a single pass.
    total : int
        Bytes of the accelerator.
    """
    return idle + passes * (peak - idle) <= SHARE_OF_MEMORY * total
