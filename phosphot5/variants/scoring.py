"""Scores of whole proteins, one after the other, by whichever runtime: the same numbers that ``predict`` gives."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import cast

import numpy as np

from phosphot5.data import Protein
from phosphot5.prediction.graph import ScoringGraph
from phosphot5.prediction.rows import PROTEINS_AHEAD
from phosphot5.prediction.runtime import GraphRuntime, Runtime, TorchRuntime
from phosphot5.variants.comparison import Comparison, ScoredSites
from phosphot5.variants.wild_types import Variant

__all__ = ["compare"]


def compare(runtime: Runtime, variants: Iterable[Variant], threads: int) -> Generator[Comparison, None, None]:
    """Score variants and the proteins that they change, each protein once.

    A variant is scored as a protein of its own: the model adds a function of the protein's mean state to every
    residue, so that a change anywhere reaches all sites, however little.

    Parameters
    ----------
    runtime : Runtime
        The model.
    variants : iterable of Variant
        Read as they are needed.
    threads : int
        CPU threads; no effect on scores.

    Yields
    ------
    Comparison
        One for each variant, in order.
    """
    expected: deque[Variant | str] = deque()
    wild: dict[str, ScoredSites] = {}
    table = runtime.fpr_table

    def proteins() -> Generator[Protein, None, None]:
        seen = set()
        for variant in variants:
            if variant.protein.id not in seen:
                seen.add(variant.protein.id)
                expected.append(variant.protein.sequence)
                yield Protein(id=variant.protein.id, sequence=variant.protein.sequence)
            expected.append(variant)
            yield variant.changed

    with closing(_scores(runtime, proteins(), threads)) as scored:
        for protein, scores in scored:
            sites = ScoredSites(protein.sequence, scores, table)
            variant = expected.popleft()
            if isinstance(variant, str):
                wild[protein.id] = sites
            else:
                yield Comparison(variant, wild[protein.id], sites)


def _scores(
    runtime: Runtime, proteins: Iterable[Protein], threads: int
) -> Generator[tuple[Protein, np.ndarray], None, None]:
    """Yield proteins and their scores, float32 of shape (residues,), in order."""
    if isinstance(runtime, GraphRuntime):
        yield from _graph_scores(runtime.graph, proteins, threads)
        return
    from phosphot5.prediction.scoring import score_proteins

    yield from score_proteins(cast(TorchRuntime, runtime).model, proteins, threads=threads)


def _graph_scores(
    graph: ScoringGraph, proteins: Iterable[Protein], threads: int
) -> Generator[tuple[Protein, np.ndarray], None, None]:
    waiting: deque[tuple[Protein, Future[np.ndarray]]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for protein in proteins:
            waiting.append((protein, pool.submit(graph.score, protein)))
            if len(waiting) == PROTEINS_AHEAD:
                first, scores = waiting.popleft()
                yield first, scores.result()
        while waiting:
            first, scores = waiting.popleft()
            yield first, scores.result()
    finally:
        pool.shutdown(cancel_futures=True)
