"""The Space: what is in the folder, and that it runs where the package is not installed."""

import configparser
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

import phosphot5
from phosphot5.errors import OutputFileError, PhosphoT5Error
from phosphot5.hub_card.space import GRADIO_VERSION, write_space

ROOT = Path(__file__).parents[2]
GRACE = 120
"""Seconds that the Space gets to load and answer."""


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def facts(folder: Path) -> dict:
    return yaml.safe_load((folder / "README.md").read_text().split("---")[1])


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundled") / "space"
    write_space(folder)
    return folder


def test_every_package_is_in_it_with_all_its_files(space):
    where = setup_cfg()["options"]["package_dir"]
    roots = dict(line.split(" = ") for line in where.strip().splitlines())
    for package in setup_cfg()["options"]["packages"].split():
        name = next(
            known for known in sorted(roots, key=len, reverse=True) if f"{package}.".startswith(f"{known}.")
        )
        inside = package[len(name) :].strip(".").replace(".", "/")
        source, copied = ROOT / roots[name] / inside, space / package.replace(".", "/")
        for file in (path for path in source.iterdir() if path.is_file()):
            assert (copied / file.name).read_bytes() == file.read_bytes(), file
    assert not list(space.rglob("__pycache__"))


def test_facts_are_those_of_the_hub(space):
    found = facts(space)
    assert (found["sdk"], found["app_file"], found["license"]) == ("gradio", "app.py", "other")
    assert "models" not in found
    assert len(found["short_description"]) <= 60
    assert "serve(model='bundled', revision=None, uniprot=True)" in (space / "app.py").read_text()
    assert (space / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_versions_are_written_once(space):
    pinned = re.search(r"^gradio==(.*)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]
    assert facts(space)["sdk_version"] == GRADIO_VERSION == pinned
    metadata = (space / f"phosphot5-{phosphot5.__version__}.dist-info" / "METADATA").read_text()
    assert f"\nVersion: {setup_cfg()['metadata']['version']}\n" in metadata
    options = setup_cfg()["options"]["install_requires"] + setup_cfg()["options.extras_require"]["app"]
    names = {re.match(r"[\w-]+", line)[0] for line in options.split()}
    lines = (space / "requirements.txt").read_text().splitlines()[1:]
    assert {re.match(r"[\w-]+", line)[0] for line in lines} == names


def test_model_folder_goes_along_in_place_of_the_bundled_one(tiny_folder, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(tiny_folder, source)
    (source / "onnx").mkdir()
    (source / "onnx" / "model.onnx").write_bytes(b"graph")
    write_space(tmp_path / "space", str(source))
    bundled = tmp_path / "space" / "phosphot5" / "bundled"
    assert [path.name for path in bundled.iterdir()] == ["__init__.py"], "code, no weights"
    model = tmp_path / "space" / "model"
    copied = {str(path.relative_to(model)) for path in model.rglob("*") if path.is_file()}
    assert {"config.json", "model.safetensors", "tokenizer_config.json", "vocab.json"} <= copied
    assert "onnx/model.onnx" in copied
    assert "serve(model='model', revision=None, uniprot=True)" in (tmp_path / "space" / "app.py").read_text()


def test_model_of_the_hub_is_named_and_not_copied(local_hub, tiny_folder, tmp_path):
    from phosphot5.cli.main import main

    assert main(["export", str(tiny_folder), str(tmp_path / "model"), "--quiet"]) == 0
    assert main(["push", str(tmp_path / "model"), "org/mine", "--quiet"]) == 0
    write_space(tmp_path / "space", "org/mine", f"v{phosphot5.__version__}")
    assert facts(tmp_path / "space")["models"] == ["org/mine"]
    assert (
        f"serve(model='org/mine', revision='v{phosphot5.__version__}', uniprot=True)"
        in (tmp_path / "space" / "app.py").read_text()
    )
    assert not list((tmp_path / "space").rglob("*.safetensors"))


def test_nothing_is_left_of_a_space_that_cannot_be_written(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("")
    with pytest.raises(OutputFileError, match="full"):
        write_space(tmp_path / "full")
    with pytest.raises(PhosphoT5Error, match="none: has no run_record.json"):
        write_space(tmp_path / "space", str(tmp_path / "none"))
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.fixture
def libraries(tmp_path):
    """Everything that is installed, but this package."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "phosphot5" not in path.name:
            (folder / path.name).symlink_to(path)
    return folder


@pytest.mark.slow
def test_space_runs_without_the_package_and_scores(space, libraries, tmp_path):
    pytest.importorskip("gradio", reason="the page needs gradio")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(libraries), "GRADIO_SERVER_PORT": str(port)}
    alone = [sys.executable, "-S"]  # -S leaves out the hook of an editable install
    absent = subprocess.run(
        [*alone, "-c", "import phosphot5"], cwd=tmp_path, env=environment, capture_output=True
    )
    assert b"No module named 'phosphot5'" in absent.stderr
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen([*alone, "app.py"], cwd=space, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            page = answer(f"http://127.0.0.1:{port}/", process)
        finally:
            process.terminate()
    assert "Compare two variants" in page, (tmp_path / "log").read_text()
    code = (
        "import phosphot5; from phosphot5.app.scoring import Scorer; print(phosphot5.__file__, phosphot5.__version__); "
        "print([row['probability'] for row in Scorer().score('MEEPQSDPSVEPPLSQ')[0][0].rows])"
    )
    command = [*alone, "-c", f"import sys; sys.path.insert(0, {str(space)!r}); {code}"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    where, scores = done.stdout.splitlines()
    assert where == f"{space / 'phosphot5' / '__init__.py'} {phosphot5.__version__}"
    assert scores.count(",") == 2


def answer(url: str, process: subprocess.Popen) -> str:
    """Return the page as soon as it is served."""
    end = time.monotonic() + GRACE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return reply.read().decode()
        except urllib.error.URLError:
            time.sleep(0.5)
    return ""
