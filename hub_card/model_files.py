"""Single files of a model, wherever it lies: bundled, in a folder or on the Hub."""

from pathlib import Path

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

from phosphot5.bundled import bundled_folder
from phosphot5.errors import PhosphoT5Error

__all__ = ["model_file"]


def model_file(name: str, file: str, revision: str | None = None) -> Path:
    """Return the path of one file of a model, downloaded if the model is on the Hub.

    Parameters
    ----------
    name, revision
        As for :func:`~phosphot5.prediction.loading.load_model`.
    file : str
        File name inside the model's folder.

    Raises
    ------
    PhosphoT5Error
        If the model has no such file.
    """
    folder = bundled_folder() if name == "bundled" else Path(name)
    if (folder / file).is_file():
        return folder / file
    if folder.is_dir():
        raise PhosphoT5Error(f"{name}: has no {file}; give a folder written by a training or an export")
    try:
        return Path(hf_hub_download(name, file, revision=revision))
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise PhosphoT5Error(f"{name}: has no {file}, or cannot be reached ({error})") from error
