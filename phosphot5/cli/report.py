"""What a command tells at its end: one line for people on standard error, one JSON object for programs."""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import phosphot5
from phosphot5.cli.options import STANDARD_OUTPUT
from phosphot5.errors import OutputFileError
from phosphot5.output import atomic_text, check_output, refuse_input_as_output
from phosphot5.processes import launched
from phosphot5.record.environment import peak_memory_bytes
from phosphot5.record.json_files import finite
from phosphot5.wording import duration

__all__ = ["Report"]

logger = logging.getLogger(__name__)


class Report:
    """The summary of a command.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command, ``output``, ``summary``, ``model`` and ``revision`` among them where it has them.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self._began = time.perf_counter()
        self._args = args
        self._target: str | None = args.json
        self._sentence: str | None = None
        self._counts: dict[str, int] = {}
        self._results: dict[str, Any] = {}
        self._warnings: list[str] = []
        given = [getattr(args, name, None) for name in ("output", "summary")]
        self.outputs: list[str] = [path for path in given if path not in (None, STANDARD_OUTPUT)]

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.perf_counter() - self._began

    def check(self, inputs: Iterable[str]) -> None:
        """Refuse a file for the JSON object that could not be written at the end.

        Raises
        ------
        OutputFileError
            If it exists and may not be replaced, is an input or the output, or has no folder.
        """
        if self._target in (None, STANDARD_OUTPUT):
            return
        refuse_input_as_output(self._target, inputs)
        if os.path.realpath(self._target) in map(os.path.realpath, self.outputs):
            raise OutputFileError(f"{self._target}: --json and another output have this name; name two files")
        check_output(self._target, overwrite=self._may_replace)

    @property
    def _may_replace(self) -> bool:
        return any(getattr(self._args, name, False) for name in ("overwrite", "resume"))

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep the warnings that are logged."""
        collector = _Collector(self._warnings)
        log = logging.getLogger("phosphot5")
        log.addHandler(collector)
        try:
            yield
        finally:
            log.removeHandler(collector)

    def print(self, lines: Iterable[str]) -> None:
        """Print lines of the report to standard output, unless the JSON object goes there in their place."""
        if self._target != STANDARD_OUTPUT:
            sys.stdout.write("".join(f"{line}\n" for line in lines))

    def done(self, sentence: str, counts: Mapping[str, int] | None = None, **results: Any) -> None:
        """Say what was done.

        Parameters
        ----------
        sentence : str
            For people: how many of what. Time and memory are added to it.
        counts : mapping of str to int, optional
            The same for programs.
        **results
            What else there is to know, as plain types.
        """
        self._sentence = sentence
        self._counts = {name: int(count) for name, count in (counts or {}).items()}
        self._results = results

    def finish(self, code: int) -> None:
        """Log the line and write the JSON object, in the first of several processes."""
        if int(os.environ.get("RANK", "0")) > 0:
            return
        seconds, memory = self.seconds, peak_memory_bytes()
        if self._sentence is not None:
            spent = f"{seconds:.1f} s" if seconds < 60 else duration(seconds)
            first = f" in the first of {launched()} processes" if launched() > 1 else ""
            logger.info("%s; %s, peak memory %.2f GB%s", self._sentence, spent, memory / 1e9, first)
        if self._target is None:
            return
        text = json.dumps(finite(self._as_dict(code, seconds, memory)), indent=2, ensure_ascii=False)
        with atomic_text(self._target, overwrite=self._may_replace) as handle:
            handle.write(f"{text}\n")

    def _as_dict(self, code: int, seconds: float, memory: int) -> dict[str, Any]:
        name = getattr(self._args, "model", None)
        return {
            "command": " ".join(filter(None, [self._args.command, getattr(self._args, "action", None)])),
            "version": phosphot5.__version__,
            "arguments": self._args.argv[1:],
            "exit_code": code,
            "seconds": round(seconds, 2),
            "peak_memory_bytes": memory,
            "model": name and {"name": name, "revision": getattr(self._args, "revision", None)},
            "outputs": [os.fspath(path) for path in self.outputs],
            "counts": self._counts,
            "results": self._results,
            "warnings": self._warnings,
        }


class _Collector(logging.Handler):
    """Put the messages of warnings into a list."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(
            TypeError, ValueError
        ):  # arguments that do not fit the message are no fault of the summary
            self._messages.append(record.getMessage())
