"""The residue tokenizer; travels to the Hub with every checkpoint.

The tokenizer loads on first use: readers of files need :mod:`.vocabulary_phosphot5`, but not transformers.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .vocabulary_phosphot5 import MODEL_MAX_LENGTH, PHOSPHO_OF, VOCABULARY

if TYPE_CHECKING:
    from .tokenization_phosphot5 import PhosphoT5Tokenizer, RegularTokenizer

__all__ = ["MODEL_MAX_LENGTH", "PHOSPHO_OF", "VOCABULARY", "PhosphoT5Tokenizer", "RegularTokenizer"]


def __getattr__(name: str) -> Any:
    if name not in ("PhosphoT5Tokenizer", "RegularTokenizer"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.tokenization_phosphot5"), name)
