"""What a trained model is asked for: log-odds, probabilities, the pipeline, generated sequences."""

from typing import Any

import torch
from transformers import Pipeline, PreTrainedTokenizerBase

from .decoding_phosphot5 import choice_logits, phospho_partner, shift_right, site_mask
from .pipeline_phosphot5 import PhosphositePredictionPipeline
from .sites_phosphot5 import calibrated_probability

__all__ = ["PhosphositeScoring"]


class PhosphositeScoring:
    """Scoring methods of :class:`PhosphoT5ForConditionalGeneration`, apart from its parameters and its loss."""

    def _partner(self, device: torch.device) -> torch.Tensor:
        return phospho_partner(self.config.site_token_ids, self.config.vocab_size, device)

    @torch.no_grad()
    def site_logits(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Marginal log-odds of phosphorylation at every site, before calibration, in two passes.

        Parameters
        ----------
        input_ids : torch.Tensor of int64 of shape (batch, length)
            Proteins ending in ``</s>``, padded on the right.
        attention_mask : torch.Tensor of shape (batch, length), optional
            1 for tokens, 0 for padding.

        Returns
        -------
        torch.Tensor of float32 of shape (batch, length)
            NaN where the token is not a bare S, T or Y.
        """
        partner = self._partner(input_ids.device)
        sites = site_mask(input_ids, partner)
        logits = self(
            input_ids=input_ids,
            attention_mask=attention_mask,
            decoder_input_ids=shift_right(input_ids, self.config.decoder_start_token_id),
            open_sites=shift_right(sites, False),
            use_cache=False,
            return_dict=True,
        ).logits
        pair = choice_logits(logits[sites].float(), input_ids[sites], partner)
        result = torch.full(input_ids.shape, float("nan"), device=input_ids.device)
        result[sites] = pair[:, 1] - pair[:, 0]
        return result

    def score_sites(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Probability of phosphorylation per residue, calibrated where the configuration says how.

        One encoder pass and one decoder pass; switch to evaluation mode first, without noise or dropout.

        Parameters
        ----------
        input_ids : torch.Tensor of int64 of shape (batch, length)
            Proteins ending in ``</s>``, padded on the right.
        attention_mask : torch.Tensor of shape (batch, length), optional
            1 for tokens, 0 for padding.

        Returns
        -------
        torch.Tensor of float32 of shape (batch, length)
            0 to 1; NaN where the token is not a bare S, T or Y.
        """
        log_odds = self.site_logits(input_ids, attention_mask)
        return calibrated_probability(
            log_odds, input_ids, self.config.site_token_ids, self.config.calibration
        )

    def pipeline(self, tokenizer: PreTrainedTokenizerBase) -> Pipeline:
        """Make the pipeline ``phosphosite-prediction`` from this model.

        Parameters
        ----------
        tokenizer : PhosphoT5Tokenizer
            The tokenizer saved with the model.
        """
        return PhosphositePredictionPipeline(model=self, tokenizer=tokenizer)

    def generate(self, inputs: torch.Tensor | None = None, *args: Any, **kwargs: Any) -> Any:
        """Generate as any T5 does; the target's length follows the source's unless a length is given.

        Parameters
        ----------
        inputs : torch.Tensor of int64 of shape (batch, source length), optional
            Also accepted as ``input_ids``.
        *args, **kwargs
            As in :meth:`transformers.GenerationMixin.generate`.
        """
        source = kwargs.get("input_ids") if inputs is None else inputs
        if source is not None and not {"max_new_tokens", "max_length", "generation_config"} & set(kwargs):
            kwargs["max_new_tokens"] = source.shape[1]
        return super().generate(inputs, *args, **kwargs)
