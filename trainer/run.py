"""One training run: recipe in, calibrated model folder with its run record out."""

import dataclasses
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from phosphot5.errors import PhosphoT5Error
from phosphot5.evaluation.metrics import probability_metrics
from phosphot5.evaluation.pictures import learning_curve, reliability
from phosphot5.evaluation.results import stored_thresholds
from phosphot5.evaluation.sites import LabelledSites, evaluate_sites
from phosphot5.hub_card import CURVE_FILE, RELIABILITY_FILE
from phosphot5.hub_card.model_files import model_file
from phosphot5.measure import score_labelled_sites
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.output import owned
from phosphot5.progress import stage
from phosphot5.record.facts import EXAMPLE_SEQUENCE, DataFile, Example
from phosphot5.record.fingerprints import published_name, sha256_of_ids
from phosphot5.record.metric_names import without_small_classes
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.registration import register
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

from .arguments import PhosphoT5TrainingArguments
from .balance import balanced
from .checkpoints import remove_incomplete, start_point
from .dataset import NO_KINDS, TrainingProtein, TrainingSet, build_dataset, kinds_of_label
from .lora import add_lora, merge_lora
from .recipe import DataRecipe, Recipe
from .recording import accelerator_name, published_model, training_cost
from .start import make_model
from .trainer import PhosphoT5Trainer

__all__ = ["train", "training_arguments"]

logger = logging.getLogger(__name__)


def train(recipe: Recipe, command: Sequence[str], resume: bool = False) -> RunRecord:
    """Train as a recipe says and save the best model, calibrated, with its run record.

    Parameters
    ----------
    recipe : Recipe
        Model, data and training arguments.
    command : sequence of str
        The command as typed, for the record.
    resume : bool
        Continue the training that the output folder holds, from its last whole checkpoint. What has changed
        since is logged and noted in the record.

    Returns
    -------
    RunRecord
        Also written to ``run_record.json`` in the output folder.

    Raises
    ------
    PhosphoT5Error
        If the recipe names no training or validation files or no output folder, if that folder holds a
        training already, if there is nothing to resume, or if the files hold nothing to learn from or to
        measure by.
    """
    for name in ("train", "valid"):
        if not getattr(recipe.data, name):
            raise PhosphoT5Error(f"the recipe has no data.{name}; name at least one file")
    register()
    checkpoint = start_point(recipe.training.get("output_dir"), resume)
    args = training_arguments(recipe)
    with _owner(args):
        return _train(recipe, command, args, checkpoint)


def _owner(args: PhosphoT5TrainingArguments) -> AbstractContextManager[None]:
    """Own the output folder in the main process: a second training there, or resuming a running one, is refused."""
    if args.process_index != 0:
        return nullcontext()
    folder = Path(args.output_dir)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return owned(folder)


def _train(
    recipe: Recipe, command: Sequence[str], args: PhosphoT5TrainingArguments, checkpoint: Path | None
) -> RunRecord:
    """Train in a folder that is owned."""
    model = make_model(recipe, args.seed)
    adapted = None if recipe.lora is None else add_lora(model, recipe.lora)
    sets = read_sets(recipe, kinds_of_label(model.config))
    trainer = _make_trainer(model, args, sets, recipe.data)
    record = _start_record(recipe, command, args, model, sets)
    _take_up(record, trainer, checkpoint)
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    if adapted is not None:
        trainer.model = trainer.model_wrapped = merge_lora(adapted)
    with stage("calibrating and measuring the model on the validation proteins"):
        record.metrics = _measure(trainer, sets["valid"], _published_set(recipe))
    record.example = _example(trainer)
    record.finish(training_cost(trainer))
    _save(trainer, record)
    return record


def read_sets(recipe: Recipe, label_sources: Mapping[str, int] = NO_KINDS) -> dict[str, TrainingSet]:
    """Read the training and the validation set of a recipe, and log what became of their proteins."""
    sets = {}
    for role in ("train", "valid"):
        try:
            with stage(f"reading data.{role}"):
                sets[role] = build_dataset(getattr(recipe.data, role), recipe.data.max_length, label_sources)
        except ValueError as error:
            raise PhosphoT5Error(f"data.{role}: {error}") from error
        logger.info("%s: %s", role, sets[role].summary())
    try:
        fitted = [protein for protein in sets["valid"].proteins if protein.calibrate]
        LabelledSites.from_proteins(fitted).check_measurable()
    except ValueError as error:
        raise PhosphoT5Error(f"data.valid: {error}; give other or more proteins") from error
    return sets


