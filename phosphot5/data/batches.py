"""Arranging encoded proteins of different lengths into one array, padded or packed, and taking them apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["BatchLayout"]


@dataclass(frozen=True)
class BatchLayout:
    """Where the tokens of a batch stand.

    Parameters
    ----------
    mask : numpy.ndarray of int64 of shape (rows, tokens)
        The attention mask: 0 at padding, elsewhere the number of the protein in its row, from 1.
    lengths : numpy.ndarray of int64 of shape (proteins,)
        Tokens of each protein.

    Examples
    --------
    >>> layout = BatchLayout.packed([2, 3])
    >>> layout.arrange([np.array([7, 1]), np.array([8, 9, 1])], fill=0).tolist()
    [[7, 1, 8, 9, 1]]
    >>> layout.mask.tolist()
    [[1, 1, 2, 2, 2]]
    >>> BatchLayout.padded([2, 3]).mask.tolist()
    [[1, 1, 0], [1, 1, 1]]
    """

    mask: np.ndarray
    lengths: np.ndarray

    @classmethod
    def padded(cls, lengths: Sequence[int], multiple: int = 1) -> "BatchLayout":
        """One protein a row, padded on the right to the longest, rounded up to a ``multiple`` of tokens."""
        tokens = np.asarray(lengths)
        inside = np.arange(_round_up(tokens.max(), multiple))[None] < tokens[:, None]
        return cls(inside.astype(np.int64), tokens)

    @classmethod
    def packed(cls, lengths: Sequence[int], multiple: int = 1) -> "BatchLayout":
        """All proteins in one row, one after the other: no padding but that to a ``multiple`` of tokens."""
        tokens = np.asarray(lengths)
        mask = np.zeros((1, _round_up(tokens.sum(), multiple)), dtype=np.int64)
        mask[0, : tokens.sum()] = np.repeat(np.arange(1, len(tokens) + 1), tokens)
        return cls(mask, tokens)

    def arrange(self, values: Sequence[np.ndarray], fill: float) -> np.ndarray:
        """Put the values of all proteins into their places.

        Parameters
        ----------
        values : sequence of numpy.ndarray
            One array for each protein, as long as the protein.
        fill : float
            Value at padding.

        Returns
        -------
        numpy.ndarray of shape (rows, tokens)
            int64, or as the values where these are no integers.
        """
        tokens = np.concatenate(values)
        whole = np.issubdtype(tokens.dtype, np.integer)
        batch = np.full(self.mask.shape, fill, dtype=np.int64 if whole else tokens.dtype)
        batch[self.mask > 0] = tokens
        return batch

    def take_apart(self, batch: np.ndarray) -> list[np.ndarray]:
        """Give each protein its values back.

        Parameters
        ----------
        batch : numpy.ndarray of shape (rows, tokens)

        Returns
        -------
        list of numpy.ndarray
            One array for each protein, as long as the protein.
        """
        return np.split(batch[self.mask > 0], np.cumsum(self.lengths)[:-1])


def _round_up(tokens: int, multiple: int) -> int:
    return -(-int(tokens) // multiple) * multiple
