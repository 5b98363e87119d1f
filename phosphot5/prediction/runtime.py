"""What scores proteins: onnxruntime on a CPU where the model has a graph, which starts in no time; torch elsewhere."""

import importlib.metadata
import importlib.util
import json
import logging
import os
import sys
from collections.abc import Generator, Iterable
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from phosphot5.bundled import bundled_folder
from phosphot5.data import Protein
from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5.families_phosphot5 import require_families
from phosphot5.prediction.graph import GRAPH_FILE, ScoringGraph, files_of_model
from phosphot5.processes import launched
from phosphot5.progress import hide_loading_bars, stage

if TYPE_CHECKING:
    import torch

    from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration

__all__ = ["GraphRuntime", "Runtime", "TorchRuntime", "check_kinases", "find_graph"]

logger = logging.getLogger(__name__)

Rows = Generator[tuple[Protein, list[dict[str, Any]]], None, None]


class Runtime(Protocol):
    """A model that is ready to score."""

    def predict_sites(self, proteins: Iterable[Protein], threads: int, kinases: bool | str = False) -> Rows:
        """Score proteins and make the rows of their site tables, in input order."""

    @property
    def label_source(self) -> str | None:
        """Kind of label whose sites are scored."""

    @property
    def fpr_table(self) -> dict[str, dict[str, list[float]]] | None:
        """False-positive rates of that kind, by residue; None if they were not fitted."""

    @property
    def families(self) -> dict[str, Any]:
        """Families of kinases that the model tells apart."""

    @property
    def settings(self) -> dict[str, str]:
        """What determines the scores."""


class GraphRuntime:
    """A graph in onnxruntime.

    Parameters
    ----------
    graph : ScoringGraph
        From :func:`find_graph`.
    """

    def __init__(self, graph: ScoringGraph) -> None:
        self.graph = graph

    def predict_sites(self, proteins: Iterable[Protein], threads: int, kinases: bool | str = False) -> Rows:
        """Score proteins and make the rows of their site tables, in input order."""
        return self.graph.predict_sites(proteins, threads, kinases)

    @property
    def label_source(self) -> str | None:
        """Kind of label whose sites are scored."""
        return self.graph.label_source

    @property
    def fpr_table(self) -> dict[str, dict[str, list[float]]] | None:
        """False-positive rates of that kind, by residue; None if they were not fitted."""
        return self.graph.fpr_table

    @property
    def families(self) -> dict[str, Any]:
        """Families of kinases that the model tells apart."""
        return self.graph.families.families

    @property
    def settings(self) -> dict[str, str]:
        """What determines the scores."""
        return {
            "model": sha256(json.dumps(self.graph.files, sort_keys=True).encode()).hexdigest(),
            "device": "cpu",
            "dtype": "float32",
            "runtime": f"onnxruntime {importlib.metadata.version('onnxruntime')}",
        }


class TorchRuntime:
    """A model in torch, which loads when it is first needed.

    Parameters
    ----------
    name, revision, label_source
        As for :func:`~phosphot5.prediction.loading.load_model`.
    device, dtype
        As for :func:`~phosphot5.prediction.loading.move_to_device`.
    """

    def __init__(
        self,
        name: str,
        revision: str | None,
        label_source: str | None,
        device: "str | torch.device",
        dtype: str,
    ) -> None:
        self.source = name, revision, label_source
        self.target = device, dtype

    @cached_property
    def stored_model(self) -> "PhosphoT5ForConditionalGeneration":
        """The model as it is stored."""
        from phosphot5.prediction.loading import load_model

        hide_loading_bars()
        with stage("loading the model"):
            return load_model(*self.source)[0]

    @cached_property
    def model(self) -> "PhosphoT5ForConditionalGeneration":
        """The model on the device and in the compute precision; :attr:`stored_model` is changed to it."""
        from phosphot5.prediction.loading import move_to_device

        return move_to_device(self.stored_model, *self.target)

    def predict_sites(self, proteins: Iterable[Protein], threads: int, kinases: bool | str = False) -> Rows:
        """Score proteins and make the rows of their site tables, in input order."""
        from phosphot5.prediction.scoring import predict_sites

        return predict_sites(self.model, proteins, threads=threads, kinases=kinases)

    @property
    def label_source(self) -> str | None:
        """Kind of label whose sites are scored."""
        kind: str | None = self.stored_model.config.label_source
        return kind

    @property
    def fpr_table(self) -> dict[str, dict[str, list[float]]] | None:
        """False-positive rates of that kind, by residue; None if they were not fitted."""
        table: dict[str, dict[str, list[float]]] | None = self.stored_model.config.fpr_table_of(
            self.label_source
        )
        return table

    @property
    def families(self) -> dict[str, Any]:
        """Families of kinases that the model tells apart."""
        families: dict[str, Any] = self.stored_model.config.kinase_families
        return families

    @cached_property
    def settings(self) -> dict[str, str]:
        """What determines the scores."""
        from phosphot5.prediction.loading import weight_bytes
        from phosphot5.record.fingerprints import model_digest

        # before its weights are moved to another type
        digest = model_digest(self.stored_model.config.to_dict(), weight_bytes(self.stored_model))
        versions = [f"{name} {importlib.metadata.version(name)}" for name in ("torch", "transformers")]
        return {
            "model": digest,
            "device": self.model.device.type,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "runtime": ", ".join(versions),
        }


