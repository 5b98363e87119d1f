"""Cross-validation over homology clusters: folds, one training for each, and one table of held-out predictions."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from accelerate import PartialState

from phosphot5.data import SiteState
from phosphot5.data.homology.split_folder import SPLIT_FILE, SplitOptions
from phosphot5.data.labelled import read_labelled
from phosphot5.errors import PhosphoT5Error
from phosphot5.evaluation.bootstrap import measure
from phosphot5.evaluation.results import stored_thresholds
from phosphot5.evaluation.sites import LabelledSites
from phosphot5.hub_card.card import read_config
from phosphot5.measure import score_labelled_sites
from phosphot5.output import atomic_text
from phosphot5.prediction.loading import load_model
from phosphot5.record import environment
from phosphot5.record.fingerprints import file_digest
from phosphot5.record.json_files import read_json_object
from phosphot5.record.run_record import RECORD_FILE, RunRecord

from .dataset import LabelledFile, split_files
from .recipe import Recipe
from .run import train

__all__ = ["PREDICTIONS_FILE", "SUMMARY_FILE", "CrossValidation"]

logger = logging.getLogger(__name__)

FOLDS_FOLDER, PREDICTIONS_FILE, SUMMARY_FILE = "folds", "predictions.tsv", "crossval.json"
LEAST_FOLDS = 3
"""One to measure on, one to stop and calibrate by, one to train on."""


@dataclass(frozen=True)
class CrossValidation:
    """Every labelled protein of a recipe is predicted by a model that saw neither it nor a homolog.

    The proteins of ``data.train`` and ``data.valid`` together are cut into folds of whole homology clusters. For
    every fold a model is trained on the others, save the next one, which stops and calibrates it.

    Parameters
    ----------
    recipe : Recipe
        What to train; everything is written below ``training.output_dir``.
    folds : int
        3 or more.
    identity, coverage : float
        Two proteins of at least this share of identical residues, over at least this share of both, are kept in
        one fold.
    seed : int
        Of the assignment of clusters to folds; that of the trainings is the recipe's.

    Raises
    ------
    PhosphoT5Error
        If there are too few folds, or the recipe names no files or no output folder.
    """

    recipe: Recipe
    folds: int = 5
    identity: float = 0.3
    coverage: float = 0.8
    seed: int = 1

    def __post_init__(self) -> None:
        if self.folds < LEAST_FOLDS:
            raise PhosphoT5Error(f"folds is {self.folds}, expected at least {LEAST_FOLDS}")
        if not self.files:
            raise PhosphoT5Error("the recipe has no data.train; name at least one file")
        if not self.recipe.training.get("output_dir"):
            raise PhosphoT5Error("the recipe has no training.output_dir; name a folder")

    @property
    def files(self) -> list[LabelledFile]:
        """The files of the recipe."""
        return [*self.recipe.data.train, *self.recipe.data.valid]

    @property
    def folder(self) -> Path:
        """Where everything is written."""
        return Path(self.recipe.training["output_dir"])

    def run(self, command: Sequence[str], resume: bool = False) -> dict[str, Any]:
        """Split, train, predict, summarise.

        Parameters
        ----------
        command : sequence of str
            The command as typed, for the records.
        resume : bool
            Go on with what the output folder holds: finished folds are kept.

        Returns
        -------
        dict
            Also written to ``crossval.json``: ``options``, ``versions``, ``git_commit``, ``command``, ``folds``
            (the metrics of each), and ``mean`` and ``sd`` over the folds of every metric.

        Raises
        ------
        PhosphoT5Error
            If the output folder holds a cross-validation that was not to be resumed or has other folds, or as
            :func:`~phosphot5.trainer.run.train`.
        """
        if start := self.recipe.model.get("start_from"):
            logger.warning(
                "%s may have been trained on proteins of these folds: the results may be optimistic", start
            )
        self._prepare(resume)
        metrics = []
        for fold in range(self.folds):
            logger.info("fold %d of %d", fold + 1, self.folds)
            self._train(fold, command)
            metrics.append(self._measure(fold))
        summary = self._summary(command, metrics)
        if PartialState().is_main_process:
            self._write_predictions()
            with atomic_text(self.folder / SUMMARY_FILE, overwrite=True) as handle:
                handle.write(json.dumps(summary, indent=2) + "\n")
        return summary

    def _options(self) -> SplitOptions:
        shares = {f"fold{fold}": 1 / self.folds for fold in range(self.folds)}
        return SplitOptions(shares, self.identity, self.coverage, self.seed)

    def _prepare(self, resume: bool) -> None:
        """Cut the proteins into folds, or check that those of the output folder are the same."""
        state = PartialState()
        done = (self.folder / FOLDS_FOLDER / SPLIT_FILE).is_file()
        if done and not resume:
            raise PhosphoT5Error(
                f"{self.folder}: already contains a cross-validation; resume it, remove it or give another "
                "training.output_dir"
            )
        state.wait_for_everyone()
        if state.is_main_process and done:
            self._check_folds()
        elif state.is_main_process:
            split_files(self.files, self._options(), self.folder / FOLDS_FOLDER)
        state.wait_for_everyone()

    def _check_folds(self) -> None:
        path = self.folder / FOLDS_FOLDER / SPLIT_FILE
        again = f"remove {self.folder} and cross-validate again"
        found = read_json_object(path, missing=again, damaged=again)
        files = [file_digest(file.path) for given in self.files for file in given.fetched()]
        noted = [item.get("sha256") for item in found.get("inputs", [])]
        if found.get("options") != vars(self._options()) or noted != files:
            raise PhosphoT5Error(
                f"{path}: its folds do not match these files and options; remove {self.folder} or give another "
                "training.output_dir"
            )

    def _fold_file(self, fold: int) -> Path:
        return self.folder / FOLDS_FOLDER / self._options().files[f"fold{fold % self.folds}"]

    def _train(self, fold: int, command: Sequence[str]) -> None:
        """Train the model of a fold, unless that is done."""
        folder = self.folder / f"fold{fold}"
        record = folder / RECORD_FILE
        if record.is_file() and RunRecord.load(record).finished and (folder / "model.safetensors").is_file():
            return
        others = [
            self._fold_file(other)
            for other in range(self.folds)
            if other not in (fold, (fold + 1) % self.folds)
        ]
        data = replace(
            self.recipe.data,
            train=[LabelledFile(str(path)) for path in others],
            valid=[LabelledFile(str(self._fold_file(fold + 1)))],
        )
        training = self.recipe.training | {"output_dir": str(folder)}
        train(replace(self.recipe, data=data, training=training), command, resume=record.is_file())

    def _measure(self, fold: int) -> dict[str, float]:
        """Predict the proteins of a fold, unless that is done, and measure."""
        folder = self.folder / f"fold{fold}"
        path = folder / PREDICTIONS_FILE
        state = PartialState()
        if state.is_main_process and not path.is_file():
            model = load_model(str(folder))[0].to(state.device)
            sites = score_labelled_sites(model, read_labelled(self._fold_file(fold)))
            with atomic_text(path) as handle:
                handle.write("protein\tposition\tresidue\tstate\tprobability\tfold\n")
                handle.writelines(_rows(sites, fold))
        state.wait_for_everyone()
        sites = _read_predictions(path).measured()
        thresholds = stored_thresholds(read_config(folder).get("calibration"), sites.residues)
        scores = sites.probability.astype(np.float64)
        return measure(scores, sites.truth, sites.residues, thresholds)

    def _write_predictions(self) -> None:
        """Join the tables of the folds."""
        with atomic_text(self.folder / PREDICTIONS_FILE, overwrite=True) as handle:
            for fold in range(self.folds):
                with open(self.folder / f"fold{fold}" / PREDICTIONS_FILE, encoding="utf-8") as part:
                    if fold:
                        next(part)
                    handle.writelines(part)

    def _summary(self, command: Sequence[str], metrics: list[dict[str, float]]) -> dict[str, Any]:
        names = [name for name in metrics[0] if all(name in fold for fold in metrics)]
        values = {name: np.array([fold[name] for fold in metrics]) for name in names}
        return {
            "options": {
                "folds": self.folds,
                "identity": self.identity,
                "coverage": self.coverage,
                "seed": self.seed,
            },
            "versions": environment.package_versions(),
            "git_commit": environment.git_commit(Path(__file__)),
            "command": [Path(command[0]).name, *command[1:]],
            "folds": metrics,
            "mean": {name: round(float(found.mean()), 6) for name, found in values.items()},
            "sd": {name: round(float(found.std(ddof=1)), 6) for name, found in values.items()},
        }


def _rows(sites: LabelledSites, fold: int) -> Iterator[str]:
    states = {state.value: state.name.lower() for state in SiteState}
    columns = (sites.protein, sites.position, sites.residues, sites.states, sites.probability)
    for protein, position, residue, state, probability in zip(*(c.tolist() for c in columns), strict=True):
        name = sites.proteins[protein]
        yield f"{name}\t{position}\t{residue}\t{states[state]}\t{probability:.6f}\t{fold}\n"


def _read_predictions(path: Path) -> LabelledSites:
    """Read a table of predictions as it was written."""
    table = pd.read_csv(path, sep="\t", dtype={"protein": str, "residue": str}, keep_default_na=False)
    protein, names = pd.factorize(table["protein"])
    states = table["state"].map({state.name.lower(): state.value for state in SiteState})
    return LabelledSites(
        probability=table["probability"].to_numpy(np.float32),
        states=states.to_numpy(np.uint8),
        residues=table["residue"].to_numpy(dtype="U1"),
        protein=protein.astype(np.int64),
        position=table["position"].to_numpy(np.int64),
        proteins=tuple(names),
    )
