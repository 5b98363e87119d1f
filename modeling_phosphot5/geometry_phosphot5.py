"""Named geometries of PhosphoT5, and the ranges of the numbers of a configuration."""

from typing import Any

__all__ = ["NUMBERS", "PRESETS", "SWITCHES", "TOKEN_IDS"]

PRESETS: dict[str, dict[str, Any]] = {
    "tiny": {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_decoder_layers": 1, "num_heads": 4}
    | {"window": 16, "conv_width": 5, "global_context": True, "feed_forward_proj": "gated-silu"},
    "small": {
        "d_model": 128,
        "d_kv": 32,
        "d_ff": 352,
        "num_layers": 4,
        "num_decoder_layers": 2,
        "num_heads": 4,
    }
    | {"window": 32, "conv_width": 15, "global_context": True, "feed_forward_proj": "gated-silu"},
    "base": {
        "d_model": 768,
        "d_kv": 64,
        "d_ff": 2048,
        "num_layers": 12,
        "num_decoder_layers": 6,
        "num_heads": 12,
    }
    | {"window": 64, "conv_width": 15, "global_context": True, "feed_forward_proj": "gated-silu"},
    "large": {},
}
"""Named geometries; ``large`` is T5-large, the default of :class:`PhosphoT5Config`."""


NUMBERS: dict[str, Any] = (
    dict.fromkeys(("vocab_size", "d_model", "d_kv", "d_ff"), (int, 1, 1_000_000))
    | dict.fromkeys(("num_layers", "num_decoder_layers", "num_heads"), (int, 1, 1_000))
    | {"relative_attention_num_buckets": (int, 4, 10_000), "conv_width": (int, 0, 10_000)}
    | dict.fromkeys(("relative_attention_max_distance", "window"), (int, 1, 10_000_000))
    | dict.fromkeys(
        ("dropout_rate", "attention_dropout_rate", "label_smoothing", "label_source_drop"), (float, 0, 1)
    )
    | dict.fromkeys(("prefix_mask_prob", "known_site_prob", "residue_mask_prob"), (float, 0, 1))
    | dict.fromkeys(("noise_std", "focal_gamma", "copy_weight"), (float, 0, 1e6))
    | dict.fromkeys(("layer_norm_epsilon", "initializer_factor"), (float, 0, 1e6))
)
"""Type, lowest and highest value of every number of a configuration."""
SWITCHES = ("tie_word_embeddings", "scale_decoder_outputs", "alignment", "global_context", "use_cache")
TOKEN_IDS = ("mask_token_id", "pad_token_id", "eos_token_id", "decoder_start_token_id")
