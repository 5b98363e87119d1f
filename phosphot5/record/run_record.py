"""The run record: every fact about a training run that its card and its readers need, as one JSON file."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict
from typing_extensions import TypedDict

from phosphot5.errors import PhosphoT5Error
from phosphot5.output import atomic_text
from phosphot5.record import environment
from phosphot5.record.facts import (
    NON_COMMERCIAL,
    Cost,
    DataFile,
    EarlierTraining,
    Example,
    Hardware,
    Licence,
    PeerResult,
)
from phosphot5.record.json_files import RECORD_FILE, read_json_object
from phosphot5.record.validation import CHECKED, validated

__all__ = ["NOT_RECORDED", "RECORD_FILE", "SCHEMA_VERSION", "RunRecord"]

NOT_RECORDED = "not recorded"
"""Stands for the origin of weights that nobody noted."""
SCHEMA_VERSION = 1
"""Raised whenever a field of the record changes its name or its meaning."""


class Resumption(TypedDict):
    """An interrupted run was taken up again."""

    at: str
    step: int
    changed: dict[str, list[Any]]


setattr(Resumption, "__pydantic_config__", CHECKED)  # noqa: B010  # pydantic's way for a TypedDict


@dataclass
class RunRecord:
    """Everything needed to judge and to repeat a run.

    Attributes
    ----------
    command : list of str
        Program name and arguments as typed.
    arguments : dict
        Only the settings that differ from their default.
    seed : int
        The one seed of the run.
    versions : dict of str to str
        Python and package versions.
    git_commit : str or None
        Commit of the code, ``-dirty`` appended when the tree differed; None outside a checkout.
    hardware : Hardware
        The machine.
    started : str
        Begin of the run, UTC, ISO 8601.
    finished : str or None
        End of the run; None while it runs, or if it was interrupted.
    base_model : str or None
        Hub id or name of the weights the run started from; None for a random start, :data:`NOT_RECORDED` where
        nobody noted it.
    earlier : list of EarlierTraining
        Trainings that led to these weights, first to last, as far as their records lay beside the models.
    parameters : int or None
        Number of model parameters.
    data : list of DataFile
        Files read, in the order in which they were read.
    splits : dict of str to str
        Split name to the fingerprint of its record ids, see :func:`~phosphot5.hub_card.sha256_of_ids`.
    ledger : dict of str to dict
        Role (``train``, ``valid``) to what became of the records read: counts by name.
    resumed : list of Resumption
        One entry for each time the run was taken up again after an interruption: ``at`` (UTC), ``step``, and
        ``changed``: setting to its value before and after.
    metrics : dict of str to dict
        Evaluation set (``multisource/valid``) to metric to value. Metrics are named ``st_auroc``, ``st_ap``,
        ``y_auroc``, ``y_ap``, ...; ``<name>_low`` and ``<name>_high`` bound the 95 % interval. None or a
        missing name means not measured.
    kinases : dict of str to dict
        Family of kinases to its measurements, on proteins that the head was not fitted to; see
        :func:`~phosphot5.evaluation.kinases.family_metrics`.
    kinase_fits : list of EarlierTraining
        Fits of that head, first to last.
    peers : list of PeerResult
        Other tools on these evaluation sets.
    example : Example or None
        What the trained model says of one sequence; None for a run that did not finish.
    cost : Cost
        What the run consumed.
    licence : Licence
        Terms of the weights.
    schema_version : int
        Version of this layout.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    command: list[str]
    arguments: dict[str, Any]
    seed: int
    versions: dict[str, str]
    git_commit: str | None
    hardware: Hardware
    started: str
    finished: str | None = None
    base_model: str | None = None
    earlier: list[EarlierTraining] = field(default_factory=list)
    parameters: int | None = None
    data: list[DataFile] = field(default_factory=list)
    splits: dict[str, str] = field(default_factory=dict)
    ledger: dict[str, dict[str, int]] = field(default_factory=dict)
    resumed: list[Resumption] = field(default_factory=list)
    metrics: dict[str, dict[str, float | None]] = field(default_factory=dict)
    kinases: dict[str, dict[str, float]] = field(default_factory=dict)
    kinase_fits: list[EarlierTraining] = field(default_factory=list)
    peers: list[PeerResult] = field(default_factory=list)
    example: Example | None = None
    cost: Cost = Cost()
    licence: Licence = NON_COMMERCIAL
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        arguments: Mapping[str, Any],
        seed: int,
        *,
        accelerator: str | None = None,
        base_model: str | None = None,
        licence: Licence = NON_COMMERCIAL,
    ) -> "RunRecord":
        """Open the record of a run that begins now, with the facts about code and machine filled in.

        Parameters
        ----------
        command : sequence of str
            Usually ``sys.argv``; the program keeps only its bare name.
        arguments : mapping
            Settings that differ from their default.
        seed : int
            The one seed of the run.
        accelerator : str, optional
            Name of the accelerator the run computes on.
        base_model : str, optional
            Weights the run starts from.
        licence : Licence
            Terms of the weights.
        """
        program, *rest = command or ["phosphot5"]
        return cls(
            command=[Path(program).name, *rest],
            arguments=dict(arguments),
            seed=seed,
            versions=environment.package_versions(),
            git_commit=environment.git_commit(Path(__file__)),
            hardware=Hardware.detect(accelerator),
            started=_now(),
            base_model=base_model,
            licence=licence,
        )

    def follow(self, previous: "RunRecord") -> None:
        """Note the trainings behind a model that this run starts from; each is noted once.

        Parameters
        ----------
        previous : RunRecord
            The record of the training that made that model.
        """
        last = EarlierTraining(
            previous.command,
            previous.seed,
            previous.git_commit,
            previous.finished,
            previous.cost,
            [file for file in previous.data if file.role != "test"],
        )
        for training in [*previous.earlier, last]:
            if not any(dataclasses.replace(noted, data=training.data) == training for noted in self.earlier):
                self.earlier.append(training)

    @property
    def earlier_data(self) -> list[DataFile]:
        """Files of earlier trainings that this run did not read for the same purpose, each once."""
        read = {(file.sha256, file.role) for file in self.data}
        files = [file for training in self.earlier for file in training.data]
        found = {(file.sha256, file.role): file for file in files}
        return [file for key, file in found.items() if key not in read]

    @property
    def data_with_use(self) -> list[tuple[DataFile, str]]:
        """All files behind the weights, each with its use: a role such as ``train``, or ``train, earlier``."""
        earlier = [(file, f"{file.role}, earlier") for file in self.earlier_data]
        return [*((file, file.role) for file in self.data), *earlier]

    def resume(self, earlier: "RunRecord", step: int) -> dict[str, list[Any]]:
        """Take over the beginning of a run that was interrupted, and note what has changed since.

        Parameters
        ----------
        earlier : RunRecord
            The record as the interrupted run left it.
        step : int
            Step from which the run goes on.

        Returns
        -------
        dict of str to list
            Name of each setting, data file or package that differs, to its value before and after; None
            where there was none.
        """
        changed = _differences(earlier._settings(), self._settings())
        self.started = earlier.started
        self.resumed = [*earlier.resumed, {"at": _now(), "step": step, "changed": changed}]
        return changed

    def _settings(self) -> dict[str, Any]:
        """Everything that can change what a run computes, by name."""
        files = {f"data {file.role} {file.name}": file.sha256[:12] for file in self.data}
        versions = {f"version of {name}": value for name, value in self.versions.items()}
        return self.arguments | files | versions | {"seed": self.seed, "code": self.git_commit}

    def finish(self, cost: Cost) -> None:
        """Note what the run consumed and that it ends now."""
        self.cost = cost
        self.finished = _now()

    def to_json(self) -> str:
        """Return the record as JSON text; a number that is not finite becomes null, which JSON can carry."""
        data = _finite(dataclasses.asdict(self))
        return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"

    def save(self, path: Path) -> None:
        """Write the record as JSON, completely or not at all.

        Raises
        ------
        PhosphoT5Error
            If the file cannot be written.
        """
        try:
            with atomic_text(path, overwrite=True) as handle:
                handle.write(self.to_json())
        except OSError as error:
            raise PhosphoT5Error(f"{path}: cannot write the run record ({error.strerror}).") from error

    @classmethod
    def load(cls, path: Path) -> "RunRecord":
        """Read a record that :meth:`save` wrote.

        Raises
        ------
        PhosphoT5Error
            If the file is missing, is no JSON, comes from another schema version, or has unknown or missing
            keys.
        """
        data = read_json_object(
            path,
            missing=f"`phosphot5 train` writes {RECORD_FILE} beside the model",
            damaged="take the record from the place where the model was published",
        )
        return cls.from_dict(data, str(path))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str = "run record") -> "RunRecord":
        """Build a record from parsed JSON; ``where`` names the source in errors.

        Raises
        ------
        PhosphoT5Error
            If the schema version differs, or keys are unknown, missing or of the wrong kind.
        """
        found = data.get("schema_version") if isinstance(data, Mapping) else None
        if found != SCHEMA_VERSION:
            raise PhosphoT5Error(
                f"{where}: has schema version {found!r}, but this release reads {SCHEMA_VERSION}; "
                "read it with the phosphot5 release that wrote it."
            )
        return validated(cls, data, where)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    names = dict.fromkeys([*before, *after])
    pairs = {name: [before.get(name), after.get(name)] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
