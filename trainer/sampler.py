"""Token-budget batches: as many proteins as fit into a fixed number of tokens."""

import heapq
from collections.abc import Iterator
from functools import partial

import torch
from transformers.trainer_pt_utils import BatchRebalanceSampler

__all__ = ["TokenBudgetSampler"]

SIMILAR = 0.95
"""Padded rows: proteins at least this long, relative to the longest of their band, may share a batch."""
FILLED = 0.95
"""Packed rows: share of the budget that the mean batch uses; what is left lets proteins change places."""
ROUNDS = 8
"""Packed rows: how often every protein is offered the place of another one at random."""


class TokenBudgetSampler(BatchRebalanceSampler):
    """Batches of at most ``budget`` tokens, every sample once per epoch over all ranks.

    The number of batches is the same in every epoch, on which transformers' Trainer relies when it counts
    epochs and resumes. Packed batches hold any mixture of lengths: they are filled evenly, then in every epoch
    proteins change places at random wherever both batches stay within the budget. Batches of padded rows
    are made from bands of similar length, so that little is lost to padding, and mixed inside them.

    Being a ``BatchRebalanceSampler``, it is taken by the Trainer as a batch sampler that already knows its
    rank.

    Parameters
    ----------
    lengths : sequence of int
        Tokens of every sample.
    budget : int
        Tokens per batch, padding included; a sample longer than that is a batch of its own.
    dp_size, rank : int
        Number of processes and index of this one.
    seed : int
        The order depends on the seed and the epoch alone.
    shuffle : bool
        Without it batches come in order of length, for evaluation, and ranks may get one batch more or less.
    packed : bool
        The samples of a batch share a row, without padding.

    Raises
    ------
    ValueError
        If the batches of a shuffled epoch cannot be shared equally by the processes.
    """

    def __init__(
        self,
        lengths: list[int],
        budget: int,
        dp_size: int,
        rank: int,
        seed: int = 0,
        shuffle: bool = True,
        packed: bool = False,
    ) -> None:
        self.lengths = lengths
        self.dp_size = dp_size
        self.rank = rank
        self.seed = seed
        self.shuffle = shuffle
        self.epoch = 0
        self.drop_last = False
        if shuffle and packed:
            batches = _filled_evenly(lengths, budget, dp_size)
            self._epoch_batches = partial(_with_places_changed, batches, lengths, budget)
        else:
            self._epoch_batches = partial(_from_bands, _bands(lengths, budget), dp_size, shuffle)
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
        batches = self._epoch_batches(generator)
        if self.shuffle:
            batches = [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
        return batches[self.rank :: self.dp_size]


def _filled_evenly(lengths: list[int], budget: int, parts: int) -> list[list[int]]:
    """Make the fewest evenly filled batches, a multiple of ``parts``: longest first, each to the emptiest batch."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    alone = [[i] for i in order if lengths[i] > budget]
    rest = order[len(alone) :]
    tokens = sum(lengths[i] for i in rest)
    for total in range(len(alone) + -(-tokens // max(int(FILLED * budget), 1)), len(lengths) + 1):
        if total % parts:
            continue
        emptiest = [(0, batch) for batch in range(total - len(alone))]
        batches: list[list[int]] = [[] for _ in emptiest]
        for index in rest:
            load, batch = heapq.heappop(emptiest)
            batches[batch].append(index)
            heapq.heappush(emptiest, (load + lengths[index], batch))
        if all(sum(lengths[i] for i in batch) <= budget for batch in batches):
            return alone + batches
    raise ValueError(
        f"{len(lengths)} proteins cannot be shared by {parts} processes in batches of {budget} tokens; "
        "use fewer processes, more proteins or another token budget"
    )


def _with_places_changed(
    batches: list[list[int]], lengths: list[int], budget: int, generator: torch.Generator
) -> list[list[int]]:
    """Let proteins of different batches change places at random, as far as the budget of both allows."""
    home = [0] * len(lengths)
    for number, batch in enumerate(batches):
        for index in batch:
            home[index] = number
    load = [sum(lengths[i] for i in batch) for batch in batches]
    for _ in range(ROUNDS):
        order = torch.randperm(len(lengths), generator=generator).tolist()
        for one, other in zip(order[::2], order[1::2], strict=False):
            here, there, more = home[one], home[other], lengths[other] - lengths[one]
            if load[here] + more <= budget and load[there] - more <= budget:
                home[one], home[other] = there, here
                load[here] += more
                load[there] -= more
    mixed: list[list[int]] = [[] for _ in batches]
    for index in order:
        mixed[home[index]].append(index)
    return mixed


def _from_bands(
    bands: list[tuple[list[int], int]], parts: int, shuffle: bool, generator: torch.Generator
) -> list[list[int]]:
    """Cut each band, mixed if asked for, into batches; shuffled ones are a multiple of ``parts``."""
    batches: list[list[int]] = []
    for band, size in bands:
        order = torch.randperm(len(band), generator=generator).tolist() if shuffle else range(len(band))
        mixed = [band[i] for i in order]
        batches.extend(mixed[i : i + size] for i in range(0, len(mixed), size))
    if shuffle:
        _divide(batches, parts)
    return batches


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
