"""Padding of encoded proteins into a batch."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

__all__ = ["PhosphositeCollator"]


@dataclass(frozen=True)
class PhosphositeCollator:
    """Pad ``input_ids`` and three-state ``labels`` on the right.

    Parameters
    ----------
    pad_token_id : int
        Padding of ``input_ids``; labels are padded with -100.
    """

    pad_token_id: int = 0

    def __call__(self, samples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Make a batch.

        Parameters
        ----------
        samples : list of dict
            ``input_ids`` and ``labels``, integer sequences of equal length; other columns are ignored.

        Returns
        -------
        dict of str to torch.Tensor of shape (batch, longest)
            ``input_ids`` and ``labels`` (int64), ``attention_mask`` (int64, 1 at tokens).

        Raises
        ------
        ValueError
            If a sample's labels and ids differ in length.
        """
        lengths = np.array([len(sample["input_ids"]) for sample in samples])
        shape = (len(samples), int(lengths.max()))
        batch = {
            "input_ids": np.full(shape, self.pad_token_id, dtype=np.int64),
            "labels": np.full(shape, -100, dtype=np.int64),
        }
        for row, sample in enumerate(samples):
            if len(sample["labels"]) != lengths[row]:
                raise ValueError(
                    f"sample {row} of the batch: found {len(sample['labels'])} labels for {lengths[row]} "
                    "tokens, expected one label per token"
                )
            for name, values in batch.items():
                values[row, : lengths[row]] = sample[name]
        tensors = {name: torch.from_numpy(values) for name, values in batch.items()}
        mask = np.arange(shape[1])[None] < lengths[:, None]
        return tensors | {"attention_mask": torch.from_numpy(mask.astype(np.int64))}
