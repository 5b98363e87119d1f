"""Pure functions between token ids, logits and phosphosites."""

import re
from typing import Any, cast

import torch
from transformers import LogitsProcessor, StoppingCriteria

__all__ = [
    "SiteConstraint",
    "StopText",
    "choice_logits",
    "decoder_mask",
    "is_packed",
    "pad_right",
    "is_phosphorylated",
    "membership",
    "phospho_partner",
    "plain_ids",
    "shift_right",
    "site_mask",
    "token_mask",
]


def phospho_partner(
    site_token_ids: dict[str, list[int]], vocab_size: int, device: torch.device
) -> torch.Tensor:
    """Phosphorylated id of every plain id.

    Parameters
    ----------
    site_token_ids : dict of str to list of int
        Residue to ``[plain id, phosphorylated id]``.
    vocab_size : int
        Number of tokens.
    device : torch.device
        Where the table is made.

    Returns
    -------
    torch.Tensor of int64 of shape (vocab_size,)
        The phosphorylated id, -1 for tokens that cannot be phosphorylated.
    """
    partner = torch.full((vocab_size,), -1, dtype=torch.long)
    for plain, phosphorylated in site_token_ids.values():
        partner[plain] = phosphorylated
    return partner.to(device)


def site_mask(input_ids: torch.Tensor, partner: torch.Tensor) -> torch.Tensor:
    """Find where a token is a plain residue that can be phosphorylated.

    Parameters
    ----------
    input_ids : torch.Tensor of int64 of shape (batch, length)
    partner : torch.Tensor of shape (vocab_size,)
        From :func:`phospho_partner`.

    Returns
    -------
    torch.Tensor of bool of shape (batch, length)
        True at sites.
    """
    return partner[input_ids] >= 0


def is_phosphorylated(ids: torch.Tensor, site_token_ids: dict[str, list[int]]) -> torch.Tensor:
    """Find phosphorylated tokens: in a source, the sites that are given.

    Parameters
    ----------
    ids : torch.Tensor of int64, any shape
        Token ids.
    site_token_ids : dict of str to list of int
        Residue to ``[plain id, phosphorylated id]``.

    Returns
    -------
    torch.Tensor of bool, same shape
    """
    marked = [phosphorylated for _, phosphorylated in site_token_ids.values()]
    return (ids[..., None] == torch.tensor(marked, device=ids.device)).any(-1)


def token_mask(input_ids: torch.Tensor, pad_token_id: int) -> torch.Tensor:
    """Make the attention mask of a source that came without one.

    Parameters
    ----------
    input_ids : torch.Tensor of int64 of shape (batch, length)
    pad_token_id : int
        Token of padding, on either side.

    Returns
    -------
    torch.Tensor of int64 of shape (batch, length)
        1 for tokens, 0 for padding.
    """
    return (input_ids != pad_token_id).long()


def decoder_mask(
    decoder_input_ids: torch.Tensor, encoder_mask: torch.Tensor, pad_token_id: int
) -> torch.Tensor:
    """Make the attention mask of targets, shifted right, that came without one.

    Only padding on the left needs one, as a query sees no later key. Where the source has such padding, the last
    of the padding tokens with which the targets begin is their start token.

    Parameters
    ----------
    decoder_input_ids : torch.Tensor of int64 of shape (batch, length)
    encoder_mask : torch.Tensor of shape (batch, source length)
        0 for padding of the source.
    pad_token_id : int
        Token of padding and, in T5, of the start.

    Returns
    -------
    torch.Tensor of int64 of shape (batch, length)
        0 for padding on the left, else 1.
    """
    begun = (decoder_input_ids != pad_token_id).long().cumsum(-1).clamp_max(1)
    begun = torch.cat([begun[:, 1:], torch.ones_like(begun[:, :1])], dim=1)
    return torch.where(encoder_mask[:, :1] > 0, 1, begun)


