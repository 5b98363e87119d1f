"""Render the model card of a trained model from its run record and its configuration."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from huggingface_hub import EvalResult, ModelCardData

from phosphot5.data import atomic_text
from phosphot5.errors import PhosphoT5Error
from phosphot5.evaluation.table import CLASS_TITLES

from .facts import Cost, Hardware, Licence
from .record import RECORD_FILE, RunRecord

__all__ = ["CARD_FILE", "LICENCE_FILE", "PIPELINE_TAG", "read_config", "render_card", "write_card"]

CARD_FILE = "README.md"
LICENCE_FILE = "LICENSE.md"
PIPELINE_TAG = "token-classification"
"""The Hub's task for one label per residue; the Hub has no task of its own for phosphosites."""

HEADLINES = (
    ("st_auroc", "S/T AUROC", "roc_auc"),
    ("st_ap", "S/T AP", "average_precision"),
    ("y_auroc", "Y AUROC", "roc_auc"),
    ("y_ap", "Y AP", "average_precision"),
)
"""Metric of the record, its title in the card, its type in the Hub's model index."""

GEOMETRY = (
    *("num_layers", "num_decoder_layers", "d_model", "num_heads", "d_kv", "d_ff", "feed_forward_proj"),
    *("attention", "window", "alignment", "conv_width", "global_context"),
    *(
        "focal_gamma",
        "label_smoothing",
        "copy_weight",
        "noise_std",
        "prefix_mask_prob",
        "known_site_prob",
        "dropout_rate",
    ),
)
"""Keys of config.json that the card shows."""

COLUMNS = (
    ("sites", "sites", "{:,.0f}"),
    ("prevalence", "positive", "{:.3f}"),
    ("auroc", "AUROC", "{:.3f}"),
    ("ap", "AP", "{:.3f}"),
    ("mcc", "MCC", "{:.3f}"),
    ("f1", "F1", "{:.3f}"),
    ("precision_at_recall_60", "precision at recall 0.6", "{:.3f}"),
    ("precision_at_recall_80", "at 0.8", "{:.3f}"),
    ("sensitivity_at_specificity_90", "sensitivity at specificity 0.90", "{:.3f}"),
    ("sensitivity_at_specificity_95", "at 0.95", "{:.3f}"),
    ("sensitivity_at_specificity_99", "at 0.99", "{:.3f}"),
    ("brier", "Brier score", "{:.4f}"),
    ("ece", "calibration error", "{:.4f}"),
    ("ece_uncalibrated", "before calibration", "{:.4f}"),
)
"""Metric of a class, its title and its format in the card."""

PEER_COLUMNS = (
    *(("st_auroc", "S/T AUROC"), ("st_ap", "S/T AP"), ("st_mcc", "S/T MCC")),
    *(("y_auroc", "Y AUROC"), ("y_ap", "Y AP"), ("y_mcc", "Y MCC")),
)
"""Metric and its title in the comparison with other tools."""

UPWARD = ("_ece",)
"""Metrics that every resample raises, because chance adds to the gap of each bin: their interval says little."""
NOT_MEASURED = "not measured"


def write_card(folder: Path | str, repo_id: str | None = None) -> Path:
    """Write README.md into a model folder, and LICENSE.md where the weights' terms have no id on the Hub.

    Parameters
    ----------
    folder : Path or str
        A model folder with ``run_record.json`` and ``config.json``.
    repo_id : str, optional
        Hub repository the model will live in; named in the usage examples.

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
            handle.write(render_card(record, config, repo_id))
    except OSError as error:
        raise PhosphoT5Error(f"{card}: cannot write the model card ({error.strerror}).") from error
    return card


def read_config(folder: Path) -> dict[str, Any]:
    """Read config.json of a PhosphoT5 model folder.

    Raises
    ------
    PhosphoT5Error
        If the file is missing, is no JSON object, or describes another kind of model.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PhosphoT5Error(f"{path}: not found; {folder} is no model folder.") from error
    except (OSError, ValueError) as error:
        raise PhosphoT5Error(f"{path}: cannot read the model configuration ({error}).") from error
    found = config.get("model_type") if isinstance(config, dict) else None
    if found != "phosphot5":
        raise PhosphoT5Error(f"{path}: found model_type {found!r}, expected 'phosphot5'.")
    return config


