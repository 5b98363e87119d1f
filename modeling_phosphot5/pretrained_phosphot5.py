"""What every PhosphoT5 has in common, and the encoder alone."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput
from transformers.models.t5.modeling_t5 import T5LayerFF, T5LayerNorm

from .attention_phosphot5 import PhosphoT5Attention
from .configuration_phosphot5 import UNSPECIFIED, PhosphoT5Config
from .kinases_phosphot5 import KinaseHead
from .layers_phosphot5 import GlobalContext, LabelSourceAdapter, ResidueConvolution
from .stack_phosphot5 import PhosphoT5Encoder, PhosphoT5Stack
from .weights_phosphot5 import check_weights, loading_report

__all__ = ["PhosphoT5EncoderModel", "PhosphoT5PreTrainedModel"]

ALIGNMENT_SLOPE, ALIGNMENT_FLOOR = 2.0, -8.0
"""The alignment bias starts at ``-slope x distance in residues``, no lower than the floor."""


class PhosphoT5PreTrainedModel(PreTrainedModel):
    """Loading, saving and initialisation."""

    config: PhosphoT5Config
    shared: nn.Embedding
    encoder: PhosphoT5Encoder
    config_class = PhosphoT5Config
    base_model_prefix = "transformer"
    supports_gradient_checkpointing = True
    _no_split_modules = ["PhosphoT5Block"]
    # what stock T5 checkpoints may carry beside ``shared.weight``
    _keys_to_ignore_on_load_unexpected = [
        r"(en|de)coder\.embed_tokens\.weight",
        r"decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight",
    ]

    def __init__(self, config: PhosphoT5Config, *args: Any, **kwargs: Any) -> None:
        config.check()  # values may have been set since it was made
        super().__init__(config, *args, **kwargs)

    @classmethod
    def from_pretrained(cls, name: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # returns a tuple too
        """Load a model as transformers does, whole or not at all.

        Raises
        ------
        ValueError
            If a tensor is missing, surplus, of another shape (unless ``ignore_mismatched_sizes``), or holds NaN
            or infinity.
        """
        wanted = kwargs.pop("output_loading_info", False)
        lenient = kwargs.pop("ignore_mismatched_sizes", False)
        with loading_report(shown=lenient):
            loaded: Any = super().from_pretrained(
                name, *args, output_loading_info=True, ignore_mismatched_sizes=True, **kwargs
            )
        model, info = loaded
        check_weights(name, model, info, lenient)
        return (model, info) if wanted else model

    def add_label_sources(self, names: Sequence[str]) -> None:
        """Let a model without kinds of label tell some apart, from then on: at first it scores all of them alike.

        Parameters
        ----------
        names : sequence of str
            Value of ``config.label_sources``.

        Raises
        ------
        ValueError
            If the model has kinds already, or the names are none.
        """
        if self.config.label_sources:
            raise ValueError(f"the model's label_sources are {self.config.label_sources} already")
        config = self.config
        for name in ("calibration", "fpr_table"):
            if (table := getattr(config, name)) is not None:
                setattr(config, name, {kind: table for kind in (UNSPECIFIED, *names)})
        config.label_sources = list(names)
        config.check()
        table = self.shared.weight.new_zeros(len(names), self.config.d_model)
        self.encoder.label_sources = nn.Parameter(table)

    def _check_and_adjust_attn_implementation(
        self, attn_implementation: str | None, *args: Any, **kwargs: Any
    ) -> str:
        """Refuse another attention than ours: none has its window and its position bias."""
        if attn_implementation not in (None, "eager"):
            raise ValueError(
                f"attn_implementation is {attn_implementation!r}, but PhosphoT5 has its own attention; leave it out"
            )
        return "eager"

    def _initialize_weights(self, module: nn.Module, *args: Any, **kwargs: Any) -> None:
        """Reach modules without parameters of their own, such as an attention, which initialise their children.

        transformers 5 passes over them in models of other packages, because those might write parameters that
        are loaded already; ours are written by ``nn.init``, which it guards, and by the one checked line below.
        """
        super()._initialize_weights(module)

    def _init_weights(self, module: nn.Module) -> None:
        """Initialise as T5 does; what T5 lacks starts without effect, the alignment on the diagonal."""
        config, factor = self.config, self.config.initializer_factor
        normal = nn.init.normal_
        if isinstance(module, T5LayerNorm):
            nn.init.constant_(module.weight, factor)
        elif isinstance(module, PhosphoT5PreTrainedModel):
            normal(module.shared.weight, std=factor)
            if (head := getattr(module, "lm_head", None)) is not None:
                normal(head.weight, std=factor)
        elif isinstance(module, T5LayerFF):
            for name, weight in module.DenseReluDense.named_parameters():
                normal(weight, std=factor * (config.d_ff if name == "wo.weight" else config.d_model) ** -0.5)
        elif isinstance(module, PhosphoT5Attention):
            normal(module.q.weight, std=factor * (config.d_model * config.d_kv) ** -0.5)
            normal(module.k.weight, std=factor * config.d_model**-0.5)
            normal(module.v.weight, std=factor * config.d_model**-0.5)
            normal(module.o.weight, std=factor * (config.num_heads * config.d_kv) ** -0.5)
            if module.is_aligned:
                bias = module.relative_attention_bias.weight
                if not getattr(bias, "_is_hf_initialized", False):
                    bias.data.copy_(module.diagonal(ALIGNMENT_SLOPE, ALIGNMENT_FLOOR))
            elif module.has_bias:
                normal(module.relative_attention_bias.weight, std=factor * config.d_model**-0.5)
        elif isinstance(module, KinaseHead):
            module.reset()
        elif isinstance(module, ResidueConvolution):
            normal(module.proj.weight, std=factor * module.proj.in_features**-0.5)
        elif isinstance(module, GlobalContext):
            normal(module.wi.weight, std=factor * config.d_model**-0.5)
            nn.init.zeros_(module.wo.weight)
        elif isinstance(module, LabelSourceAdapter):
            normal(module.down.weight, std=factor * module.down.in_features**-0.5)
            nn.init.zeros_(module.up.weight)
        elif isinstance(module, PhosphoT5Stack):
            nn.init.zeros_(module.open_site if module.is_decoder else module.given_sites)
            if not module.is_decoder and module.label_sources is not None:
                nn.init.zeros_(module.label_sources)


class PhosphoT5EncoderModel(PhosphoT5PreTrainedModel):
    """The encoder of a PhosphoT5: states of residues, as ``AutoModel`` and ``AutoModelForTextEncoding`` give them.

    Parameters
    ----------
    config : PhosphoT5Config
        That of the whole model.
    """

    _keys_to_ignore_on_load_unexpected = [
        r"^decoder\.",
        r"^kinases\.",
        r"^lm_head\.",
        r"^encoder\.embed_tokens\.weight",
    ]

    def __init__(self, config: PhosphoT5Config) -> None:
        super().__init__(config)
        self.shared = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = PhosphoT5Encoder(config, self.shared, is_decoder=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the embedding table."""
        return self.shared

    # transformers' hint promises to take any module; a model needs an embedding table
    def set_input_embeddings(self, new_embeddings: nn.Embedding) -> None:  # type: ignore[override]
        """Replace the embedding table."""
        self.shared = new_embeddings
        self.encoder.set_input_embeddings(new_embeddings)

    def get_encoder(self, modality: str | None = None) -> PhosphoT5Encoder:
        """Return the encoder; there is one ``modality`` only."""
        return self.encoder

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutput | tuple[Any, ...]:
        """Encode a batch of proteins.

        Parameters
        ----------
        input_ids, attention_mask, inputs_embeds, output_hidden_states, return_dict, **kwargs
            As for the encoder of the whole model; by default the configuration's.

        Returns
        -------
        BaseModelOutput or tuple
            ``last_hidden_state`` of shape (batch, length, d_model).
        """
        config = self.config
        return self.encoder(
            input_ids,
            attention_mask,
            inputs_embeds,
            config.output_hidden_states if output_hidden_states is None else output_hidden_states,
            config.return_dict if return_dict is None else return_dict,
            **(kwargs | {"output_attentions": kwargs.get("output_attentions") or config.output_attentions}),
        )
