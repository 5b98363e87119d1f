"""What a labelled batch shows the model in training: some true sites in the source, some in the prefix."""

import torch

from .decoding_phosphot5 import plain_ids, site_mask

__all__ = ["forget_label_sources", "mask_residues", "open_in_prefix", "show_known_sites"]


def show_known_sites(
    input_ids: torch.Tensor,
    labels: torch.Tensor,
    proteins: torch.Tensor,
    partner: torch.Tensor,
    probability: float,
) -> torch.Tensor:
    """Write some of the true sites of some proteins into their source, as if they were known beforehand.

    A protein is drawn with ``probability`` if it has a site at all; a share of its sites, itself drawn evenly
    from 0 to 1, is then shown, at least one. So a source without a mark says nothing about the sites, and
    its scores stay marginal.

    Parameters
    ----------
    input_ids, labels : torch.Tensor of int64 of shape (batch, length)
        Bare source and annotated tokens, aligned.
    proteins : torch.Tensor of int64 of shape (batch, length)
        Number of each position's protein in its row, from 1; 0 at padding.
    partner : torch.Tensor of shape (vocab_size,)
        From :func:`~phosphot5.modeling_phosphot5.decoding_phosphot5.phospho_partner`.
    probability : float
        Share of proteins that are shown sites.

    Returns
    -------
    torch.Tensor of int64 of shape (batch, length)
        The source with phosphorylated tokens at the sites shown.
    """
    if probability == 0:
        return input_ids
    positive = site_mask(input_ids, partner) & (labels == partner[input_ids])
    rank = torch.rand(input_ids.shape, device=input_ids.device).masked_fill(~positive, 2.0)
    first = torch.full((len(proteins), int(proteins.max()) + 1), 2.0, device=input_ids.device)
    first = first.scatter_reduce(1, proteins, rank, "amin").gather(1, proteins)
    shown = positive & (rank <= torch.maximum(_draw(proteins), first)) & (_draw(proteins) < probability)
    return torch.where(shown, labels, input_ids)


def mask_residues(
    input_ids: torch.Tensor, partner: torch.Tensor, last_special: int, probability: float
) -> torch.Tensor:
    """Draw the residues that the model does not get to read: any but S, T and Y.

    Parameters
    ----------
    input_ids : torch.Tensor of int64 of shape (batch, length)
        The source.
    partner : torch.Tensor of shape (vocab_size,)
        From :func:`~phosphot5.modeling_phosphot5.decoding_phosphot5.phospho_partner`.
    last_special : int
        Tokens up to this id are no residues.
    probability : float
        Share of the residues.

    Returns
    -------
    torch.Tensor of bool of shape (batch, length)
    """
    residue = (input_ids > last_special) & ~site_mask(plain_ids(input_ids, partner), partner)
    return residue & (torch.rand(input_ids.shape, device=input_ids.device) < probability)


def open_in_prefix(
    input_ids: torch.Tensor,
    labels: torch.Tensor,
    proteins: torch.Tensor,
    partner: torch.Tensor,
    probability: float,
) -> torch.Tensor:
    """Find the sites that the decoder reads as open: all sites of some proteins, unlabelled ones of all.

    Parameters
    ----------
    input_ids, labels, proteins, partner
        As for :func:`show_known_sites`; sites shown in the source are not open.
    probability : float
        Share of proteins whose decoder is told of no site: those that train marginal scores.

    Returns
    -------
    torch.Tensor of bool of shape (batch, length)
    """
    return site_mask(input_ids, partner) & ((_draw(proteins) < probability) | (labels == -100))


def forget_label_sources(
    label_sources: torch.Tensor, proteins: torch.Tensor, probability: float
) -> torch.Tensor:
    """Leave the kind of label of some proteins unspecified.

    Parameters
    ----------
    label_sources, proteins : torch.Tensor of int64 of shape (batch, length)
        Kind of label, from 1, and number of each position's protein.
    probability : float
        Share of proteins.

    Returns
    -------
    torch.Tensor of int64 of shape (batch, length)
        0 at residues of the proteins drawn.
    """
    return label_sources.masked_fill(_draw(proteins) < probability, 0)


def _draw(proteins: torch.Tensor) -> torch.Tensor:
    """Draw a number from 0 to 1 for every protein; float of shape (batch, length)."""
    numbers = torch.rand(len(proteins), int(proteins.max()) + 1, device=proteins.device)
    return numbers.gather(1, proteins)
