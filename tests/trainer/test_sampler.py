"""Token-budget batches: complete, within the budget, equal for all processes and in every epoch."""

import numpy as np
import pytest
import torch
from trainer_runs import Run, make_dataset
from transformers import TrainerCallback

from phosphot5.trainer.sampler import TokenBudgetSampler

PROTEINS = np.random.default_rng(0).lognormal(np.log(450), 0.75, 5000).clip(30, 2048).astype(int).tolist()


def epoch_of(sampler: TokenBudgetSampler, epoch: int) -> list[list[int]]:
    sampler.set_epoch(epoch)
    return list(sampler)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("ranks", [1, 2, 3, 8])
@pytest.mark.parametrize("shuffle", [True, False])
def test_every_sample_once_per_epoch(ranks: int, shuffle: bool, packed: bool) -> None:
    samplers = [
        TokenBudgetSampler(PROTEINS, 8192, ranks, rank, seed=1, shuffle=shuffle, packed=packed)
        for rank in range(ranks)
    ]
    for epoch in range(3):
        shares = [epoch_of(sampler, epoch) for sampler in samplers]
        assert sorted(i for share in shares for batch in share for i in batch) == list(range(len(PROTEINS)))
        sizes = {len(share) for share in shares}
        assert len(sizes) == 1 if shuffle else max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("budget", [2048, 8192, 65536])
def test_the_budget_is_kept(budget: int) -> None:
    for batch in TokenBudgetSampler(PROTEINS, budget, 2, 1):
        assert len(batch) * max(PROTEINS[i] for i in batch) <= budget


@pytest.mark.parametrize("budget", [2048, 8192, 65536])
def test_packed_batches_keep_the_budget_and_use_it(budget: int) -> None:
    batches = list(TokenBudgetSampler(PROTEINS, budget, 1, 0, packed=True))
    loads = [sum(PROTEINS[i] for i in batch) for batch in batches]
    assert max(loads) <= budget
    assert sum(loads) / len(loads) > 0.9 * budget


def test_packed_batches_mix_long_and_short() -> None:
    batches = list(TokenBudgetSampler(PROTEINS, 8192, 1, 0, packed=True))
    spread = [max(PROTEINS[i] for i in batch) - min(PROTEINS[i] for i in batch) for batch in batches]
    assert min(spread) > 500


@pytest.mark.parametrize("packed", [True, False])
def test_an_epoch_always_has_as_many_batches_as_the_sampler_is_long(packed: bool) -> None:
    """The Trainer takes the length once: batches beyond it would never be trained on."""
    for seed in range(3):
        sampler = TokenBudgetSampler(PROTEINS, 8192, 2, 0, seed, packed=packed)
        assert {len(epoch_of(sampler, epoch)) for epoch in range(5)} == {len(sampler)}


@pytest.mark.parametrize("packed", [True, False])
def test_the_order_depends_on_seed_and_epoch_alone(packed: bool) -> None:
    one, again, other = (TokenBudgetSampler(PROTEINS, 8192, 1, 0, seed, packed=packed) for seed in (1, 1, 50))
    torch.manual_seed(99)
    epoch_of(again, 7)
    assert epoch_of(one, 3) == epoch_of(again, 3)
    assert epoch_of(one, 3) != epoch_of(one, 4)
    assert epoch_of(one, 3) != epoch_of(other, 3)
    state = torch.get_rng_state()
    epoch_of(one, 5)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("packed", [True, False])
def test_epochs_mix_the_mates_of_a_protein(packed: bool) -> None:
    sampler = TokenBudgetSampler(PROTEINS, 8192, 1, 0, packed=packed)
    kept = []
    for protein in range(0, 5000, 50):
        mates = [next(set(b) for b in epoch_of(sampler, e) if protein in b) - {protein} for e in range(2)]
        kept.append(len(mates[0] & mates[1]) / max(len(mates[0]), 1))
    assert sum(kept) / len(kept) < 0.5


def test_evaluation_goes_from_long_to_short() -> None:
    lengths = [
        PROTEINS[i] for batch in TokenBudgetSampler(PROTEINS, 8192, 1, 0, shuffle=False) for i in batch
    ]
    assert lengths == sorted(PROTEINS, reverse=True)


@pytest.mark.parametrize("packed", [True, False])
def test_a_sample_beyond_the_budget_is_alone(packed: bool) -> None:
    batches = list(TokenBudgetSampler([10, 100, 10, 90], 50, 1, 0, packed=packed))
    assert sorted(map(sorted, batches)) == [[0, 2], [1], [3]]


@pytest.mark.parametrize("packed", [True, False])
def test_batches_are_made_so_that_they_can_be_shared(packed: bool) -> None:
    shares = [list(TokenBudgetSampler([10] * 9, 30, 2, rank, packed=packed)) for rank in range(2)]
    assert [len(share) for share in shares] == [2, 2]


def test_what_cannot_be_shared_is_refused() -> None:
    with pytest.raises(
        ValueError, match="3 batches of one protein cannot be shared by 2 processes; use fewer"
    ):
        TokenBudgetSampler([10] * 3, 10, 2, 0)
    with pytest.raises(
        ValueError, match="3 proteins cannot be shared by 2 processes in batches of 10 tokens"
    ):
        TokenBudgetSampler([10] * 3, 10, 2, 0, packed=True)
    assert [len(list(TokenBudgetSampler([10] * 3, 10, 2, rank, shuffle=False))) for rank in range(2)] == [
        2,
        1,
    ]


def test_little_is_lost_to_padding() -> None:
    batches = list(TokenBudgetSampler(PROTEINS, 8192, 1, 0))
    padded = sum(len(batch) * max(PROTEINS[i] for i in batch) for batch in batches)
    assert 1 - sum(PROTEINS) / padded < 0.025


class Collect(TrainerCallback):
    """Note how many steps the epochs have."""

    def __init__(self) -> None:
        self.ends: list[int] = []

    def on_epoch_end(self, args, state, control, **kwargs) -> None:
        self.ends.append(state.global_step)


def test_the_trainer_trains_on_every_sample_in_every_epoch(tmp_path) -> None:
    steps = Collect()
    trainer = Run(str(tmp_path), {"tokens_per_batch": 90, "num_train_epochs": 3}).trainer(steps)
    seen: list[int] = []
    trainer.data_collator = lambda samples, collate=trainer.data_collator: (
        seen.extend(int(sample["protein"][1:]) for sample in samples),
        collate(samples),
    )[1]
    trainer.train()
    size = len(make_dataset())
    epochs = [seen[i : i + size] for i in range(0, len(seen), size)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(size))] * 3
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert steps.ends == [len(trainer.get_train_dataloader()) * n for n in (1, 2, 3)]
    assert trainer.state.epoch == 3
