"""Attention of PhosphoT5: T5's, over the whole sequence or exactly windowed, with an aligned cross-attention.

Two layouts of the same computation. *Dense*: scores of shape (batch, heads, queries, keys). *Blocks*: the
sequence is cut into blocks of ``window`` queries, each with the keys of its own and the neighbouring blocks,
so that scores have the shape (batch, heads, blocks, window, 2 or 3 x window) and grow linearly with length.
A bias with five dimensions asks for blocks.
"""

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from transformers import EncoderDecoderCache

from .configuration_phosphot5 import PhosphoT5Config

__all__ = [
    "PhosphoT5Attention",
    "attend",
    "join_parts",
    "parts",
    "relative_position_bucket",
    "windowed_attend",
]

PART = 2048
"""Tokens that a CPU takes at a time in a long pass without gradients."""
MASKED = -1e9
"""Added to the score of a key that must not be seen; finite, so that a row without keys stays finite."""


def relative_position_bucket(
    relative_position: torch.Tensor, bidirectional: bool, num_buckets: int, max_distance: int
) -> torch.Tensor:
    """Bucket of each relative position, as in T5 (Raffel et al. 2020): exact near, logarithmic far.

    Parameters
    ----------
    relative_position : torch.Tensor of int64, any shape
        Key position minus query position, in residues.
    bidirectional : bool
        Whether keys after the query have buckets of their own.
    num_buckets : int
        Number of buckets.
    max_distance : int
        Distance in residues from which all positions share the last bucket.

    Returns
    -------
    torch.Tensor of int64, same shape
        Values from 0 to ``num_buckets - 1``.
    """
    bucket = torch.zeros_like(relative_position)
    if bidirectional:
        num_buckets //= 2
        bucket = (relative_position > 0).long() * num_buckets
        distance = relative_position.abs()
    else:
        distance = (-relative_position).clamp_min(0)
    exact = num_buckets // 2
    far = torch.log(distance.clamp_min(1).float() / exact) / math.log(max_distance / exact)
    far = exact + (far * (num_buckets - exact)).long()
    return bucket + torch.where(distance < exact, distance, far.clamp_max(num_buckets - 1))


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor, dropout: float
) -> torch.Tensor:
    """T5 attention: unscaled products plus bias, softmax, weighted values.

    Parameters
    ----------
    query : torch.Tensor of shape (..., heads, queries, d_kv)
    key, value : torch.Tensor of shape (..., heads, keys, d_kv)
    bias : torch.Tensor, broadcastable to (..., heads, queries, keys)
        Position bias plus mask.
    dropout : float
        Dropout of the attention probabilities; 0 outside training.

    Returns
    -------
    torch.Tensor of shape (..., heads, queries, d_kv)
    """
    scores = torch.matmul(query, key.transpose(-1, -2)).add_(bias.to(query.dtype))
    probabilities = F.softmax(scores, dim=-1)
    if dropout:
        probabilities = F.dropout(probabilities, dropout)
    return torch.matmul(probabilities, value)


def windowed_attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor, dropout: float
) -> torch.Tensor:
    """Attention in blocks; see the module's text for the layout.

    Parameters
    ----------
    query : torch.Tensor of shape (batch, heads, queries, d_kv)
    key, value : torch.Tensor of shape (batch, heads, keys, d_kv)
    bias : torch.Tensor of shape (batch, heads, blocks, window, neighbours x window)
        From :meth:`PhosphoT5Attention.bias`; 2 neighbours look back only, 3 look to both sides.
    dropout : float
        Dropout of the attention probabilities; 0 outside training.

    Returns
    -------
    torch.Tensor of shape (batch, heads, queries, d_kv)
    """
    blocks, window = bias.shape[2:4]
    neighbours = bias.shape[4] // window
    length = query.shape[2]
    query = _in_blocks(query, blocks, window)
    key, value = (_in_neighbourhoods(x, blocks, window, neighbours) for x in (key, value))
    out = [
        attend(
            query[:, :, part],
            _join(key, part, neighbours),
            _join(value, part, neighbours),
            bias[:, :, part],
            dropout,
        )
        for part in parts(query, blocks, query.shape[0] * window)
    ]
    return join_parts(out, dim=2).flatten(2, 3)[:, :, :length]


