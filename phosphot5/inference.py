"""Scoring many proteins: streaming, in batches of similar length, results in input order."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch

from phosphot5.data import Protein, SiteState
from phosphot5.data.encode import encode
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows

__all__ = ["predict_sites", "score_labelled_sites", "score_proteins"]

ACCELERATOR_TOKENS = 65536
"""Padded tokens per batch on an accelerator; a longer protein is a batch of its own."""
PROTEINS_AHEAD = 512
"""Proteins read ahead and sorted by length; bounds the memory."""


def predict_sites(
    model: PhosphoT5ForConditionalGeneration,
    proteins: Iterable[Protein],
    tokens_per_batch: int | None = None,
) -> Iterator[tuple[Protein, list[dict[str, Any]]]]:
    """Score proteins and make the rows of their site tables, in input order.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : iterable of Protein
        Read as they are needed; memory does not grow with their number.
    tokens_per_batch : int, optional
        Padded tokens per batch. By default 65,536 on an accelerator, and one protein at a time on a CPU: that
        is faster there, and makes the scores of a protein the same bit for bit whatever else is in the input.

    Yields
    ------
    tuple of Protein and list of dict
        A protein and the rows of its S, T and Y; see
        :func:`~phosphot5.modeling_phosphot5.sites_phosphot5.site_rows`.
    """
    for protein, probabilities in score_proteins(model, proteins, tokens_per_batch):
        positions = (
            [protein.given_position(i) for i in range(1, len(protein.sequence) + 1)]
            if protein.removed
            else None
        )
        table = model.config.fpr_table
        yield protein, site_rows(protein.id, protein.sequence, probabilities.tolist(), table, positions)


def score_proteins(
    model: PhosphoT5ForConditionalGeneration,
    proteins: Iterable[Protein],
    tokens_per_batch: int | None = None,
) -> Iterator[tuple[Protein, np.ndarray]]:
    """Score proteins in input order.

    Parameters
    ----------
    model, proteins, tokens_per_batch
        As for :func:`predict_sites`.

    Yields
    ------
    tuple of Protein and numpy.ndarray of float32 of shape (residues,)
        Probability of phosphorylation, NaN where there is no S, T or Y.
    """
    if tokens_per_batch is None:
        tokens_per_batch = 1 if model.device.type == "cpu" else ACCELERATOR_TOKENS
    stream = iter(proteins)
    while ahead := list(islice(stream, PROTEINS_AHEAD)):
        encoded = [encode(protein.sequence) for protein in ahead]
        scores: list[np.ndarray | None] = [None] * len(ahead)
        for batch in _batches([len(ids) for ids in encoded], tokens_per_batch):
            for index, row in zip(batch, _score(model, [encoded[i] for i in batch]), strict=True):
                scores[index] = row
        yield from zip(ahead, scores, strict=True)


def score_labelled_sites(
    model: PhosphoT5ForConditionalGeneration, proteins: Iterable[Protein]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score the sites whose state is known.

    Parameters
    ----------
    model, proteins
        As for :func:`predict_sites`.

    Returns
    -------
    probability : numpy.ndarray of float32 of shape (sites,)
        In the order of the proteins and of their residues.
    truth : numpy.ndarray of bool of shape (sites,)
        True at positives.
    residues : numpy.ndarray of str of shape (sites,)
        ``S``, ``T`` or ``Y``.
    """
    scores, truth, residues = [], [], []
    for protein, probability in score_proteins(model, proteins):
        states = np.frombuffer(protein.states, dtype=np.uint8)
        known = np.flatnonzero(states != SiteState.UNKNOWN)
        scores.append(probability[known])
        truth.append(states[known] == SiteState.POSITIVE)
        residues.append(np.array(list(protein.sequence))[known])
    return np.concatenate(scores), np.concatenate(truth), np.concatenate(residues)


def _batches(lengths: list[int], budget: int) -> Iterator[list[int]]:
    """Yield indices of batches of at most ``budget`` padded tokens, longest first."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(index)
    yield batch


def _score(model: PhosphoT5ForConditionalGeneration, encoded: list[np.ndarray]) -> Iterator[np.ndarray]:
    lengths = np.array([len(ids) for ids in encoded])
    inside = np.arange(lengths.max())[None] < lengths[:, None]
    input_ids = np.full(inside.shape, model.config.pad_token_id, dtype=np.int64)
    input_ids[inside] = np.concatenate(encoded)
    tensors = (torch.from_numpy(array).to(model.device) for array in (input_ids, inside.astype(np.int64)))
    scores = model.score_sites(*tensors).float().cpu().numpy()
    for row, length in zip(scores, lengths, strict=True):
        yield row[: length - 1]
