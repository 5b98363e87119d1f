"""Mutations in silico: what the residues around a site do to its score; and the learned position biases."""

from typing import Any

import numpy as np
import torch

from benchmarks.learned import logos
from phosphot5.data import Protein
from phosphot5.data.encode import encode
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.attention_phosphot5 import PhosphoT5Attention, relative_position_bucket

FLANK = 40
"""Residues to either side of the site that a segment has."""
AT_ONCE = 64
"""Segments in a batch."""
NEAR = np.array(logos.OFFSETS)
"""Offsets at which every letter is tried."""
FAR = np.array([offset for offset in range(-FLANK, FLANK + 1) if abs(offset) > logos.HALF])
"""Offsets at which one random letter is tried."""
LETTERS = encode(logos.AMINO_ACIDS)[:-1]
"""Token ids of :data:`_logos.AMINO_ACIDS`."""


def letter_frequency(proteins: list[Protein]) -> np.ndarray:
    """Return how frequent each letter is in some proteins, float64 of shape (20,)."""
    ids = np.concatenate([encode(protein.sequence)[:-1] for protein in proteins])
    counts = (ids == LETTERS[:, None]).sum(1)
    return counts / counts.sum()


def mutants(ids: np.ndarray, frequency: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make the mutants of a segment, one residue changed in each.

    Parameters
    ----------
    ids : numpy.ndarray of int64 of shape (2 * FLANK + 2,)
        Tokens, the site at index FLANK, ``</s>`` at the end.
    frequency : numpy.ndarray of shape (20,)
        From :func:`letter_frequency`; random letters are drawn from it.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of int64 of shape (1 + 20 * len(NEAR) + len(FAR), 2 * FLANK + 2)
        The segment itself; every letter at the first near offset, at the second, and so on; one letter, another
        than is there, at each far offset.
    """
    rows = np.tile(ids, (1 + len(LETTERS) * len(NEAR) + len(FAR), 1))
    near = np.repeat(NEAR, len(LETTERS))
    rows[1 + np.arange(len(near)), FLANK + near] = np.tile(LETTERS, len(NEAR))
    chances = np.where(LETTERS == ids[FLANK + FAR][:, None], 0.0, frequency)
    chances = np.cumsum(chances / chances.sum(1, keepdims=True), axis=1)
    drawn = (rng.random(len(FAR))[:, None] >= chances[:, :-1]).sum(1)
    rows[1 + len(near) + np.arange(len(FAR)), FLANK + FAR] = LETTERS[drawn]
    return rows


def log2_odds(model: PhosphoT5ForConditionalGeneration, rows: np.ndarray) -> np.ndarray:
    """Return the calibrated log2-odds of the sites of segments, float64 of shape (segments,)."""
    found = []
    for first in range(0, len(rows), AT_ONCE):
        batch = torch.from_numpy(rows[first : first + AT_ONCE])
        with torch.inference_mode():
            found.append(model.score_sites(batch)[:, FLANK].double().numpy())
    return to_log2_odds(np.concatenate(found))


def to_log2_odds(probability: np.ndarray) -> np.ndarray:
    """Return log2-odds of probabilities, finite at 0 and 1 too."""
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.log2(inside / (1 - inside))


def effects(odds: np.ndarray, ids: np.ndarray, frequency: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort the scores of mutants into effects.

    Parameters
    ----------
    odds : numpy.ndarray of float64 of shape (mutants,)
        Of the rows of :func:`mutants`.
    ids, frequency
        As for :func:`mutants`.

    Returns
    -------
    numpy.ndarray of float64 of shape (20, len(NEAR))
        What each letter does, compared with a random one: the mean over the letters, weighted by their
        frequency, is 0 in each column.
    numpy.ndarray of float64 of shape (2 * FLANK + 1,)
        Size of the change by a random other residue at each offset; 0 at the site.
    """
    near = odds[1 : 1 + len(LETTERS) * len(NEAR)].reshape(len(NEAR), len(LETTERS)).T
    size = np.zeros(2 * FLANK + 1)
    weights = np.where(LETTERS[:, None] == ids[FLANK + NEAR], 0.0, frequency[:, None])
    size[FLANK + NEAR] = (np.abs(near - odds[0]) * weights).sum(0) / weights.sum(0)
    size[FLANK + FAR] = np.abs(odds[-len(FAR) :] - odds[0])
    return near - frequency @ near, size


def scan(
    model: PhosphoT5ForConditionalGeneration,
    proteins: list[Protein],
    protein: np.ndarray,
    residue: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mutate the surroundings of sites.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : list of Protein
    protein, residue : numpy.ndarray of int of shape (sites,)
        Protein and residue of each site, both 0-based; with FLANK residues to either side.

    Returns
    -------
    numpy.ndarray of shape (sites, 20, len(NEAR))
        What each letter does at each near offset, in calibrated log2-odds; see :func:`effects`.
    numpy.ndarray of shape (sites, 2 * FLANK + 1)
        Size of the change by a random other residue.
    numpy.ndarray of shape (sites,)
        Log2-odds of the segments as they are.
    """
    frequency, rng = letter_frequency(proteins), np.random.default_rng(0)
    letters, sizes, values = [], [], []
    for owner, middle in zip(protein.tolist(), residue.tolist(), strict=True):
        ids = encode(proteins[owner].sequence[middle - FLANK : middle + FLANK + 1])
        odds = log2_odds(model, mutants(ids, frequency, rng))
        letter, size = effects(odds, ids, frequency)
        letters.append(letter)
        sizes.append(size)
        values.append(odds[0])
    return np.stack(letters), np.stack(sizes), np.array(values)


def position_biases(model: PhosphoT5ForConditionalGeneration) -> dict[str, dict[str, str]]:
    """Return the learned position biases of attention by offset, for each head.

    The mean of each head is taken off: softmax does not see it. A layer without such a bias is left out.
    """
    layers = {
        "encoder self-attention": model.get_encoder().block[0].layer[0].SelfAttention,
        "cross-attention": model.get_decoder().block[0].layer[1].EncDecAttention,
    }
    return {name: _biases(layer) for name, layer in layers.items() if layer.has_bias}


def _biases(layer: PhosphoT5Attention) -> dict[str, str]:
    config = layer.config
    reach = min(FLANK, config.window) if config.attention == "window" else FLANK
    buckets, far = config.relative_attention_num_buckets, config.relative_attention_max_distance
    bucket = relative_position_bucket(torch.arange(-reach, reach + 1), True, buckets, far)
    table = layer.relative_attention_bias.weight.detach().float()[bucket].T.numpy()
    table = table - table.mean(axis=1, keepdims=True)
    return logos.to_rows(table, [str(head) for head in range(1, len(table) + 1)])


def reach_of_layers(model: PhosphoT5ForConditionalGeneration) -> dict[str, int]:
    """Return how many residues to either side the encoder's parts reach in one step; without a limit, left out."""
    config = model.config
    reach = {"convolution": config.conv_width // 2} if config.conv_width else {}
    return reach | ({"attention": config.window} if config.attention == "window" else {})


def share_within(profile: np.ndarray, reach: int) -> float:
    """Return the share of a profile over the offsets that lies within a reach of the site."""
    return float(profile[FLANK - reach : FLANK + reach + 1].sum() / profile.sum())


def mutation_figures(
    found: tuple[np.ndarray, np.ndarray, np.ndarray], score: np.ndarray, residues: np.ndarray
) -> dict[str, Any]:
    """Average what :func:`scan` found.

    Parameters
    ----------
    found : tuple
        From :func:`scan`.
    score : numpy.ndarray of shape (sites,)
        Probabilities of the sites in their whole proteins.
    residues : numpy.ndarray of str of shape (sites,)
        ``"S"``, ``"T"`` or ``"Y"``.

    Returns
    -------
    dict
        ``sites`` by residue, ``profile`` and ``share_within`` by residue, ``by_letter`` by kind of site.
    """
    letters, sizes, values = found
    profile = {r: sizes[residues == r].mean(0) for r in "STY" if (residues == r).any()}
    kinds = {kind: np.isin(residues, kind.split("/")) for kind in logos.CLASSES}
    return {
        "segment_residues": 2 * FLANK + 1,
        "sites": {residue: int((residues == residue).sum()) for residue in profile},
        "correlation_with_whole_protein": round(logos.correlation(values, to_log2_odds(score)), 4),
        "share_within": {
            residue: {str(reach): round(share_within(row, reach), 4) for reach in (3, logos.HALF, 15)}
            for residue, row in profile.items()
        },
        "profile": logos.to_rows(np.stack(list(profile.values())), list(profile)),
        "by_letter": {kind: logos.to_rows(letters[at].mean(0)) for kind, at in kinds.items() if at.any()},
    }
