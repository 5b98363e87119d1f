"""The parts of a run record: machine, data files, cost, peers, example and licence."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict

from phosphot5.record import environment
from phosphot5.record.fingerprints import file_digest
from phosphot5.record.validation import CHECKED

__all__ = [
    "EXAMPLE_SEQUENCE",
    "NON_COMMERCIAL",
    "Cost",
    "DataFile",
    "EarlierTraining",
    "Example",
    "Hardware",
    "Licence",
    "PeerResult",
]

EXAMPLE_SEQUENCE = "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLSPLPSQAM"
"""The first 40 residues of human p53, UniProt P04637; S6, S9, S15, T18, S20, S33 and S37 are known phosphosites."""


@dataclass(frozen=True)
class Hardware:
    """The machine of a run.

    Attributes
    ----------
    cpu : str
        Processor model.
    cores : int
        Cores the run was allowed to use.
    memory_bytes : int or None
        Main memory; None where the system does not tell.
    accelerator : str or None
        Name of the accelerator as the trainer saw it; None for a run on the processor.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    cpu: str
    cores: int
    memory_bytes: int | None
    accelerator: str | None

    @classmethod
    def detect(cls, accelerator: str | None) -> "Hardware":
        """Describe this machine; the caller names the accelerator, because only it has asked torch."""
        return cls(
            cpu=environment.cpu_model(),
            cores=environment.usable_cores(),
            memory_bytes=environment.memory_bytes(),
            accelerator=accelerator,
        )


@dataclass(frozen=True)
class DataFile:
    """One file of labelled proteins and what of it was used.

    Attributes
    ----------
    name : str
        Name to publish, such as ``multisource/valid.fasta.gz``; never a path of the machine.
    role : str
        What the file was used for: ``train``, ``valid`` or ``test``.
    sha256 : str
        Fingerprint of the file as it lies on disk (of the compressed file if it is compressed).
    records : int
        Proteins read from it.
    positives, negatives : int
        Sites labelled as phosphorylated and as measured but not phosphorylated.
    licence : str
        Licence stated at the source, or ``not stated``.
    label_source, group : str
        Kind of its labels and group of its proteins, as the recipe names them; empty if it names none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    name: str
    role: str
    sha256: str
    records: int
    positives: int
    negatives: int
    licence: str = "not stated"
    label_source: str = ""
    group: str = ""

    @classmethod
    def read(
        cls,
        path: Path,
        role: str,
        *,
        records: int,
        positives: int,
        negatives: int,
        name: str | None = None,
        licence: str = "not stated",
        label_source: str = "",
        group: str = "",
    ) -> "DataFile":
        """Fingerprint a file; its published name is its bare file name unless ``name`` is given.

        Raises
        ------
        InputFileError
            If the file cannot be read.
        """
        return cls(
            name or path.name,
            role,
            file_digest(path),
            records,
            positives,
            negatives,
            licence,
            label_source,
            group,
        )


@dataclass(frozen=True)
class Cost:
    """What a run consumed; None where it was not measured.

    Attributes
    ----------
    tokens : int or None
        Source residues read in training, padding not counted.
    steps : int or None
        Optimizer steps.
    seconds : float or None
        Wall-clock time of training.
    peak_memory_bytes : int or None
        Largest memory of the training process, on the accelerator where there is one.
    flops : float or None
        Estimate of the floating-point operations: six for every token read and parameter.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    tokens: int | None = None
    steps: int | None = None
    seconds: float | None = None
    peak_memory_bytes: int | None = None
    flops: float | None = None


@dataclass(frozen=True)
class EarlierTraining:
    """A training whose model another one started from.

    Attributes
    ----------
    command : list of str
        As in its own record.
    seed : int
    git_commit : str or None
    finished : str or None
        As in its own record.
    cost : Cost
        What it consumed.
    data : list of DataFile
        Files that it trained on or was chosen by; empty in records of releases before 0.7.0.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    command: list[str]
    seed: int
    git_commit: str | None
    finished: str | None
    cost: Cost
    data: list[DataFile] = field(default_factory=list)


@dataclass(frozen=True)
class PeerResult:
    """Another tool's figures on an evaluation set of the record.

    Attributes
    ----------
    name : str
        The tool.
    set : str
        Evaluation set, as in the record's ``metrics``.
    metrics : dict of str to float
        Named as in the record's ``metrics``; None or a missing name means not measured.
    published : bool
        Whether the figures were taken from the tool's paper instead of measured on the same sites.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    name: str
    set: str
    metrics: dict[str, float | None]
    published: bool = False


@dataclass(frozen=True)
class Example:
    """What the model says of one sequence, as its pipeline gave it when the run ended.

    Attributes
    ----------
    sequence : str
        What was given.
    sites : list of dict
        What came back: rows of ``phosphot5 predict``.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    sequence: str
    sites: list[dict[str, str | int | float | None]]


@dataclass(frozen=True)
class Licence:
    """Under which terms the weights may be used, and why.

    Attributes
    ----------
    identifier : str
        Licence id of the Hub, ``other`` for terms that have no id there.
    name : str
        Short name of the terms, lower case with dashes.
    terms : str
        One sentence that says what may be done with the weights.
    reason : str
        One sentence for the card that says why these terms.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    identifier: str
    name: str
    terms: str
    reason: str


NON_COMMERCIAL = Licence(
    identifier="other",
    name="non-commercial-research",
    terms="They may be used, changed and passed on for non-commercial research only.",
    reason=(
        "They were trained on data whose licence forbids commercial use or does not state that it is allowed."
    ),
)
"""Terms of weights unless the run says otherwise: the careful choice where a data licence is unclear."""
