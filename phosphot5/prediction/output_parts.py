"""An output file written in parts: what is finished outlives an interruption, and processes can share the work."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from phosphot5.errors import OutputFileError, PhosphoT5Error
from phosphot5.output import atomic_file, atomic_text, check_output, owned
from phosphot5.record.json_files import read_json_object

__all__ = ["OutputParts"]

JOB_FILE = "job.json"
_OURS = re.compile(r"\.?(job\.json|\d+\.(part|json))(\.tmp|\.lock)?")
"""Names of the files in a folder of parts, unfinished ones included."""
_SHOWN = 20
"""Characters of a long value, such as a digest, that a message shows."""


class OutputParts:
    """The parts of an output file, in the folder ``OUTPUT.parts`` beside it.

    Parts are numbered from 0. Each is written completely or not at all, with its counts in a JSON file of its
    own. ``job.json`` says what determines their content, so that only equal runs add to each other's parts.

    Parameters
    ----------
    output : str
        The file that the parts are merged into; compressed if it ends in ``.gz``.
    """

    def __init__(self, output: str) -> None:
        self.output = Path(output)
        self.folder = Path(f"{output}.parts")

    @contextmanager
    def owned(self, *, resume: bool, overwrite: bool) -> Iterator[None]:
        """Own the output while its parts are made and merged; one process does so for all that share the work.

        What :meth:`begin` or :meth:`merge` would refuse without knowing the job is refused before any work.

        Parameters
        ----------
        resume : bool
            Whether parts that are there already may be used.
        overwrite : bool
            Whether an existing output, or (without `resume`) parts that are there already may be replaced.

        Raises
        ------
        OutputFileError
            If another run owns the output, output or parts exist and may not be used or replaced, or there is no
            folder for them.
        """
        check_output(self.output, overwrite=overwrite)
        with owned(self.output):
            if self.folder.exists() and not (resume or overwrite):
                raise OutputFileError(
                    f"{self.folder}: left by an interrupted run; continue with --resume, or start again with "
                    "--overwrite"
                )
            yield

    def begin(self, job: dict[str, str | int | None], *, resume: bool) -> None:
        """Make the folder, or take the one that is there.

        Parameters
        ----------
        job : dict
            What determines the output, by names that a message can show.
        resume : bool
            Use the parts that are there already; otherwise they are removed.

        Raises
        ------
        OutputFileError
            If the parts that are there belong to another job, or the folder holds other files.
        """
        began = self._job() if resume else None
        if began is None:
            self.remove()
            with _explained(self.folder):
                self.folder.mkdir()
                with atomic_text(self.folder / JOB_FILE) as handle:
                    json.dump(job, handle, indent=2)
        elif began != job:
            names = [name for name in {**began, **job} if began.get(name) != job.get(name)]
            differing = ", ".join(
                f"{name} (was {_short(began, name)}, now {_short(job, name)})" for name in names
            )
            raise OutputFileError(
                f"{self.folder}: was started with different settings: {differing}; use the same settings, or start "
                "again with --overwrite instead of --resume"
            )

    def _job(self) -> dict[str, str | int | None] | None:
        """Read what the parts were begun with; None if nothing was."""
        path, again = self.folder / JOB_FILE, "start again with --overwrite"
        return (
            read_json_object(path, OutputFileError, missing=again, damaged=again) if path.exists() else None
        )

    @contextmanager
    def part(self, number: int) -> Iterator[tuple[TextIO, Counter[str]]]:
        """Write one part.

        Parameters
        ----------
        number : int
            Number of the part, 0-based.

        Yields
        ------
        handle : TextIO
            Takes the part's text.
        counts : collections.Counter
            Takes what shall be known of the part.

        Raises
        ------
        OutputFileError
            If it cannot be written.
        """
        counts: Counter[str] = Counter()
        path = self.folder / f"{number:06}.part"
        with _explained(path):
            with atomic_text(path, overwrite=True) as handle:
                yield handle, counts
            with atomic_text(path.with_suffix(".json"), overwrite=True) as handle:
                json.dump(counts | {"bytes": path.stat().st_size}, handle)

    def finished(self) -> dict[int, Counter[str]]:
        """Return the counts of the finished parts by number.

        A part that was damaged afterwards, so that its counts cannot be read or its size is not the one noted,
        is not finished.
        """
        finished = {}
        for path in sorted(self.folder.glob("[0-9]*.json")):
            part = path.with_suffix(".part")
            try:
                noted = read_json_object(path, missing="make it", damaged="make it again")
            except PhosphoT5Error:
                continue
            if not all(type(value) is int for value in noted.values()):
                continue
            counts = Counter(noted)
            if part.is_file() and part.stat().st_size == counts.pop("bytes", None):
                finished[int(path.stem)] = counts
        return finished

    def merge(
        self,
        numbers: range,
        header: str,
        *,
        overwrite: bool,
        assemble: Callable[[Iterable[str], Path], None] | None = None,
    ) -> None:
        """Write the output from the parts and remove them.

        Parameters
        ----------
        numbers : range
            The parts, in their order in the output.
        header : str
            Text before the first part.
        overwrite : bool
            Whether an existing output may be replaced.
        assemble : callable, optional
            Makes the output from the lines of all parts, ``assemble(lines, path)``, where it is not these lines.

        Raises
        ------
        OutputFileError
            If a part is missing, or the output exists and may not be replaced.
        """
        if missing := sorted(set(numbers) - set(self.finished())):
            raise OutputFileError(f"{self.folder}: part {missing[0]} is missing; run again with --resume")
        with _explained(self.output):
            if assemble is None:
                self._join(numbers, header, overwrite)
            else:
                with atomic_file(self.output, overwrite=overwrite) as unfinished:
                    assemble(self._lines(numbers), unfinished)
        self.remove()

    def _join(self, numbers: range, header: str, overwrite: bool) -> None:
        """Write the text of the parts one after the other."""
        with atomic_text(self.output, overwrite=overwrite) as target:
            target.write(header)
            for number in numbers:
                with self._open(number) as part:
                    shutil.copyfileobj(part, target)

    def _lines(self, numbers: range) -> Iterator[str]:
        """Yield the lines of the parts."""
        for number in numbers:
            with self._open(number) as part:
                yield from part

    def _open(self, number: int) -> TextIO:
        return open(self.folder / f"{number:06}.part", encoding="utf-8", newline="")

    def remove(self) -> None:
        """Remove the folder with its parts, if it is there.

        Raises
        ------
        OutputFileError
            If the folder holds a file that is none of the parts.
        """
        if not self.folder.exists():
            return
        if not self.folder.is_dir():
            raise OutputFileError(f"{self.folder}: not a folder of parts; remove it or choose another output")
        files = list(self.folder.iterdir())
        for path in files:
            if not _OURS.fullmatch(path.name):
                raise OutputFileError(
                    f"{path}: not part of an output; move it away, or choose another output"
                )
        for path in files:
            path.unlink()
        self.folder.rmdir()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn an error of the file system into a message."""
    try:
        yield
    except OSError as error:
        raise OutputFileError(
            f"{path}: cannot be written ({error.strerror}); fix this and continue with --resume"
        ) from error


def _short(job: dict[str, str | int | None], name: str) -> str:
    text = str(job.get(name))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
