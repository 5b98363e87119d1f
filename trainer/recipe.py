"""Training recipes: a YAML file under the command line, every key checked."""

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, get_type_hints

import yaml
from pydantic import ConfigDict
from typing_extensions import TypedDict

from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.recipes import packaged_recipes
from phosphot5.record.facts import Licence
from phosphot5.record.validation import CHECKED, unknown_key, validated

from .arguments import PhosphoT5TrainingArguments
from .dataset import LabelledFile
from .lora import LoraRecipe

__all__ = ["DataRecipe", "Recipe", "RecipeError", "load_recipe"]


STARTS = ("preset", "start_from", "from_t5")
"""Keys of the section ``model`` that name what the model is made from; an override replaces them all."""


class RecipeError(PhosphoT5Error):
    """A recipe that cannot be used, with the key and the reason."""


class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain values: ``no`` and ``2026-01-02`` are words, ``1e-3`` is a number; no tags, no aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse what stands for something else: an alias can stand for itself, or for billions of values."""
        event: Any = self.peek_event()
        refused = None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            refused = "aliases have no place in a recipe"
        elif getattr(event, "tag", None):
            refused = f"the tag {event.tag} has no place in a recipe"
        elif "\0" in (getattr(event, "value", None) or ""):
            refused = "a NUL character has no place in a recipe"
        if refused:
            raise yaml.composer.ComposerError(None, None, refused, event.start_mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] == "null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?(0|[1-9]\d*)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?((\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|\.inf)$|\.nan$"),
    list("-+.0123456789"),
)


def _read_yaml(text: str, where: str) -> Any:
    """Parse YAML; whatever is wrong with it is one line.

    Raises
    ------
    RecipeError
        With the line, if it is known.
    """
    try:
        return yaml.load(text, _Loader)  # a SafeLoader
    except RecursionError:
        raise RecipeError(f"{where}: invalid YAML: nested too deeply") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        line = f", line {mark.line + 1}" if mark else ""
        raise RecipeError(f"{where}{line}: invalid YAML: {reason}") from error


@dataclass(frozen=True)
class DataRecipe:
    """Which files to train on.

    Parameters
    ----------
    train, valid : list of LabelledFile
        Hash-FASTA or Parquet, paths relative to the working folder, or data sets of the Hub such as
        ``hf://datasets/org/sites``: their splits ``train`` and ``validation``, unless another part is named. In YAML
        a file name stands for itself, and ``{path: FILE, residues: Y}`` takes the labels of these residues only; a
        ``licence`` beside it goes into record and model card. A sequence in several files is one protein: an earlier
        file's label of a site goes before a later one's.
    max_length : int
        Longest training segment in tokens; longer proteins are cut.
    balance : float
        Exponent of a group's size in its share of an epoch; see :func:`~phosphot5.trainer.balance.balanced`. 1: the
        groups as they are.
    group_weights : dict of str to float
        Group to how many times as often as that it is drawn.

    Raises
    ------
    ValueError
        If the longest segment is below 1, the exponent is not from 0 to 1, or a weight is not above 0.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    train: list[LabelledFile] = field(default_factory=list)
    valid: list[LabelledFile] = field(default_factory=list)
    max_length: int = 2048
    balance: float = 1.0
    group_weights: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the numbers; name the split of data sets of the Hub."""
        if not 0 <= self.balance <= 1:
            raise ValueError(f"balance is {self.balance}; use a number from 0 to 1")
        for name, weight in self.group_weights.items():
            if not 0 < weight < float("inf"):
                raise ValueError(f"the weight of {name} in group_weights is {weight}; use a number above 0")
        if self.max_length < 1:
            raise ValueError(f"max_length is {self.max_length}; use at least 1")
        for files, split in ((self.train, "train"), (self.valid, "validation")):
            files[:] = [file.in_split(split) for file in files]


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
    licence : Licence, optional
        Terms of the weights and why.
    lora : LoraRecipe, optional
        Train low-rank adapters instead of the large matrices.
    """

    model: dict[str, Any] = field(default_factory=dict)
    data: DataRecipe = DataRecipe()
    training: dict[str, Any] = field(default_factory=dict)
    licence: Licence | None = None
    lora: LoraRecipe | None = None


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
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        names = ", ".join(packaged_recipes())
        raise RecipeError(
            f"{path}: cannot be read ({error.strerror}); give a YAML file or one of: {names}"
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8 text; save it as such") from error
    content = _read_yaml(text, str(path))
    if not isinstance(content, dict):
        raise RecipeError(f"{path}: not a recipe; a recipe has the sections model, data and training")
    for override in overrides:
        _override(content, override)
    return _checked(content, str(path))


def _override(content: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    section, dot, name = key.partition(".")
    if not equals or not dot:
        raise RecipeError(f"{override}: expected SECTION.KEY=VALUE, for instance training.max_steps=5")
    kept = content.get(section) or {}
    if not isinstance(kept, dict):
        raise RecipeError(f"{override}: the section {section} of the recipe holds no keys")
    if section == "model" and name in STARTS:
        kept = {key: setting for key, setting in kept.items() if key not in STARTS}
    content[section] = kept | {name: _read_yaml(value, override)}


def _checked(content: dict[str, Any], path: str) -> Recipe:
    """Build a recipe from the sections of its file; an empty section counts as missing."""
    sections = {name: section for name, section in content.items() if section is not None}
    names = [part.name for part in dataclasses.fields(Recipe)]
    for name in sections:
        if name not in names:
            raise RecipeError(f"{path}: {unknown_key(str(name), names)}")
    if isinstance(sections.get("data"), dict):
        sections["data"] = {
            key: [{"path": entry} if isinstance(entry, str) else entry for entry in value]
            if isinstance(value, list)
            else value
            for key, value in sections["data"].items()
        }
    recipe = Recipe(
        **{
            name: validated(_declared(name), section, path, RecipeError, section=name)
            for name, section in sections.items()
        }
    )
    starts = [name for name in STARTS if recipe.model.get(name)]
    if len(starts) > 1:
        raise RecipeError(f"{path}: model names {' and '.join(starts)}; keep one of them")
    if recipe.lora and recipe.training.get("adapters_only"):
        raise RecipeError(
            f"{path}: lora and training.adapters_only train different weights; keep one of them"
        )
    return recipe


@cache
def _declared(section: str) -> Any:
    """Return the type of a section, with all of its keys."""
    if section == "model":
        keys = get_type_hints(PhosphoT5Config.__init__)
        del keys["kwargs"], keys["return"]
        keys = dict.fromkeys(STARTS, str) | keys
    elif section == "training":
        hints = get_type_hints(PhosphoT5TrainingArguments)
        keys = {
            argument.name: hints[argument.name]
            for argument in dataclasses.fields(PhosphoT5TrainingArguments)
            if argument.init
        }
    else:
        return {"data": DataRecipe, "licence": Licence, "lora": LoraRecipe}[section]
    # made of what is read above: to a type checker a TypedDict is a literal
    declared = TypedDict(section, keys, total=False)  # type: ignore[misc]
    setattr(declared, "__pydantic_config__", CHECKED)  # noqa: B010  # pydantic's way for a TypedDict
    return declared
