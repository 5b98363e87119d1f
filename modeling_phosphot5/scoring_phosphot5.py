"""What a trained model is asked for: log-odds, probabilities, the pipeline, generated sequences."""

import math
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    GenerationMixin,
    LogitsProcessorList,
    Pipeline,
    PreTrainedModel,
    PreTrainedTokenizer,
)
from transformers.modeling_outputs import BaseModelOutput

from .calibration_phosphot5 import calibrated_probability
from .configuration_phosphot5 import PhosphoT5Config
from .decoding_phosphot5 import (
    SiteConstraint,
    StopText,
    is_packed,
    pad_right,
    phospho_partner,
    shift_right,
    site_mask,
    token_mask,
)
from .pipeline_phosphot5 import PhosphositePredictionPipeline

__all__ = ["PhosphositeScoring"]

STATIC = "cache_implementation"
NO_CROP = "the cache holds no more than the window and takes nothing back"
REFUSED = {
    STATIC: "the cache grows to the window and slides",
    "prompt_lookup_num_tokens": NO_CROP,
    "assistant_early_exit": NO_CROP,
    "output_attentions": "windowed attention has no length x length map",
}
"""Options of generation that this model does not have, and why."""


if TYPE_CHECKING:

    class _Model(PreTrainedModel, GenerationMixin):
        """What the model itself brings."""

        config: PhosphoT5Config

        def _head(self, states: torch.Tensor) -> torch.Tensor: ...

else:
    _Model = object


