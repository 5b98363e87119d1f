"""Scoring by onnxruntime, from a graph beside the weights: the scores of torch, without torch."""

import json
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from phosphot5.data import Protein
from phosphot5.data.encode import encode
from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5.families_phosphot5 import FamilyTable
from phosphot5.prediction.rows import PROTEINS_AHEAD, protein_rows
from phosphot5.record.fingerprints import file_digest

__all__ = [
    "FAMILIES_KEY",
    "FILES_KEY",
    "GRAPH_FILE",
    "KIND_KEY",
    "SITES_KEY",
    "TABLE_KEY",
    "ScoringGraph",
    "files_of_model",
]

GRAPH_FILE = "onnx/model.onnx"
"""Where a model folder has its graph."""
FILES_KEY, KIND_KEY, TABLE_KEY, SITES_KEY = (
    "phosphot5.files",
    "phosphot5.label_source",
    "phosphot5.fpr_table",
    "phosphot5.sites",
)
"""Keys of the graph's metadata: SHA-256 of the model's files, kind of label, false-positive rates, residues."""
FAMILIES_KEY = "phosphot5.kinases"
"""Key of the families of kinases and their false-positive rates; missing if the model tells none."""


NO_FAMILIES = '{"families": {}, "fpr_table": null}'


def files_of_model(folder: Path) -> dict[str, str]:
    """Return name and SHA-256 of the files that determine the scores of a model folder."""
    files = [folder / "config.json", *sorted(folder.glob("*.safetensors"))]
    return {path.name: file_digest(path) for path in files}


class ScoringGraph:
    """The graph of a model, as :func:`~phosphot5.prediction.onnx_export.write_onnx` writes it.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    label_source : str or None
        Kind of label whose sites it scores.
    families : FamilyTable
        The families of kinases that it scores; none for a model that tells none.

    Raises
    ------
    PhosphoT5Error
        If the file cannot be read, or says nothing of the model that it was made from.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # one thread for a protein, as the scores must not depend on how many there are
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # every length has a pattern of its own
        self.run_options = onnxruntime.RunOptions()
        self.run_options.only_execute_path_to_fetches = True
        try:
            self.session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            told = self.session.get_modelmeta().custom_metadata_map
            self.files: dict[str, str] = json.loads(told[FILES_KEY])
            self.label_source: str | None = json.loads(told[KIND_KEY])
            self.fpr_table: dict[str, Any] | None = json.loads(told[TABLE_KEY])
            self.sites: list[str] = json.loads(told[SITES_KEY])
            self.families = FamilyTable(**json.loads(told.get(FAMILIES_KEY, NO_FAMILIES)))
        except Exception as error:  # onnxruntime raises types of its own, and not the same for every fault
            raise PhosphoT5Error(
                f"{path}: cannot be used as a scoring graph ({type(error).__name__}: {error}); "
                "write it again with phosphot5 export --onnx, or use --runtime torch"
            ) from error

    def score(self, protein: Protein, kinases: bool = False) -> np.ndarray:
        """Return the probabilities of one protein, NaN where there is none to give.

        Parameters
        ----------
        protein : Protein
            Positive sites are shown as phosphorylated.
        kinases : bool
            Score families of kinases, too; otherwise they cost nothing.

        Returns
        -------
        numpy.ndarray of float32 of shape (residues,) or (residues, 2 + families)
        """
        ids = encode(protein.sequence, protein.states).astype(np.int64)[None]
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        wanted = ["probability", "kinases"] if kinases else ["probability"]
        found: list[np.ndarray] = [
            scores[0, :-1] for scores in self.session.run(wanted, given, self.run_options)
        ]
        return np.concatenate([found[0][:, None], found[1]], axis=1) if kinases else found[0]

    def predict_sites(
        self, proteins: Iterable[Protein], threads: int, kinases: bool | str = False
    ) -> Generator[tuple[Protein, list[dict[str, Any]]], None, None]:
        """Score proteins and make the rows of their site tables, in input order.

        Parameters
        ----------
        proteins : iterable of Protein
            Read as they are needed.
        threads : int
            Proteins scored at the same time; the scores do not depend on it.
        kinases : bool or "all"
            As of :func:`~phosphot5.prediction.scoring.predict_sites`.

        Yields
        ------
        tuple of Protein and list of dict
            As of :func:`~phosphot5.prediction.scoring.predict_sites`.
        """
        rows = partial(
            protein_rows,
            fpr_table=self.fpr_table,
            sites=self.sites,
            families=self.families,
            kinases=kinases,
        )
        score = partial(self.score, kinases=bool(kinases))
        waiting: deque[tuple[Protein, Future[np.ndarray]]] = deque()
        pool = ThreadPoolExecutor(threads)
        try:
            for protein in proteins:
                waiting.append((protein, pool.submit(score, protein)))
                if len(waiting) == PROTEINS_AHEAD:
                    first, scores = waiting.popleft()
                    yield first, rows(first, scores.result())
            while waiting:
                first, scores = waiting.popleft()
                yield first, rows(first, scores.result())
        finally:
            pool.shutdown(cancel_futures=True)
