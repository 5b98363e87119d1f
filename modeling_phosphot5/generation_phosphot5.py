"""Generation as transformers has it, with the options that this model cannot have refused."""

from typing import TYPE_CHECKING, Any

import torch
from transformers import GenerationMixin, LogitsProcessorList

from .decoding_phosphot5 import SiteConstraint, StopText, is_packed, pad_right

__all__ = ["PhosphositeGeneration"]

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
    from .scoring_phosphot5 import PhosphositeScoring

    class _Model(PhosphositeScoring, GenerationMixin):
        """What the model itself brings."""

else:
    _Model = object


class PhosphositeGeneration(_Model):
    """Generation of :class:`PhosphoT5ForConditionalGeneration`."""

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
