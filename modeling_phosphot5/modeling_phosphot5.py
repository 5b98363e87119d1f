"""PhosphoT5: a T5 encoder-decoder that rewrites a protein with its phosphosites marked."""

from typing import Any

import torch
from torch import nn
from transformers import EncoderDecoderCache, GenerationMixin
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

from .attention_phosphot5 import PhosphoT5Attention
from .calibration_phosphot5 import calibrated_probability
from .checks_phosphot5 import check_number
from .configuration_phosphot5 import PhosphoT5Config
from .decoding_phosphot5 import shift_right, token_mask
from .families_phosphot5 import require_families
from .fasta_phosphot5 import FastaError
from .generation_phosphot5 import PhosphositeGeneration
from .geometry_phosphot5 import PRESETS
from .kinases_phosphot5 import KinaseHead
from .layers_phosphot5 import LabelSourceAdapter
from .loss_phosphot5 import FocalLossWithSmoothing, phosphosite_loss
from .masking_phosphot5 import forget_label_sources, mask_residues, open_in_prefix, show_known_sites
from .noise_phosphot5 import NoisyT5
from .pipeline_phosphot5 import PhosphositePredictionPipeline, offer_pipeline
from .pretrained_phosphot5 import PhosphoT5EncoderModel, PhosphoT5PreTrainedModel
from .proteins_phosphot5 import GivenProtein
from .scoring_phosphot5 import PhosphositeScoring
from .sites_phosphot5 import site_rows
from .stack_phosphot5 import (
    CACHE_NAME,
    NO_MAPS,
    PhosphoT5Decoder,
    PhosphoT5Encoder,
)
from .weights_phosphot5 import check_weights

# The last ones are used by siblings only: transformers 4 takes along no file that the entry file does not name.
__all__ = [
    "PhosphoT5EncoderModel",
    "PhosphoT5ForConditionalGeneration",
    "PhosphoT5PreTrainedModel",
    "NoisyT5",
    "FastaError",
    "GivenProtein",
    "PRESETS",
    "PhosphositePredictionPipeline",
    "calibrated_probability",
    "require_families",
    "site_rows",
    "LabelSourceAdapter",
    "PhosphoT5Attention",
    "check_number",
    "check_weights",
]


