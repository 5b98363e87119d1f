"""Which numbers a processor multiplies fast."""

import logging
import time
from functools import cache

import torch

__all__ = ["bfloat16_is_fast"]

logger = logging.getLogger(__name__)

SHAPE = (1024, 128, 352)
"""Rows, columns and columns of the product that is timed: a feed-forward layer of the preset `small`."""
REPEATS = 5
SLOWDOWN = 2.0
"""bfloat16 is used up to this many times the time of float32. Processors with units for it measured 0.1 to 1.3,
those that imitate it 3.6 to 28: nothing lies near the limit, so the choice is the same in every run."""


@cache
def bfloat16_is_fast(device: str) -> bool:
    """Tell whether bfloat16 saves time; the first answer for a device is logged.

    A CPU is asked by timing a matrix product, because what its flags promise, its libraries may not use. A GPU
    is asked for units of its own: old ones imitate bfloat16.

    Parameters
    ----------
    device : str
        Type of the device: ``cpu``, ``cuda`` or another one, of which it is taken for granted.
    """
    if device == "cuda":
        fast = bool(torch.cuda.is_bf16_supported(including_emulation=False))
        logger.info("%s", "bfloat16: used" if fast else "bfloat16: not used, this GPU has no units for it")
        return fast
    if device != "cpu":
        return True
    slowdown = _seconds(torch.bfloat16) / _seconds(torch.float32)
    fast = slowdown <= SLOWDOWN
    logger.info(
        "bfloat16: %s, a matrix product takes %.2g times as long as in float32 here",
        "used" if fast else "not used",
        slowdown,
    )
    return fast


def _seconds(dtype: torch.dtype) -> float:
    """Time a matrix product on the CPU; the best of several, as other programs can only slow it down."""
    rows, inner, columns = SHAPE
    a, b = torch.ones(rows, inner, dtype=dtype), torch.ones(inner, columns, dtype=dtype)
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - began)
    return min(times)
