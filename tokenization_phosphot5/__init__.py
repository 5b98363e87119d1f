"""The residue tokenizer; travels to the Hub with every checkpoint."""

from .tokenization_phosphot5 import (
    MODEL_MAX_LENGTH,
    PHOSPHO_OF,
    VOCABULARY,
    PhosphoT5Tokenizer,
    RegularTokenizer,
)

__all__ = ["MODEL_MAX_LENGTH", "PHOSPHO_OF", "VOCABULARY", "PhosphoT5Tokenizer", "RegularTokenizer"]
