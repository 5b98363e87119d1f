"""Shares of an input that separate runs score, such as the tasks of a job array, and their merging into one file."""

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from phosphot5.errors import PhosphoT5Error
from phosphot5.output import PathLike, atomic_text, check_output, owned, refuse_input_as_output
from phosphot5.record.json_files import read_json_object

__all__ = ["Merged", "Note", "Share", "merge_shares"]

_GIVEN = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
_BLOCK = 1 << 20
"""Characters that are copied at once."""
_LISTED = 12
"""Runs of part numbers that a message lists."""
_QUOTED = 12
"""Characters of a setting, such as a digest, that a message shows."""


@dataclass(frozen=True)
class Share:
    """One of several shares of an input, each contiguous and of nearly the same number of records.

    Parameters
    ----------
    part, parts : int
        Number of the share, 1-based, and how many there are.
    """

    part: int
    parts: int

    @classmethod
    def parse(cls, text: str) -> "Share":
        """Read ``K/N``.

        Raises
        ------
        ValueError
            If it is not two whole numbers with 1 <= K <= N.
        """
        match = _GIVEN.fullmatch(text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError(f"{text!r} is not K/N, part K of N with K from 1 to N, such as 3/100")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.part}/{self.parts}"

    def of(self, records: int) -> range:
        """Return the 0-based numbers of its records; there may be none."""
        return range(records * (self.part - 1) // self.parts, records * self.part // self.parts)

    def file(self, output: PathLike) -> Path:
        """Name the file of this share: ``sites.part-003-of-100.tsv.gz`` for the output ``sites.tsv.gz``."""
        stem, ending = _cut(Path(output))
        number = f"{self.part:0{len(str(self.parts))}}"
        return Path(output).with_name(f"{stem}.part-{number}-of-{self.parts}{ending}")


def _cut(output: Path) -> tuple[str, str]:
    """Cut the name of a file before its ending, a final ``.gz`` included."""
    plain = output.name.removesuffix(".gz")
    stem = Path(plain).stem
    return stem, output.name[len(stem) :]


@dataclass(frozen=True)
class Note:
    """What is known of the file of a share, written beside it as ``FILE.json`` once it is complete.

    Parameters
    ----------
    job : dict
        What determines the output of all shares together, by names that a message can show.
    part, parts : int
        The share.
    records : int
        Records of the whole input.
    header : str
        Text with which the file begins, as every other share's does.
    counts : dict of str to int
        What was counted in this share.
    bytes : int
        Size of the file.
    """

    job: dict[str, Any]
    part: int
    parts: int
    records: int
    header: str
    counts: dict[str, int]
    bytes: int

    @staticmethod
    def path(file: PathLike) -> Path:
        """Name the note of a file."""
        return Path(f"{file}.json")

    @classmethod
    def read(cls, file: PathLike) -> "Note | None":
        """Read the note of a file; None if there is none, or it is damaged."""
        try:
            content = read_json_object(cls.path(file), missing="", damaged="")
        except PhosphoT5Error:
            return None
        if {name: type(value) for name, value in content.items()} != _KINDS:
            return None
        note = cls(**content)
        return note if all(type(count) is int for count in note.counts.values()) else None

    @classmethod
    def check(cls, file: PathLike, *, overwrite: bool) -> None:
        """Refuse a file whose note could not be written at the end, before the work begins.

        Raises
        ------
        OutputFileError
            If there is a file of that name that is no note, and it may not be replaced.
        """
        if cls.read(file) is None:
            check_output(cls.path(file), overwrite=overwrite)

    def write(self, file: PathLike) -> None:
        """Write the note of a file."""
        with atomic_text(self.path(file), overwrite=True) as handle:
            json.dump(asdict(self), handle, indent=2)


_KINDS: dict[str, type] = {
    "job": dict,
    "part": int,
    "parts": int,
    "records": int,
    "header": str,
    "counts": dict,
    "bytes": int,
}
"""What a note holds."""


@dataclass(frozen=True)
class Merged:
    """What was merged.

    Parameters
    ----------
    files : tuple of Path
        The files of the shares, in order.
    counts : collections.Counter
        Sum of what was counted in them.
    """

    files: tuple[Path, ...]
    counts: Counter[str]


def merge_shares(output: PathLike, *, overwrite: bool = False) -> Merged:
    """Write the output that one run would have given from the files of all shares, which stay.

    Parameters
    ----------
    output : str or os.PathLike
        The file that the shares were made for.
    overwrite : bool
        Whether an existing output may be replaced.

    Raises
    ------
    OutputFileError
        If the output cannot be written, or exists and may not be replaced.
    PhosphoT5Error
        If a share is missing, not complete, damaged or of another job.
    """
    check_output(output, overwrite=overwrite)
    with owned(output):
        files = _find(Path(output))
        refuse_input_as_output(output, files)
        notes = _checked(files)
        with atomic_text(output, overwrite=overwrite) as target:
            target.write(next(iter(notes.values())).header)
            for file, note in notes.items():
                for block in _body(file, note.header):
                    target.write(block)
    return Merged(tuple(files), sum((Counter(note.counts) for note in notes.values()), Counter()))


def _find(output: Path) -> list[Path]:
    """Find the files of all shares, in order."""
    stem, ending = _cut(output)
    name = re.compile(rf"{re.escape(stem)}\.part-([0-9]{{1,6}})-of-([0-9]{{1,6}}){re.escape(ending)}")
    found: dict[int, set[int]] = {}
    for path in output.absolute().parent.iterdir():
        if match := name.fullmatch(path.name):
            share = Share(int(match[1]), int(match[2]))
            if 1 <= share.part <= share.parts and share.file(output).name == path.name:
                found.setdefault(share.parts, set()).add(share.part)
    if not found:
        raise PhosphoT5Error(
            f"{output}: found no part of it, such as {Share(1, 100).file(output).name}; score them with "
            "phosphot5 predict --part"
        )
    if len(found) > 1:
        numbers = _listed([f"of {parts}" for parts in sorted(found)])
        raise PhosphoT5Error(f"{output}: found parts {numbers}; keep those of one run and remove the others")
    ((parts, present),) = found.items()
    if missing := [part for part in range(1, parts + 1) if part not in present]:
        raise PhosphoT5Error(
            f"{output}: {_numbered(missing, parts)} missing; score with --part and --resume, then merge again"
        )
    return [Share(part, parts).file(output) for part in range(1, parts + 1)]


def _checked(files: list[Path]) -> dict[Path, Note]:
    """Read the notes of all shares; refuse what is not complete or not of one job."""
    notes: dict[Path, Note] = {}
    incomplete = []
    for part, file in enumerate(files, 1):
        note = Note.read(file)
        if note is None or (note.part, note.parts, note.bytes) != (part, len(files), file.stat().st_size):
            incomplete.append(part)
        else:
            notes[file] = note
    if incomplete:
        raise PhosphoT5Error(
            f"{files[incomplete[0] - 1]}: {_numbered(incomplete, len(files))} not complete, or changed since; "
            "score again with --part and --overwrite, then merge again"
        )
    first = notes[files[0]]
    for file, note in notes.items():
        if differing := _differing(first.job, note.job):
            raise PhosphoT5Error(
                f"{file}: is of another run than {files[0].name}: {differing}; score one of them again with "
                "--overwrite"
            )
        if note.counts.get("proteins", 0) != len(Share(note.part, note.parts).of(first.records)):
            raise PhosphoT5Error(f"{file}: holds another number of proteins than its share; score it again")
    return notes


def _body(file: Path, header: str) -> Iterator[str]:
    """Read what follows the header."""
    advice = "score it again with --part and --overwrite"
    try:
        with (gzip.open if file.name.endswith(".gz") else open)(
            file, "rt", encoding="utf-8", newline=""
        ) as handle:
            if handle.read(len(header)) != header:
                raise PhosphoT5Error(f"{file}: does not begin with its header line; {advice}")
            while block := handle.read(_BLOCK):
                yield block
    except OSError as error:  # also what is no gzip
        raise PhosphoT5Error(f"{file}: cannot be read ({error.strerror or error}); {advice}") from error
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        raise PhosphoT5Error(f"{file}: is damaged ({error}); {advice}") from error


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Say which settings differ and how."""
    return ", ".join(
        f"{name} ({_quoted(other, name)}, not {_quoted(one, name)})"
        for name in {**one, **other}
        if one.get(name) != other.get(name)
    )


def _quoted(job: Mapping[str, Any], name: str) -> str:
    text = str(job.get(name))
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."


def _numbered(numbers: list[int], parts: int) -> str:
    """Say which parts: ``parts 2, 5-9 and 11 of 100 are``."""
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), lambda at: at[1] - at[0])]
    names = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    if len(names) > _LISTED:
        names[_LISTED:] = [f"{sum(map(len, runs[_LISTED:]))} more"]
    return f"part {names[0]} of {parts} is" if len(numbers) == 1 else f"parts {_listed(names)} of {parts} are"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
