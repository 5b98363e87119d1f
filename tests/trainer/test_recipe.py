"""Recipes: every key checked before anything is read or trained."""

import inspect
import re
from pathlib import Path

import pytest

from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.record.facts import Licence
from phosphot5.trainer import PhosphoT5TrainingArguments
from phosphot5.trainer.dataset import LabelledFile
from phosphot5.trainer.lora import LoraRecipe
from phosphot5.trainer.recipe import Recipe, RecipeError, load_recipe, packaged_recipes

TEXT = """
model: {preset: tiny, dropout_rate: 0.2}
data: {train: [a.fasta, {path: b.fasta, residues: Y, licence: MIT}], valid: [c.fasta], max_length: 512}
training: {output_dir: out, max_steps: 3}
"""
LICENCE = {"identifier": "mit", "name": "mit", "terms": "Any use.", "reason": "Made up."}


@pytest.fixture
def load(tmp_path: Path):
    """Load a recipe from a text."""

    def load_text(text: str, *overrides: str) -> Recipe:
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return load_recipe(path, overrides)

    return load_text


def test_a_recipe_is_read(load) -> None:
    recipe = load(TEXT)
    assert recipe.model == {"preset": "tiny", "dropout_rate": 0.2}
    assert recipe.data.train == [LabelledFile("a.fasta"), LabelledFile("b.fasta", "Y", "MIT")]
    assert (recipe.data.valid, recipe.data.max_length) == ([LabelledFile("c.fasta")], 512)
    assert recipe.training == {"output_dir": "out", "max_steps": 3}
    assert recipe.licence is None


def test_overrides_replace_and_add(load) -> None:
    recipe = load(
        TEXT, "training.max_steps=7", "training.learning_rate=1e-3", "data.valid=[x.fasta]", "model.window=8"
    )
    assert recipe.training == {"output_dir": "out", "max_steps": 7, "learning_rate": 0.001}
    assert recipe.data.valid == [LabelledFile("x.fasta")]
    assert recipe.model["window"] == 8


def test_an_override_may_open_a_section(load) -> None:
    assert load("model:\n", "model.preset=tiny").model == {"preset": "tiny"}


