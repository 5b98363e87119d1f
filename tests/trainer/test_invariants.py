"""What a training must not depend on: how a batch is cut up, evaluation, interruption; and that it repeats."""

from pathlib import Path

import pytest
import torch
from trainer_runs import EXACT, PLAIN, Run, make_dataset

from phosphot5.modeling_phosphot5.noise_phosphot5 import EmbeddingNoise
from phosphot5.trainer import PhosphositeCollator

RANDOM = {"dropout_rate": 0.1, "noise_std": 0.1, "prefix_mask_prob": 0.5}
BUDGET = {"tokens_per_batch": 100, "learning_rate": 1e-2, "num_train_epochs": 2}


def same(one: dict, other: dict) -> bool:
    return all(torch.equal(one["weights"][name], value) for name, value in other["weights"].items())


def cut(batch: int, accumulate: int, folder: object) -> dict:
    sizes = {"per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulate, "max_steps": 2}
    return {"folder": str(folder), "arguments": PLAIN | sizes, "model": EXACT}


def test_accumulation_does_not_change_loss_and_gradient(tmp_path: Path) -> None:
    labels = [(row["labels"] != -100).mean() for row in make_dataset(8)]
    assert max(labels) - min(labels) > 0.05  # or averaging the micro-batches would do as well
    whole, cut_up = (Run(**cut(*sizes, tmp_path))() for sizes in ((8, 1), (4, 2)))
    assert cut_up["losses"] == pytest.approx(whole["losses"], rel=1e-5)
    assert cut_up["norms"] == pytest.approx(whole["norms"], rel=1e-5)


def test_averaging_micro_batches_would_be_seen(tmp_path: Path) -> None:
    trainer = Run(str(tmp_path), PLAIN, EXACT).trainer()
    samples = [make_dataset(8)[i] for i in range(8)]
    collate = PhosphositeCollator()
    whole, first, second = (
        trainer.compute_loss(trainer.model, collate(s)) for s in (samples, samples[:4], samples[4:])
    )
    assert abs((first + second) / 2 - whole) > 1e-4 * whole


@pytest.mark.slow
def test_two_processes_do_not_change_loss_and_gradient(tmp_path: Path, in_two_processes) -> None:
    whole = Run(**cut(8, 1, tmp_path / "one"))()
    plain = cut(2, 2, tmp_path / "two")
    passes = plain | {"arguments": plain["arguments"] | {"noise_iterations": 2}}
    for shared in in_two_processes([plain, passes]):
        assert shared["losses"] == pytest.approx(whole["losses"], rel=1e-5)
        assert shared["norms"] == pytest.approx(whole["norms"], rel=1e-5)


def loss_and_gradient(
    folder: Path, passes: int, model: dict, num_items: int | None = None
) -> tuple[float, torch.Tensor]:
    trainer = Run(str(folder), PLAIN | {"noise_iterations": passes}, model).trainer()
    batch = PhosphositeCollator()([make_dataset(6)[i] for i in range(6)])
    loss = trainer.training_step(trainer.model, batch, num_items)
    return loss.item(), trainer.model.shared.weight.grad


@pytest.mark.parametrize("num_items", [None, 77])
def test_passes_without_noise_are_the_single_pass(tmp_path: Path, num_items: int | None) -> None:
    one, one_gradient = loss_and_gradient(tmp_path, 1, EXACT, num_items)
    two, two_gradient = loss_and_gradient(tmp_path, 2, EXACT, num_items)
    assert two == pytest.approx(one, rel=1e-6)
    torch.testing.assert_close(two_gradient, one_gradient)


def test_passes_with_noise_are_the_average_of_their_single_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shifts = torch.linspace(-0.5, 0.5, 12)[:, None, None]
    calls = iter(range(100))

    def shifted(self: EmbeddingNoise, x: torch.Tensor) -> torch.Tensor:
        first = next(calls) // 2 * 6 % 12  # encoder and decoder each draw once a pass
        return x + shifts[first : first + len(x)] * x

    monkeypatch.setattr(EmbeddingNoise, "forward", shifted)
    both, its_gradient = loss_and_gradient(tmp_path, 2, EXACT)
    first, gradient = loss_and_gradient(tmp_path, 1, EXACT)
    second, other = loss_and_gradient(tmp_path, 1, EXACT)
    assert abs(first - second) > 1e-4
    assert both == pytest.approx((first + second) / 2, rel=1e-6)
    torch.testing.assert_close(its_gradient, (gradient + other) / 2, rtol=1e-5, atol=1e-8)


def test_fresh_noise_in_every_pass(tmp_path: Path) -> None:
    noisy = EXACT | {"noise_std": 0.5}
    one = loss_and_gradient(tmp_path, 1, noisy)[0]
    assert loss_and_gradient(tmp_path, 2, noisy)[0] != pytest.approx(one)


def test_checkpointing_of_activations_does_not_change_the_training(tmp_path: Path) -> None:
    plain = Run(str(tmp_path), PLAIN | {"max_steps": 2}, RANDOM)()
    trainer = Run(str(tmp_path), PLAIN | {"max_steps": 2, "activation_checkpointing": True}, RANDOM).trainer()
    trainer.train()
    assert any(getattr(module, "gradient_checkpointing", False) for module in trainer.model.modules())
    for name, value in trainer.model.state_dict().items():
        torch.testing.assert_close(value, plain["weights"][name])


def test_the_log_tells_the_noise_relative_to_the_embedding(tmp_path: Path) -> None:
    trainer = Run(str(tmp_path), PLAIN | {"max_steps": 2}, {"noise_std": 0.3}).trainer()
    rms = trainer.model.shared.weight.square().mean().sqrt().item()
    trainer.train()
    told = [entry["noise_to_embedding"] for entry in trainer.state.log_history if "loss" in entry]
    assert told == pytest.approx([0.3 / rms] * 2, rel=0.05)


def test_one_seed_one_result(tmp_path: Path) -> None:
    def run(seed: int) -> dict:
        return Run(str(tmp_path), BUDGET | {"seed": seed, "max_steps": 6}, RANDOM)()

    first, again, other = run(3), run(3), run(4)
    assert first["losses"] == again["losses"]
    assert same(first, again)
    assert first["losses"] != other["losses"]
    assert not same(first, other)


def test_evaluation_does_not_change_training(tmp_path: Path) -> None:
    plain = Run(str(tmp_path), BUDGET, RANDOM)()
    watched = Run(
        str(tmp_path),
        BUDGET | {"eval_strategy": "steps", "eval_steps": 1, "early_stopping_patience": 0},
        RANDOM,
    )()
    assert len(watched["metrics"]) == len(watched["losses"]) > 4
    assert watched["losses"] == plain["losses"]
    assert same(watched, plain)


def interrupted(folder: Path, step: int, **arguments: object) -> list[dict]:
    """Three trainings: in one go, stopped after a step, and resumed."""
    saved = BUDGET | {"save_strategy": "steps", "save_steps": step} | arguments
    one = {"folder": str(folder / "whole"), "arguments": saved | {"save_strategy": "no"}, "model": RANDOM}
    two = {"folder": str(folder / "parts"), "arguments": saved, "model": RANDOM}
    return [one, two | {"stop_at": step}, two | {"resume": True}]


@pytest.mark.parametrize("step", [3, 9], ids=["first epoch", "second epoch"])
def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path: Path, step: int) -> None:
    whole, part, resumed = (Run(**given)() for given in interrupted(tmp_path, step))
    assert len(whole["losses"]) > step == len(part["losses"])
    assert part["losses"] + resumed["losses"] == whole["losses"]
    assert same(resumed, whole)
    assert not same(part, whole)


