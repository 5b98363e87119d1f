"""Progress for people: a live line on a terminal, plain lines in a log."""

import logging
import sys
import time
from types import TracebackType

from phosphot5.wording import duration

__all__ = ["Progress", "hide_loading_bars"]

logger = logging.getLogger(__name__)

LIVE_SECONDS, PLAIN_SECONDS = 0.2, 10.0
"""Interval of updates on a terminal and in a log."""


class Progress:
    """Count work that goes on; silent when logging is below INFO.

    Parameters
    ----------
    noun : str
        What is counted, in the plural.
    total : int, optional
        How many there are in all, if that is known.
    """

    def __init__(self, noun: str, total: int | None = None) -> None:
        self._noun = noun
        self._total = total
        self._done = 0
        self._live = sys.stderr.isatty()
        self._began = self._shown = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live and logger.isEnabledFor(logging.INFO):
            sys.stderr.write("\r\x1b[K")

    def advance(self, count: int = 1) -> None:
        """Count more, and show how many are done if the last time is long enough ago.

        Parameters
        ----------
        count : int
            How many more are done.
        """
        first = self._done == 0
        self._done += count
        now = time.monotonic()
        if first:
            self._shown = now  # results that come in groups would give the first of them all the time so far
            return
        if now - self._shown < (LIVE_SECONDS if self._live else PLAIN_SECONDS):
            return
        self._shown = now
        text = self._text(now - self._began)
        if not self._live:
            logger.info("%s", text)
        elif logger.isEnabledFor(logging.INFO):
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def _text(self, seconds: float) -> str:
        if self._total is None:
            return f"{self._done:,} {self._noun}, {duration(seconds)}"
        left = seconds * (self._total / self._done - 1)
        return f"{self._done:,} of {self._total:,} {self._noun}, {duration(seconds)}, about {duration(left)} left"


def hide_loading_bars() -> None:
    """Switch off transformers' bars for loading and saving weights; bars of downloads and trainings stay."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
