"""Training recipes: a YAML file under the command line, every key checked."""

import dataclasses
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import yaml

from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.recipes import packaged_recipes
from phosphot5.record.facts import Licence

from .arguments import PhosphoT5TrainingArguments
from .dataset import LabelledFile
from .distillation import Teacher
from .lora import LoraRecipe

__all__ = ["DataRecipe", "Recipe", "RecipeError", "load_recipe"]


STARTS = ("preset", "start_from", "from_t5")
"""Keys of the section ``model`` that say what the model is made from; an override replaces them all."""


class RecipeError(PhosphoT5Error):
    """A recipe that cannot be used, with the key and what was expected."""


@dataclass(frozen=True)
class DataRecipe:
    """Which files to train on.

    Parameters
    ----------
    train, valid : list of str or dict
        Hash-FASTA or Parquet, paths relative to the working folder; ``{path: FILE, residues: Y}`` takes the labels
        of these residues only, and a ``licence`` beside it goes into record and model card. A sequence that stands
        in several files is one protein: an earlier file's label of a site goes before a later one's.
    teachers : list of str or dict
        ``bundled``, folders or hub ids of PhosphoT5 models whose scores of the training proteins are targets beside
        the labels (``training.teacher_weight``), also of S, T and Y without one; ``{model: bundled, residues: ST}``
        takes the scores of these residues only.
    max_length : int
        Longest training segment in tokens; longer proteins are cut.
    """

    train: list[LabelledFile] = field(default_factory=list)
    valid: list[LabelledFile] = field(default_factory=list)
    teachers: list[Teacher] = field(default_factory=list)
    max_length: int = 2048


@dataclass(frozen=True)
class Recipe:
    """A checked recipe.

    Parameters
    ----------
    model : dict
        One of ``preset`` (a name), ``start_from`` (``bundled``, a folder or hub id of a PhosphoT5) and
        ``from_t5`` (folder or hub id of a T5, Flan-T5, ProtT5 or Ankh), and arguments of
        :class:`~phosphot5.PhosphoT5Config`.
    data : DataRecipe
        Files.
    training : dict
        Arguments of :class:`~phosphot5.PhosphoT5TrainingArguments`.
    licence : dict
        Arguments of :class:`~phosphot5.hub_card.Licence`: terms of the weights and why.
    lora : LoraRecipe, optional
        Train low-rank adapters instead of the large matrices.
    """

    model: dict[str, Any]
    data: DataRecipe
    training: dict[str, Any]
    licence: dict[str, str] = field(default_factory=dict)
    lora: LoraRecipe | None = None

    @property
    def known_models(self) -> list[str]:
        """The PhosphoT5 models that a training starts from and learns from, each once."""
        start = self.model.get("start_from")
        names = [*([start] if start else []), *(teacher.model for teacher in self.data.teachers)]
        return list(dict.fromkeys(names))


