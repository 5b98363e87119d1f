"""Scoring tables of proteins, in this process or in the workers of Ray and Spark."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from uuid import uuid4

import numpy as np

from phosphot5.data import PHOSPHO_RESIDUES, Protein, parse
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.modeling_phosphot5.families_phosphot5 import FAMILY_COLUMNS, KINASE_COLUMNS, family_rows
from phosphot5.modeling_phosphot5.sites_phosphot5 import COLUMNS
from phosphot5.prediction.runtime import GraphRuntime, Runtime, TorchRuntime, check_kinases, find_graph

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Scorer"]

Table = TypeVar("Table", "pd.DataFrame", Mapping[str, Any])

GIVEN = ("id", "sequence")
"""Columns of the table that is scored."""
NUMBERS: dict[str, tuple[type, str]] = {"position": (np.int64, "bigint")} | {
    f"{of}{name}": (np.float64, "double")
    for of in ("", "kinase_", "family_")
    for name in ("probability", "fpr")
}
"""Type of the columns that are not text: in numpy, in Spark."""
NOT_TEXT = "convert numbers to str and remove rows without a value"
"""What to do about a value that is no text."""
RUNTIMES = ("auto", "onnx", "torch")
MODELS_KEPT = 4
"""Models that a process keeps loaded; beyond these, the one that was used longest ago goes."""

_loading = Lock()


def _schema(columns: Iterable[str]) -> str:
    """Declare columns and their types as Spark wants it."""
    return ", ".join(f"`{name}` {NUMBERS[name][1] if name in NUMBERS else 'string'}" for name in columns)


@dataclass(frozen=True)
class Scorer:
    """A callable that scores a table of proteins and returns the table of their sites.

    It can be pickled and sent to other processes: Ray's ``map_batches`` takes the class or an instance, Spark's
    ``mapInPandas`` the method :meth:`map` with :attr:`schema`. The model is loaded when the first table is scored,
    once in each process, and is never pickled. Rows are those of ``phosphot5 predict``.

    Parameters
    ----------
    model : str
        ``bundled``, a folder that every worker can read, or a hub id.
    revision : str, optional
        Branch, tag or commit of a hub id.
    label_source : str, optional
        Kind of label whose sites are asked for; by default the model's own.
    runtime : str
        ``auto``, ``onnx`` or ``torch``, as for ``phosphot5 predict``.
    device : str
        ``auto``, ``cpu``, ``cuda``, ... ``auto``: an accelerator if the worker sees one.
    residues : str
        Residues whose sites are returned, letters of ``STY``.
    threads : int
        CPU threads in each process; no effect on the scores. An engine runs as many workers as it has cores, so
        that one is enough there.
    kinases : bool or "all"
        True adds the columns of ``phosphot5 predict --kinases``; ``"all"`` gives the table of all families of each
        site instead.

    Attributes
    ----------
    schema : str
        Columns of the result and their types, as Spark wants them declared; those of the class are without kinases.

    Raises
    ------
    ValueError
        If the runtime is none of these, the residues are no letters of STY, there is less than one thread, or the
        kinases are none of these.

    Examples
    --------
    >>> sites = Scorer(residues="Y")({"id": ["P04637"], "sequence": ["MEEPQSDPSVEPPLSQETFSDYWKLL"]})
    >>> list(sites), sites["position"].tolist()
    (['protein', 'position', 'residue', 'probability', 'fpr', 'call', 'window', 'status'], [22])
    """

    schema: ClassVar[str] = _schema(COLUMNS)

    model: str = "bundled"
    revision: str | None = None
    label_source: str | None = None
    runtime: str = "auto"
    device: str = "auto"
    residues: str = PHOSPHO_RESIDUES
    threads: int = 1
    kinases: bool | str = False
    _made: str = field(default_factory=lambda: uuid4().hex, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the settings; a folder is looked up from here, whatever the working folder of a worker."""
        if self.runtime not in RUNTIMES:
            raise ValueError(f"runtime is {self.runtime!r}; use one of {', '.join(RUNTIMES)}")
        if not self.residues or set(self.residues) - set(PHOSPHO_RESIDUES):
            raise ValueError(f"residues is {self.residues!r}; use letters of {PHOSPHO_RESIDUES}")
        if self.threads < 1:
            raise ValueError(f"threads is {self.threads}; use at least 1")
        if self.kinases not in (True, False, "all"):
            raise ValueError(f"kinases is {self.kinases!r}; use True, False or 'all'")
        if self.kinases:
            object.__setattr__(self, "schema", _schema(self._columns))
        if self.model != "bundled" and Path(self.model).is_dir():
            object.__setattr__(self, "model", str(Path(self.model).resolve()))

    @property
    def _columns(self) -> tuple[str, ...]:
        """Columns of the result."""
        if self.kinases == "all":
            return FAMILY_COLUMNS
        return (*COLUMNS, *KINASE_COLUMNS) if self.kinases else COLUMNS

    def __call__(self, table: Table) -> Table:
        """Score one table.

        Parameters
        ----------
        table : pandas.DataFrame or mapping of str to sequence
            Columns ``id`` and ``sequence``, both text; others are not looked at.

        Returns
        -------
        pandas.DataFrame or dict of str to numpy.ndarray
            As the argument is one or the other: a row for each S, T and Y, with the columns of
            ``phosphot5 predict``. ``position`` is 1-based; ``fpr`` is NaN where the model has no table for it. With
            ``kinases="all"``, a row for each site and family.

        Raises
        ------
        InputFormatError
            If a column is missing, or at the first row that is no protein: names row (1-based) and identifier.
        PhosphoT5Error
            If the table is of another type, the model cannot be loaded, or it tells no families of kinases.
        """
        proteins, names = list(_proteins(table)), self._columns
        found: dict[str, list[Any]] = {name: [] for name in names}
        for _, rows in self._loaded().predict_sites(proteins, self.threads, self.kinases):
            for row in family_rows(rows) if self.kinases == "all" else rows:
                if row["residue"] in self.residues:
                    for name in names:
                        found[name].append(row[name])
        types = {name: NUMBERS[name][0] if name in NUMBERS else object for name in names}
        columns: dict[str, np.ndarray] = {
            name: np.array(found.pop(name), dtype=kind) for name, kind in types.items()
        }
        if isinstance(table, Mapping):
            return columns
        import pandas as pd

        given = pd.DataFrame(columns)
        frame = given.astype({name: str for name in names if name not in NUMBERS})
        return (
            frame.where(given.notna()) if self.kinases else frame
        )  # pandas 2 makes text of a missing kinase

    def map(self, tables: Iterable[Table]) -> Iterator[Table]:
        """Score tables one after the other, as Spark passes them.

        Parameters
        ----------
        tables : iterable of pandas.DataFrame or mapping
            As for a call.

        Yields
        ------
        pandas.DataFrame or dict
            The sites of each table.
        """
        yield from map(self, tables)

    def _loaded(self) -> Runtime:
        with _loading:  # a model is not loaded twice where threads share a process
            return _load(self)


