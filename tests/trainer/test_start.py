"""The model that a training starts from."""

import logging
from pathlib import Path

import pytest
import torch
from trainer_runs import make_model

from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5.kinases_phosphot5 import KinaseHead
from phosphot5.trainer import start
from phosphot5.trainer.recipe import Recipe
from phosphot5.trainer.start import suited, with_adapters, with_encoder_blocks

IDS = torch.tensor([[7, 11, 18, 9, 11, 5, 7, 1]])
FAMILIES = {"CK2": {"residues": "ST", "members": ["CSNK2A1"], "sites": 60}}


def logits(model) -> torch.Tensor:
    with torch.inference_mode():
        return model.eval()(input_ids=IDS, labels=IDS).logits


@pytest.fixture
def moved():
    """A model whose every weight does something, those that start as zeros included."""
    model = make_model(seed=3, num_layers=3, global_context=True, label_sources=["curated"])
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return model


@pytest.fixture
def with_kinases(moved):
    moved.config.kinase_families = FAMILIES
    moved.kinases = KinaseHead(moved.config.d_model, moved.config.vocab_size, 1)
    return moved


@pytest.mark.parametrize("layers", [4, 5, 6, 8])
def test_new_blocks_change_no_score(moved, layers: int) -> None:
    deeper = with_encoder_blocks(moved, layers)
    assert deeper.config.num_layers == len(deeper.encoder.block) == len(deeper.encoder.context) == layers
    torch.testing.assert_close(logits(deeper), logits(moved))


def test_new_blocks_learn(moved) -> None:
    deeper = with_encoder_blocks(moved, 4).train()
    deeper(input_ids=IDS, labels=IDS).loss.backward()
    new = deeper.encoder.block[1]
    assert not new.layer[-1].DenseReluDense.wo.weight.any()
    assert new.layer[-1].DenseReluDense.wo.weight.grad.any()
    assert new.layer[0].SelfAttention.o.weight.grad.any()


def test_new_adapters_change_no_score_and_grow_with_the_blocks(moved) -> None:
    expected = logits(moved)
    adapted = with_adapters(moved, {"curated": 4})
    torch.testing.assert_close(logits(adapted), expected)
    for adapter in adapted.encoder.adapters:
        torch.nn.init.normal_(adapter.up.weight)
    adapted.config.label_source = "curated"
    expected = logits(adapted)
    deeper = with_encoder_blocks(adapted, 5)
    assert len(deeper.encoder.adapters) == 5
    torch.testing.assert_close(logits(deeper), expected)


def test_adapters_are_added_once_and_for_kinds_that_the_model_knows(moved) -> None:
    with pytest.raises(ValueError, match="{'x': 4}, expected an entry for some of the label_sources"):
        with_adapters(moved, {"x": 4})
    adapted = with_adapters(moved, {"curated": 4})
    with pytest.raises(ValueError, match="is {'curated': 8}, and the model to start from has {'curated': 4}"):
        with_adapters(adapted, {"curated": 8})


def test_blocks_are_not_left_out(moved) -> None:
    with pytest.raises(
        ValueError, match="num_layers is 2, and the model to start from has 3; blocks cannot be"
    ):
        with_encoder_blocks(moved, 2)


def test_a_head_for_kinases_does_not_outlive_its_states(with_kinases) -> None:
    model = suited(with_kinases, ["curated"], 3)
    assert model.kinases is None
    assert not model.config.kinase_families
    assert not any(name.startswith("kinases") for name in model.state_dict())


def test_a_recipe_adds_blocks_and_says_that_kinases_are_left_out(
    with_kinases, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = logits(with_kinases)
    with_kinases.save_pretrained(tmp_path)
    with caplog.at_level(logging.WARNING):
        model = start.make_model(Recipe(model={"start_from": str(tmp_path), "num_layers": 4}), seed=1)
    torch.testing.assert_close(logits(model), expected)
    assert model.config.num_layers == 4
    assert "will tell none until `phosphot5 finetune --kinases` fits them to it" in caplog.text


def test_a_recipe_that_leaves_blocks_out_is_refused(moved, tmp_path: Path) -> None:
    moved.save_pretrained(tmp_path)
    with pytest.raises(PhosphoT5Error, match="model: num_layers is 2, and the model to start from has 3"):
        start.make_model(Recipe(model={"start_from": str(tmp_path), "num_layers": 2}), seed=1)
