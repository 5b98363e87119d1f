"""Which kinase: a head that tells families of kinases apart at every site."""

import torch
from torch import nn

__all__ = ["KinaseHead", "residue_windows", "with_known_sites"]

FLANK = 7
"""Residues to either side of a site that the head reads by themselves."""
EPSILON = 1e-6


class KinaseHead(nn.Module):
    """Log-odds of each family at a site, given that the site is phosphorylated.

    A linear function of the states of encoder and decoder at the site and of the 15 residues around it. Where known
    sites of the protein are shown, states differ, and further weights are added to those of the states. A line takes
    the site's own log-odds to those of a site with a known kinase.

    Parameters
    ----------
    d_model, vocab_size, families : int
        Width of the states, number of tokens, number of families.
    """

    def __init__(self, d_model: int, vocab_size: int, families: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(d_model, families)
        self.decoder = nn.Linear(d_model, families, bias=False)
        self.encoder_known = nn.Linear(d_model, families)
        self.decoder_known = nn.Linear(d_model, families, bias=False)
        self.residues = nn.Embedding((2 * FLANK + 1) * vocab_size, families)
        self.site_slope, self.site_intercept = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))
        self.vocab_size = vocab_size

    def reset(self) -> None:
        """Say nothing: even odds of every family, and the site's probability as it is."""
        for weight in self.parameters():
            nn.init.zeros_(weight)
        nn.init.ones_(self.site_slope)

    def of_substrates(self, log_odds: torch.Tensor) -> torch.Tensor:
        """Return the log-odds that a site is among the known sites of substrates, from those of phosphorylation.

        Fewer sites have a known kinase than are phosphorylated: a line that is fitted with the families.
        """
        return self.site_slope * log_odds + self.site_intercept

    def forward(
        self, encoder: torch.Tensor, decoder: torch.Tensor, windows: torch.Tensor, known: torch.Tensor
    ) -> torch.Tensor:
        """Score sites.

        Parameters
        ----------
        encoder, decoder : torch.Tensor of shape (sites, d_model)
            Last states at the sites.
        windows : torch.Tensor of int64 of shape (sites, 15)
            From :func:`residue_windows`.
        known : torch.Tensor of bool of shape (sites,)
            From :func:`with_known_sites`.

        Returns
        -------
        torch.Tensor of float32 of shape (sites, families)
        """
        place = torch.arange(windows.shape[1], device=windows.device) * self.vocab_size
        encoder, decoder = _scaled(encoder), _scaled(decoder)
        states = self.encoder(encoder) + self.decoder(decoder)
        more = self.encoder_known(encoder) + self.decoder_known(decoder)
        states = states + more.masked_fill(~known[:, None], 0)
        return (states + self.residues(windows + place).sum(1)).float()


def _scaled(states: torch.Tensor) -> torch.Tensor:
    """Scale states to a mean square of 1."""
    return states * torch.rsqrt(states.float().pow(2).mean(-1, keepdim=True) + EPSILON).to(states.dtype)


def with_known_sites(phosphorylated: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Tell, at every position, whether a known site of its protein is shown.

    Parameters
    ----------
    phosphorylated : torch.Tensor of bool of shape (batch, length)
        True at the known sites.
    attention_mask : torch.Tensor of shape (batch, length)
        Number of the protein in its row, 0 for padding.

    Returns
    -------
    torch.Tensor of bool of shape (batch, length)
    """
    proteins, known = attention_mask.long(), phosphorylated.float()
    number = known.new_zeros(known.shape[0], known.shape[1] + 1).scatter_add(1, proteins, known)
    return number.gather(1, proteins) > 0


def residue_windows(
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    sites: torch.Tensor,
    site_token_ids: dict[str, list[int]],
    outside: int,
    end: int,
) -> torch.Tensor:
    """Cut the residues around sites out, known sites as plain residues.

    Parameters
    ----------
    input_ids : torch.Tensor of int64 of shape (batch, length)
    attention_mask : torch.Tensor of shape (batch, length)
        Number of the protein in its row, 0 for padding.
    sites : torch.Tensor of bool of shape (batch, length)
        True at the sites.
    site_token_ids : dict of str to list of int
        Residue to ``[plain id, phosphorylated id]``.
    outside, end : int
        Token that stands for what is beyond the protein, and the one at its end.

    Returns
    -------
    torch.Tensor of int64 of shape (sites, 15)
    """
    plain = input_ids
    for unmodified, phosphorylated in site_token_ids.values():
        plain = plain.masked_fill(plain == phosphorylated, unmodified)
    plain = plain.masked_fill(plain == end, outside)
    row, column = sites.nonzero(as_tuple=True)
    around = column[:, None] + torch.arange(-FLANK, FLANK + 1, device=column.device)
    last = input_ids.shape[1] - 1
    inside = (around >= 0) & (around <= last)
    around = around.clamp(0, last)
    row = row[:, None]
    same = attention_mask[row, around] == attention_mask[row, column[:, None]]
    return torch.where(inside & same, plain[row, around], outside)
