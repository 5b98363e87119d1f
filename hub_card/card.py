"""Render the model card of a trained model from its run record and its configuration."""

import re
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import EvalResult, EvalResultEntry, ModelCardData, eval_result_entries_to_yaml
from jinja2 import TemplateError

from phosphot5.errors import PhosphoT5Error
from phosphot5.output import atomic_text
from phosphot5.record.facts import EXAMPLE_SEQUENCE, Licence
from phosphot5.record.json_files import read_json_object
from phosphot5.record.run_record import RECORD_FILE, RunRecord

from .card_tables import (
    CALIBRATION,
    CALL_RATES,
    EXAMPLE_COLUMNS,
    KINASE_COLUMNS,
    PEER_COLUMNS,
    calibration_rows,
    cost_rows,
    earlier_rows,
    example_rows,
    further_rows,
    geometry_rows,
    group_rows,
    hardware_rows,
    kinase_rows,
    result_tables,
)
from .templating import card_template

__all__ = [
    "CARD_FILE",
    "CURVE_FILE",
    "EVAL_RESULTS_FILE",
    "LICENCE_FILE",
    "PICTURES",
    "PIPELINE_TAG",
    "RELIABILITY_FILE",
    "eval_results",
    "read_config",
    "render_card",
    "write_card",
]

CARD_FILE = "README.md"
LICENCE_FILE = "LICENSE.md"
EVAL_RESULTS_FILE = ".eval_results/phosphot5.yaml"
"""Where the Hub looks for scores on a data set that it hosts."""
PIPELINE_TAG = "token-classification"
"""The Hub's task for one label per residue; the Hub has no task of its own for phosphosites."""

HEADLINES = (
    ("st_auroc", "S/T AUROC", "roc_auc"),
    ("st_ap", "S/T AP", "average_precision"),
    ("y_auroc", "Y AUROC", "roc_auc"),
    ("y_ap", "Y AP", "average_precision"),
)
"""Metric of the record, its title in the card, its type in the Hub's model index."""

RELIABILITY_FILE = "reliability.png"
"""Name of the picture of how well the probabilities are calibrated, inside a model folder."""
CURVE_FILE = "learning_curve.png"
"""Name of the picture of losses and metrics over the steps, inside a model folder."""
PICTURES = {
    RELIABILITY_FILE: "Reliability on the validation set: share of positive sites against predicted probability",
    CURVE_FILE: "Loss and metrics over the training steps",
}
"""Pictures of a model folder that its card shows, and what they show."""


