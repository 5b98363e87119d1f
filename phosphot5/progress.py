"""Progress for people: a bar on a terminal, plain lines in a log; silent when logging is below INFO (``--quiet``)."""

import logging
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from phosphot5.wording import duration

__all__ = ["Progress", "clear_bar", "hide_loading_bars", "stage"]

logger = logging.getLogger(__name__)

LIVE_SECONDS, PLAIN_SECONDS = 0.2, 10.0
"""Interval of updates on a terminal and in a log."""
QUICK_SECONDS = 2.0
"""Work that takes no longer than that is not talked of in a log."""
CELLS = 20
"""Width of the bar."""


class _Bar:
    """The last line of a terminal, which is written over until something else is printed."""

    def __init__(self) -> None:
        self._shown = False
        self._lock = threading.Lock()

    def show(self, text: str, bar: str = "") -> None:
        """Write the line, in the place of the one before; the bar only where there is room for all of the text."""
        width = shutil.get_terminal_size().columns - 1
        if len(bar) + len(text) <= width:
            text = f"{bar}{text}"
        with self._lock:
            sys.stderr.write(f"\r\x1b[K{text[:width]}")
            sys.stderr.flush()
            self._shown = True

    def clear(self) -> None:
        """Remove the line."""
        with self._lock:
            if self._shown:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
                self._shown = False


_BAR = _Bar()


def clear_bar() -> None:
    """Remove the bar from the terminal, before something else is written there; the next update brings it back."""
    _BAR.clear()


class Progress:
    """Count work that goes on.

    Parameters
    ----------
    noun : str
        What is counted, in the plural.
    total : int, optional
        How many there are in all, if that is known.
    done : int
        How many were done before, in a run that is continued.
    """

    def __init__(self, noun: str, total: int | None = None, done: int = 0) -> None:
        self._noun = noun
        self._total = total
        self._before = self._done = done
        self._figures = ""
        self._live = sys.stderr.isatty()
        self._began = self._shown = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        clear_bar()

    def advance(self, count: int = 1) -> None:
        """Count more, and show how many are done if the last time is long enough ago.

        Parameters
        ----------
        count : int
            How many more are done.
        """
        first = self._done == self._before
        self._done += count
        now = time.monotonic()
        if first:
            self._shown = now  # results that come in groups would give the first of them all the time so far
            return
        if now - self._shown < (LIVE_SECONDS if self._live else PLAIN_SECONDS):
            return
        self._shown = now
        _tell(self._text(now - self._began), self._live, self._bar())

    def note(self, figures: str) -> None:
        """Show figures behind the count from now on, such as a loss."""
        self._figures = figures

    def _text(self, seconds: float) -> str:
        if self._total is None:
            text = f"{self._done:,} {self._noun}, {duration(seconds)}"
        else:
            left = seconds * (self._total - self._done) / max(1, self._done - self._before)
            text = f"{self._done:,} of {self._total:,} {self._noun}, {duration(seconds)}, about {duration(left)} left"
        return f"{text}; {self._figures}" if self._figures else text

    def _bar(self) -> str:
        if not self._total:
            return ""
        full = round(CELLS * min(1.0, self._done / self._total))
        return f"[{'#' * full:.<{CELLS}}] "


@contextmanager
def stage(what: str) -> Iterator[None]:
    """Show work of which nothing can be counted, and for how long it goes on; in a log if it is not over at once.

    Parameters
    ----------
    what : str
        What is done: ``loading the model``.
    """
    over = threading.Event()
    teller = threading.Thread(target=_tell_until, args=(over, what), daemon=True)
    if logger.isEnabledFor(logging.INFO):
        teller.start()
    try:
        yield
    finally:
        over.set()
        if teller.ident is not None:
            teller.join()
        clear_bar()


def _tell_until(over: threading.Event, what: str) -> None:
    live, began, pause = sys.stderr.isatty(), time.monotonic(), QUICK_SECONDS
    if live:
        pause = LIVE_SECONDS
    while not over.wait(pause):
        _tell(f"{what}, {duration(time.monotonic() - began)}", live)
        if not live:
            pause = PLAIN_SECONDS


def _tell(text: str, live: bool, bar: str = "") -> None:
    if not live:
        logger.info("%s", text)
    elif logger.isEnabledFor(logging.INFO):
        _BAR.show(text, bar)


def hide_loading_bars() -> None:
    """Switch off transformers' bars for loading and saving weights; bars of downloads stay."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
