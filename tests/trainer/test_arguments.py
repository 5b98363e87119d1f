"""The training arguments: ours, and the defaults that differ."""

import dataclasses
import re
from typing import Any

import pytest
import torch
from transformers import HfArgumentParser, Seq2SeqTrainingArguments

from phosphot5.trainer import PhosphoT5TrainingArguments


def default(field: dataclasses.Field) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def defaults(kind: type) -> dict[str, Any]:
    return {field.name: default(field) for field in dataclasses.fields(kind)}


def test_the_docstring_lists_exactly_the_defaults_that_differ() -> None:
    ours, theirs = defaults(PhosphoT5TrainingArguments), defaults(Seq2SeqTrainingArguments)
    differ = {name for name, value in theirs.items() if value != ours[name]}
    text = PhosphoT5TrainingArguments.__doc__.partition("Defaults that differ")[2].partition("Raises")[0]
    assert {name for name in re.findall(r"``(\w+)``", text) if name in ours} == differ


def test_the_docstring_tells_the_values() -> None:
    text = " ".join(PhosphoT5TrainingArguments.__doc__.split())
    for name in ("learning_rate", "weight_decay", "adam_beta2", "warmup_steps", "save_total_limit"):
        told = re.search(rf"``{name}`` \(([\d.e-]+)", text)[1]
        assert float(told) == defaults(PhosphoT5TrainingArguments)[name]


def test_every_field_of_ours_is_explained() -> None:
    for field in dataclasses.fields(PhosphoT5TrainingArguments):
        if field.name in PhosphoT5TrainingArguments.__annotations__:
            assert field.metadata["help"].endswith(".")


@pytest.mark.parametrize("name", ["fp16", "fp16_full_eval"])
def test_float16_is_refused_with_the_reason(name: str, tmp_path) -> None:
    with pytest.raises(ValueError, match="fp16 is refused: T5 overflows in float16; use bf16"):
        PhosphoT5TrainingArguments(output_dir=str(tmp_path), **{name: True})


@pytest.mark.parametrize("name", ["noise_iterations", "eval_tokens_per_batch", "tokens_per_batch"])
def test_numbers_out_of_range_are_named(name: str, tmp_path) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0, expected a number from 1 to"):
        PhosphoT5TrainingArguments(output_dir=str(tmp_path), **{name: 0})


@pytest.mark.parametrize("fast", [True, False])
def test_bfloat16_is_on_where_it_is_fast_without_a_gpu_too(fast, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("phosphot5.trainer.arguments.bfloat16_is_fast", lambda device: fast)
    args = PhosphoT5TrainingArguments(output_dir=str(tmp_path))
    assert args.bf16 is fast
    assert args.device.type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("chosen", [True, False])
def test_a_choice_of_the_numbers_wins(chosen, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("phosphot5.trainer.arguments.bfloat16_is_fast", lambda device: not chosen)
    assert PhosphoT5TrainingArguments(output_dir=str(tmp_path), bf16=chosen).bf16 is chosen


def test_the_numbers_can_be_chosen_or_left_open_on_a_command_line(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("phosphot5.trainer.arguments.bfloat16_is_fast", lambda device: True)
    for line, expected in (([], True), (["--bf16", "false"], False), (["--bf16"], True)):
        (args,) = HfArgumentParser(PhosphoT5TrainingArguments).parse_args_into_dataclasses(
            ["--output_dir", str(tmp_path), *line]
        )
        assert args.bf16 is expected