def _make_trainer(
    model: PhosphoT5ForConditionalGeneration,
    args: PhosphoT5TrainingArguments,
    sets: dict[str, TrainingSet],
    data: DataRecipe,
) -> PhosphoT5Trainer:
    """Make the trainer; a tool of ``training.report_to`` that is not installed is told in one line."""
    trained = sets["train"].dataset
    if data.balance < 1 or data.group_weights:
        try:
            trained = balanced(trained, data.balance, args.seed, data.group_weights)
        except ValueError as error:
            raise PhosphoT5Error(str(error)) from error
    try:
        return PhosphoT5Trainer(
            model,
            args,
            train_dataset=trained,
            eval_dataset=sets["valid"].dataset,
            processing_class=PhosphoT5Tokenizer(),
        )
    except RuntimeError as error:
        raise PhosphoT5Error(f"training: {error}") from error


def _take_up(record: RunRecord, trainer: PhosphoT5Trainer, checkpoint: Path | None) -> None:
    """Give the trainer the record of a run that begins or goes on; say what has changed since it was interrupted."""
    trainer.accelerator.wait_for_everyone()  # another process may still look at what the folder holds
    trainer.record = record
    path = Path(trainer.args.output_dir) / RECORD_FILE
    if not trainer.is_world_process_zero():
        return
    if path.is_file():
        step = 0 if checkpoint is None else int(checkpoint.name.rpartition("-")[2])
        changed = record.resume(RunRecord.load(path), step)
        logger.info("continuing after step %d", step)
        for name, (before, after) in changed.items():
            logger.warning("changed since it was interrupted: %s, %s -> %s", name, before, after)
    remove_incomplete(path.parent)


def _measure(trainer: PhosphoT5Trainer, valid: TrainingSet, name: str) -> dict[str, dict[str, float | None]]:
    """Calibrate, then score the validation proteins whole, as predictions are made; metrics of every group."""
    loss = trainer.evaluate_as_predicted()["eval_loss"]
    if not trainer.is_world_process_zero():
        return {}
    uncalibrated = trainer.calibrate(valid.proteins)
    model = trainer.accelerator.unwrap_model(trainer.model).eval()
    groups: dict[str, list[TrainingProtein]] = {}
    for protein in valid.proteins:
        groups.setdefault(protein.group or name, []).append(protein)
    parts = [score_labelled_sites(model, proteins) for proteins in groups.values()]
    measured = [part.measured() for part in parts]
    probability, truth, residues = (
        np.concatenate([getattr(part, column) for part in measured])
        for column in ("probability", "truth", "residues")
    )
    reliability(probability, truth, residues, Path(trainer.args.output_dir) / RELIABILITY_FILE)
    metrics: dict[str, dict[str, float | None]] = {}
    for (group, proteins), sites in zip(groups.items(), parts, strict=True):
        calibration = model.config.calibration_of(proteins[0].label_source or None)
        try:
            found = evaluate_sites(sites, stored_thresholds(calibration, sites.measured().residues))
        except ValueError as error:  # all validation proteins together can be measured, as was checked before
            logger.warning("%s: not measured: %s", group, error)
            continue
        if len(groups) == 1:
            found |= {"loss": loss} | _uncalibrated_ece(*uncalibrated)
        else:
            found = without_small_classes(found)
        metrics[group] = {key: round(value, 6) for key, value in found.items()}
    return metrics


def _uncalibrated_ece(scores: np.ndarray, truth: np.ndarray, residues: np.ndarray) -> dict[str, float]:
    """Measure the calibration errors that the log-odds had before they were calibrated."""
    raw = probability_metrics(1 / (1 + np.exp(-scores[0].astype(np.float64))), truth, residues)
    return {f"{name}_uncalibrated": value for name, value in raw.items() if name.endswith("_ece")}


