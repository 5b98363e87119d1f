"""Hub set 2: the residue tokenizer."""

from .tokenization_phosphot5 import (
    MODEL_MAX_LENGTH,
    PHOSPHO_OF,
    VOCABULARY,
    PhosphoT5Tokenizer,
    RegularTokenizer,
)

__all__ = ["MODEL_MAX_LENGTH", "PHOSPHO_OF", "VOCABULARY", "PhosphoT5Tokenizer", "RegularTokenizer"]
