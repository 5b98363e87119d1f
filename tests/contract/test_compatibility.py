"""The exported folder gives the same answers with every version of transformers that it asks for."""

import sys
from pathlib import Path

import pytest

from benchmarks.accuracy.environments import (
    CLOSE,
    COMPARED,
    RegistryUnreachableError,
    ask,
    expected,
    largest_difference,
    make_environment,
)
from phosphot5.export import export_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compatibility") / "model"
    export_model("bundled", folder)
    return folder


@pytest.fixture(scope="module")
def wanted(folder: Path) -> dict:
    return expected(folder)


@pytest.mark.parametrize("name", COMPARED)
def test_the_folder_loads_and_answers_alike(name: str, folder: Path, wanted: dict, tmp_path: Path) -> None:
    try:
        python = make_environment(COMPARED[name], tmp_path / "environment")
    except RegistryUnreachableError as error:
        pytest.skip(f"the package registry gives no answer: {error}")
    found = ask(python, folder, tmp_path / "home")
    sys.stdout.write(f"{name}: {found['versions']}\n")
    if COMPARED[name].startswith(f"transformers=={name}"):
        assert found["versions"]["transformers"] == name
    for answers in (found["first"], found["again"]):
        assert largest_difference(answers, wanted) <= CLOSE


def test_what_differs_is_seen(wanted: dict) -> None:
    assert largest_difference(wanted, wanted) == 0
    for change in ({"tokens": []}, {"written": []}, {"type": "t5"}):
        assert largest_difference(wanted | change, wanted) == float("inf")
    moved = [[score + 0.1 for score in row] for row in wanted["scores"]]
    assert largest_difference(wanted | {"scores": moved}, wanted) == pytest.approx(0.1)
