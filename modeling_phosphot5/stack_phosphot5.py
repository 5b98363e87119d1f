"""Layers, blocks, encoder and decoder of PhosphoT5, with the parameter names of T5."""

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from transformers import Cache, DynamicCache, EncoderDecoderCache
from transformers.cache_utils import DynamicSlidingWindowLayer
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutput, BaseModelOutputWithPastAndCrossAttentions
from transformers.models.t5.modeling_t5 import T5LayerFF, T5LayerNorm

from .attention_phosphot5 import PhosphoT5Attention, join_parts, parts
from .configuration_phosphot5 import PhosphoT5Config
from .decoding_phosphot5 import decoder_mask, is_packed, is_phosphorylated, membership, token_mask
from .layers_phosphot5 import GlobalContext, LabelSourceAdapter, ResidueConvolution
from .noise_phosphot5 import EmbeddingNoise

__all__ = [
    "CACHE_NAME",
    "NO_MAPS",
    "PhosphoT5Block",
    "PhosphoT5Decoder",
    "PhosphoT5Encoder",
    "PhosphoT5Stack",
]

CACHE_NAME = (
    "cache" if "cache" in BaseModelOutputWithPastAndCrossAttentions.__annotations__ else "past_key_values"
)
"""Under which outputs carry keys and values; transformers 5.24 renamed it."""
NO_MAPS = "output_attentions is not available: windowed attention has no length x length map"


class PhosphoT5LayerSelfAttention(nn.Module):
    """Norm, self-attention, dropout, residual."""

    def __init__(self, config: PhosphoT5Config, causal: bool, layer_idx: int) -> None:
        super().__init__()
        self.SelfAttention = PhosphoT5Attention(config, causal, has_bias=layer_idx == 0, layer_idx=layer_idx)
        self.layer_norm = T5LayerNorm(config.d_model, eps=config.layer_norm_epsilon)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(
        self, hidden_states: torch.Tensor, bias: torch.Tensor, cache: EncoderDecoderCache | None = None
    ) -> torch.Tensor:
        """Return states of the shape given, (batch, length, d_model)."""
        update = self.SelfAttention(self.layer_norm(hidden_states), bias, cache=cache)
        return hidden_states + self.dropout(update)


class PhosphoT5LayerCrossAttention(nn.Module):
    """Norm, cross-attention to the encoder's states, dropout, residual."""

    def __init__(self, config: PhosphoT5Config, layer_idx: int) -> None:
        super().__init__()
        aligned = config.alignment and layer_idx == 0
        self.EncDecAttention = PhosphoT5Attention(
            config, causal=False, has_bias=aligned, layer_idx=layer_idx, aligned=aligned
        )
        self.layer_norm = T5LayerNorm(config.d_model, eps=config.layer_norm_epsilon)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(
        self,
        hidden_states: torch.Tensor,
        bias: torch.Tensor,
        memory: torch.Tensor,
        cache: EncoderDecoderCache | None = None,
        reach: slice = slice(None),
    ) -> torch.Tensor:
        """Return states of the shape given, (batch, length, d_model)."""
        update = self.EncDecAttention(self.layer_norm(hidden_states), bias, memory, cache, reach)
        return hidden_states + self.dropout(update)


