"""Self-contained Hub folders: weights, configuration, tokenizer, code, run record and card."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import resources
from pathlib import Path

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import PICTURES, write_card
from phosphot5.hub_card.model_files import model_file
from phosphot5.hub_card.model_folder import ONNX_FILE
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.output import atomic_folder, check_folder
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.onnx_export import require_onnx, write_onnx
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.registration import register
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

__all__ = ["export_model", "model_pictures", "write_endpoint_files", "write_model"]

HANDLER_FILE = "handler.py"
"""What Inference Endpoints load; transformers does not copy it, because no code file of a model imports it."""
REQUIREMENTS_FILE = "requirements.txt"
REQUIREMENTS = "torch>=2.6\ntransformers>=4.57.6,<6\n"
"""What the code files of a folder need; Inference Endpoints install it before they load the handler."""


def export_model(
    name: str,
    folder: str | Path,
    revision: str | None = None,
    label_source: str | None = None,
    *,
    onnx: bool = False,
) -> list[Path]:
    """Write a model as a folder that loads where this package is not installed.

    The folder appears complete or not at all. With ``handler.py`` and ``requirements.txt`` Inference Endpoints
    can serve it.

    Parameters
    ----------
    name : str
        ``bundled``, a folder or a hub id.
    folder : str or Path
        Folder to make; it must not exist or be empty.
    revision : str, optional
        Branch, tag or commit of a hub id.
    label_source : str, optional
        Kind of label whose sites the folder scores unless a call names another; by default as in the model.
    onnx : bool
        Also write the scoring path as an ONNX graph, ``onnx/model.onnx``; see
        :func:`~phosphot5.prediction.onnx_export.write_onnx`.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    OutputFileError
        If the folder holds something already, or its parent does not exist.
    PhosphoT5Error
        If the model cannot be loaded or has no run record, or a package that an ONNX graph needs is missing.
    """
    if onnx:
        require_onnx()
    check_folder(folder)  # before the model loads
    register()
    model, tokenizer = load_model(name, revision, label_source)
    record = RunRecord.load(model_file(name, RECORD_FILE, revision))
    return write_model(model, tokenizer, record, model_pictures(name, revision), folder, onnx=onnx)


def write_model(
    model: PhosphoT5ForConditionalGeneration,
    tokenizer: PhosphoT5Tokenizer,
    record: RunRecord,
    pictures: Iterable[Path],
    folder: str | Path,
    *,
    onnx: bool = False,
) -> list[Path]:
    """Write a model, its record and its pictures as a folder of :func:`export_model`; return the files."""
    with atomic_folder(folder) as made:
        model.save_pretrained(made)
        tokenizer.save_pretrained(made)
        write_endpoint_files(made)
        record.save(made / RECORD_FILE)
        for picture in pictures:
            shutil.copyfile(picture, made / picture.name)
        write_card(made)
        if onnx:
            write_onnx(model, made / ONNX_FILE, made)
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def model_pictures(name: str, revision: str | None = None) -> Iterator[Path]:
    """Yield the pictures of a model; not every one has them."""
    for picture in PICTURES:
        with suppress(PhosphoT5Error):
            yield Path(model_file(name, picture, revision))


def write_endpoint_files(folder: Path) -> None:
    """Write ``handler.py`` and ``requirements.txt``, with which Inference Endpoints can serve the model.

    Parameters
    ----------
    folder : Path
        A model folder; files of these names in it are replaced.
    """
    handler = resources.files("phosphot5.modeling_phosphot5") / HANDLER_FILE
    (folder / HANDLER_FILE).write_text(handler.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / REQUIREMENTS_FILE).write_text(REQUIREMENTS, encoding="utf-8")
