"""Trainings that change nothing but the adapters of kinds of label."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from trainer_runs import Run, make_dataset

from phosphot5.errors import PhosphoT5Error

KINDS = {"label_sources": ["mass-spec", "curated"], "label_source_drop": 0.0}
ADAPTED = KINDS | {"label_source_adapters": {"curated": 8}}
ARGUMENTS = {
    "adapters_only": True,
    "muon": True,
    "weight_decay": 0.1,
    "max_steps": 4,
    "tokens_per_batch": 256,
}
IDS = torch.tensor([[7, 11, 18, 9, 11, 5, 7, 1]])


def curated_rows(size: int, seed: int = 0):
    rows = make_dataset(size, seed)
    return rows.map(lambda row: row | {"label_source": 2})


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("trainer_runs.make_dataset", lambda size, seed=0: curated_rows(size, seed))
    return Run(str(tmp_path), ARGUMENTS, ADAPTED).trainer()


def scores(model, kind: str) -> torch.Tensor:
    return model.eval().site_logits(IDS, label_source=kind).nan_to_num(0)


def test_only_the_kind_with_adapters_learns(trainer) -> None:
    kinds = ("unspecified", "mass-spec", "curated")
    before = {kind: scores(trainer.model, kind) for kind in kinds}
    weights = {name: weight.clone() for name, weight in trainer.model.state_dict().items()}
    trainer.train()
    after = {kind: scores(trainer.model, kind) for kind in kinds}
    changed = {
        name for name, weight in trainer.model.state_dict().items() if not torch.equal(weight, weights[name])
    }
    assert {name for name in weights if name.endswith("up.weight")} <= changed
    assert all(".adapters." in name or name == "encoder.label_sources" for name in changed)
    assert torch.equal(after["mass-spec"], before["mass-spec"])
    assert torch.equal(after["unspecified"], before["unspecified"])
    assert not torch.equal(after["curated"], before["curated"])


def test_a_model_without_adapters_is_refused(tmp_path: Path) -> None:
    run = Run(str(tmp_path), ARGUMENTS, KINDS)
    with pytest.raises(
        PhosphoT5Error, match="adapters_only: the model has no adapters; set model.label_source_a"
    ):
        run.trainer()
    assert replace(run, arguments={}).trainer().model.config.label_source_adapters == {}
