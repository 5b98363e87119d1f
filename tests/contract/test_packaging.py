"""What a wheel holds and does, which Python make takes, and that the version is the same wherever it is written."""

import configparser
import email
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
INSTALLED_AS = {
    name: f"phosphot5/{name}"
    for name in ("hub_card", "modeling_phosphot5", "recipes", "tokenization_phosphot5", "trainer")
} | {"phosphot5": "phosphot5"}
SHIPPED_SUFFIXES = {
    ".py",
    ".png",
    ".yaml",
    ".jinja",
    ".json",
    ".safetensors",
    ".css",
    ".html",
    ".js",
    ".fasta",
    ".typed",
    ".onnx",
    ".tsv",
}


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def project_files() -> list[str]:
    """Return the paths git tracks or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return sorted({name for name in listed if name and (ROOT / name).is_file()})


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Folder of a source distribution and of the wheel made from it, as a release builds them.

    They are built from a copy of the project's files, so that nothing is left in the checkout.
    """
    source = tmp_path_factory.mktemp("source")
    for name in project_files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target)]
    subprocess.run([*command, str(source)], check=True)
    return target


@pytest.fixture(scope="module")
def wheel(built):
    (file,) = built.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        yield archive


def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(wheel.read(name))


@pytest.mark.slow
def test_wheel_holds_the_package_and_nothing_else(wheel):
    expected = set()
    for name in project_files():
        folder, slash, rest = name.partition("/")
        if slash and folder in INSTALLED_AS and Path(name).suffix in SHIPPED_SUFFIXES:
            expected.add(f"{INSTALLED_AS[folder]}/{rest}")
    found = {name for name in wheel.namelist() if ".dist-info/" not in name and not name.endswith("/")}
    assert found == expected
    assert "phosphot5/hub_card/templates/model_card.md.jinja" in found


@pytest.mark.slow
def test_wheel_metadata(wheel):
    about = metadata(wheel)
    assert about["Name"] == "phosphot5"
    assert about["Version"] == setup_cfg()["metadata"]["version"]
    assert (about["License-Expression"] or about["License"]) == "Apache-2.0"
    assert about["Description-Content-Type"] == "text/markdown"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert about.get_payload(decode=True).decode().strip() == readme.strip()
    (folder,) = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    licence = wheel.read(f"{folder}/licenses/LICENSE").decode()
    assert licence == (ROOT / "LICENSE").read_text(encoding="utf-8")
    entry_points = wheel.read(f"{folder}/entry_points.txt").decode()
    assert "phosphot5 = phosphot5.cli.main:main" in entry_points


@pytest.mark.slow
def test_code_of_the_wheel_finds_its_template(wheel, tmp_path):
    wheel.extractall(tmp_path)
    code = (
        "from phosphot5.hub_card import card; from phosphot5.record.run_record import RunRecord; "
        "print(card.__file__); "
        "print(card.render_card(RunRecord.start(['train.py'], {}, 1), {}, None)[:3])"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [str(tmp_path / "phosphot5" / "hub_card" / "card.py"), "---"]


@pytest.mark.slow
def test_installed_wheel_predicts(built, tmp_path):
    """In a fresh environment, which borrows the dependencies of this one: tests download nothing."""
    fresh = tmp_path / "fresh"
    venv.create(fresh, symlinks=os.name == "posix")
    paths = sysconfig.get_paths("venv", vars={"base": str(fresh), "platbase": str(fresh)})
    python = Path(paths["scripts"], "python")
    (file,) = built.glob("*.whl")
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(file)]
    subprocess.run(command, check=True)
    # hooks in a folder that is added like this are not read, so that of the editable install has no effect
    Path(paths["purelib"], "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")

    def output(*command: str | Path) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout

    code = "import phosphot5.trainer; print(phosphot5.trainer.__file__)"
    assert Path(output(python, "-c", code).strip()).is_relative_to(paths["purelib"])
    proteins = ROOT / "examples" / "proteins.fasta"
    installed = Path(paths["scripts"], "phosphot5")
    output(installed, "predict", proteins, "-o", "installed.tsv")
    here = Path(sysconfig.get_path("scripts"), "phosphot5")
    output(here, "predict", proteins, "-o", "here.tsv")
    written = (tmp_path / "installed.tsv").read_bytes()
    assert written.count(b"\n") > 100
    assert written == (tmp_path / "here.tsv").read_bytes()