def _example(trainer: PhosphoT5Trainer) -> Example:
    """Have the pipeline score a sequence that the card shows."""
    predict = trainer.accelerator.unwrap_model(trainer.model).pipeline(trainer.processing_class)
    return Example(EXAMPLE_SEQUENCE, predict(EXAMPLE_SEQUENCE))


def _save(trainer: PhosphoT5Trainer, record: RunRecord) -> None:
    """Save the model; in the main process also record, card and learning curve."""
    folder = Path(trainer.args.output_dir)
    if trainer.is_world_process_zero():
        record.save(folder / RECORD_FILE)
        learning_curve(trainer.state.log_history, folder / CURVE_FILE)
    trainer.save_model()
    trainer.create_model_card()


def training_arguments(recipe: Recipe) -> PhosphoT5TrainingArguments:
    """Make the training arguments of a recipe; plain log lines where no terminal shows a progress bar.

    Raises
    ------
    PhosphoT5Error
        If a value is refused, or an access token is among them.
    """
    if "hub_token" in recipe.training:
        raise PhosphoT5Error(
            "training.hub_token: found an access token in the recipe, which the run record and the card would "
            "publish; leave it out and use HF_TOKEN or `hf auth login`"
        )
    given = {"disable_tqdm": not sys.stderr.isatty()} | recipe.training
    try:
        return PhosphoT5TrainingArguments(**given)
    except (ValueError, TypeError) as error:
        raise PhosphoT5Error(f"training arguments: {error}") from error


def _start_record(
    recipe: Recipe,
    command: Sequence[str],
    args: PhosphoT5TrainingArguments,
    model: PhosphoT5ForConditionalGeneration,
    sets: dict[str, TrainingSet],
) -> RunRecord:
    defaults = {f.name: f.default for f in dataclasses.fields(args)}
    arguments = {f"model.{name}": value for name, value in recipe.model.items()}
    arguments |= {
        f"training.{name}": value
        for name, value in recipe.training.items()
        if name != "output_dir" and value != defaults[name]
    }
    arguments["training.bf16"] = args.bf16  # by default it depends on the processor
    arguments["data.max_length"] = recipe.data.max_length
    if recipe.data.balance < 1:
        arguments["data.balance"] = recipe.data.balance
    if recipe.data.group_weights:
        arguments["data.group_weights"] = recipe.data.group_weights
    licence = {"licence": recipe.licence} if recipe.licence else {}
    if recipe.lora is not None:
        arguments |= {f"lora.{name}": value for name, value in vars(recipe.lora).items()}
    start = recipe.model.get("start_from") or recipe.model.get("from_t5")
    base = start and published_model(start)
    record = RunRecord.start(
        command, arguments, args.seed, accelerator=accelerator_name(), base_model=base, **licence
    )
    if recipe.model.get("start_from"):
        _follow(record, recipe.model["start_from"])
    record.parameters = model.num_parameters()
    for role, made in sets.items():
        record.splits[role] = sha256_of_ids(set(made.dataset["protein"]))
        record.ledger[role] = made.ledger()
        for count in made.files:
            record.data.append(
                DataFile.read(
                    Path(count.file.path),
                    role,
                    records=count.proteins,
                    positives=count.positives,
                    negatives=count.negatives,
                    name=published_name(count.file.path),
                    licence=count.file.licence,
                    label_source=count.file.label_source,
                    group=count.file.group,
                )
            )
    trained, valid = ({protein.sequence for protein in sets[role].proteins} for role in ("train", "valid"))
    record.ledger["valid"]["sequences_also_in_train"] = len(trained & valid)
    return record


def _follow(record: RunRecord, name: str) -> None:
    """Note the trainings behind a model that this one starts from, if its record lies beside it."""
    try:
        record.follow(RunRecord.load(model_file(name, RECORD_FILE)))
    except PhosphoT5Error as error:
        logger.warning("earlier trainings of %s will be missing from the record: %s", name, error)


def _published_set(recipe: Recipe) -> str:
    """Name the validation set by its files."""
    return " + ".join(published_name(file.path) for file in recipe.data.valid)
