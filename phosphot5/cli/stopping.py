"""Signals that end a command: all clean up as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stopped", "stopped_by_signals"]

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Those of this system: Ctrl-C, a polite kill (a cluster's time limit), and a terminal that was closed."""


class Stopped(KeyboardInterrupt):
    """A signal asked the command to end.

    Parameters
    ----------
    number : int
        Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number

    def __str__(self) -> str:
        name = signal.Signals(self.args[0]).name
        return "interrupted" if name == "SIGINT" else f"stopped by {name}"


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise :class:`Stopped` where the command stands when a signal comes.

    A signal that is ignored (``nohup``) or handled by someone else stays so.
    """
    usual = (signal.SIG_DFL, signal.default_int_handler)
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in SIGNALS}
    taken = {number: handler for number, handler in before.items() if handler in usual}
    for number in taken:
        signal.signal(number, _stop)
    try:
        yield
    except Stopped:
        raise
    except KeyboardInterrupt:
        raise Stopped(signal.SIGINT) from None
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)
