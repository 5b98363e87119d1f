"""What a wheel holds, and that the version is the same wherever it is written."""

import configparser
import email
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
INSTALLED_AS = {
    name: f"phosphot5/{name}"
    for name in ("hub_card", "modeling_phosphot5", "recipes", "tokenization_phosphot5", "trainer")
} | {"phosphot5": "phosphot5"}
SHIPPED_SUFFIXES = {".py", ".png", ".yaml", ".jinja", ".json", ".safetensors", ".css", ".fasta", ".typed"}


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
def wheel(tmp_path_factory):
    """A wheel built from a copy of the project's files, so that nothing is left in the checkout."""
    source = tmp_path_factory.mktemp("source")
    for name in project_files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(source), "--no-deps", "--no-build-isolation"]
    options = ["--wheel-dir", str(target), "--quiet", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*command, *options], check=True)
    (built,) = target.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
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


def test_version_is_the_same_everywhere():
    version = setup_cfg()["metadata"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    configuration = (ROOT / "modeling_phosphot5" / "configuration_phosphot5.py").read_text(encoding="utf-8")
    found = {
        "installed metadata": importlib.metadata.version("phosphot5"),
        "CITATION.cff": yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"],
        "CHANGELOG.md": re.search(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)[1],
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