@pytest.mark.parametrize("override", ["max_steps=3", "training.max_steps", "training.max_steps=[", "=3"])
def test_overrides_of_another_form_are_refused(load, override: str) -> None:
    with pytest.raises(RecipeError, match=r"(expected SECTION\.KEY=VALUE|invalid YAML|holds no keys)"):
        load(TEXT, override)


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        (
            "training.learning_rat=1",
            r"unknown key training.learning_rat; did you mean training.learning_rate\?",
        ),
        ("model.drop_out_rate=0.1", r"unknown key model.drop_out_rate; did you mean model.dropout_rate\?"),
        ("data.test=[a]", r"unknown key data.test"),
        ("trainning.seed=1", r"unknown key trainning; did you mean training\?"),
        ("licence.zzz=1", "unknown key licence.zzz; known keys: identifier, name, terms, reason"),
        (
            "data.train=[{path: a, residue: Y}]",
            r"unknown key data.train\[0\].residue; did you mean data.train\[0\].residues\?",
        ),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(load, override: str, hint: str) -> None:
    with pytest.raises(RecipeError, match=hint):
        load(TEXT, override)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("training.max_steps=many", "training.max_steps is 'many': .* integer"),
        ("training.max_steps=1.5", "training.max_steps is 1.5: .* integer"),
        ("training.max_steps=true", "training.max_steps is True: .* integer"),
        ("training.learning_rate=fast", "training.learning_rate is 'fast': .* number"),
        ("training.bf16=1", "training.bf16 is 1: .* boolean"),
        ("training.tokens_per_batch=a", "training.tokens_per_batch is 'a': .* integer"),
        ("model.d_model=wide", "model.d_model is 'wide': .* integer"),
        ("model.preset=3", "model.preset is 3: .* string"),
        ("data.max_length=0", "data: max_length is 0; use at least 1"),
        ("data.max_length=long", "data.max_length is 'long': .* integer"),
        ("data.train=a.fasta", "data.train is 'a.fasta': .* array"),
        ("data.train=[3]", r"data.train\[0\] is 3: .* object"),
        ("data.train=[{path: a, residues: K}]", "residues of a are 'K'; use letters of STY"),
        ("data.train=[{path: a, residues: [Y]}]", r"data.train\[0\].residues is \['Y'\]: .* string"),
        ("data.train=[{path: a, licence: }]", r"data.train\[0\].licence is None: .* string"),
        ("licence.name=mit", "missing key licence.identifier"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(load, override: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        load(TEXT, override)


@pytest.mark.parametrize(
    "text", ["- a\n", "just text", "model: tiny\n", "licence: mit\n", "data: [a]\n", "a: [", ""]
)
def test_another_form_of_file_is_refused(load, text: str) -> None:
    with pytest.raises(RecipeError, match=r"mine.yaml"):
        load(text)


def test_what_yaml_reads_otherwise_is_taken_as_meant(load) -> None:
    training = load("training: {save_strategy: no, logging_strategy: no, learning_rate: 1e-3}").training
    assert training == {"save_strategy": "no", "logging_strategy": "no", "learning_rate": 0.001}


def test_a_missing_file_is_answered_with_the_packaged_names(tmp_path: Path) -> None:
    with pytest.raises(
        RecipeError,
        match=r"cannot be read .*or one of: base, finetune, large-from-t5, small-continued, small-curated, "
        "small-species, small, tiny",
    ):
        load_recipe(tmp_path / "none.yaml")


def test_the_licence_of_the_weights_can_be_given(load) -> None:
    recipe = load(TEXT, *(f"licence.{key}={value}" for key, value in LICENCE.items()))
    assert recipe.licence == Licence(**LICENCE)


@pytest.mark.parametrize("name", packaged_recipes())
def test_packaged_recipes_load_and_can_be_used(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    starts = {"preset", "start_from", "from_t5"}
    assert set(recipe.model) <= set(inspect.signature(PhosphoT5Config).parameters) | starts
    assert len(starts & set(recipe.model)) == 1
    assert bool(recipe.data.train and recipe.data.valid) is (name != "finetune")  # given on the command line
    PhosphoT5TrainingArguments(**recipe.training | {"output_dir": str(tmp_path)})
    given = {key: value for key, value in recipe.model.items() if key not in starts}
    PhosphoT5Config.preset(recipe.model.get("preset", "large"), **given)


def test_every_key_of_a_packaged_recipe_has_its_comment() -> None:
    for path in packaged_recipes().values():
        text = path.read_text()
        assert len(re.findall(r"^  \w+:.*#", text, re.MULTILINE)) > 6, path
    names = {
        "tiny",
        "small",
        "small-continued",
        "small-species",
        "small-curated",
        "base",
        "large-from-t5",
        "finetune",
    }
    assert names == set(packaged_recipes())


def test_lora_is_asked_for_by_its_section(load) -> None:
    assert load(TEXT).lora is None
    assert load(TEXT, "lora.rank=4").lora == LoraRecipe(rank=4)
    with pytest.raises(RecipeError, match="lora: the rank is 0; use at least 1"):
        load(TEXT, "lora.rank=0")
    with pytest.raises(RecipeError, match="unknown key lora.ranks; did you mean lora.rank"):
        load(TEXT, "lora.ranks=4")
    with pytest.raises(RecipeError, match="lora and training.adapters_only train different weights"):
        load(TEXT, "lora.rank=4", "training.adapters_only=true")


def test_a_model_has_one_start(load) -> None:
    with pytest.raises(RecipeError, match="model names preset and from_t5; keep one of them"):
        load("model: {preset: tiny, from_t5: a}")
    assert load(TEXT, "model.from_t5=a").model == {"dropout_rate": 0.2, "from_t5": "a"}