def parts(x: torch.Tensor, count: int, tokens: int = 1) -> list[slice]:
    """Cut a long pass without gradients on a CPU into parts whose tensors stay in its cache.

    Parameters
    ----------
    x : torch.Tensor
        Tells the device.
    count : int
        What there is to cut: positions or blocks of them.
    tokens : int
        Tokens that each stands for.

    Returns
    -------
    list of slice
        One slice where a gradient is wanted, the device is no CPU, or an ONNX graph for any length is made.
    """
    if torch.is_grad_enabled() or x.device.type != "cpu" or torch.onnx.is_in_onnx_export():
        return [slice(0, count)]
    size = max(PART // tokens, 1)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def join_parts(results: list[torch.Tensor], dim: int = 1) -> torch.Tensor:
    """Put the results of :func:`parts` together along a dimension."""
    return results[0] if len(results) == 1 else torch.cat(results, dim=dim)


def _pad_length(x: torch.Tensor, before: int, total: int) -> torch.Tensor:
    """Zero-pad or cut dimension -2 to ``total`` rows: ``before`` rows of zeros, x, zeros."""
    return F.pad(x, (0, 0, before, total - before - x.shape[-2]))


def _in_blocks(x: torch.Tensor, blocks: int, window: int) -> torch.Tensor:
    """Map (batch, heads, queries, d) to (batch, heads, blocks, window, d)."""
    return _pad_length(x, 0, blocks * window).unflatten(2, (blocks, window))


def _in_neighbourhoods(x: torch.Tensor, blocks: int, window: int, neighbours: int) -> torch.Tensor:
    """Map (batch, heads, keys, d) to (batch, heads, blocks + neighbours - 1, window, d), one block ahead."""
    padded = _pad_length(x, window, (blocks + neighbours - 1) * window)
    return padded.unflatten(2, (blocks + neighbours - 1, window))


def _join(x: torch.Tensor, part: slice, neighbours: int) -> torch.Tensor:
    """Give each block of a part the keys of its neighbours too: (batch, heads, blocks, neighbours x window, d)."""
    return torch.cat([x[:, :, part.start + i : part.stop + i] for i in range(neighbours)], dim=3)


def _seen(key_mask: torch.Tensor, query_mask: torch.Tensor | None) -> torch.Tensor:
    """Tell which keys (..., 1, keys) are no padding and of the protein of the query (..., queries, 1)."""
    seen = key_mask > 0
    return seen if query_mask is None else seen & (key_mask == query_mask)


class RelativePositionBias(nn.Embedding):
    """The table of T5's ``relative_attention_bias``: (buckets, heads).

    A class of its own, so that sharding gathers it where it is used: before the blocks, not inside the first.
    """


class PhosphoT5Attention(nn.Module):
    """Self- or cross-attention with T5's parameters ``q k v o`` and ``relative_attention_bias``.

    Parameters
    ----------
    config : PhosphoT5Config
        Geometry and kind of attention.
    causal : bool
        Whether a query sees only keys at or before its own position (decoder self-attention).
    has_bias : bool
        Whether this layer owns the relative position bias (the first layer of a stack).
    layer_idx : int
        Index of the layer in its stack, 0-based; addresses the cache.
    aligned : bool
        Whether that bias is the alignment of target and source, which starts on the diagonal.
    """

    def __init__(
        self, config: PhosphoT5Config, causal: bool, has_bias: bool, layer_idx: int, aligned: bool = False
    ) -> None:
        super().__init__()
        self.config = config
        self.causal = causal
        self.layer_idx = layer_idx
        self.has_bias = has_bias
        self.is_aligned = aligned
        inner = config.num_heads * config.d_kv
        self.q = nn.Linear(config.d_model, inner, bias=False)
        self.k = nn.Linear(config.d_model, inner, bias=False)
        self.v = nn.Linear(config.d_model, inner, bias=False)
        self.o = nn.Linear(inner, config.d_model, bias=False)
        if has_bias:
            self.relative_attention_bias = RelativePositionBias(
                config.relative_attention_num_buckets, config.num_heads
            )

    def bias(
        self,
        queries: int,
        keys: int,
        key_mask: torch.Tensor | None,
        query_mask: torch.Tensor | None = None,
        first_query: int = 0,
        first_key: int = 0,
        device: torch.device | None = None,
    ) -> torch.Tensor:
        """Position bias plus mask, computed once per stack and shared by its layers.

        Parameters
        ----------
        queries, keys : int
            Number of queries and keys in tokens.
        key_mask : torch.Tensor of int of shape (batch, keys), optional
            Above 0 for keys that may be seen, 0 for padding.
        query_mask : torch.Tensor of int of shape (batch, queries), optional
            In packed rows: the number of each query's protein, which sees the keys of that number only.
        first_query, first_key : int
            Positions of the first query and the first key, 0-based; above 0 when earlier queries are in the
            cache and when keys out of reach are left out.
        device : torch.device, optional
            Where the states are.

        Returns
        -------
        torch.Tensor
            Of shape (batch or 1, heads, queries, keys), or in blocks (batch, heads, blocks, window, keys)
            for a windowed pass without a cache.
        """
        window = self.config.window
        if key_mask is None:
            key_mask = torch.ones(1, keys, dtype=torch.long, device=device)
        key_mask = key_mask[:, None, :, None]
        query_mask = None if query_mask is None else query_mask[:, None, :, None]
        in_blocks = self.config.attention == "window" and first_query == 0 and queries > 1
        if in_blocks:
            neighbours = 2 if self.causal else 3
            blocks = (queries + window - 1) // window  # no -(-a // b): ONNX rounds towards zero
            position = torch.arange(neighbours * window, device=device) - window
            position = position[None] - torch.arange(window, device=device)[:, None]
            key_mask = _in_neighbourhoods(key_mask, blocks, window, neighbours)
            key_mask = _join(key_mask, slice(0, blocks), neighbours)
            query_mask = None if query_mask is None else _in_blocks(query_mask, blocks, window)
        else:
            key_position = torch.arange(first_key, first_key + keys, device=device)
            query_position = torch.arange(first_query, first_query + queries, device=device)
            position = key_position[None] - query_position[:, None]
        bias = self._position_bias(position)
        if in_blocks:
            bias = bias[:, None]
        return torch.where(_seen(key_mask.transpose(-1, -2), query_mask), bias, bias.new_tensor(MASKED))

    def _position_bias(self, relative_position: torch.Tensor) -> torch.Tensor:
        """Learned bias of shape (heads, queries, keys), ``MASKED`` outside the window and after the query."""
        config = self.config
        if self.has_bias:
            bias = self.relative_attention_bias(self._bucket(relative_position)).permute(2, 0, 1)
        else:
            shape = (config.num_heads, *relative_position.shape)
            bias = torch.zeros(shape, device=relative_position.device)
        hidden = torch.zeros_like(relative_position, dtype=torch.bool)
        if config.attention == "window":
            hidden |= relative_position.abs() > config.window
        if self.causal:
            hidden |= relative_position > 0
        return bias.masked_fill(hidden, MASKED)

    def _bucket(self, relative_position: torch.Tensor) -> torch.Tensor:
        buckets, reach = (
            self.config.relative_attention_num_buckets,
            self.config.relative_attention_max_distance,
        )
        return relative_position_bucket(relative_position, not self.causal, buckets, reach)

    def diagonal(self, slope: float, floor: float) -> torch.Tensor:
        """Bias table of shape (buckets, heads) that falls with the distance from the aligned residue.

        Parameters
        ----------
        slope : float
            Fall per residue of the nearest distance in a bucket.
        floor : float
            Lowest value.
        """
        reach = self.config.relative_attention_max_distance
        distance = torch.arange(
            reach, -1, -1
        )  # far to near: the nearest distance of a bucket is written last
        table = torch.full((self.config.relative_attention_num_buckets, 1), floor)
        for sign in (1, -1):
            for r, bucket in zip(distance.tolist(), self._bucket(sign * distance).tolist(), strict=True):
                table[bucket] = max(-slope * r, floor)
        return table.expand(-1, self.config.num_heads)

    def forward(
        self,
        hidden_states: torch.Tensor,
        bias: torch.Tensor,
        memory: torch.Tensor | None = None,
        cache: EncoderDecoderCache | None = None,
        reach: slice = slice(None),
    ) -> torch.Tensor:
        """Attend from ``hidden_states`` to themselves, or to ``memory`` in cross-attention.

        Parameters
        ----------
        hidden_states : torch.Tensor of shape (batch, queries, d_model)
        bias : torch.Tensor
            From :meth:`bias`.
        memory : torch.Tensor of shape (batch, keys, d_model), optional
            Encoder states.
        cache : EncoderDecoderCache, optional
            Keys and values of earlier tokens; extended in place.
        reach : slice
            Keys that ``bias`` speaks of; all by default.

        Returns
        -------
        torch.Tensor of shape (batch, queries, d_model)
        """
        query = self._heads(self.q(hidden_states))
        key, value = (x[:, :, reach] for x in self._keys_and_values(hidden_states, memory, cache))
        dropout = self.config.attention_dropout_rate if self.training else 0.0
        function = windowed_attend if bias.dim() == 5 else attend
        context = function(query, key, value, bias, dropout)
        return self.o(context.transpose(1, 2).flatten(2))

    def _heads(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (self.config.num_heads, self.config.d_kv)).transpose(1, 2)

    def _keys_and_values(
        self, hidden_states: torch.Tensor, memory: torch.Tensor | None, cache: EncoderDecoderCache | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if memory is not None and cache is not None and cache.is_updated.get(self.layer_idx):
            layer: Any = cache.cross_attention_cache.layers[self.layer_idx]  # of one of several classes
            return layer.keys, layer.values
        source = hidden_states if memory is None else memory
        key, value = self._heads(self.k(source)), self._heads(self.v(source))
        if cache is None:
            return key, value
        if memory is None:
            return cache.self_attention_cache.update(key, value, self.layer_idx)
        cache.is_updated[self.layer_idx] = True
        return cache.cross_attention_cache.update(key, value, self.layer_idx)
