"""From log-odds and their context to probabilities."""

import torch
from torch.nn import functional as F  # noqa: N812

from .decoding_phosphot5 import is_packed

__all__ = ["calibrated_probability", "site_contexts"]

REACH = 32
"""Farthest residue in the weighted mean over the S and T around a site. Stored calibrations were fitted with it."""
DECAY = 8.0
"""Residues over which a weight of that mean falls to 1/e."""
OWN_WEIGHT = 0.03
"""Weight of the site itself in that mean."""


def calibrated_probability(
    log_odds: torch.Tensor,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor | None,
    site_token_ids: dict[str, list[int]],
    calibration: dict[str, dict[str, float]] | None,
) -> torch.Tensor:
    """Log-odds to probabilities, through the line fitted for each residue on validation data.

    Parameters
    ----------
    log_odds : torch.Tensor of shape (batch, length)
        NaN where there is no site.
    input_ids : torch.Tensor of int64 of shape (batch, length)
    attention_mask : torch.Tensor of shape (batch, length), optional
        1 for tokens, 0 for padding; in packed rows the number of the protein.
    site_token_ids : dict of str to list of int
        Residue to ``[plain id, phosphorylated id]``.
    calibration : dict or None
        Residue to ``{"slope", "neighbours", "protein", "intercept"}``: weights of the site's log-odds and of its
        two :func:`site_contexts`, 0 where they are left out. Without it the log-odds are taken as they are.

    Returns
    -------
    torch.Tensor of shape (batch, length)
    """
    if not calibration:
        return torch.sigmoid(log_odds)
    neighbours, protein = site_contexts(log_odds, input_ids, attention_mask, site_token_ids)
    calibrated = log_odds
    for residue, line in calibration.items():
        value = line["slope"] * log_odds + line["intercept"]
        value = value + line.get("neighbours", 0.0) * neighbours + line.get("protein", 0.0) * protein
        calibrated = torch.where(input_ids == site_token_ids[residue][0], value, calibrated)
    return torch.sigmoid(calibrated)


def site_contexts(
    log_odds: torch.Tensor,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor | None,
    site_token_ids: dict[str, list[int]],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Collect what the log-odds of other sites of the protein say about each.

    Parameters
    ----------
    log_odds, input_ids, attention_mask, site_token_ids
        As for :func:`calibrated_probability`.

    Returns
    -------
    tuple of torch.Tensor of shape (batch, length)
        Mean log-odds of the S and T within 32 residues, each weighted by ``exp(-distance / 8)``, where the site
        itself weighs 0.03, so that it stands in where there are none. Mean log-odds of all sites of the same
        residue in the protein. Neither means anything where there is no site.
    """
    proteins = torch.ones_like(input_ids) if attention_mask is None else attention_mask.long()
    plain = {residue: ids[0] for residue, ids in site_token_ids.items()}
    values = log_odds.nan_to_num()
    neighbours = _mean_around(values, (input_ids == plain["S"]) | (input_ids == plain["T"]), proteins)
    same = torch.zeros_like(values)
    for token in plain.values():
        at = input_ids == token
        same = torch.where(at, _mean_of_protein(values, at, proteins), same)
    return neighbours, same


def _mean_around(values: torch.Tensor, counted: torch.Tensor, proteins: torch.Tensor) -> torch.Tensor:
    """Mean of the values of counted positions around each position of the same protein, (batch, length)."""
    offset = torch.arange(-REACH, REACH + 1, device=values.device)
    weight = torch.exp(-offset.abs() / DECAY).masked_fill(offset == 0, 0)
    counted = counted.to(values.dtype)
    near = _around(torch.stack([counted * values, counted], dim=-1))
    if is_packed(proteins):
        near = near * (_around(proteins) == proteins[..., None])[:, :, None]
    total, count = (weight * near).sum(-1).unbind(-1)
    return (total + OWN_WEIGHT * values) / (count + OWN_WEIGHT)


def _around(values: torch.Tensor) -> torch.Tensor:
    """Give every position the values within reach, 0 beyond the ends: a dimension more, of ``2 * REACH + 1``."""
    ends = [0, 0] * (values.dim() - 2) + [REACH, REACH]
    return F.pad(values, ends).unfold(1, 2 * REACH + 1, 1)


def _mean_of_protein(values: torch.Tensor, at: torch.Tensor, proteins: torch.Tensor) -> torch.Tensor:
    """Mean of the values ``at`` some positions of each protein, at every position of it, (batch, length).

    Summed up one after the other, so that neither padding nor other proteins change a bit.
    """
    empty = values.new_zeros(values.shape[0], values.shape[1] + 1)
    total, count = (
        empty.scatter_add(1, proteins, part) for part in (values.masked_fill(~at, 0), at.to(values.dtype))
    )
    return (total / count.clamp_min(1)).gather(1, proteins)
