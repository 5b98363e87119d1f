"""Scores of proteins: models and runtimes, batches, known sites, output formats, the job of `phosphot5 predict`.

:class:`Scorer` loads on first use, so that the modules beside it start as fast without it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phosphot5.prediction.scorer import Scorer

__all__ = ["Scorer"]


def __getattr__(name: str) -> Any:
    if name != "Scorer":
        raise AttributeError(f"module 'phosphot5.prediction' has no attribute {name!r}")
    from phosphot5.prediction.scorer import Scorer

    return Scorer
