"""Recipes, records, configurations and model folders with faults: one line each, or an answer that holds.

Every input is made by one change of a good one, with a fixed seed. Each kind also has to let some through:
a reader that refuses everything would pass otherwise.
"""

import copy
import json
import pickle
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from phosphot5.data import Protein
from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import write_card
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import predict_sites
from phosphot5.recipes import packaged_recipes
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.trainer.checkpoints import last_checkpoint
from phosphot5.trainer.recipe import load_recipe
from phosphot5.trainer.run import training_arguments

WRONG: list[Any] = [
    None, True, False, 0, -1, 1, 10**30, 0.5, -0.5, float("nan"), float("inf"), 1e300, "", "x", "\x1b[2J", "1",
    "é" * 4000, [], [None], [[[[]]]], {}, {"x": 1}, {"": {}}, "2026-01-02", "nan", -(10**30),
]  # fmt: skip
"""Values that may stand where another belongs."""


def changed(content: Any, rng: random.Random) -> Any:
    """Return a copy with one value, key or item changed at a random place."""
    content = pickle.loads(pickle.dumps(content))  # a tenth of the time of deepcopy
    places = list(_places(content))
    parent, key = rng.choice(places)
    kind = rng.random()
    if kind < 0.1:
        del parent[key]
    elif kind < 0.2 and isinstance(parent, dict):
        parent[f"{key}x"] = parent.pop(key)
    else:
        parent[key] = copy.deepcopy(rng.choice(WRONG))
    return content


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in list(items):
        yield content, key
        if isinstance(value, (dict, list)) and value:
            yield from _places(value)


def outcome(work: Callable[[], Any]) -> str:
    """Do work that may be refused in one printable line, and in no other way."""
    try:
        work()
    except PhosphoT5Error as error:
        text = str(error)
        assert text.isprintable(), text
        assert len(text) <= 300
        return "refused"
    return "accepted"


def counted(count: int, case: Callable[[random.Random], str], most: float) -> None:
    """Run cases; both outcomes have to come up, and at most a share is accepted."""
    rng = random.Random(17)
    found = Counter(case(rng) for _ in range(count))
    assert set(found) == {"accepted", "refused"}, found
    assert found["accepted"] <= most * count, found


@pytest.fixture(params=[1500, pytest.param(20000, marks=pytest.mark.slow)], ids=str)
def count(request: pytest.FixtureRequest) -> int:
    """How many cases."""
    return request.param


def test_records(tiny_folder: Path, tmp_path: Path, count: int) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    good = json.loads(Path("phosphot5/bundled/run_record.json").read_text(encoding="utf-8"))

    def case(rng: random.Random) -> str:
        text = json.dumps(changed(good, rng))
        (folder / RECORD_FILE).write_text(text, encoding="utf-8")
        result = outcome(lambda: RunRecord.load(folder / RECORD_FILE))
        if result == "accepted" and rng.random() < 0.1:  # what is read can be published
            outcome(lambda: write_card(folder, "org/phosphot5"))
        return result

    counted(count, case, 0.6)


def test_recipes(tmp_path: Path, count: int) -> None:
    path = tmp_path / "recipe.yaml"
    recipes = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in packaged_recipes().values()]

    def case(rng: random.Random) -> str:
        path.write_text(
            yaml.safe_dump(changed(rng.choice(recipes), rng), allow_unicode=True), encoding="utf-8"
        )

        def read() -> None:
            recipe = load_recipe(path)
            training_arguments(
                recipe.__class__(training=recipe.training | {"output_dir": str(tmp_path / "out")})
            )

        return outcome(read)

    counted(count // 3, case, 0.6)


HOSTILE = {
    "nested": "model: " + "[" * 5000,
    "digits": "training: {max_steps: " + "9" * 5000 + "}",
    "hexadecimal": "training: {max_steps: 0x" + "f" * 5000 + "}",
    "date": "training: {max_steps: 2026-01-02}",
    "aliases": "a: &a [x]\nb: &b [*a, *a]\nmodel: [*b, *b]",
    "itself": "model: &m {preset: *m}",
    "merge": "x: &x {preset: tiny}\nmodel: {<<: *x}",
    "python": "model: !!python/object/apply:os.system [ls]",
    "set": "model: !!set {a}",
    "binary": "model: {preset: !!binary AAAA}",
    "nul": 'training: {output_dir: "a\\0b"}',
    "list as key": "model: {[1, 2]: 3}",
    "number as key": "model: {1: 3}",
    "null as key": "{null: 3}",
    "two documents": "model: {}\n---\nmodel: {}",
    "tab": "model:\n\tpreset: tiny",
    "text": "tiny",
    "nothing": "",
    "control": "model: {preset: \x1b[2J}",
    "lone quote": "model: 'tiny",
    "sexagesimal": "training: {max_steps: 1:30, learning_rate: .nan}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_yaml_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    assert outcome(lambda: load_recipe(path)) == "refused"
    assert outcome(lambda: load_recipe("tiny", [f"training.max_steps={text}"])) == "refused"


@pytest.mark.parametrize("value", [".nan", "-1", ".inf", "-1e-3", "1e9"])
def test_learning_rates_out_of_range_are_refused(value: str) -> None:
    recipe = load_recipe("tiny", [f"training.learning_rate={value}", "training.output_dir=out"])
    with pytest.raises(PhosphoT5Error, match="learning_rate is .*, expected a number from 0 to 1,000"):
        training_arguments(recipe)


def scores(folder: Path) -> None:
    """Load a model and score a protein; what is scored is finite."""
    model, _ = load_model(str(folder))
    ((_, rows),) = predict_sites(model, [Protein(id="P", sequence="MSTYKPS")], threads=1)
    assert len(rows) == 4
    assert all(0 <= row["probability"] <= 1 for row in rows)


def test_configurations(tiny_folder: Path, tmp_path: Path, count: int) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    good = json.loads((folder / "config.json").read_text(encoding="utf-8"))

    def case(rng: random.Random) -> str:
        (folder / "config.json").write_text(json.dumps(changed(good, rng)), encoding="utf-8")
        return outcome(lambda: scores(folder))

    counted(count // 5, case, 0.7)


FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", RECORD_FILE]


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return content with a typical damage: cut, empty, zeroed, other text, changed bytes."""
    at = rng.randrange(len(content))
    kinds = [
        lambda: content[:at],
        lambda: b"",
        lambda: bytes(len(content)),
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n",
        lambda: b"<html>404</html>",
        lambda: content[:at] + bytes(rng.randrange(256) for _ in range(8)) + content[at + 8 :],
        lambda: b"[" * 100_000,
        lambda: b"\xff\xfe" + content,
    ]
    return rng.choice(kinds)()


def test_model_folders(tiny_folder: Path, tmp_path: Path, count: int) -> None:
    folder = tmp_path / "model"

    def case(rng: random.Random) -> str:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tiny_folder, folder)
        name = rng.choice([name for name in FILES if (folder / name).exists()])
        (folder / name).write_bytes(damaged((folder / name).read_bytes(), rng))
        found = {outcome(lambda: scores(folder)), outcome(lambda: RunRecord.load(folder / RECORD_FILE))}
        return max(found)  # refused, if one of the two is

    counted(count // 10, case, 0.9)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"global_step": "x"}', "[" * 100_000, "\xff"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path, text: str) -> None:
    for step, content in ((1, '{"global_step": 1}'), (2, text)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "trainer_state.json").write_text(content, encoding="latin-1")
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-1"
