"""From samples to a batch of tensors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from phosphot5.data.batches import BatchLayout

__all__ = ["PhosphositeCollator"]


@dataclass(frozen=True)
class PhosphositeCollator:
    """Arrange ``input_ids`` and three-state ``labels`` as a batch.

    Parameters
    ----------
    pad_token_id : int
        Padding of ``input_ids``; labels are padded with -100.
    packed : bool
        Put all samples into one row, one after the other, without padding. With windowed attention that costs
        no more than rows of their own; with full attention it costs the square of the row.
    multiple : int
        Tokens of a row are padded to a multiple of this.
    """

    pad_token_id: int = 0
    packed: bool = False
    multiple: int = 1

    def __call__(self, samples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Make a batch.

        Parameters
        ----------
        samples : list of dict
            ``input_ids`` and ``labels``, integer sequences of equal length, and in all or none of them the numbers
            ``label_source`` and ``group``; other columns are ignored.

        Returns
        -------
        dict of str to torch.Tensor of int64 of shape (samples, longest) or, packed, (1, tokens)
            ``input_ids``, ``labels`` and ``attention_mask``: 0 at padding, 1 at tokens, in a packed row the
            number of the sample. Numbers of samples become ``label_sources`` and ``groups``, 0 at padding.

        Raises
        ------
        ValueError
            If a sample's labels and ids differ in length.
        """
        for row, sample in enumerate(samples):
            if len(sample["labels"]) != len(sample["input_ids"]):
                raise ValueError(
                    f"sample {row} of the batch: found {len(sample['labels'])} labels for "
                    f"{len(sample['input_ids'])} tokens, expected one label per token"
                )
        arrange = BatchLayout.packed if self.packed else BatchLayout.padded
        layout = arrange([len(sample["input_ids"]) for sample in samples], self.multiple)
        arrays = {"attention_mask": layout.mask}
        for name, fill in {"input_ids": self.pad_token_id, "labels": -100}.items():
            arrays[name] = layout.arrange([np.asarray(sample[name]) for sample in samples], fill)
        for name in ("label_source", "group"):
            if name in samples[0]:
                values = [np.full(len(sample["input_ids"]), sample[name]) for sample in samples]
                arrays[f"{name}s"] = layout.arrange(values, 0)
        return {name: torch.from_numpy(values) for name, values in arrays.items()}
