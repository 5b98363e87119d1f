"""Registration with transformers' Auto classes, and the marks that make saved folders self-contained."""

from functools import cache

from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSeq2SeqLM,
    AutoModelForTextEncoding,
    AutoTokenizer,
)

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.pipeline_phosphot5 import offer_pipeline
from phosphot5.modeling_phosphot5.pretrained_phosphot5 import PhosphoT5EncoderModel
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

__all__ = ["register"]


@cache
def register() -> None:
    """Make transformers' Auto classes know PhosphoT5, and ``pipeline`` its task.

    ``AutoModelForSeq2SeqLM`` gives the model, ``AutoModel`` and ``AutoModelForTextEncoding`` its encoder.

    Happens by itself with the first public name that is taken from ``phosphot5``. From then on
    ``save_pretrained`` also writes the code files, so that a saved folder loads with
    ``trust_remote_code=True`` where this package is not installed. Calling it again does nothing.
    """
    offer_pipeline()
    AutoConfig.register(PhosphoT5Config.model_type, PhosphoT5Config)
    AutoTokenizer.register(PhosphoT5Config, slow_tokenizer_class=PhosphoT5Tokenizer)
    AutoModelForSeq2SeqLM.register(PhosphoT5Config, PhosphoT5ForConditionalGeneration)
    for encoding in (AutoModel, AutoModelForTextEncoding):
        encoding.register(PhosphoT5Config, PhosphoT5EncoderModel)
    PhosphoT5EncoderModel.register_for_auto_class("AutoModel")
    PhosphoT5Config.register_for_auto_class()
    PhosphoT5Tokenizer.register_for_auto_class()
    PhosphoT5ForConditionalGeneration.register_for_auto_class("AutoModelForSeq2SeqLM")
