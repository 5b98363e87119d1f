"""One training run: recipe in, calibrated model folder with its run record out."""

import dataclasses
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers.trainer_utils import get_last_checkpoint

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import RECORD_FILE, Cost, DataFile, Licence, RunRecord, environment, sha256_of_ids
from phosphot5.loading import load_model
from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.registration import register
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

from .arguments import PhosphoT5TrainingArguments
from .dataset import TrainingSet, build_dataset
from .recipe import Recipe
from .trainer import PhosphoT5Trainer

__all__ = ["train"]

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
        Continue from the last checkpoint in the output folder.

    Returns
    -------
    RunRecord
        Also written to ``run_record.json`` in the output folder.

    Raises
    ------
    PhosphoT5Error
        If the recipe names no training or validation files or no output folder, if that folder holds a
        training already, or if there is nothing to resume.
    """
    for name in ("train", "valid"):
        if not getattr(recipe.data, name):
            raise PhosphoT5Error(f"the recipe names no files under data.{name}, expected at least one")
    register()
    checkpoint = _checkpoint(recipe, resume)
    args = training_arguments(recipe)
    model = make_model(recipe, args.seed)
    sites = model.config.site_token_ids
    trained, valid = (
        build_dataset(f, sites, recipe.data.max_length) for f in (recipe.data.train, recipe.data.valid)
    )
    logger.info("train: %s", trained.summary())
    logger.info("valid: %s", valid.summary())
    trainer = PhosphoT5Trainer(
        model,
        args,
        train_dataset=trained.dataset,
        eval_dataset=valid.dataset,
        processing_class=PhosphoT5Tokenizer(),
    )
    record = _start_record(recipe, command, args, model, {"train": trained, "valid": valid})
    began = time.perf_counter()
    result = trainer.train(resume_from_checkpoint=checkpoint)
    cost = Cost(
        tokens=round(trained.tokens * trainer.state.epoch * args.noise_iterations),
        steps=result.global_step,
        seconds=round(time.perf_counter() - began, 1),
        peak_memory_bytes=_peak_memory(),
    )
    metrics = trainer.calibrate()
    record.metrics = {" + ".join(_published(f.path) for f in recipe.data.valid): _plain(metrics)}
    record.finish(cost)
    if trainer.is_world_process_zero():
        record.save(Path(args.output_dir) / RECORD_FILE)
    trainer.save_model()
    trainer.create_model_card()
    trainer.accelerator.end_training()
    return record


def _checkpoint(recipe: Recipe, resume: bool) -> str | None:
    """Return the checkpoint to continue from, after a look at what the output folder holds.

    Raises
    ------
    PhosphoT5Error
        If there is nothing to resume, or a training that was not to be resumed.
    """
    folder = recipe.training.get("output_dir")
    if not folder:
        raise PhosphoT5Error("the recipe names no training.output_dir, expected a folder for the model")
    checkpoint = get_last_checkpoint(folder) if Path(folder).is_dir() else None
    if resume and checkpoint is None:
        raise PhosphoT5Error(f"{folder}: holds no checkpoint to resume from; train without resuming")
    if not resume and (checkpoint is not None or (Path(folder) / RECORD_FILE).exists()):
        raise PhosphoT5Error(
            f"{folder}: holds a training already; resume it, remove it or give another training.output_dir"
        )
    return checkpoint


def training_arguments(recipe: Recipe) -> PhosphoT5TrainingArguments:
    """Make the training arguments of a recipe; plain log lines where no terminal shows a progress bar.

    Raises
    ------
    PhosphoT5Error
        If a value is refused.
    """
    given = {"disable_tqdm": not sys.stderr.isatty()} | recipe.training
    try:
        return PhosphoT5TrainingArguments(**given)
    except (ValueError, TypeError) as error:
        raise PhosphoT5Error(f"training arguments: {error}") from error


def make_model(recipe: Recipe, seed: int) -> PhosphoT5ForConditionalGeneration:
    """Make or load the model a recipe starts from, reproducibly from the seed.

    Raises
    ------
    PhosphoT5Error
        If a value is refused or the start cannot be loaded.
    """
    given = dict(recipe.model)
    preset, start = given.pop("preset", None), given.pop("start_from", None)
    torch.manual_seed(seed)
    try:
        if start is not None:
            return load_model(start, **given)[0]
        config = PhosphoT5Config.preset(preset, **given) if preset else PhosphoT5Config(**given)
    except ValueError as error:
        raise PhosphoT5Error(f"model: {error}") from error
    return PhosphoT5ForConditionalGeneration(config)


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
    arguments["data.max_length"] = recipe.data.max_length
    accelerator = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    licence = {"licence": Licence(**recipe.licence)} if recipe.licence else {}
    start = recipe.model.get("start_from")
    record = RunRecord.start(
        command, arguments, args.seed, accelerator=accelerator, base_model=start, **licence
    )
    record.parameters = model.num_parameters()
    for role, made in sets.items():
        record.splits[role] = sha256_of_ids(set(made.dataset["protein"]))
        for file in made.files:
            counts = {"records": file.proteins, "positives": file.positives, "negatives": file.negatives}
            record.data.append(DataFile.read(Path(file.path), role, name=_published(file.path), **counts))
    return record


def _published(path: str) -> str:
    """Name a data file by its folder and file name, never by a path of the machine."""
    return "/".join(Path(path).parts[-2:])


def _plain(metrics: dict[str, Any]) -> dict[str, float]:
    """Strip ``eval_`` and leave out what is no metric of the model."""
    timing = ("runtime", "samples_per_second", "steps_per_second", "epoch")
    plain = {name.removeprefix("eval_"): value for name, value in metrics.items()}
    return {name: round(value, 6) for name, value in plain.items() if not name.endswith(timing)}


def _peak_memory() -> int:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return environment.peak_memory_bytes()