def pad_right(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Move the tokens of every row before its padding; what is padded on the right stays as it is.

    Parameters
    ----------
    input_ids, attention_mask : torch.Tensor of int64 of shape (batch, length)
        Tokens, and 0 for padding.

    Returns
    -------
    tuple of torch.Tensor of int64 of shape (batch, length)
        Both, rearranged.
    """
    order = (attention_mask == 0).long().argsort(dim=1, stable=True)
    return input_ids.gather(1, order), attention_mask.gather(1, order)


def is_packed(proteins: torch.Tensor | None, training: bool = False) -> bool:
    """Tell whether a row holds several proteins.

    Parameters
    ----------
    proteins : torch.Tensor of int of shape (batch, length), optional
        An attention mask: 0 at padding, 1 at tokens, in packed rows the number of the protein, from 1.
    training : bool
        Whether the model is in training mode, where a compiler may break its graph to look at values.
    """
    return proteins is not None and _proteins_per_row(proteins, training) > 1


def membership(proteins: torch.Tensor, dtype: torch.dtype, training: bool = False) -> torch.Tensor:
    """Which position belongs to which protein.

    Parameters
    ----------
    proteins, training
        As for :func:`is_packed`.
    dtype : torch.dtype
        Type of the result.

    Returns
    -------
    torch.Tensor of shape (batch, proteins per row, length)
        1 where the position belongs to the protein, else 0.
    """
    numbers = torch.arange(1, _proteins_per_row(proteins, training) + 1, device=proteins.device)
    return (proteins[:, None] == numbers[:, None]).to(dtype)


def _proteins_per_row(proteins: torch.Tensor, training: bool) -> int:
    """Count the proteins of the fullest row.

    While a graph is made (ONNX, ``torch.export``, ``torch.compile``, ``torch.jit.trace``) no value is known: it is
    for one protein per row, and but for ONNX, which cannot, it refuses rows of several. Compiled training looks.
    """
    if torch.onnx.is_in_onnx_export():
        return 1
    compiling = torch.compiler.is_compiling() and not training
    if compiling or torch.jit.is_tracing():  # type: ignore[attr-defined]
        torch._assert_async((proteins <= 1).all(), "a compiled or exported model takes one protein per row")
        return 1
    return int(proteins.max())


def shift_right(ids: torch.Tensor, first: int | bool, proteins: torch.Tensor | None = None) -> torch.Tensor:
    """Move a row one position to the right, as the decoder reads its targets.

    Parameters
    ----------
    ids : torch.Tensor of shape (batch, length)
        Token ids, or any value per position.
    first : int or bool
        Value of the first position of every protein.
    proteins : torch.Tensor of int of shape (batch, length), optional
        In packed rows, the number of each position's protein; else the row is one protein.

    Returns
    -------
    torch.Tensor of shape (batch, length)
    """
    shifted = torch.full_like(ids, first)
    shifted[:, 1:] = ids[:, :-1]
    if proteins is not None:
        shifted[:, 1:].masked_fill_(proteins[:, 1:] != proteins[:, :-1], first)
    return shifted


def choice_logits(logits: torch.Tensor, plain_ids: torch.Tensor, partner: torch.Tensor) -> torch.Tensor:
    """Logits of the two legal tokens at a site.

    Parameters
    ----------
    logits : torch.Tensor of shape (n, vocab_size)
        Scores at n sites.
    plain_ids : torch.Tensor of int64 of shape (n,)
        Plain residue of each site.
    partner : torch.Tensor of shape (vocab_size,)
        From :func:`phospho_partner`.

    Returns
    -------
    torch.Tensor of shape (n, 2)
        Column 0 the plain residue, column 1 the phosphorylated one.
    """
    return logits.gather(-1, torch.stack([plain_ids, partner[plain_ids]], dim=-1))


def plain_ids(ids: torch.Tensor, partner: torch.Tensor) -> torch.Tensor:
    """Take phosphorylation off.

    Parameters
    ----------
    ids : torch.Tensor of int64, any shape
        Token ids.
    partner : torch.Tensor of shape (vocab_size,)
        From :func:`phospho_partner`.

    Returns
    -------
    torch.Tensor of int64, same shape
        The plain residue of phosphorylated tokens, other tokens as they are.
    """
    plain = torch.arange(len(partner), device=ids.device)
    can = partner >= 0
    plain[partner[can]] = can.nonzero().flatten()
    return plain[ids]


class StopText(StoppingCriteria):
    """Stop a row that has written one of some texts, as it stands or without the marks of its sites.

    Parameters
    ----------
    stops : list of str
        Texts.
    tokenizer : PreTrainedTokenizer
        Decodes what is written; every token is at least one character.
    """

    def __init__(self, stops: list[str], tokenizer: Any) -> None:
        self.stops = stops
        self.tokenizer = tokenizer
        self.reach = max(map(len, stops))

    def __call__(
        self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **kwargs: Any
    ) -> torch.BoolTensor:
        """Return bool of shape (rows,); ``input_ids`` (rows, written) holds start token and what is written."""
        texts = [self.tokenizer.decode(row, skip_special_tokens=True) for row in input_ids[:, -self.reach :]]
        texts = [text + " " + re.sub(r"\[[^\]]*\]", "", text) for text in texts]
        stopped = [any(stop in text for stop in self.stops) for text in texts]
        return cast(torch.BoolTensor, torch.tensor(stopped, device=input_ids.device))


class SiteConstraint(LogitsProcessor):
    """Let generation write only the source's tokens, each site plain or phosphorylated.

    Parameters
    ----------
    source : torch.Tensor of int64 of shape (batch, source length)
        Tokens to rewrite, ``</s>`` and padding included.
    partner : torch.Tensor of shape (vocab_size,)
        From :func:`phospho_partner`.
    pad_token_id : int
        Written beyond the source.
    """

    def __init__(self, source: torch.Tensor, partner: torch.Tensor, pad_token_id: int) -> None:
        self.source = source
        self.partner = partner
        self.pad_token_id = pad_token_id

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Mask all tokens but the legal ones.

        Parameters
        ----------
        input_ids : torch.Tensor of int64 of shape (rows, written)
            Start token and what is written so far; rows are sources times beams or samples.
        scores : torch.Tensor of shape (rows, vocab_size)
            Scores of the next token.
        """
        position = input_ids.shape[1] - 1
        copies = len(input_ids) // len(self.source)
        plain = torch.full((len(self.source),), self.pad_token_id, device=scores.device)
        if position < self.source.shape[1]:
            plain = self.source[:, position]
        plain = plain.repeat_interleave(copies)[:, None]
        partner = self.partner[plain]
        legal = torch.cat([plain, torch.where(partner >= 0, partner, plain)], dim=1)
        masked = torch.full_like(scores, -torch.inf)
        return cast(torch.FloatTensor, masked.scatter(1, legal, scores.gather(1, legal)))