def test_resuming_with_accumulation_and_evaluation(tmp_path: Path) -> None:
    given = {
        "gradient_accumulation_steps": 2,
        "eval_strategy": "steps",
        "eval_steps": 1,
        "early_stopping_patience": 0,
    }
    whole, part, resumed = (Run(**each)() for each in interrupted(tmp_path, 4, **given))
    assert part["losses"] + resumed["losses"] == whole["losses"]
    assert same(resumed, whole)


@pytest.mark.slow
def test_a_sharded_model_takes_the_same_step(torchrun) -> None:
    """FSDP over gloo; accelerate itself shards on accelerators only."""
    root = Path(__file__).parents[2]
    helper = Path(__file__).parent / "helpers/sharded_step.py"
    result = torchrun(str(helper), str(root / "recipes/launch/fsdp.yaml"))
    assert float(result.stdout.rpartition("largest difference ")[2]) < 1e-6


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore:The .grad attribute of a Tensor that is not a leaf"
)  # inside the compiler
def test_a_compiled_model_trains_alike(tmp_path: Path) -> None:
    given = PLAIN | {"max_steps": 2, "tokens_per_batch": 100}
    plain = Run(str(tmp_path), given, EXACT)()
    compiled = Run(
        str(tmp_path), given | {"torch_compile": True, "torch_compile_backend": "aot_eager"}, EXACT
    )()
    assert compiled["losses"] == pytest.approx(plain["losses"], rel=1e-5)
    for name, value in plain["weights"].items():
        torch.testing.assert_close(compiled["weights"][name], value)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The .grad attribute")  # inside the compiler
def test_compiled_blocks_train_alike(tmp_path: Path) -> None:
    given = PLAIN | {"max_steps": 2, "tokens_per_batch": 100, "eval_strategy": "steps", "eval_steps": 1}
    plain = Run(str(tmp_path / "plain"), given, EXACT)()
    compiled = Run(str(tmp_path / "compiled"), given | {"compile_blocks": True}, EXACT)()
    assert compiled["losses"] == pytest.approx(plain["losses"], rel=1e-5)
    for name, value in plain["weights"].items():
        torch.testing.assert_close(compiled["weights"][name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_two_processes_resume_in_the_second_epoch(tmp_path: Path, in_two_processes) -> None:
    whole, part, resumed = in_two_processes(interrupted(tmp_path, 4))
    assert len(whole["losses"]) == 6  # three to an epoch
    assert part["losses"] + resumed["losses"] == whole["losses"]
    assert same(resumed, whole)
