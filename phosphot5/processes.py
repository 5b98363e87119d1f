"""Several processes at one job, as ``torchrun`` and ``accelerate launch`` start them; one process is the usual case."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from accelerate import PartialState

__all__ = ["Alone", "State", "joined", "launched", "on_main", "wait"]

logger = logging.getLogger(__name__)

PATIENCE = timedelta(days=7)
"""How long a process waits for one that works. One that has ended is noticed at once."""


@dataclass(frozen=True)
class Alone:
    """One process without others, on the CPU, which needs no torch."""

    num_processes: int = 1
    process_index: int = 0
    is_main_process: bool = True
    device: str = "cpu"


State: TypeAlias = "PartialState | Alone"
"""The processes that share a job."""


def launched() -> int:
    """Return the number of processes that the launcher started; 1 without a launcher."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def joined(device: str) -> "Iterator[PartialState]":
    """Join the other processes, if a launcher started several; all but the main one log warnings only.

    Parameters
    ----------
    device : str
        What the user asked for: ``auto`` or the name of a device.

    Yields
    ------
    accelerate.PartialState
        Number of processes, number of this one, and its device for ``auto``.
    """
    import torch
    from accelerate import PartialState

    state = PartialState(cpu=device == "cpu" or not torch.cuda.is_available(), timeout=PATIENCE)
    if not state.is_main_process:
        logging.getLogger("phosphot5").setLevel(logging.WARNING)
    try:
        yield state
    finally:
        state.destroy_process_group()


def on_main(state: State, work: Callable[[], Any]) -> Any:
    """Do work in the main process and tell all what came of it.

    After an error, the main process goes on with it and the others end quietly: it is reported once.

    Parameters
    ----------
    state : State
        From :func:`joined`, or one process alone.
    work : callable
        Returns something that can be pickled and is not None.

    Returns
    -------
    Any
        What ``work`` returned, in every process.
    """
    if state.num_processes == 1:
        return work()
    from accelerate.utils import broadcast_object_list

    result = [None]
    if state.is_main_process:
        try:
            result = [work()]
        except BaseException:
            with suppress(RuntimeError):  # the others may have ended; what matters is the error here
                broadcast_object_list(result)
            raise
    with _others_live():
        broadcast_object_list(result)
    if result[0] is None:
        sys.exit(0)  # the main process gives the exit code; another one would make the launcher stop it
    return result[0]


def wait(state: State) -> None:
    """Wait until every process is here; end this one if another has ended before."""
    if isinstance(state, Alone):
        return
    with _others_live():
        state.wait_for_everyone()


@contextmanager
def _others_live() -> Iterator[None]:
    try:
        yield
    except RuntimeError:
        logger.info("another process failed (see its message); stopping")
        sys.exit(1)
