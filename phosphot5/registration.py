"""Registration with transformers' Auto classes, and the marks that make saved folders self-contained."""

from functools import cache

from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

__all__ = ["register"]


@cache
def register() -> None:
    """Make AutoConfig, AutoTokenizer and AutoModelForSeq2SeqLM know PhosphoT5.

    Happens by itself with the first public name that is taken from ``phosphot5``. From then on
    ``save_pretrained`` also writes the code files, so that a saved folder loads with
    ``trust_remote_code=True`` where this package is not installed. Calling it again does nothing.
    """
    AutoConfig.register(PhosphoT5Config.model_type, PhosphoT5Config)
    AutoTokenizer.register(PhosphoT5Config, slow_tokenizer_class=PhosphoT5Tokenizer)
    AutoModelForSeq2SeqLM.register(PhosphoT5Config, PhosphoT5ForConditionalGeneration)
    PhosphoT5Config.register_for_auto_class()
    PhosphoT5Tokenizer.register_for_auto_class()
    PhosphoT5ForConditionalGeneration.register_for_auto_class("AutoModelForSeq2SeqLM")
