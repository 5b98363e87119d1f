"""Examples in docstrings run and print what they say."""

import doctest
import importlib

import pytest
import torch

import phosphot5

MODULES = [
    "phosphot5.modeling_phosphot5.modeling_phosphot5",
    "phosphot5.modeling_phosphot5.pipeline_phosphot5",
    "phosphot5.prediction.scorer",
    "phosphot5.record.fingerprints",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tiny_folder):
    model, tokenizer = phosphot5.load_model(str(tiny_folder))
    names = {"torch": torch, "model": model, "tokenizer": tokenizer}
    names |= {n: getattr(phosphot5, n) for n in ("PhosphoT5Config", "PhosphoT5ForConditionalGeneration")}
    result = doctest.testmod(importlib.import_module(name), extraglobs=names)
    assert result.attempted > 0
    assert result.failed == 0