@lru_cache(maxsize=MODELS_KEPT)
def _load(scorer: Scorer) -> Runtime:
    """Load the model of a scorer; of the same scorer in the same process, it is loaded once."""
    graph = find_graph(scorer.model, scorer.label_source, scorer.device, runtime=scorer.runtime)
    runtime: Runtime
    if graph is not None:
        runtime = GraphRuntime(graph)
    else:
        runtime = TorchRuntime(scorer.model, scorer.revision, scorer.label_source, scorer.device, "auto")
        _ = runtime.model  # loads now, while other threads wait
    if scorer.kinases:
        check_kinases(runtime, scorer.model)
    return runtime


def _proteins(table: "pd.DataFrame | Mapping[str, Any]") -> Iterator[Protein]:
    """Read the rows of a table."""
    ids, sequences = (_column(table, name) for name in GIVEN)
    if len(ids) != len(sequences):
        raise PhosphoT5Error(
            f"the table has {len(ids):,} values in column id and {len(sequences):,} in column sequence; "
            "give as many of both"
        )
    for row, (name, sequence) in enumerate(zip(ids, sequences, strict=True), 1):
        try:
            for column, value in zip(GIVEN, (name, sequence), strict=True):
                if not isinstance(value, str):
                    raise InputFormatError(f"{value!r} in column {column}", "text", NOT_TEXT)
            yield Protein(id=name, **vars(parse(sequence, "plain")))
        except InputFormatError as error:
            if error.position is not None:
                error.advice = "if sites are marked, remove the marks"
            raise error.at(row=row, record=name if isinstance(name, str) else None) from None


def _column(table: "pd.DataFrame | Mapping[str, Any]", name: str) -> Sequence[Any]:
    """Return the values of a column."""
    if not isinstance(table, Mapping) and not hasattr(table, "iloc"):
        raise PhosphoT5Error(
            f"a table of type {type(table).__name__}; give a pandas DataFrame or a mapping of columns, "
            "such as Ray passes with batch_format='pandas'"
        )
    names = list(map(str, table))
    if name not in names:
        found = f"the columns {', '.join(names)}" if names else "no columns"
        raise InputFormatError(found, f"a column {name}", "rename one of them" if names else "")
    return list(table[name])