# an interpreter that says it is of another version, and notes what else it is asked
PRETENDER = """#!{python}
import sys
sys.version_info = {version}
if sys.argv[1] == "-c":
    exec(sys.argv[2])
else:
    print("asked", *sys.argv[1:], file=open({asked!r}, "a"))
    sys.exit(1)
"""


@pytest.fixture
def make(tmp_path):
    """Run make with a copy of the Makefile, in a folder without .venv."""
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("Makefile", "setup.cfg", "pyproject.toml", "constraints.txt"):
        shutil.copyfile(ROOT / name, folder / name)

    def run(goal: str, python: Path | str) -> subprocess.CompletedProcess:
        # not the options of a make that runs these tests
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        return subprocess.run(
            ["make", goal, f"PYTHON={python}"],
            cwd=folder,
            env=environment | {"LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )

    run.folder = folder
    return run


@pytest.fixture
def pretender(tmp_path):
    def write(*version: int) -> Path:
        script = tmp_path / "python-pretender"
        asked = str(tmp_path / "asked")
        script.write_text(
            PRETENDER.format(python=sys.executable, version=version, asked=asked), encoding="utf-8"
        )
        script.chmod(0o755)
        return script

    return write


def told(done: subprocess.CompletedProcess) -> list[str]:
    """Return what is printed, without make's own line."""
    assert done.returncode != 0
    *lines, own = (done.stdout + done.stderr).splitlines()
    assert re.fullmatch(r"make: \*\*\* .* Error 1", own)
    return lines


@pytest.mark.parametrize("goal", ["demo", "test", "lint"])
@pytest.mark.parametrize("version", [(3, 10, 13), (3, 9, 0), (2, 7, 18)])
def test_make_refuses_an_old_python(make, pretender, tmp_path, goal, version):
    python = pretender(*version)
    assert told(make(goal, python)) == [
        f"PhosphoT5 needs Python 3.11 or later; {python} is {'.'.join(map(str, version))}. "
        f"Give another one: make {goal} PYTHON=python3.12"
    ]
    assert not (tmp_path / "asked").exists()
    assert not (make.folder / ".venv").exists()


def test_make_refuses_a_python_that_is_not_there(make):
    assert told(make("demo", "no-such-python")) == [
        "PhosphoT5 needs Python 3.11 or later; no-such-python cannot be run. "
        "Give another one: make demo PYTHON=python3.12"
    ]
    assert not (make.folder / ".venv").exists()


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 2), (4, 0, 0)])
def test_make_takes_a_newer_python(make, pretender, tmp_path, version):
    make("demo", pretender(*version))
    assert (tmp_path / "asked").read_text(encoding="utf-8").splitlines() == ["asked -m venv .venv"]


def test_version_is_the_same_everywhere():
    version = setup_cfg()["metadata"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    configuration = (ROOT / "modeling_phosphot5" / "configuration_phosphot5.py").read_text(encoding="utf-8")
    found = {
        "installed metadata": importlib.metadata.version("phosphot5"),
        "CITATION.cff": yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"],
        "CHANGELOG.md": re.search(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)[1],
        "Dockerfile": re.search(
            r"PHOSPHOT5_VERSION=(\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8")
        )[1],
        "configuration_phosphot5.py": re.search(r'^VERSION = "(.*)"$', configuration, re.MULTILINE)[1],
    }
    assert found == dict.fromkeys(found, version)


def test_every_package_folder_is_declared():
    """A folder with Python files that setup.cfg does not name would be missing from every wheel."""
    declared = set(setup_cfg()["options"]["packages"].split())
    folders = {Path(name).parent for name in project_files() if name.endswith(".py")}
    packages = {
        ".".join((INSTALLED_AS[folder.parts[0]], *folder.parts[1:])).replace("/", ".")
        for folder in folders
        if folder.parts and folder.parts[0] in INSTALLED_AS
    }
    assert packages <= declared


def test_licence_is_apache():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
