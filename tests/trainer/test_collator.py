"""Samples into a batch: padded or packed."""

import numpy as np
import pytest
import torch

from phosphot5.trainer import PhosphositeCollator

SAMPLES = [
    {
        "input_ids": np.array([7, 13, 1], dtype=np.uint8),
        "labels": np.array([29, 13, 1], dtype=np.int16),
        "length": 3,
    },
    {"input_ids": [11, 1], "labels": [-100, 1], "protein": "ignored"},
]


def test_ids_labels_and_mask_are_padded_on_the_right() -> None:
    batch = PhosphositeCollator()(SAMPLES)
    assert {name: values.tolist() for name, values in batch.items()} == {
        "input_ids": [[7, 13, 1], [11, 1, 0]],
        "labels": [[29, 13, 1], [-100, 1, -100]],
        "attention_mask": [[1, 1, 1], [1, 1, 0]],
    }
    assert {values.dtype for values in batch.values()} == {torch.int64}


def test_packed_samples_share_a_row() -> None:
    batch = PhosphositeCollator(packed=True)(SAMPLES)
    assert {name: values.tolist() for name, values in batch.items()} == {
        "input_ids": [[7, 13, 1, 11, 1]],
        "labels": [[29, 13, 1, -100, 1]],
        "attention_mask": [[1, 1, 1, 2, 2]],
    }
    assert {values.dtype for values in batch.values()} == {torch.int64}


def test_the_padding_id_is_the_models() -> None:
    assert PhosphositeCollator(pad_token_id=5)(SAMPLES)["input_ids"][1].tolist() == [11, 1, 5]


def test_a_sample_with_too_few_labels_is_named() -> None:
    with pytest.raises(ValueError, match="sample 1 of the batch: found 1 labels for 2 tokens"):
        PhosphositeCollator()([SAMPLES[0], {"input_ids": [11, 1], "labels": [1]}])


def test_rows_are_padded_to_a_multiple() -> None:
    plain, batch = (PhosphositeCollator(packed=True, multiple=multiple)(SAMPLES) for multiple in (1, 16))
    tokens = plain["input_ids"].shape[1]
    assert batch["input_ids"].shape == (1, 16)
    assert all(torch.equal(batch[name][:, :tokens], values) for name, values in plain.items())
    assert batch["attention_mask"][0, tokens:].sum() == 0
    assert set(batch["labels"][0, tokens:].tolist()) == {-100}
