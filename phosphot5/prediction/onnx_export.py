"""The scoring path as an ONNX graph, for runtimes other than torch."""

import importlib.util
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers.models.t5.modeling_t5 import T5LayerNorm

from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.prediction.graph import (
    FAMILIES_KEY,
    FILES_KEY,
    KIND_KEY,
    SITES_KEY,
    TABLE_KEY,
    files_of_model,
)

__all__ = ["require_onnx", "write_onnx"]

NEEDED = ("onnx", "onnxruntime", "onnxscript")
TOLERANCE = 1e-4
"""How far a probability of the graph may be from torch's."""
EXAMPLE = (2, 70)
"""Proteins and tokens that the model is traced with; the graph takes any numbers."""
CHECKS = ((1, 1), (3, 45), (1, 300))
"""Proteins and tokens that the graph is checked with."""


class _Scores(torch.nn.Module):
    """What the graph computes: ``score_sites`` or ``score_kinases``, but NaN throughout where rows are packed."""

    def __init__(self, model: PhosphoT5ForConditionalGeneration) -> None:
        super().__init__()
        self.model = model

    @property
    def names(self) -> list[str]:
        """Names of the outputs."""
        return ["probability", "kinases"] if self.model.config.kinase_families else ["probability"]

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        scores: tuple[torch.Tensor, ...]
        if self.model.config.kinase_families:
            scores = self.model.site_and_kinase_scores(input_ids, attention_mask)
        else:
            scores = (self.model.score_sites(input_ids, attention_mask),)
        packed = (attention_mask > 1).any()
        return tuple(values.masked_fill(packed, float("nan")) for values in scores)


def require_onnx() -> None:
    """Check that what the export needs is installed.

    Raises
    ------
    PhosphoT5Error
        If it is not; says what to install.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise PhosphoT5Error(
            f"an ONNX graph needs {', '.join(missing)}; install with `pip install 'phosphot5[onnx]'`"
        )


def write_onnx(model: PhosphoT5ForConditionalGeneration, path: Path, folder: Path | None = None) -> None:
    """Write ``score_sites`` as an ONNX graph, and check it in onnxruntime.

    Its inputs ``input_ids`` and ``attention_mask`` are int64 of shape (batch, length), both of any size, the mask 1
    for tokens and 0 for padding on the right. Its output ``probability`` is float32 of the same shape: calibrated,
    NaN where the token is not a bare S, T or Y. Packed rows are not taken: a mask above 1 makes all of it NaN. If the
    model tells families of kinases there is a second output, ``kinases``, float32 of shape (batch, length,
    1 + families): what ``score_kinases`` gives behind the probability of the site.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        On the CPU and in evaluation mode; its weights are changed into float32, in which the graph computes.
    path : Path
        File to write. Weights of more than 1.5 GB lie in a second file beside it.
    folder : Path, optional
        Model folder with the same weights: the graph can then stand in for them, see
        :class:`~phosphot5.prediction.graph.ScoringGraph`.

    Raises
    ------
    PhosphoT5Error
        If a package is missing, or the graph does not give the model's scores.
    """
    require_onnx()
    scores = _Scores(model.float()).eval()
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    with _quiet(), _fusible_norms():
        program = torch.onnx.export(
            scores,
            _example(model, *EXAMPLE),
            input_names=["input_ids", "attention_mask"],
            output_names=scores.names,
            dynamic_shapes=({0: batch, 1: length}, {0: batch, 1: length}),
            verbose=False,
        )
    assert program is not None  # only the older exporter returns nothing
    program.model.metadata_props.update(_metadata(model, folder))
    path.parent.mkdir(exist_ok=True)
    program.save(path)
    _check(scores, path)


def _metadata(model: PhosphoT5ForConditionalGeneration, folder: Path | None) -> dict[str, str]:
    """Return what a reader of the graph needs to know of the model."""
    config = model.config
    told: dict[str, Any] = {
        FILES_KEY: {} if folder is None else files_of_model(folder),
        KIND_KEY: config.label_source,
        TABLE_KEY: config.fpr_table_of(None),
        SITES_KEY: list(config.site_token_ids),
    }
    if config.kinase_families:
        told[FAMILIES_KEY] = {
            "families": config.kinase_families,
            "fpr_table": config.kinase_fpr_table_of(None),
        }
    return {key: json.dumps(value) for key, value in told.items()}


def _example(
    model: PhosphoT5ForConditionalGeneration, proteins: int, tokens: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw tokens of any kind and the mask of proteins that are longer from row to row, the last without padding."""
    config = model.config
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(config.mask_token_id + 1, config.vocab_size, (proteins, tokens), generator=generator)
    lengths = tokens * torch.arange(1, proteins + 1) // proteins
    mask = (torch.arange(tokens) < lengths[:, None]).long()
    ids[torch.arange(proteins), lengths - 1] = config.eos_token_id
    return torch.where(mask > 0, ids, config.pad_token_id), mask


def _check(scores: _Scores, path: Path) -> None:
    """Compare the graph with the model."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for size in CHECKS:
        ids, mask = _example(scores.model, *size)
        found = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
        close = [
            torch.allclose(torch.from_numpy(values), expected, rtol=0, atol=TOLERANCE, equal_nan=True)
            for values, expected in zip(found, scores(ids, mask), strict=True)
        ]
        if not all(close):
            raise PhosphoT5Error(
                f"{path.name}: {size[0]} x {size[1]} tokens: scores differ from the model by over {TOLERANCE}; "
                "try other versions of torch and onnxscript"
            )


@contextmanager
def _fusible_norms() -> Iterator[None]:
    """Write T5's norm with a division: onnxruntime makes one operation of it, but not of a reciprocal root."""

    def forward(norm: T5LayerNorm, states: torch.Tensor) -> torch.Tensor:
        mean_square = states.pow(2).mean(-1, keepdim=True)
        return states / torch.sqrt(mean_square + norm.variance_epsilon) * norm.weight

    original, T5LayerNorm.forward = T5LayerNorm.forward, forward  # type: ignore[method-assign]
    try:
        yield
    finally:
        T5LayerNorm.forward = original  # type: ignore[method-assign]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter, which tells every rewrite of the graph; what matters is checked afterwards."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
