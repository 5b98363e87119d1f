"""What a model folder must hold to be loaded from the Hub, and which of its files go there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from phosphot5.errors import PhosphoT5Error
from phosphot5.record.json_files import read_json_object

from .card import CARD_FILE, EVAL_RESULTS_FILE, read_config
from .upload import Target, list_files

__all__ = ["ModelFolder", "missing_files"]

WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
ONNX_FOLDER = "onnx"
ONNX_FILE = f"{ONNX_FOLDER}/model.onnx"
"""The scoring path as an ONNX graph, where a folder has one."""
"""Where the Hub expects ONNX graphs."""
FOLDERS = (ONNX_FOLDER, Path(EVAL_RESULTS_FILE).parent.name)
"""Folders whose files go up."""
LEFT_OUT_SUFFIXES = {".bin", ".ckpt", ".pkl", ".pt", ".pth", ".tmp"}
"""Pickles of a training run: not needed to load the model, and pickles are not safe to pass on."""

_SIBLING_IMPORT = re.compile(r"^\s*from\s+\.(\w+)\s+import\b", re.MULTILINE)


@dataclass(frozen=True)
class ModelFolder:
    """A folder that loads, sorted into what goes up and what stays.

    Attributes
    ----------
    path : Path
        The folder.
    upload : list of Path
        Files at its top, in ``onnx`` and in ``.eval_results`` that go up.
    left_out : list of Path
        Other folders, hidden files and pickles, which stay.
    version : str or None
        Version of PhosphoT5 that wrote the model.
    """

    path: Path
    upload: list[Path]
    left_out: list[Path]
    version: str | None

    @classmethod
    def read(cls, path: Path, card: bool = True) -> "ModelFolder":
        """Check a folder and sort its files.

        Parameters
        ----------
        path : Path
            A folder written by ``phosphot5 export`` or by training.
        card : bool
            Whether it must have a model card.

        Raises
        ------
        PhosphoT5Error
            If the folder would not load; the message names what is missing.
        """
        config = read_config(path)
        if not config.get("auto_map"):
            raise PhosphoT5Error(
                f"{path}: config.json has no auto_map, so the Hub copy would not load; "
                "make the folder with `phosphot5 export`."
            )
        if missing := missing_files(path):
            names = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
            raise PhosphoT5Error(
                f"{path}: cannot be loaded: {names}; make the folder with `phosphot5 export`."
            )
        if card and not (path / CARD_FILE).is_file():
            raise PhosphoT5Error(
                f"{path}: has no model card ({CARD_FILE}); write it with `phosphot5 card {path}`."
            )
        for name in _weights(path):
            _check_whole(path / name)
        folders = [path / name for name in FOLDERS]
        inside = (file for folder in folders for file in folder.glob("*"))
        files = sorted({*path.iterdir(), *inside} - set(folders))
        upload, left_out = ([file for file in files if _goes_up(file) is up] for up in (True, False))
        return cls(path, upload, left_out, config.get("phosphot5_version"))

    @property
    def files(self) -> dict[str, Path]:
        """What goes up, by its name in the repository."""
        return {self._name(file): file for file in self.upload}

    def listing(self, target: Target) -> str:
        """Return what goes where and what stays, for people."""
        listing = list_files(self.files, str(self.path), target)
        if not self.left_out:
            return listing
        return f"{listing}\nleft out: {', '.join(map(self._name, self.left_out))}"

    def _name(self, file: Path) -> str:
        return file.relative_to(self.path).as_posix()


def missing_files(folder: Path) -> list[str]:
    """Return the names of files without which a model folder does not load through transformers.

    Parameters
    ----------
    folder : Path
        A model folder with a readable config.json.

    Raises
    ------
    PhosphoT5Error
        If config.json or another JSON file that is there cannot be read, or the code of the model is said to
        lie in another repository.
    """
    config = read_config(folder)
    needed = {"tokenizer_config.json", "vocab.json", *_weights(folder)}
    if (folder / "tokenizer_config.json").is_file():
        tokenizer = _read_json(folder / "tokenizer_config.json")
        needed |= _code_files(folder, _auto_classes(tokenizer.get("auto_map")))
    pipelines = config.get("custom_pipelines") or {}
    needed |= _code_files(folder, _auto_classes(config.get("auto_map")))
    needed |= _code_files(folder, [entry.get("impl", "") for entry in pipelines.values()])
    return sorted(name for name in needed if not (folder / name).is_file())


def _goes_up(file: Path) -> bool:
    return file.is_file() and not file.name.startswith(".") and file.suffix not in LEFT_OUT_SUFFIXES


def _check_whole(weights: Path) -> None:
    try:
        with safe_open(weights, framework="numpy"):
            pass
    except (OSError, SafetensorError) as error:
        raise PhosphoT5Error(
            f"{weights}: damaged or incomplete safetensors file ({error}); save or export the model again."
        ) from error


def _weights(folder: Path) -> set[str]:
    if (folder / WEIGHTS).is_file() or not (folder / WEIGHTS_INDEX).is_file():
        return {WEIGHTS}
    return set(_read_json(folder / WEIGHTS_INDEX).get("weight_map", {}).values())


def _auto_classes(auto_map: dict[str, Any] | None) -> list[str]:
    """Return every ``module.Class`` of an auto_map; tokenizers have a pair of them, one may be null."""
    entries = [entry if isinstance(entry, list) else [entry] for entry in (auto_map or {}).values()]
    return [name for entry in entries for name in entry if name]


def _code_files(folder: Path, classes: Iterable[str]) -> set[str]:
    """Return the files of the classes and, through them, of every sibling they import."""
    found: set[str] = set()
    queue = []
    for name in classes:
        if "--" in name:
            raise PhosphoT5Error(
                f"{folder}: the model's code is in another repository ({name}); "
                "make a self-contained folder with `phosphot5 export`."
            )
        queue.append(f"{name.partition('.')[0]}.py")
    while queue:
        file = queue.pop()
        if file in found:
            continue
        found.add(file)
        if (folder / file).is_file():
            source = (folder / file).read_text(encoding="utf-8")
            queue += [f"{module}.py" for module in _SIBLING_IMPORT.findall(source)]
    return found


def _read_json(path: Path) -> dict[str, Any]:
    again = "export or train the model again"
    return read_json_object(path, missing=again, damaged=again)
