"""Muon beside AdamW: the library's steps, the right matrices, and resuming."""

import copy
from pathlib import Path

import pytest
import torch
from torch import nn
from trainer_runs import EXACT, Run, make_model

from phosphot5.trainer.optimizer import BatchedMuon, MuonWithAdamW, hidden_matrices, orthogonalised

BUDGET = {"tokens_per_batch": 100, "learning_rate": 1e-2, "num_train_epochs": 2, "muon": True}


def matrices() -> list[nn.Parameter]:
    torch.manual_seed(0)
    return [nn.Parameter(torch.randn(*shape)) for shape in ((12, 20), (20, 12), (12, 20))]


def test_steps_are_those_of_torch() -> None:
    ours = matrices()
    theirs = copy.deepcopy(ours)
    mine = BatchedMuon(ours, lr=1e-2)
    stock = torch.optim.Muon(theirs, lr=1e-2, adjust_lr_fn="match_rms_adamw")
    for _ in range(3):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        mine.step()
        stock.step()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)  # bfloat16 products, in another order


def test_singular_values_come_near_one() -> None:
    torch.manual_seed(0)
    batch = torch.randn(4, 24, 16)
    values = torch.linalg.svdvals(orthogonalised(batch, (3.4445, -4.775, 2.0315), 5, 1e-7).float())
    assert torch.linalg.svdvals(batch).amax() > 5
    assert 0.5 < values.amin() < values.amax() < 1.5


def test_a_matrix_without_gradient_stays() -> None:
    trained, frozen = matrices()[:2]
    trained.grad = torch.randn_like(trained)
    BatchedMuon([trained, frozen], lr=1e-2).step()
    assert torch.equal(frozen, matrices()[1])
    assert not torch.equal(trained, matrices()[0])


def test_muon_takes_the_hidden_matrices_alone() -> None:
    model = make_model(tie_word_embeddings=False)
    names = hidden_matrices(model)
    left_out = {name for name, p in model.named_parameters() if p.ndim == 2} - names
    assert "encoder.block.0.layer.0.SelfAttention.q.weight" in names
    assert {name.rpartition(".")[0].rpartition(".")[2] for name in left_out} == {
        "shared",
        "lm_head",
        "relative_attention_bias",
    }


def test_every_parameter_is_trained_once_and_follows_the_schedule(tmp_path: Path) -> None:
    trainer = Run(str(tmp_path), BUDGET, EXACT).trainer()
    before = copy.deepcopy(trainer.model.state_dict())
    trainer.train()
    optimizer = trainer.optimizer
    while hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    assert isinstance(optimizer, MuonWithAdamW)
    grouped = [p for group in optimizer.param_groups for p in group["params"]]
    assert sorted(map(id, grouped)) == sorted(map(id, trainer.model.parameters()))
    assert {group["lr"] for group in optimizer.param_groups} == {0.0}  # decayed to the end, all of them
    after = trainer.model.state_dict()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert "shared.weight" in changed
    assert hidden_matrices(trainer.model) <= changed


@pytest.mark.parametrize("step", [3, 9])
def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path: Path, step: int) -> None:
    saved = BUDGET | {"save_strategy": "steps", "save_steps": step}
    whole = Run(str(tmp_path / "whole"), saved, EXACT)()
    parts = {"folder": str(tmp_path / "parts"), "arguments": saved, "model": EXACT}
    part, resumed = Run(**parts, stop_at=step)(), Run(**parts, resume=True)()
    assert part["losses"] + resumed["losses"] == whole["losses"]
    assert all(torch.equal(resumed["weights"][name], value) for name, value in whole["weights"].items())
