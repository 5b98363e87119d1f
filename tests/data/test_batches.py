"""Arranging proteins into arrays and taking them apart."""

import numpy as np
import pytest

from phosphot5.data.batches import BatchLayout

PROTEINS = [np.array([7, 8, 1]), np.array([1]), np.array([9, 1])]


@pytest.mark.parametrize("multiple", [1, 4, 5])
@pytest.mark.parametrize("arrange", [BatchLayout.padded, BatchLayout.packed])
def test_round_trip(arrange, multiple) -> None:
    layout = arrange([len(protein) for protein in PROTEINS], multiple)
    assert layout.mask.shape[1] % multiple == 0
    batch = layout.arrange(PROTEINS, fill=-100)
    assert batch.shape == layout.mask.shape
    assert (batch[layout.mask == 0] == -100).all()
    for found, protein in zip(layout.take_apart(batch), PROTEINS, strict=True):
        assert found.tolist() == protein.tolist()


def test_padded() -> None:
    layout = BatchLayout.padded([3, 1, 2])
    assert layout.arrange(PROTEINS, 0).tolist() == [[7, 8, 1], [1, 0, 0], [9, 1, 0]]
    assert layout.mask.tolist() == [[1, 1, 1], [1, 0, 0], [1, 1, 0]]


def test_packed_has_no_padding() -> None:
    layout = BatchLayout.packed([3, 1, 2])
    assert layout.arrange(PROTEINS, 0).tolist() == [[7, 8, 1, 1, 9, 1]]
    assert layout.mask.tolist() == [[1, 1, 1, 2, 3, 3]]