def load_recipe(path: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe and lay overrides of the command line over it.

    Parameters
    ----------
    path : str or Path
        A YAML file, or the name of a recipe of the package.
    overrides : iterable of str
        ``SECTION.KEY=VALUE``, the value in YAML, for instance ``training.max_steps=5``.

    Raises
    ------
    RecipeError
        If the file cannot be read, a key is unknown, or a value has the wrong type.
    """
    path = packaged_recipes().get(str(path), Path(path))
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        names = ", ".join(packaged_recipes())
        raise RecipeError(
            f"{path}: cannot be read ({error.strerror}); give a YAML file or one of: {names}"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: no valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise RecipeError(
            f"{path}: found {type(content).__name__}, expected sections model, data and training"
        )
    for override in overrides:
        _override(content, override)
    return _check(content, str(path))


def _override(content: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    section, dot, name = key.partition(".")
    if not equals or not dot:
        raise RecipeError(f"{override}: expected SECTION.KEY=VALUE, for instance training.max_steps=5")
    try:
        kept = content.get(section) or {}
        if section == "model" and name in STARTS:
            kept = {key: setting for key, setting in kept.items() if key not in STARTS}
        content[section] = kept | {name: yaml.safe_load(value)}
    except (yaml.YAMLError, TypeError, AttributeError) as error:
        raise RecipeError(f"{override}: cannot replace a value of the recipe: {error}") from error


def _check(content: dict[str, Any], path: str) -> Recipe:
    known = _known_keys()
    _check_keys(content, list(known), path, "")
    sections = {name: content.get(name) or {} for name in known}
    for name, section in sections.items():
        if not isinstance(section, dict):
            raise RecipeError(f"{path}: {name} is {section!r}, expected keys with values")
        _check_keys(section, list(known[name]), path, f"{name}.")
        sections[name] = {
            key: _typed(value, known[name][key], f"{path}: {name}.{key}") for key, value in section.items()
        }
    if missing := set(known["licence"]) - set(sections["licence"] or known["licence"]):
        raise RecipeError(f"{path}: licence lacks {', '.join(sorted(missing))}")
    starts = [name for name in STARTS if sections["model"].get(name)]
    if len(starts) > 1:
        raise RecipeError(f"{path}: found {' and '.join(starts)} under model, expected one of them")
    data = sections["data"]
    if data.get("max_length", 1) < 1:
        raise RecipeError(f"{path}: data.max_length is {data['max_length']}, expected at least 1")
    files = ("files", _labelled_file)
    for name, (what, make) in {"train": files, "valid": files, "teachers": ("models", _teacher)}.items():
        entries = data.get(name) or []
        if not isinstance(entries, list):
            raise RecipeError(
                f"{path}: data.{name} is {entries!r}, expected a list of {what}, such as [{entries}]"
            )
        data[name] = [make(entry, f"{path}: data.{name}") for entry in entries]
    lora = None if content.get("lora") is None else LoraRecipe(**sections["lora"])
    if lora is not None and lora.rank < 1:
        raise RecipeError(f"{path}: lora.rank is {lora.rank}, expected at least 1")
    return Recipe(sections["model"], DataRecipe(**data), sections["training"], sections["licence"], lora)


def _known_keys() -> dict[str, dict[str, Any]]:
    """Section to key to declared type."""
    config = get_type_hints(PhosphoT5Config.__init__)
    del config["kwargs"], config["return"]
    arguments = get_type_hints(PhosphoT5TrainingArguments)
    return {
        "model": dict.fromkeys(STARTS, str) | config,
        "data": get_type_hints(DataRecipe),
        "training": {
            f.name: arguments[f.name] for f in dataclasses.fields(PhosphoT5TrainingArguments) if f.init
        },
        "licence": get_type_hints(Licence),
        "lora": get_type_hints(LoraRecipe),
    }


def _typed(value: Any, declared: Any, where: str) -> Any:
    """Return a value as its declared type; types other than numbers, texts and switches are not checked."""
    kinds = {declared} if get_origin(declared) is list else set(get_args(declared) or [declared])
    if value is False and str in kinds and bool not in kinds:
        return "no"  # as which YAML 1.1 reads a bare no
    if float in kinds and isinstance(value, str):
        try:
            return float(value)  # YAML 1.1 reads 1e-3, without a point, as text
        except ValueError:
            pass
    if kinds <= {bool, int, float, str, NoneType}:
        fits = type(value) in kinds or (type(value) is int and float in kinds)
        if not fits:
            names = " or ".join(sorted({"NoneType": "null"}.get(k.__name__, k.__name__) for k in kinds))
            raise RecipeError(f"{where} is {value!r}, expected {names}")
    return value


def _labelled_file(entry: Any, where: str) -> LabelledFile:
    entry = _entry(entry, "path", ["residues", "licence"], where, "a file name")
    file = LabelledFile(**entry)
    if not isinstance(file.licence, str) or not file.licence:
        raise RecipeError(f"{where}: licence of {file.path} is {file.licence!r}, expected its name")
    return file


def _teacher(entry: Any, where: str) -> Teacher:
    return Teacher(**_entry(entry, "model", ["residues"], where, "a model"))


def _entry(entry: Any, name: str, further: list[str], where: str, what: str) -> dict[str, Any]:
    """Check an entry of a list, which is a name or has one, and the residues that are taken of it."""
    entry = {name: entry} if isinstance(entry, str) else entry
    if not isinstance(entry, dict) or not isinstance(entry.get(name), str):
        keys = " and ".join(", ".join([name, *further]).rsplit(", ", 1))
        raise RecipeError(f"{where}: found {entry!r}, expected {what} or {keys}")
    _check_keys(entry, [name, *further], where, "")
    residues = entry.get("residues", "STY")
    if not isinstance(residues, str) or not residues or set(residues) - set("STY"):
        raise RecipeError(f"{where}: residues of {entry[name]} are {residues!r}, expected letters of STY")
    return entry


def _check_keys(found: dict[str, Any], known: list[str], path: str, prefix: str) -> None:
    for key in found:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known are: {', '.join(known)}"
            raise RecipeError(f"{path}: unknown key {prefix}{key}; {hint}")