def render_card(record: RunRecord, config: Mapping[str, Any], repo_id: str | None) -> str:
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

    Returns
    -------
    str
        Markdown with a YAML block that the Hub understands.
    """
    version = config.get("phosphot5_version") or record.versions.get("phosphot5", "unknown")
    return _template().render(
        metadata=_metadata(record).to_yaml(),
        title=repo_id.rpartition("/")[2] if repo_id else "PhosphoT5",
        source=repo_id or "path/to/this-folder",
        record=record,
        config=config,
        version=version,
        command=shlex.join(record.command),
        classes=list(CLASS_TITLES.values()),
        results=_results(record),
        peer_columns=[title for _, title in PEER_COLUMNS],
        further=_further(record),
        cost=[*_cost(record.cost), *_hardware(record.hardware)],
        geometry=[("parameters", record.parameters or NOT_MEASURED)]
        + [(key, config[key]) for key in GEOMETRY if key in config],
        licence_text=_licence_text(record.licence),
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = lambda value: str(value).replace("|", "\\|").replace("\n", " ")
    environment.filters["setting"] = lambda value: (
        value if isinstance(value, str) else json.dumps(value, default=str)
    )
    return environment.get_template("model_card.md.jinja")


def _metadata(record: RunRecord) -> ModelCardData:
    other = record.licence.identifier == "other"
    results = list(_model_index(record))
    return ModelCardData(
        license=record.licence.identifier,
        license_name=record.licence.name if other else None,
        license_link=LICENCE_FILE if other else None,
        library_name="transformers",
        pipeline_tag=PIPELINE_TAG,
        base_model=record.base_model if record.base_model and record.base_model.count("/") == 1 else None,
        tags=["phosphot5", "phosphorylation", "protein-language-model", "proteomics", "biology"],
        model_name="PhosphoT5",
        eval_results=results or None,
    )


def _model_index(record: RunRecord) -> list[EvalResult]:
    return [
        EvalResult(
            task_type=PIPELINE_TAG,
            task_name="Phosphosite prediction",
            dataset_type=name.partition("/")[0],
            dataset_name=name,
            dataset_split=name.partition("/")[2] or None,
            metric_type=kind,
            metric_name=title,
            metric_value=round(scores[key], 4),
        )
        for name, scores in record.metrics.items()
        for key, title, kind in HEADLINES
        if scores.get(key) is not None
    ]


def _results(record: RunRecord) -> list[dict[str, Any]]:
    """One table for each evaluation set: a row for every metric that some class has, a column for each class."""
    results = []
    for name, scores in record.metrics.items():
        rows = [
            {"title": title, "cells": [_score(scores, f"{key}_{metric}", form) for key in CLASS_TITLES]}
            for metric, title, form in COLUMNS
            if any(f"{key}_{metric}" in scores for key in CLASS_TITLES)
        ]
        results.append({"name": name, "rows": rows, "peers": _peers(record, name)})
    return results


def _peers(record: RunRecord, name: str) -> list[dict[str, Any]]:
    """Rows of the comparison on one evaluation set, this model last; none where no other tool was measured."""
    peers = [peer for peer in record.peers if peer.set == name]
    if not peers:
        return []
    rows = [(peer.name + (", as published" if peer.published else ""), peer.metrics) for peer in peers]
    return [
        {
            "title": title,
            "cells": [_score(scores, key, "{:.3f}", missing="-") for key, _ in PEER_COLUMNS],
        }
        for title, scores in [*rows, ("this model", record.metrics[name])]
    ]


def _score(scores: Mapping[str, float | None], key: str, form: str, missing: str = NOT_MEASURED) -> str:
    value, low, high = (scores.get(name) for name in (key, f"{key}_low", f"{key}_high"))
    if value is None:
        return missing
    shown = form.format(value)
    if key.endswith(UPWARD):
        return shown
    return shown if low is None or high is None else f"{shown} [{form.format(low)}-{form.format(high)}]"


def _further(record: RunRecord) -> list[dict[str, str]]:
    known = {
        f"{key}_{metric}{end}"
        for key in CLASS_TITLES
        for metric, *_ in COLUMNS
        for end in ("", "_low", "_high")
    }
    return [
        {"name": name, "title": key, "text": NOT_MEASURED if value is None else f"{value:.6g}"}
        for name, scores in record.metrics.items()
        for key, value in scores.items()
        if key not in known and not key.endswith(("_low", "_high"))
    ]


def _cost(cost: Cost) -> list[tuple[str, str]]:
    return [
        (
            "tokens read, all noise passes counted",
            NOT_MEASURED if cost.tokens is None else f"{cost.tokens:,}",
        ),
        ("optimizer steps", NOT_MEASURED if cost.steps is None else f"{cost.steps:,}"),
        ("time", NOT_MEASURED if cost.seconds is None else _duration(cost.seconds)),
        ("peak memory", _gibibytes(cost.peak_memory_bytes)),
        ("floating-point operations", NOT_MEASURED if cost.flops is None else f"{cost.flops:.2g}, estimated"),
    ]


def _hardware(hardware: Hardware) -> list[tuple[str, str]]:
    return [
        ("processor", f"{hardware.cpu}, {hardware.cores} cores"),
        ("main memory", _gibibytes(hardware.memory_bytes)),
        ("accelerator", hardware.accelerator or "none"),
    ]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min {rest:02d} s"


def _gibibytes(size: int | None) -> str:
    return NOT_MEASURED if size is None else f"{size / 2**30:.1f} GiB"


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
