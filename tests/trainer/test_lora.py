"""Low-rank adapters: no effect at the start, only small parts trained, plain weights at the end."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from trainer_runs import make_model

from phosphot5.errors import PhosphoT5Error
from phosphot5.prediction.loading import load_model
from phosphot5.trainer import run
from phosphot5.trainer.lora import LoraRecipe, add_lora, merge_lora
from phosphot5.trainer.recipe import load_recipe

ROOT = Path(__file__).parents[2]
IDS = torch.tensor([[19, 7, 13, 11, 18, 14, 1]])
SHORT = ("training.tokens_per_batch=2048", "training.max_steps=3", "training.learning_rate=0.05")
STEPS = ("training.eval_strategy=steps", "training.eval_steps=1", "training.save_strategy=steps")


def test_adapters_do_not_change_the_function_and_leave_no_trace() -> None:
    model = make_model().eval()
    names, before = list(model.state_dict()), model.site_logits(IDS)
    adapted = add_lora(model, LoraRecipe(rank=2))
    torch.testing.assert_close(model.site_logits(IDS), before, equal_nan=True)
    merged = merge_lora(adapted)
    assert merged is model
    assert list(model.state_dict()) == names
    torch.testing.assert_close(model.site_logits(IDS), before, equal_nan=True)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_large_matrices_are_adapted_and_all_else_is_trained() -> None:
    model = make_model()
    add_lora(model, LoraRecipe(rank=2))
    fixed = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    linear = {name for name in fixed if name.endswith(".base_layer.weight")}
    assert fixed == linear
    assert len(linear) == 2 * (4 + 3) + 1 * (8 + 3)  # two encoder blocks, one decoder block


def test_a_recipe_with_lora_leaves_plain_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    start = tmp_path / "start"
    make_model().save_pretrained(start)
    load_model("bundled")[1].save_pretrained(start)
    recipe = load_recipe(
        "tiny",
        [*SHORT, *STEPS, f"training.output_dir={tmp_path / 'out'}", "lora.rank=2", "data.max_length=100"],
    )
    recipe.model.clear()
    recipe.model["start_from"] = str(start)
    record = run.train(recipe, ["phosphot5"])
    assert record.arguments["lora.rank"] == 2
    before, after = (load_file(folder / "model.safetensors") for folder in (start, tmp_path / "out"))
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    query = "encoder.block.0.layer.0.SelfAttention.q.weight"
    assert {"shared.weight", query} <= changed
    assert torch.linalg.matrix_rank(after[query] - before[query], rtol=1e-4) <= 2


def test_a_missing_peft_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(PhosphoT5Error, match=r'lora needs the package peft; pip install "phosphot5\[lora\]"'):
        add_lora(make_model(), LoraRecipe())