def check_kinases(runtime: Runtime, model: str) -> None:
    """Refuse a model that tells no families of kinases, before it is asked for them.

    Parameters
    ----------
    runtime : Runtime
        The model.
    model : str
        Its name.

    Raises
    ------
    PhosphoT5Error
        If it tells none.
    """
    try:
        require_families(runtime.families)
    except ValueError as error:
        raise PhosphoT5Error(f"{model}: {error}") from None


def find_graph(
    model: str,
    label_source: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    runtime: str = "auto",
) -> ScoringGraph | None:
    """Find the graph that scores in place of torch.

    Parameters
    ----------
    model : str
        ``bundled``, a folder or a hub id, whose graph is not looked for.
    label_source : str, optional
        Kind of label that is asked for; by default the model's.
    device, dtype : str
        As for :func:`~phosphot5.prediction.loading.move_to_device`.
    runtime : str
        ``auto``, ``onnx`` or ``torch``.

    Returns
    -------
    ScoringGraph or None
        None if torch is to score.

    Raises
    ------
    PhosphoT5Error
        If neither can, or onnxruntime was asked for and cannot.
    """
    if runtime == "torch":
        return None
    why = _against(device, dtype)
    folder = bundled_folder() if model == "bundled" else Path(model)
    if not why:
        why, graph = _open(folder, label_source)
        if graph is not None:
            return graph
    if runtime == "onnx":
        raise PhosphoT5Error(f"--runtime onnx: {why}")
    if importlib.util.find_spec("torch") is None:
        raise PhosphoT5Error(f"{why}; torch would do it, but is not installed: pip install phosphot5")
    return None


def _against(device: str, dtype: str) -> str:
    """Say what onnxruntime does not do here; empty if nothing is asked for that it cannot."""
    if launched() > 1:
        return "several processes score with torch only; use --threads"
    if device not in ("auto", "cpu"):
        return f"the graph runs on a CPU only, not on {device}"
    if dtype == "bfloat16":
        return "the graph computes in float32 only"
    if device == "auto" and _accelerator_possible():
        return "this machine may have an accelerator, which torch uses; --device cpu is for the CPU"
    if importlib.util.find_spec("onnxruntime") is None:
        return "onnxruntime is not installed; pip install onnxruntime"
    return ""


def _open(folder: Path, label_source: str | None) -> tuple[str, ScoringGraph | None]:
    """Open the graph of a folder, or say why it does not serve."""
    path = folder / GRAPH_FILE
    if not path.is_file():
        return f"{folder} has no {GRAPH_FILE}, which phosphot5 export --onnx writes", None
    graph = ScoringGraph(path)
    if graph.files != files_of_model(folder):
        why = f"{path}: was not made from the model files beside it; write it again with phosphot5 export --onnx"
        logger.warning("%s", why)
        return why, None
    if label_source not in (None, graph.label_source):
        return f"{path}: scores {graph.label_source or 'no kind of'} labels, not {label_source}", None
    return "", graph


def _accelerator_possible() -> bool:
    """Whether torch could find one; only torch itself knows, but takes seconds to ask."""
    try:
        if importlib.metadata.version("torch").endswith("+cpu"):
            return False
    except importlib.metadata.PackageNotFoundError:
        return False
    if sys.platform == "win32":
        return Path(os.environ.get("SYSTEMROOT", "C:/Windows"), "System32", "nvcuda.dll").exists()
    return any(Path("/dev", name).exists() for name in ("nvidiactl", "kfd", "dxg"))