class PhosphositeScoring(_Model):
    """Scoring methods of :class:`PhosphoT5ForConditionalGeneration`, apart from its parameters and its loss."""

    def _partner(self, device: torch.device) -> torch.Tensor:
        return phospho_partner(self.config.site_token_ids, self.config.vocab_size, device)

    def _mask(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None) -> torch.Tensor:
        """Return the mask given, or the one that the padding tokens tell."""
        return token_mask(input_ids, self.config.pad_token_id) if attention_mask is None else attention_mask

    def _encoded(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, label_source: str | None
    ) -> Any:
        """Encode proteins, whose sites are to be those of a kind of label."""
        number = self.config.label_source_id(label_source)
        kinds = torch.full((1, 1), number, device=input_ids.device)
        return self.get_encoder()(input_ids, attention_mask, label_sources=kinds)

    @torch.no_grad()
    def site_logits(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        label_source: str | None = None,
    ) -> torch.Tensor:
        """Log-odds of phosphorylation at every site, before calibration, in one encoder and one decoder pass.

        Marginal over the other sites, or, where phosphorylated tokens give known sites, given these.

        Parameters
        ----------
        input_ids : torch.Tensor of int64 of shape (batch, length)
            Proteins ending in ``</s>``, padded on either side; phosphorylated tokens are known sites.
        attention_mask : torch.Tensor of shape (batch, length), optional
            1 for tokens, 0 for padding; in packed rows, which hold several proteins one after the other, the
            number of the protein in its row, from 1. By default all but ``config.pad_token_id`` are tokens.
        label_source : str, optional
            Kind of label, one of ``config.label_sources`` or ``"unspecified"``; by default ``config.label_source``.

        Returns
        -------
        torch.Tensor of float32 of shape (batch, length)
            NaN where the token is not a bare S, T or Y.
        """
        attention_mask = self._mask(input_ids, attention_mask)
        encoded = self._encoded(input_ids, attention_mask, label_source)
        return self._choice_odds(input_ids, attention_mask, encoded, input_ids, marginal=True)

    def _choice_odds(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        encoded: BaseModelOutput,
        written: torch.Tensor,
        marginal: bool,
    ) -> torch.Tensor:
        """Log-odds of phosphorylation given what the decoder has ``written`` so far, NaN elsewhere.

        ``marginal``: bare S, T and Y in ``written`` are open, not unmodified.

        The gap between the two logits of a site is computed in float32 from the decoder's states, also in a
        bfloat16 model: rounded to bfloat16 first, close logits would tie.
        """
        partner = self._partner(input_ids.device)
        sites = site_mask(input_ids, partner)
        states = self.get_decoder()(
            shift_right(written, self.config.decoder_start_token_id, attention_mask),
            attention_mask,
            encoder_hidden_states=encoded.last_hidden_state,
            encoder_attention_mask=attention_mask,
            # as numbers: onnxruntime cannot choose between truth values
            open_sites=shift_right(sites.long(), 0, attention_mask) if marginal else None,
        ).last_hidden_state
        plain, head = input_ids[sites], self._head(states).float()
        gap = (states[sites].float() * (head[partner[plain]] - head[plain])).sum(-1)
        result = torch.full(input_ids.shape, float("nan"), device=input_ids.device)
        result[sites] = gap * self.config.d_model**-0.5 if self.config.scale_decoder_outputs else gap
        return result

    def score_sites(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        label_source: str | None = None,
    ) -> torch.Tensor:
        """Probability of phosphorylation per residue, calibrated where the configuration says how.

        One encoder pass and one decoder pass; switch to evaluation mode first, without noise or dropout.

        Parameters
        ----------
        input_ids, attention_mask, label_source
            As for :meth:`site_logits`.

        Returns
        -------
        torch.Tensor of float32 of shape (batch, length)
            0 to 1; NaN where the token is not a bare S, T or Y.
        """
        attention_mask = self._mask(input_ids, attention_mask)
        log_odds = self.site_logits(input_ids, attention_mask, label_source)
        calibration = self.config.calibration_of(label_source)
        return calibrated_probability(
            log_odds, input_ids, attention_mask, self.config.site_token_ids, calibration
        )

    @torch.no_grad()
    def annotate(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        threshold: float = 0.5,
        label_source: str | None = None,
    ) -> torch.Tensor:
        """Write the proteins with their phosphosites marked: constrained greedy decoding, in a few passes.

        A draft from the marginal scores is verified at all sites at once and corrected until nothing changes.
        As a site depends only on what is written before it, the first wrong site of a draft is right after
        one pass, and the only text that verifies is the one that greedy decoding writes site by site.

        In bfloat16, where passes over one and over many positions round differently, the two may part at a
        near-tie: a site whose log-odds, computed in float32 from the decoder's states, lie within 0.05 of
        the limit.

        Parameters
        ----------
        input_ids, attention_mask
            As for :meth:`site_logits`; known sites stay.
        threshold : float
            A site is marked where its probability, given the sites already written, is higher; 0.5 is greedy
            decoding. Not calibrated: the calibration is that of marginal scores.
        label_source : str, optional
            As for :meth:`site_logits`.

        Returns
        -------
        torch.Tensor of int64 of shape (batch, length)
            The input's tokens, some S, T and Y replaced by their phosphorylated tokens.

        Raises
        ------
        ValueError
            If the threshold is not between 0 and 1.
        """
        if not 0 < threshold < 1:
            raise ValueError(f"threshold is {threshold}, expected a probability between 0 and 1")
        limit = math.log(threshold / (1 - threshold))
        partner = self._partner(input_ids.device)[input_ids]
        attention_mask = self._mask(input_ids, attention_mask)
        encoded = self._encoded(input_ids, attention_mask, label_source)
        odds = self._choice_odds(input_ids, attention_mask, encoded, input_ids, marginal=True)
        draft = torch.where(odds > limit, partner, input_ids)
        rows = torch.arange(len(input_ids), device=input_ids.device)
        while len(rows):
            states = BaseModelOutput(encoded.last_hidden_state[rows])
            odds = self._choice_odds(
                input_ids[rows], attention_mask[rows], states, draft[rows], marginal=False
            )
            verified = torch.where(odds > limit, partner[rows], input_ids[rows])
            wrong = (verified != draft[rows]).any(1)
            draft[rows] = verified
            rows = rows[wrong]
        return draft

    def pipeline(self, tokenizer: PreTrainedTokenizer, **options: Any) -> Pipeline:
        """Make the pipeline ``phosphosite-prediction`` from this model.

        Parameters
        ----------
        tokenizer : PhosphoT5Tokenizer
            The tokenizer saved with the model.
        **options
            Arguments of the pipeline, for instance ``top_k=5``.
        """
        return PhosphositePredictionPipeline(model=self, tokenizer=tokenizer, **options)

    def _prepare_generation_config(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse what this model cannot do, whether an argument or a generation configuration asks for it."""
        config, others = super()._prepare_generation_config(*args, **kwargs)  # type: ignore[misc]  # hint of self
        for name, why in REFUSED.items():
            value = getattr(config, name, None)
            if value and value != "dynamic":
                raise ValueError(f"{name}={value!r} is not available: {why}; leave it out")
        for name in ("past_key_values", "cache"):
            if getattr(others.get(name), "is_compileable", False):
                raise ValueError(f"{name} is a static cache, which is not available: {REFUSED[STATIC]}")
        return config, others

    def _get_stopping_criteria(self, generation_config: Any, *args: Any, **kwargs: Any) -> Any:
        """Stop at strings of residues; transformers' own rule tries out words that no protein has."""
        stops, tokenizer = generation_config.stop_strings, kwargs.get("tokenizer")
        if not stops or tokenizer is None:
            return super()._get_stopping_criteria(generation_config, *args, **kwargs)  # type: ignore[misc]  # hint of self
        generation_config.stop_strings = None
        try:
            criteria = super()._get_stopping_criteria(generation_config, *args, **kwargs)  # type: ignore[misc]  # hint of self
        finally:
            generation_config.stop_strings = stops
        criteria.append(StopText([stops] if isinstance(stops, str) else stops, tokenizer))
        return criteria

    def generate(
        self, inputs: torch.Tensor | None = None, *args: Any, constrained: bool = False, **kwargs: Any
    ) -> Any:
        """Generate as any T5 does; the target's length follows the source's unless a length is given.

        With windowed attention the cache of the target holds no more than the window, and a step takes the
        same time at any length. Further than the window behind the source's end nothing is in view: what is
        written there means nothing.

        Parameters
        ----------
        inputs : torch.Tensor of int64 of shape (batch, source length), optional
            Also accepted as ``input_ids``.
        constrained : bool
            Allow only the source's residues, each S, T and Y plain or phosphorylated: sampling then draws
            patterns of sites, beams rank them.
        *args, **kwargs
            As in :meth:`transformers.GenerationMixin.generate`.

        Raises
        ------
        ValueError
            If an option is not available, if rows are packed, or if they are padded on the left and ``input_ids``
            are not given.
        """
        if kwargs.get("assistant_model") is not None:
            raise ValueError(f"assistant_model is not available: {NO_CROP}; leave it out")
        source = kwargs.get("input_ids") if inputs is None else inputs
        if is_packed(kwargs.get("attention_mask")):
            raise ValueError("generation needs one protein per row; use annotate for packed rows")
        if source is not None:
            source, kwargs["attention_mask"] = pad_right(
                source, self._mask(source, kwargs.get("attention_mask"))
            )
            inputs, kwargs = source, {name: given for name, given in kwargs.items() if name != "input_ids"}
        elif (mask := kwargs.get("attention_mask")) is not None and not mask[:, 0].all():
            raise ValueError("attention_mask begins with padding; without input_ids, pad on the right")
        if source is not None and not {"max_new_tokens", "max_length", "generation_config"} & set(kwargs):
            kwargs["max_new_tokens"] = source.shape[1]
        if constrained:
            if source is None:
                raise ValueError("constrained generation needs input_ids")
            rule = SiteConstraint(source, self._partner(source.device), self.config.pad_token_id)
            kwargs["logits_processor"] = LogitsProcessorList([*kwargs.get("logits_processor", ()), rule])
        return super().generate(inputs, *args, **kwargs)