def write_card(folder: Path | str, repo_id: str | None = None, dataset_id: str | None = None) -> Path:
    """Write README.md into a model folder, and LICENSE.md where the weights' terms have no id on the Hub.

    With ``dataset_id`` the scores also go to ``.eval_results/phosphot5.yaml``, from which the Hub shows them
    beside those of other models on that data set.

    Parameters
    ----------
    folder : Path or str
        A model folder with ``run_record.json`` and ``config.json``.
    repo_id : str, optional
        Hub repository the model will live in; named in the usage examples.
    dataset_id : str, optional
        Hub data set that holds what was trained and measured on, as ``phosphot5 data push`` publishes it.

    Returns
    -------
    Path
        The README.md written.

    Raises
    ------
    PhosphoT5Error
        If one of the two files is missing or unreadable, the model is no PhosphoT5, or the folder cannot be
        written to.
    """
    folder = Path(folder)
    record = RunRecord.load(folder / RECORD_FILE)
    config = read_config(folder)
    card = folder / CARD_FILE
    try:
        if record.licence.identifier == "other":
            with atomic_text(folder / LICENCE_FILE, overwrite=True) as handle:
                handle.write(_licence_page(record.licence))
        with atomic_text(card, overwrite=True) as handle:
            handle.write(render_card(record, config, repo_id, dataset_id, _pictures(folder)))
        if dataset_id is not None:
            (folder / EVAL_RESULTS_FILE).parent.mkdir(exist_ok=True)
            with atomic_text(folder / EVAL_RESULTS_FILE, overwrite=True) as handle:
                handle.write(eval_results(record, dataset_id))
    except OSError as error:
        raise PhosphoT5Error(f"{card}: cannot write the model card ({error.strerror}).") from error
    except (TemplateError, LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise PhosphoT5Error(
            f"{card}: {RECORD_FILE} or config.json holds a value that no card can show ({error}); restore it"
        ) from error
    return card


def read_config(folder: Path) -> dict[str, Any]:
    """Read config.json of a PhosphoT5 model folder.

    Raises
    ------
    PhosphoT5Error
        If the file is missing, is no JSON object, or describes another kind of model.
    """
    path = folder / "config.json"
    settings = read_json_object(
        path, missing=f"{folder} is not a model folder", damaged="export or train the model again"
    )
    if (found := settings.get("model_type")) != "phosphot5":
        raise PhosphoT5Error(f"{path}: model_type is {found!r}, expected 'phosphot5'.")
    return settings


def _pictures(folder: Path) -> list[str]:
    return [name for name in PICTURES if (folder / name).is_file()]


def render_card(
    record: RunRecord,
    config: Mapping[str, Any],
    repo_id: str | None,
    dataset_id: str | None = None,
    pictures: Collection[str] = (),
) -> str:
    """Return the text of a model card.

    The same arguments give the same text; nothing is read but the template, and every number comes from
    the record.

    Parameters
    ----------
    record : RunRecord
        Facts about the training run.
    config : mapping
        Content of the model's config.json.
    repo_id : str or None
        Hub repository named in the usage examples; None for a model that is not published.
    dataset_id : str, optional
        Hub data set that holds what was trained and measured on.
    pictures : collection of str
        Those of :data:`PICTURES` that lie beside the card.

    Returns
    -------
    str
        Markdown with a YAML block that the Hub understands.
    """
    version = config.get("phosphot5_version") or record.versions.get("phosphot5", "unknown")
    return card_template("model_card.md.jinja").render(
        metadata=_metadata(record, dataset_id).to_yaml(),
        title=repo_id.rpartition("/")[2] if repo_id else "PhosphoT5",
        source=repo_id or "path/to/this-folder",
        record=record,
        config=config,
        version=version,
        command=shlex.join(record.command),
        sequence=EXAMPLE_SEQUENCE,
        example_columns=EXAMPLE_COLUMNS,
        example=example_rows(record),
        groups=group_rows(record),
        results=result_tables(record),
        peer_columns=[title for _, title in PEER_COLUMNS],
        further=further_rows(record),
        calls=CALL_RATES,
        kinases=kinase_rows(record, config),
        kinase_columns=list(KINASE_COLUMNS.values()),
        calibration=calibration_rows(config),
        calibration_columns=CALIBRATION,
        pictures={name: PICTURES[name] for name in pictures},
        teachers=" and ".join(f"`{name}`" for name in record.arguments.get("data.teachers", [])),
        earlier=earlier_rows(record),
        cost=[*cost_rows(record), *hardware_rows(record.hardware)],
        geometry=geometry_rows(record, config),
        licence_text=_licence_text(record.licence),
    )


def eval_results(record: RunRecord, dataset_id: str) -> str:
    """Return the scores of a record as YAML, as the Hub reads it in ``.eval_results``.

    Parameters
    ----------
    record : RunRecord
        Facts about the training run.
    dataset_id : str
        Hub data set with the evaluation sets.

    Returns
    -------
    str
        One entry for each headline of each evaluation set; the task names both, as ``multisource_test_st_ap``.
    """
    entries = [
        EvalResultEntry(
            dataset_id=dataset_id,
            task_id=f"{_plain(name)}_{key}",
            value=round(value, 4),
            date=record.finished,
            notes=f"{title} on {name}",
        )
        for name, scores in record.metrics.items()
        for key, title, _ in HEADLINES
        if (value := scores.get(key)) is not None
    ]
    return yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False)


def _plain(name: str) -> str:
    """Return the name of an evaluation set in letters, digits and ``_``, without a file's ending."""
    return re.sub(r"\W+", "_", re.sub(r"\.(fasta|parquet)(\.gz)?\b", "", name))


def _metadata(record: RunRecord, dataset_id: str | None) -> ModelCardData:
    other = record.licence.identifier == "other"
    results = _model_index(record, dataset_id)
    return ModelCardData(
        license=record.licence.identifier,
        license_name=record.licence.name if other else None,
        license_link=LICENCE_FILE if other else None,
        library_name="transformers",
        pipeline_tag=PIPELINE_TAG,
        base_model=record.base_model if record.base_model and record.base_model.count("/") == 1 else None,
        datasets=[dataset_id] if dataset_id else None,
        tags=["phosphot5", "phosphorylation", "protein-language-model", "proteomics", "biology"],
        model_name="PhosphoT5",
        eval_results=results or None,
    )


def _model_index(record: RunRecord, dataset_id: str | None) -> list[EvalResult]:
    return [
        EvalResult(
            task_type=PIPELINE_TAG,
            task_name="Phosphosite prediction",
            dataset_type=dataset_id or name.partition("/")[0],
            dataset_name=name,
            dataset_config=name.partition("/")[0] if dataset_id else None,
            dataset_split=name.partition("/")[2].partition(".")[0] or None,
            metric_type=kind,
            metric_name=title,
            metric_value=round(value, 4),
        )
        for name, scores in record.metrics.items()
        for key, title, kind in HEADLINES
        if (value := scores.get(key)) is not None
    ]


def _licence_text(licence: Licence) -> str:
    return f"`{licence.name}`, see LICENSE.md" if licence.identifier == "other" else f"`{licence.identifier}`"


def _licence_page(licence: Licence) -> str:
    return (
        "# Licence\n\n"
        "The code in this repository (the `.py` files) is under the Apache License 2.0, "
        "<https://www.apache.org/licenses/LICENSE-2.0>.\n\n"
        f"The weights are under `{licence.name}`. {licence.terms} {licence.reason} "
        "They come without warranty of any kind.\n"
    )
