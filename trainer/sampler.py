"""Token-budget batches: as many proteins as fit into a fixed number of padded tokens."""

from collections.abc import Iterator

import torch
from transformers.trainer_pt_utils import BatchRebalanceSampler

__all__ = ["TokenBudgetSampler"]

SIMILAR = 0.95
"""Proteins at least this long, relative to the longest of their band, may share a batch."""


class TokenBudgetSampler(BatchRebalanceSampler):
    """Batches of at most ``budget`` padded tokens, every sample once per epoch over all ranks.

    The samples, sorted by length, are cut into bands of similar length that hold a whole number of batches.
    Every epoch mixes the samples inside each band and then the batches. So the sizes of the batches, and with
    them the number of steps, are the same in every epoch, which transformers' Trainer relies on when it counts
    epochs and resumes.

    Being a ``BatchRebalanceSampler``, it is taken by the Trainer as a batch sampler that already knows its
    rank.

    Parameters
    ----------
    lengths : sequence of int
        Tokens of every sample.
    budget : int
        Padded tokens per batch; a sample longer than that is a batch of its own.
    dp_size, rank : int
        Number of processes and index of this one.
    seed : int
        The order depends on the seed and the epoch alone.
    shuffle : bool
        Without it batches come in order of length, for evaluation, and ranks may get one batch more or less.

    Raises
    ------
    ValueError
        If the batches of a shuffled epoch cannot be shared equally by the processes.
    """

    def __init__(
        self, lengths: list[int], budget: int, dp_size: int, rank: int, seed: int = 0, shuffle: bool = True
    ) -> None:
        self.lengths = lengths
        self.dp_size = dp_size
        self.rank = rank
        self.seed = seed
        self.shuffle = shuffle
        self.epoch = 0
        self.drop_last = False
        self._bands = _bands(lengths, budget)
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
        batches = []
        for band, size in self._bands:
            order = (
                torch.randperm(len(band), generator=generator).tolist() if self.shuffle else range(len(band))
            )
            mixed = [band[i] for i in order]
            batches.extend(mixed[i : i + size] for i in range(0, len(mixed), size))
        if self.shuffle:
            _divide(batches, self.dp_size)
            batches = [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
        return batches[self.rank :: self.dp_size]


def _bands(lengths: list[int], budget: int) -> list[tuple[list[int], int]]:
    """Cut the samples, longest first, into bands of similar length; each with its number of samples per batch."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    bands = []
    start = 0
    while start < len(order):
        longest = lengths[order[start]]
        size = max(budget // longest, 1)
        stop = start
        while stop < len(order) and lengths[order[stop]] >= SIMILAR * longest:
            stop += 1
        stop = start + max((stop - start) // size, 1) * size
        bands.append((order[start:stop], size))
        start = stop
    return bands


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
