"""Standard input, output and error of the command line, whatever the terminal, the locale or the shell made of them."""

import errno
import io
import logging
import os
import sys

from phosphot5.errors import MESSAGE
from phosphot5.progress import clear_bar
from phosphot5.wording import printable

__all__ = ["log_to_standard_error", "prepare_streams", "settle_streams"]


class _PlainLines(logging.Formatter):
    """Log records of one line each, without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return printable(super().format(record), MESSAGE)


class _BesideTheBar(logging.StreamHandler):
    """A stream whose lines do not run into the bar of a progress."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line where the bar is."""
        clear_bar()
        super().emit(record)


def log_to_standard_error(*, quiet: bool) -> None:
    """Show what is logged.

    Parameters
    ----------
    quiet : bool
        Show warnings and errors only, and no bars of downloads.
    """
    handler = _BesideTheBar()
    handler.setFormatter(_PlainLines("%(message)s"))
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, handlers=[handler])
    logging.raiseExceptions = False  # a log that nobody can read is no reason for a traceback
    for library in ("httpx", "httpx2", "datasets", "fsspec", "filelock"):
        logging.getLogger(library).setLevel(logging.WARNING)
    if quiet:  # the libraries, which are imported later, read these
        os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"


class _Closed(io.TextIOBase):
    """Standard output that the shell closed."""

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, "is closed; name a file with -o or open it", "standard output")


def prepare_streams() -> None:
    """Make the standard streams fit to use.

    A stream that the shell closed becomes one that refuses (output) or swallows (errors): otherwise the next file
    opened would take its number, and what a library prints would land in that file. Output that goes to a file or
    a pipe is UTF-8 in every locale; a terminal gets an escape for what it cannot show.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = _Closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def settle_streams() -> None:
    """Write out what is held back; where nobody takes it, drop it without a second error at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