class PhosphoT5ForConditionalGeneration(
    PhosphositeGeneration, PhosphositeScoring, PhosphoT5PreTrainedModel, GenerationMixin
):
    """T5 for phosphosites: windowed self-attention, aligned cross-attention, focal smoothed loss.

    Parameters
    ----------
    config : PhosphoT5Config
        Geometry, attention, loss.

    Examples
    --------
    >>> model = PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny")).eval()
    >>> ids = torch.tensor([[19, 7, 13, 14, 1]])  # M S P K </s>
    >>> model.score_sites(ids).isnan().tolist()
    [[True, False, True, True, True]]
    """

    def __init__(self, config: PhosphoT5Config) -> None:
        super().__init__(config)
        self.shared = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = PhosphoT5Encoder(config, self.shared, is_decoder=False)
        self.decoder = PhosphoT5Decoder(config, self.shared, is_decoder=True)
        tied = config.tie_word_embeddings
        self.lm_head = None if tied else nn.Linear(config.d_model, config.vocab_size, bias=False)
        families = len(config.kinase_families)
        self.kinases = KinaseHead(config.d_model, config.vocab_size, families) if families else None
        self.criterion = FocalLossWithSmoothing(config.focal_gamma, config.label_smoothing)
        self.post_init()
        offer_pipeline()

    @classmethod
    def from_t5(cls, path: str, **overrides: Any) -> "PhosphoT5ForConditionalGeneration":
        """Load a T5, Flan-T5, ProtT5 or Ankh checkpoint with its tokenizer.

        Embeddings are carried over residue by residue, by token string. What was carried and what is new
        stands in ``model.conversion_report``.

        Parameters
        ----------
        path : str
            Folder or hub id of the checkpoint.
        **overrides
            Arguments of :class:`PhosphoT5Config`, for instance ``attention="full", alignment=False``.

        Raises
        ------
        ValueError
            If the checkpoint is no T5, or its tokenizer knows none of the residues.
        """
        from .conversion_phosphot5 import convert_t5

        return convert_t5(cls, path, **overrides)

    @property
    def dummy_inputs(self) -> dict[str, torch.Tensor]:
        """Inputs of the right form, for tools that run a model once."""
        ids = torch.tensor([[19, 7, 13, 14, 1]], device=self.device)
        return {"input_ids": ids, "decoder_input_ids": self.prepare_decoder_input_ids_from_labels(ids)}

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the embedding table that encoder and decoder share."""
        return self.shared

    # transformers' hint promises to take any module; a model needs an embedding table
    def set_input_embeddings(self, new_embeddings: nn.Embedding) -> None:  # type: ignore[override]
        """Replace the embedding table of encoder and decoder."""
        self.shared = new_embeddings
        self.encoder.set_input_embeddings(new_embeddings)
        self.decoder.set_input_embeddings(new_embeddings)

    def get_output_embeddings(self) -> nn.Linear | None:
        """Return the output projection; ``None`` when it is the embedding table."""
        return self.lm_head

    def get_encoder(self, modality: str | None = None) -> PhosphoT5Encoder:
        """Return the encoder; there is one ``modality`` only."""
        return self.encoder

    def get_decoder(self) -> PhosphoT5Decoder:
        """Return the decoder."""
        return self.decoder

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        decoder_input_ids: torch.Tensor | None = None,
        decoder_attention_mask: torch.Tensor | None = None,
        encoder_outputs: BaseModelOutput | tuple[torch.Tensor, ...] | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        decoder_inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        open_sites: torch.Tensor | None = None,
        num_items_in_batch: torch.Tensor | int | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        cache: EncoderDecoderCache | None = None,
        label_sources: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> Seq2SeqLMOutput | tuple[Any, ...]:
        """Encode, decode and, with ``labels``, compute the loss.

        Parameters
        ----------
        input_ids : torch.Tensor of int64 of shape (batch, source length)
            The protein, ending in ``</s>``; known sites may be given as phosphorylated tokens.
        attention_mask : torch.Tensor of shape (batch, source length), optional
            1 for tokens, 0 for padding on either side; in packed rows, which hold several proteins one after the
            other, the number of the protein in its row, from 1. Proteins of a row do not see each other. By
            default all but ``config.pad_token_id`` are tokens.
        decoder_input_ids : torch.Tensor of int64 of shape (batch, length), optional
            Targets shifted right. Left out with ``labels``, the model makes them: see
            :meth:`training_inputs`.
        decoder_attention_mask : torch.Tensor of shape (batch, cached + length), optional
            Like ``attention_mask``, for the targets; packed rows take it from the source by default.
        encoder_outputs : BaseModelOutput or tuple, optional
            Instead of the encoder's inputs.
        past_key_values, cache : EncoderDecoderCache, optional
            Keys and values of earlier tokens, under the name of transformers before 5.24 or the one since.
        inputs_embeds, decoder_inputs_embeds : torch.Tensor of shape (batch, length, d_model), optional
            Instead of the ids.
        labels : torch.Tensor of int64 of shape (batch, length), optional
            Annotated tokens; -100 at padding and where the state of a site is not known.
        open_sites : torch.Tensor of bool of shape (batch, length), optional
            True where ``decoder_input_ids`` holds a bare residue because its state is open.
        num_items_in_batch : torch.Tensor or int, optional
            Divisor of the loss; by default the labelled positions of this batch.
        use_cache, output_hidden_states, return_dict : bool, optional
            As in T5.
        label_sources : torch.Tensor of int64 of shape (batch, source length), optional
            Kind of label of each residue's protein; see the encoder. In training, some are left unspecified.
        **kwargs
            Arguments of newer transformers versions that have no meaning here.

        Returns
        -------
        Seq2SeqLMOutput
            ``logits`` of shape (batch, length, vocab_size), ``loss`` a scalar, caches and states.

        Raises
        ------
        ValueError
            If the weights are float16, if attention maps are asked for, or if labels do not align with the
            source.
        """
        if kwargs.get("output_attentions") or self.config.output_attentions:
            raise ValueError(NO_MAPS)
        past = cache if past_key_values is None else past_key_values
        if labels is not None and past is not None and past.get_seq_length():
            raise ValueError(
                "past_key_values cannot be given with labels (prefix tuning does so): they would shift the targets "
                "against the source; tune with LoRA"
            )
        return_dict = self.config.return_dict if return_dict is None else return_dict
        if output_hidden_states is None:
            output_hidden_states = self.config.output_hidden_states
        if attention_mask is None and input_ids is not None:
            attention_mask = token_mask(input_ids, self.config.pad_token_id)
        if labels is not None and decoder_input_ids is None and decoder_inputs_embeds is None:
            decoder_attention_mask = attention_mask
            input_ids, decoder_input_ids, open_sites = self.training_inputs(input_ids, labels, attention_mask)
        elif decoder_input_ids is None and decoder_inputs_embeds is None:
            raise ValueError("decoder_input_ids are missing; pass them, or labels, or call score_sites")
        if self.training and label_sources is not None and attention_mask is not None:
            share = self.config.label_source_drop
            label_sources = forget_label_sources(label_sources, attention_mask.long(), share)
        if encoder_outputs is None:
            encoded = self.encoder(
                input_ids, attention_mask, inputs_embeds, output_hidden_states, label_sources=label_sources
            )
        else:
            given = isinstance(encoder_outputs, BaseModelOutput)
            encoded = encoder_outputs if given else BaseModelOutput(*encoder_outputs)
        decoded = self.decoder(
            decoder_input_ids,
            decoder_attention_mask,
            encoded.last_hidden_state,
            attention_mask,
            decoder_inputs_embeds,
            open_sites,
            past,
            labels is None and (self.config.use_cache if use_cache is None else use_cache),
            output_hidden_states,
        )
        logits = self._project(decoded.last_hidden_state)
        output = Seq2SeqLMOutput(
            loss=None if labels is None else self.compute_loss(logits, labels, num_items_in_batch),
            logits=logits,
            decoder_hidden_states=decoded.hidden_states,
            encoder_last_hidden_state=encoded.last_hidden_state,
            encoder_hidden_states=encoded.hidden_states,
            **{CACHE_NAME: decoded.get(CACHE_NAME)},
        )
        return output if return_dict else output.to_tuple()

    def prepare_decoder_input_ids_from_labels(self, labels: torch.Tensor) -> torch.Tensor:
        """Shift labels (batch, length) right by one, -100 as padding; transformers' collators ask for it."""
        ids = labels.masked_fill(labels == -100, self.config.pad_token_id)
        return shift_right(ids, self.config.decoder_start_token_id)

    def _project(self, states: torch.Tensor) -> torch.Tensor:
        """Map decoder states (..., d_model) to logits (..., vocab_size)."""
        if self.config.scale_decoder_outputs:
            states = states * self.config.d_model**-0.5
        if self.lm_head is not None:
            return self.lm_head(states)
        return nn.functional.linear(states, self._head(states))

    def _head(self, states: torch.Tensor) -> torch.Tensor:
        """Return the weight of the output projection, (vocab_size, d_model), for ``states`` of any shape.

        Where it is on the disk or quantized, its module tells it.
        """
        module = self.shared if self.lm_head is None else self.lm_head
        weight: Any = module.weight
        if isinstance(weight, torch.Tensor) and not weight.is_meta:
            return weight
        if self.lm_head is None:
            return module(torch.arange(self.config.vocab_size, device=states.device))
        return module(torch.eye(self.config.d_model, dtype=states.dtype, device=states.device)).T

    def training_inputs(
        self, input_ids: torch.Tensor | None, labels: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Make what encoder and decoder read of a labelled batch.

        In training the source of a protein shows some of its true sites with probability
        ``config.known_site_prob``, and its decoder reads open sites (marginal scores) with probability
        ``config.prefix_mask_prob``, else the true sites upstream. In evaluation no site is shown and all are
        open. Sites whose state is not known are open in both. In training both read ``config.residue_mask_prob``
        of the other residues as ``<unk>``.

        Parameters
        ----------
        input_ids, labels : torch.Tensor of int64 of shape (batch, length)
            Bare source and annotated tokens, aligned.
        attention_mask : torch.Tensor of int64 of shape (batch, length), optional
            1 for tokens, 0 for padding; in packed rows the number of the protein.

        Returns
        -------
        tuple of torch.Tensor of shape (batch, length)
            Source ids; decoder ids and bool of open sites, both shifted right.

        Raises
        ------
        ValueError
            If the shapes differ.
        """
        if input_ids is None or input_ids.shape != labels.shape:
            found = None if input_ids is None else tuple(input_ids.shape)
            raise ValueError(
                f"the shape of input_ids is {found} and that of labels {tuple(labels.shape)}, expected one label "
                "per source token; pass decoder_input_ids to train on unaligned targets"
            )
        proteins = torch.ones_like(input_ids) if attention_mask is None else attention_mask.long()
        shown, marginal = self.config.known_site_prob, self.config.prefix_mask_prob
        if not self.training:
            shown, marginal = 0.0, 1.0
        partner = self._partner(input_ids.device)
        source = show_known_sites(input_ids, labels, proteins, partner, shown)
        open_sites = open_in_prefix(source, labels, proteins, partner, marginal)
        target = torch.where(open_sites | (labels == -100), source, labels)
        if self.training and self.config.residue_mask_prob:
            mask = self.config.mask_token_id
            masked = mask_residues(source, partner, mask, self.config.residue_mask_prob)
            source, target = source.masked_fill(masked, mask), target.masked_fill(masked, mask)
        start = self.config.decoder_start_token_id
        return source, shift_right(target, start, proteins), shift_right(open_sites, False, proteins)

    def compute_loss(
        self, logits: torch.Tensor, labels: torch.Tensor, num_items: torch.Tensor | int | None = None
    ) -> torch.Tensor:
        """Return the loss of training and evaluation, a scalar.

        Parameters
        ----------
        logits, labels, num_items
            As for :func:`~phosphot5.modeling_phosphot5.loss_phosphot5.phosphosite_loss`.
        """
        partner = self._partner(labels.device)
        return phosphosite_loss(self.criterion, logits, labels, partner, self.config.copy_weight, num_items)
