"""The mean of the last checkpoints: exact, one command, also after an interruption."""

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import HfArgumentParser

from phosphot5.errors import PhosphoT5Error
from phosphot5.trainer import PhosphoT5TrainingArguments, run
from phosphot5.trainer.averaging import mean_weights, mixed_weights
from phosphot5.trainer.recipe import load_recipe

ROOT = Path(__file__).parents[2]
OVERRIDES = (
    *("model.d_model=16", "model.d_ff=24", "model.num_heads=2", "data.max_length=100"),
    *("training.tokens_per_batch=2048", "training.max_steps=4", "training.eval_strategy=no"),
    *("training.save_strategy=steps", "training.save_steps=1", "training.save_total_limit=3"),
    *("training.load_best_model_at_end=false", "training.average_checkpoints=3"),
)


def mix(model: Path, share: float) -> str:
    return f"training.mix_with={{{model}: {share}}}"


def checkpoint(folder: Path, **shards: dict[str, torch.Tensor]) -> Path:
    folder.mkdir()
    for name, weights in shards.items():
        save_file(weights, folder / f"{name}.safetensors")
    return folder


def test_the_mean_is_that_of_every_weight_in_its_own_numbers(tmp_path: Path) -> None:
    one, other = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
    first = checkpoint(tmp_path / "1", model={"a": one, "b": one.bfloat16()})
    second = checkpoint(tmp_path / "2", shard1={"a": other}, shard2={"b": other.bfloat16()})
    mean = mean_weights([first, second])
    assert torch.equal(mean["a"], torch.tensor([1.5, 3.0]))
    assert mean["b"].dtype == torch.bfloat16
    assert torch.equal(mean["b"].float(), mean["a"])


def test_checkpoints_of_other_models_are_refused(tmp_path: Path) -> None:
    first = checkpoint(tmp_path / "1", model={"a": torch.ones(1)})
    second = checkpoint(tmp_path / "2", model={"a": torch.ones(1), "b": torch.ones(1)})
    with pytest.raises(PhosphoT5Error, match=re.escape(f"{second}: its weights differ") + ".* in b; average"):
        mean_weights([first, second])
    with pytest.raises(PhosphoT5Error, match="no checkpoints to average"):
        mean_weights([])


def test_a_training_ends_with_the_mean_of_its_last_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    out = tmp_path / "out"
    run.train(load_recipe("tiny", [*OVERRIDES, f"training.output_dir={out}"]), ["phosphot5", "train"])
    last = [load_file(out / f"checkpoint-{step}" / "model.safetensors") for step in (2, 3, 4)]
    model = load_file(out / "model.safetensors")
    assert not torch.equal(last[0]["shared.weight"], last[2]["shared.weight"])
    for name, weight in model.items():
        torch.testing.assert_close(weight, sum(weights[name] for weights in last) / 3)


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Train two steps on rule-made examples and give the weights that are left."""
    monkeypatch.chdir(ROOT)

    def weights(name: str, *overrides: str) -> dict[str, torch.Tensor]:
        given = [*OVERRIDES, "training.max_steps=2", f"training.output_dir={tmp_path / name}", *overrides]
        run.train(load_recipe("tiny", given), ["phosphot5", "train"])
        return load_file(tmp_path / name / "model.safetensors")

    return weights


def test_a_share_of_the_weights_is_that_of_another_model(train, tmp_path: Path) -> None:
    other = train("other", "training.seed=9")
    alone = train("alone")
    mixed = train("mixed", mix(tmp_path / "other", 0.25))
    assert not torch.equal(other["shared.weight"], alone["shared.weight"])
    for name, weight in mixed.items():
        torch.testing.assert_close(weight, 0.75 * alone[name] + 0.25 * other[name])


def test_vectors_of_kinds_of_label_are_mixed_with_none(train, tmp_path: Path) -> None:
    train("other")
    kinds = "model.label_sources=[mass-spec, curated]"
    alone = train("alone", kinds)
    mixed = train("mixed", kinds, mix(tmp_path / "other", 0.25))
    (name,) = (name for name in mixed if "label_source" in name)
    torch.testing.assert_close(mixed[name], 0.75 * alone[name])


def test_a_shallower_model_is_mixed_in_as_if_it_had_blocks_that_do_nothing(train, tmp_path: Path) -> None:
    train("other", "model.num_layers=1")
    alone = train("alone", "model.num_layers=2")
    mixed = train("mixed", "model.num_layers=2", mix(tmp_path / "other", 0.25))
    name = "encoder.block.1.layer.0.SelfAttention.o.weight"
    torch.testing.assert_close(mixed[name], 0.75 * alone[name])


def test_another_architecture_is_refused_before_the_training(train, tmp_path: Path) -> None:
    train("other", "model.d_ff=32")
    with pytest.raises(
        PhosphoT5Error, match=r"mix_with: .*other differs from the model to train in .*; give a"
    ):
        train("mixed", mix(tmp_path / "other", 0.3))
    assert not list((tmp_path / "mixed").glob("checkpoint-*"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"average_checkpoints": -1}, "average_checkpoints is -1, expected a number from 0 to 1,000,000"),
        ({"average_checkpoints": 2}, "leaves no best model; set load_best_model_at_end to false"),
        (
            {"average_checkpoints": 3, "load_best_model_at_end": False},
            "average_checkpoints is 3, but save_total_limit 2; raise",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        PhosphoT5TrainingArguments(output_dir=str(tmp_path), **given)


def test_shares_of_several_models_leave_the_rest() -> None:
    ours, one, other = ({"a": torch.tensor([value])} for value in (1.0, 10.0, 100.0))
    found = mixed_weights(ours, [(one, 0.25), (other, 0.5)])
    torch.testing.assert_close(found["a"], torch.tensor([0.25 + 2.5 + 50.0]))


@pytest.mark.parametrize(
    "given", ["bundled", "[1]", {"bundled": 1.5}, {"bundled": 0.0}, {"a": 0.6, "b": 0.6}]
)
def test_shares_are_checked(given, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="expected models and their shares, all above 0 and together 1 at most"
    ):
        PhosphoT5TrainingArguments(output_dir=str(tmp_path), mix_with=given)


def test_shares_may_leave_nothing(tmp_path: Path) -> None:
    shares = {"a": 0.2, "b": 0.4, "c": 0.3, "d": 0.1}  # their sum is 1 and the last bit
    assert sum(shares.values()) > 1
    assert PhosphoT5TrainingArguments(output_dir=str(tmp_path), mix_with=shares).mix_with == shares


def test_shares_can_be_given_on_a_command_line(tmp_path: Path) -> None:
    line = ["--output_dir", str(tmp_path), "--mix_with", '{"bundled": 0.3}']
    (args,) = HfArgumentParser(PhosphoT5TrainingArguments).parse_args_into_dataclasses(line)
    assert args.mix_with == {"bundled": 0.3}
