"""Scoring many proteins: streaming, in batches of similar length, results in input order."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch

from phosphot5.data import Protein
from phosphot5.data.encode import encode
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.families_phosphot5 import FamilyTable
from phosphot5.modeling_phosphot5.pipeline_phosphot5 import score_together
from phosphot5.prediction.rows import PROTEINS_AHEAD, protein_rows

__all__ = ["predict_sites", "score_proteins"]

ACCELERATOR_TOKENS = 65536
"""Tokens per batch on an accelerator; a longer protein is a batch of its own."""
ACCELERATOR_THREADS = 2
"""Threads that feed an accelerator: one prepares a batch while the other waits for its scores."""
LENGTH_STEP = 64
"""Tokens to a multiple of which rows are padded on a CPU, where every new shape costs time and memory to prepare."""


def predict_sites(
    model: PhosphoT5ForConditionalGeneration,
    proteins: Iterable[Protein],
    tokens_per_batch: int | None = None,
    threads: int | None = None,
    label_source: str | None = None,
    kinases: bool | str = False,
) -> Generator[tuple[Protein, list[dict[str, Any]]], None, None]:
    """Score proteins and make the rows of their site tables, in input order.

    Sites whose state is POSITIVE are shown to the model as phosphorylated, and the others are scored given
    them; see ``show_known`` of :func:`score_proteins`. A protein that was read as ``plain`` has none.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : iterable of Protein
        Read as they are needed; memory does not grow with their number.
    tokens_per_batch : int, optional
        Tokens per batch, padding included; windowed attention needs none. By default 65,536 on an accelerator,
        and one protein at a time on a CPU: that is faster there, and makes the scores of a protein the same bit
        for bit whatever else is in the input.
    threads : int, optional
        On a CPU, batches scored at the same time, each by one thread: the scores do not depend on it. By
        default ``torch.get_num_threads()``. An accelerator is not concerned.
    label_source : str, optional
        Kind of label whose sites are asked for; by default ``model.config.label_source``.
    kinases : bool or "all"
        True adds the most probable family of kinases to each row, ``"all"`` the list of all families as well; see
        :meth:`~phosphot5.modeling_phosphot5.families_phosphot5.FamilyTable.add_to`. The model must tell families.

    Yields
    ------
    tuple of Protein and list of dict
        A protein and the rows of its S, T and Y; see
        :func:`~phosphot5.modeling_phosphot5.sites_phosphot5.site_rows`.
    """
    config = model.config
    table, sites = config.fpr_table_of(label_source), config.site_token_ids
    families = FamilyTable(config.kinase_families, config.kinase_fpr_table_of(label_source))
    for protein, scores in score_proteins(
        model,
        proteins,
        tokens_per_batch,
        show_known=True,
        threads=threads,
        label_source=label_source,
        kinases=bool(kinases),
    ):
        yield protein, protein_rows(protein, scores, table, sites, families, kinases)


def score_proteins(
    model: PhosphoT5ForConditionalGeneration,
    proteins: Iterable[Protein],
    tokens_per_batch: int | None = None,
    show_known: bool = False,
    threads: int | None = None,
    label_source: str | None = None,
    kinases: bool = False,
) -> Iterator[tuple[Protein, np.ndarray]]:
    """Score proteins in input order.

    Parameters
    ----------
    model, proteins, tokens_per_batch, threads, label_source
        As for :func:`predict_sites`.
    show_known : bool
        Show the model the sites whose state is POSITIVE as phosphorylated residues: the other sites of the
        protein are scored given them. NEGATIVE sites are scored like unknown ones.
    kinases : bool
        Score families of kinases, too.

    Yields
    ------
    tuple of Protein and numpy.ndarray of float32 of shape (residues,) or (residues, 2 + families)
        Probability of phosphorylation, NaN where there is no S, T or Y and at the sites shown as known; with
        kinases as of ``score_kinases``.
    """
    on_cpu = model.device.type == "cpu"
    if tokens_per_batch is None:
        tokens_per_batch = 1 if on_cpu else ACCELERATOR_TOKENS
    before = torch.get_num_threads()
    workers = (threads or before) if on_cpu else ACCELERATOR_THREADS
    # Not the threads inside an operation: they change the last bits of the scores, scale less, and on a busy
    # machine wait for each other at every operation.
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    waiting: Iterable[tuple[Protein, np.ndarray]] = ()
    stream = iter(proteins)
    try:
        while ahead := list(islice(stream, PROTEINS_AHEAD)):
            encoded = [encode(protein.sequence, protein.states if show_known else None) for protein in ahead]
            score = partial(_score, model, label_source=label_source, kinases=kinases)
            submitted = _submit(partial(pool.submit, score), model, encoded, tokens_per_batch)
            yield from waiting  # the consumer works on these while the pool scores the next
            waiting = _collect(ahead, submitted)
        yield from waiting
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)  # what the pool's threads set is also the default of new threads


def _batches(lengths: list[int], budget: int, packed: bool) -> Iterator[list[int]]:
    """Yield indices of batches of at most ``budget`` tokens, padding included, longest first."""
    batch: list[int] = []
    tokens = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        more = lengths[index] if packed or not batch else lengths[batch[0]]
        if batch and tokens + more > budget:
            yield batch
            batch, tokens, more = [], 0, lengths[index]
        batch.append(index)
        tokens += more
    yield batch


def _submit(
    submit: Callable[[list[np.ndarray]], Future[list[np.ndarray]]],
    model: PhosphoT5ForConditionalGeneration,
    encoded: list[np.ndarray],
    tokens_per_batch: int,
) -> list[tuple[Future[list[np.ndarray]], int]]:
    """Have proteins scored; return for each the future of its batch and its place in the batch."""
    places: dict[int, tuple[Future[list[np.ndarray]], int]] = {}
    packed = model.config.attention == "window"
    step = _length_step(model)
    lengths = [-(-len(ids) // step) * step for ids in encoded]
    for batch in _batches(lengths, tokens_per_batch, packed):
        future = submit([encoded[index] for index in batch])
        places |= {index: (future, place) for place, index in enumerate(batch)}
    return [places[index] for index in range(len(encoded))]


def _collect(
    proteins: list[Protein], submitted: list[tuple[Future[list[np.ndarray]], int]]
) -> Iterator[tuple[Protein, np.ndarray]]:
    for protein, (future, place) in zip(proteins, submitted, strict=True):
        yield protein, future.result()[place]


def _length_step(model: PhosphoT5ForConditionalGeneration) -> int:
    return LENGTH_STEP if model.device.type == "cpu" else 1


def _score(
    model: PhosphoT5ForConditionalGeneration,
    encoded: list[np.ndarray],
    label_source: str | None,
    kinases: bool,
) -> list[np.ndarray]:
    """Score one batch, without the ``</s>`` of each protein."""
    proteins = [torch.from_numpy(ids.astype(np.int64)) for ids in encoded]
    with torch.inference_mode():
        scores = score_together(model, proteins, _length_step(model), label_source, kinases)
    lengths = [len(row) for row in scores]
    flat = torch.cat(list(scores)).float().cpu().numpy()  # one transfer from an accelerator
    return [row[:-1] for row in np.split(flat, np.cumsum(lengths)[:-1])]
