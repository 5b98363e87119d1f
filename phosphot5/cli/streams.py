"""Standard input, output and error of the command line, whatever the terminal, the locale or the shell made of them."""

import errno
import io
import logging
import os
import sys

from phosphot5.errors import MESSAGE
from phosphot5.wording import printable

__all__ = ["PlainLines", "prepare_streams", "settle_streams"]


class PlainLines(logging.Formatter):
    """Log records of one line each, without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return printable(super().format(record), MESSAGE)


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