class PhosphoT5Block(GradientCheckpointingLayer):
    """Self-attention, in a decoder cross-attention, and feed-forward."""

    def __init__(self, config: PhosphoT5Config, is_decoder: bool, layer_idx: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [PhosphoT5LayerSelfAttention(config, is_decoder, layer_idx)]
        if is_decoder:
            layers.append(PhosphoT5LayerCrossAttention(config, layer_idx))
        layers.append(T5LayerFF(config))  # type: ignore[arg-type]  # reads names that our configuration has too
        self.layer = nn.ModuleList(layers)

    def forward(
        self,
        hidden_states: torch.Tensor,
        bias: torch.Tensor,
        memory: torch.Tensor | None = None,
        cross_bias: torch.Tensor | None = None,
        cache: EncoderDecoderCache | None = None,
        reach: slice = slice(None),
    ) -> torch.Tensor:
        """Return states of the shape given, (batch, length, d_model)."""
        hidden_states = self.layer[0](hidden_states, bias, cache)
        if memory is not None:
            hidden_states = self.layer[1](hidden_states, cross_bias, memory, cache, reach)
        cut = parts(hidden_states, hidden_states.shape[1], hidden_states.shape[0])
        return join_parts([self.layer[-1](hidden_states[:, part]) for part in cut])


class PhosphoT5Stack(nn.Module):
    """Encoder or decoder: embedding, noise, blocks, final norm."""

    embed_tokens: nn.Embedding

    def __init__(self, config: PhosphoT5Config, embed_tokens: nn.Embedding, is_decoder: bool) -> None:
        super().__init__()
        self.config = config
        self.is_decoder = is_decoder
        # The one table belongs to the model as ``shared``. Kept out of the stack's own modules, it has one
        # name in every checkpoint and needs no weight tying, whose rules changed with transformers 5.0 and
        # again with 5.13.
        self.set_input_embeddings(embed_tokens)
        self.noise = EmbeddingNoise(config.noise_std)
        layers = config.num_decoder_layers if is_decoder else config.num_layers
        self.block = nn.ModuleList([PhosphoT5Block(config, is_decoder, i) for i in range(layers)])
        if is_decoder:
            self.open_site = nn.Parameter(torch.zeros(config.d_model))
        else:
            self.convolution = ResidueConvolution(config) if config.conv_width else None
            contexts = config.num_layers if config.global_context else 0
            self.context = nn.ModuleList([GlobalContext(config) for _ in range(contexts)])
            self.given_sites = nn.Parameter(torch.zeros(config.d_model))
            kinds = len(config.label_sources)
            self.label_sources = nn.Parameter(torch.zeros(kinds, config.d_model)) if kinds else None
            adapters = config.num_layers if config.label_source_adapters else 0
            self.adapters = nn.ModuleList([LabelSourceAdapter(config) for _ in range(adapters)])
        self.final_layer_norm = T5LayerNorm(config.d_model, eps=config.layer_norm_epsilon)
        self.dropout = nn.Dropout(config.dropout_rate)

    def set_input_embeddings(self, embed_tokens: nn.Embedding) -> None:
        """Use another embedding table, without owning it."""
        object.__setattr__(self, "embed_tokens", embed_tokens)

    def _embed(self, input_ids: torch.Tensor | None, inputs_embeds: torch.Tensor | None) -> torch.Tensor:
        if self.final_layer_norm.weight.dtype == torch.float16:
            raise ValueError("the weights are float16, in which T5 overflows; load it in bfloat16 or float32")
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("expected exactly one of input_ids and inputs_embeds")
        return self.noise(self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds)


class PhosphoT5Encoder(PhosphoT5Stack):
    """The encoder; reads the protein."""

    main_input_name = "input_ids"

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        output_hidden_states: bool = False,
        return_dict: bool | None = None,
        label_sources: torch.Tensor | int | None = None,
        **kwargs: Any,
    ) -> BaseModelOutput | tuple[Any, ...]:
        """Encode a batch of proteins.

        Parameters
        ----------
        input_ids : torch.Tensor of int64 of shape (batch, length)
        attention_mask : torch.Tensor of shape (batch, length), optional
            1 for tokens, 0 for padding on either side; in packed rows the number of the protein, from 1. By
            default all but ``config.pad_token_id`` are tokens.
        inputs_embeds : torch.Tensor of shape (batch, length, d_model), optional
            Instead of ``input_ids``; then the model is not told which sites are given.
        output_hidden_states : bool
            Return the states before each block and the final ones.
        return_dict : bool, optional
            False: return a tuple.
        label_sources : torch.Tensor of int64 of shape (batch, length), or int, optional
            Kind of label of each residue's protein, or of all, numbered by ``config.label_source_id``; by default
            its default.
        **kwargs
            Arguments of newer transformers versions that have no meaning here.

        Returns
        -------
        BaseModelOutput
            ``last_hidden_state`` of shape (batch, length, d_model).
        """
        if kwargs.get("output_attentions"):
            raise ValueError(NO_MAPS)
        states = self._embed(input_ids, inputs_embeds)
        length = states.shape[1]
        if attention_mask is None and input_ids is not None:
            attention_mask = token_mask(input_ids, self.config.pad_token_id)
        protein_index = (
            states.new_ones(1, length, dtype=torch.long) if attention_mask is None else attention_mask
        )
        members = membership(protein_index, states.dtype, self.training)
        packed = members.shape[1] > 1
        if input_ids is not None:
            states = states + self._has_given_sites(input_ids, members) * self.given_sites
        kinds = self.config.label_source_id(None) if label_sources is None else label_sources
        if self.label_sources is not None:
            numbers = torch.as_tensor(kinds, device=states.device)
            states = states + F.embedding(numbers, F.pad(self.label_sources, (0, 0, 1, 0)))
        if self.convolution is not None:
            states = self.convolution(states, protein_index, packed)
        states = self.dropout(states)
        packed_index = protein_index if packed else None
        first = cast(Any, self.block[0])
        bias = first.layer[0].SelfAttention.bias(
            length, length, attention_mask, packed_index, device=states.device
        )
        bias = _compute_dtype(bias, states)
        own = self._own_units(kinds, states.device)
        collected = []
        for i, block in enumerate(self.block):
            collected.append(states)
            states = block(states, bias)
            if self.context:
                states = self.context[i](states, members)
            if own is not None:
                states = self.adapters[i](states, own)
        states = self.dropout(self.final_layer_norm(states))
        hidden = (*collected, states) if output_hidden_states else None
        output = BaseModelOutput(last_hidden_state=states, hidden_states=hidden)
        return output.to_tuple() if return_dict is False else output

    def _own_units(self, kinds: torch.Tensor | int, device: torch.device) -> torch.Tensor | None:
        """Tell which hidden units of an adapter belong to kinds of label; ``None`` if one without any is given.

        Of the shape of ``kinds`` and, in the end, the number of units.
        """
        by_name = sorted(self.config.label_source_adapters.items())  # as in the file of the configuration
        units = {self.config.label_source_id(name): count for name, count in by_name}
        if not units or (isinstance(kinds, int) and kinds not in units):
            return None
        owners = [number for number, count in units.items() for _ in range(count)]
        return torch.as_tensor(kinds, device=device)[..., None] == torch.tensor(owners, device=device)

    def _has_given_sites(self, input_ids: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
        """Return (batch, length, 1): 1 at all residues of proteins some of whose sites are given, else 0."""
        given = is_phosphorylated(input_ids, self.config.site_token_ids)[..., None]
        has_given = (members @ given.to(members.dtype)) > 0
        return members.transpose(1, 2) @ has_given.to(members.dtype)


class PhosphoT5Decoder(PhosphoT5Stack):
    """The decoder; writes the annotated protein."""

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        encoder_hidden_states: torch.Tensor | None = None,
        encoder_attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        open_sites: torch.Tensor | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        use_cache: bool = False,
        output_hidden_states: bool = False,
    ) -> BaseModelOutputWithPastAndCrossAttentions:
        """Decode a batch.

        Parameters
        ----------
        input_ids : torch.Tensor of int64 of shape (batch, length)
            Annotated tokens, shifted right by one.
        attention_mask : torch.Tensor of shape (batch, cached + length), optional
            1 for tokens, 0 for padding on either side; in packed rows the number of the protein. By default as in
            a packed source; below a source padded on the left, what begins a row is padding, but for the last.
        encoder_hidden_states : torch.Tensor of shape (batch, source length, d_model)
        encoder_attention_mask : torch.Tensor of shape (batch, source length), optional
        inputs_embeds : torch.Tensor of shape (batch, length, d_model), optional
            Instead of ``input_ids``.
        open_sites : torch.Tensor of bool of shape (batch, length), optional
            True where a bare residue is read because its state is open, not as unmodified.
        past_key_values : EncoderDecoderCache, optional
            Keys and values of earlier tokens.
        use_cache : bool
            Return (and fill) a cache.
        output_hidden_states : bool
            Return the states before each block and the final ones.

        Returns
        -------
        BaseModelOutputWithPastAndCrossAttentions
            ``last_hidden_state`` of shape (batch, length, d_model).
        """
        if encoder_hidden_states is None:
            raise ValueError("encoder_hidden_states is missing; pass the encoder's states of the proteins")
        states = self._embed(input_ids, inputs_embeds)
        if open_sites is not None:
            states = states + open_sites[..., None].to(states.dtype) * self.open_site
        states = self.dropout(states)
        past = 0 if past_key_values is None else past_key_values.get_seq_length()
        if use_cache and past == 0:
            past_key_values = self._new_cache()
        cache = past_key_values if use_cache else None
        kept, reach = self._in_view(past, states.shape[1], encoder_hidden_states.shape[1])
        if attention_mask is None and encoder_attention_mask is not None and past == 0:
            if is_packed(encoder_attention_mask, self.training):
                attention_mask = encoder_attention_mask
            elif input_ids is not None:
                attention_mask = decoder_mask(input_ids, encoder_attention_mask, self.config.pad_token_id)
        bias, cross = self._biases(states, attention_mask, encoder_attention_mask, past, kept, reach)
        collected = []
        for block in self.block:
            collected.append(states)
            states = block(states, bias, encoder_hidden_states, cross, cache, reach)
        states = self.dropout(self.final_layer_norm(states))
        carried: dict[str, Any] = {CACHE_NAME: cache}
        return BaseModelOutputWithPastAndCrossAttentions(
            last_hidden_state=states,
            hidden_states=(*collected, states) if output_hidden_states else None,
            **carried,
        )

    def _biases(
        self,
        states: torch.Tensor,
        attention_mask: torch.Tensor | None,
        encoder_attention_mask: torch.Tensor | None,
        past: int,
        kept: int,
        reach: slice,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the biases of self- and cross-attention; see :meth:`_in_view` for ``kept`` and ``reach``."""
        length, first = states.shape[1], cast(Any, self.block[0])
        packed_index = attention_mask if is_packed(attention_mask, self.training) else None
        mask = None if attention_mask is None else attention_mask[:, -(kept + length) :]
        bias = first.layer[0].SelfAttention.bias(
            length, kept + length, mask, packed_index, past, past - kept, states.device
        )
        mask = None if encoder_attention_mask is None else encoder_attention_mask[:, reach]
        seen = reach.stop - reach.start
        cross = first.layer[1].EncDecAttention.bias(
            length, seen, mask, packed_index, past, reach.start, states.device
        )
        return _compute_dtype(bias, states), _compute_dtype(cross, states)

    def _new_cache(self) -> EncoderDecoderCache:
        """Make a cache whose self-attention keeps no more than the window.

        The one that ``generate`` hands in is of no use: it has as many layers as the encoder.
        """
        self_cache: Cache = DynamicCache()
        if self.config.attention == "window":
            # such a layer keeps one token less than its size
            self_cache = Cache(
                layers=[DynamicSlidingWindowLayer(sliding_window=self.config.window + 1) for _ in self.block]
            )
        return EncoderDecoderCache(self_cache, DynamicCache())

    def _in_view(self, past: int, length: int, source: int) -> tuple[int, slice]:
        """Count earlier tokens still in the cache, and give the source positions that new tokens may see."""
        if past == 0 or self.config.attention == "full":
            return past, slice(0, source)
        window = self.config.window
        first = max(min(past - window, source - 1), 0)  # never empty, also far behind the source's end
        return min(past, window), slice(first, min(past + length + window, source))


def _compute_dtype(bias: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """Convert the shared bias once to the type in which every layer will add it."""
    device = states.device.type
    return bias.to(torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else states.dtype)
