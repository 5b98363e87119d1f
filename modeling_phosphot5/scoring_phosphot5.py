"""What a trained model is asked for: log-odds, probabilities, families of kinases, annotated proteins, the pipeline."""

import math
from typing import TYPE_CHECKING, Any

import torch
from transformers import GenerationMixin, Pipeline, PreTrainedModel, PreTrainedTokenizer
from transformers.modeling_outputs import BaseModelOutput

from .calibration_phosphot5 import calibrated_probability
from .configuration_phosphot5 import PhosphoT5Config
from .decoding_phosphot5 import is_phosphorylated, phospho_partner, shift_right, site_mask, token_mask
from .families_phosphot5 import require_families
from .kinases_phosphot5 import KinaseHead, residue_windows, with_known_sites
from .pipeline_phosphot5 import PhosphositePredictionPipeline

__all__ = ["PhosphositeScoring"]

if TYPE_CHECKING:

    class _Model(PreTrainedModel, GenerationMixin):
        """What the model itself brings."""

        config: PhosphoT5Config
        kinases: KinaseHead | None

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
        return self.get_encoder()(input_ids, attention_mask, label_sources=number)

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
        """
        return self.site_odds(input_ids, self._decoded(input_ids, attention_mask, encoded, written, marginal))

    def _decoded(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        encoded: BaseModelOutput,
        written: torch.Tensor,
        marginal: bool,
    ) -> torch.Tensor:
        """States of the decoder, of shape (batch, length, d_model); see :meth:`_choice_odds`."""
        sites = site_mask(input_ids, self._partner(input_ids.device))
        states: torch.Tensor = self.get_decoder()(
            shift_right(written, self.config.decoder_start_token_id, attention_mask),
            attention_mask,
            encoder_hidden_states=encoded.last_hidden_state,
            encoder_attention_mask=attention_mask,
            # as numbers: onnxruntime cannot choose between truth values
            open_sites=shift_right(sites.long(), 0, attention_mask) if marginal else None,
        ).last_hidden_state
        return states

    def site_odds(self, input_ids: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """Log-odds of phosphorylation from the decoder's states, NaN elsewhere.

        The gap between the two logits of a site is computed in float32, also in a bfloat16 model: rounded to
        bfloat16 first, close logits would tie.
        """
        partner = self._partner(input_ids.device)
        sites = site_mask(input_ids, partner)
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
        return self._calibrated(log_odds, input_ids, attention_mask, label_source)

    def _calibrated(
        self,
        log_odds: torch.Tensor,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        label_source: str | None,
    ) -> torch.Tensor:
        calibration = self.config.calibration_of(label_source)
        return calibrated_probability(
            log_odds, input_ids, attention_mask, self.config.site_token_ids, calibration
        )

    @torch.no_grad()
    def score_kinases(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        label_source: str | None = None,
    ) -> torch.Tensor:
        """Probability of phosphorylation, and of each family of kinases given phosphorylation, in the same pass.

        Parameters
        ----------
        input_ids, attention_mask, label_source
            As for :meth:`site_logits`.

        Returns
        -------
        torch.Tensor of float32 of shape (batch, length, 2 + families)
            First the probability of :meth:`score_sites`; second the probability that the site is one of those with a
            known kinase, which the first one gives; then, in the order of ``config.kinase_families``, the probability
            that a kinase of the family phosphorylates the site, given that it is phosphorylated: at known sites, too,
            and NaN at residues that the family does not phosphorylate. The product of a family's and the second one
            ranks the sites of substrates, see ``config.kinase_fpr_table``.

        Raises
        ------
        ValueError
            If the model tells no families of kinases.
        """
        site, families = self.site_and_kinase_scores(input_ids, attention_mask, label_source)
        return torch.cat([site[..., None], families], -1)

    @torch.no_grad()
    def site_and_kinase_scores(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        label_source: str | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the scores of :meth:`score_kinases` in two: of shape (batch, length), and (..., 1 + families)."""
        require_families(self.config.kinase_families)
        assert self.kinases is not None
        mask = self._mask(input_ids, attention_mask)
        encoder, states = self.last_states(input_ids, mask, label_source)
        site = self._calibrated(self.site_odds(input_ids, states), input_ids, mask, label_source)
        sites, given = self.kinase_inputs(input_ids, mask, encoder, states)
        scores = torch.sigmoid(self.kinases(*given))
        fitting = self._fitting_families(input_ids.device)[input_ids[sites]]
        families = torch.full((*input_ids.shape, scores.shape[-1]), float("nan"), device=input_ids.device)
        families[sites] = scores.masked_fill(~fitting, float("nan"))
        substrates = torch.sigmoid(self.kinases.of_substrates(torch.logit(site, eps=1e-6)))
        substrates = substrates.masked_fill(site.isnan(), float("nan"))  # onnxruntime clips NaN to a number
        return site, torch.cat([substrates[..., None], families], -1)

    def _fitting_families(self, device: torch.device) -> torch.Tensor:
        """Tell which families phosphorylate the residue of a token, of shape (vocab_size, families)."""
        residue_of = {
            token: residue for residue, pair in self.config.site_token_ids.items() for token in pair
        }
        letters = [about["residues"] for about in self.config.kinase_families.values()]
        tokens = range(self.config.vocab_size)
        table = [[residue_of.get(token, "-") in residues for residues in letters] for token in tokens]
        return torch.tensor(table, device=device)

    def last_states(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, label_source: str | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the last states of encoder and decoder, of shape (batch, length, d_model), in a marginal pass."""
        encoded = self._encoded(input_ids, attention_mask, label_source)
        decoded = self._decoded(input_ids, attention_mask, encoded, input_ids, marginal=True)
        return encoded.last_hidden_state, decoded

    def kinase_inputs(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        encoder: torch.Tensor,
        decoder: torch.Tensor,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Collect what the head of the kinases reads, from states of shape (batch, length, d_model).

        Returns
        -------
        tuple
            Mask of the S, T and Y, bare or known, of shape (batch, length); arguments of the head.
        """
        config = self.config
        known = is_phosphorylated(input_ids, config.site_token_ids)
        sites = known | site_mask(input_ids, self._partner(input_ids.device))
        windows = residue_windows(
            input_ids,
            attention_mask,
            sites,
            config.site_token_ids,
            config.pad_token_id,
            config.eos_token_id,
        )
        return sites, (
            encoder[sites],
            decoder[sites],
            windows,
            with_known_sites(known, attention_mask)[sites],
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
