"""Token-budget batches: as many proteins as fit into a fixed number of padded tokens."""

from collections.abc import Iterator

import torch
from transformers.trainer_pt_utils import BatchRebalanceSampler

__all__ = ["TokenBudgetSampler"]

POOL = 1024
"""Proteins that are sorted by length together; larger wastes less padding, smaller mixes better."""


class TokenBudgetSampler(BatchRebalanceSampler):
    """Batches of at most ``budget`` padded tokens, every sample once per epoch over all ranks.

    Being a ``BatchRebalanceSampler``, it is taken by transformers' Trainer as a batch sampler that already
    knows its rank.

    Parameters
    ----------
    lengths : list of int
        Tokens of every sample.
    budget : int
        Padded tokens per batch; a sample longer than that is a batch of its own.
    dp_size, rank : int
        Number of processes and index of this one.
    seed : int
        The order depends on the seed and the epoch alone.
    shuffle : bool
        Without it batches come in order of length, for evaluation.
    """

    def __init__(
        self, lengths: list[int], budget: int, dp_size: int, rank: int, seed: int = 0, shuffle: bool = True
    ) -> None:
        self.lengths = lengths
        self.budget = budget
        self.dp_size = dp_size
        self.rank = rank
        self.seed = seed
        self.shuffle = shuffle
        self.epoch = 0
        self.drop_last = False
        self._size = len(self._plan())

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order ``iter`` gives."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        yield from self._plan()

    def __len__(self) -> int:
        return self._size

    def _plan(self) -> list[list[int]]:
        """Make the batches of this rank for the current epoch."""
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        size = len(self.lengths)
        order = torch.randperm(size, generator=generator).tolist() if self.shuffle else list(range(size))
        batches: list[list[int]] = []
        pool = POOL if self.shuffle else max(size, 1)
        for start in range(0, size, pool):
            batches.extend(self._fill(order[start : start + pool]))
        _divide(batches, self.dp_size)
        if self.shuffle:
            batches = [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
        return batches[self.rank :: self.dp_size]

    def _fill(self, samples: list[int]) -> list[list[int]]:
        batches: list[list[int]] = []
        for sample in sorted(samples, key=lambda i: (-self.lengths[i], i)):
            longest = self.lengths[batches[-1][0]] if batches else 0
            if not batches or (len(batches[-1]) + 1) * longest > self.budget:
                batches.append([])
            batches[-1].append(sample)
        return batches


def _divide(batches: list[list[int]], parts: int) -> None:
    """Split the largest batches until their number is a multiple of ``parts``; no sample is repeated."""
    while len(batches) % parts:
        largest = max(range(len(batches)), key=lambda i: len(batches[i]))
        batch = batches[largest]
        if len(batch) == 1:
            raise ValueError(
                f"{len(batches)} batches of one protein cannot be shared by {parts} processes; "
                "use fewer processes, more proteins or a smaller token budget"
            )
        half = len(batch) // 2
        batches[largest] = batch[:half]
        batches.append(batch[half:])
