"""Shell completion: the scripts are valid, and bash completes commands, options and files with them."""

import shutil
import subprocess
import sys

import pytest

from phosphot5.cli.completion import FILES, FOLDERS, SHELLS, arguments, name_of
from phosphot5.cli.main import COMMANDS, build_parser, main

shtab = pytest.importorskip("shtab")

TEXTS = {
    *("HOST", "ID", "K/N", "N", "NAME", "P", "REPO", "SECTION.KEY=VALUE", "URL", "X", "all"),
    *("coverage", "device", "folds", "host", "identity", "label_source", "name", "organism", "port", "repo"),
    *("residues", "revision", "seed", "tag", "test", "valid", "valid_share"),
}
"""Arguments that are no file and have no choices."""


@pytest.fixture
def script(capsys, tmp_path):
    def write(shell):
        assert main(["completion", shell]) == 0
        path = tmp_path / f"completion.{shell}"
        path.write_text(capsys.readouterr().out, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("shell", SHELLS)
def test_script_names_every_command(script, shell):
    text = script(shell).read_text()
    assert all(command in text for command in COMMANDS)
    assert "--label-source" in text


@pytest.mark.parametrize(("shell", "check"), [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")])
def test_script_is_valid(script, shell, check):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}: apt-get install {shell}")
    done = subprocess.run([shell, check, script(shell)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


COMPLETE = """
source completion.bash
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$(complete -p phosphot5 | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("pre", ["predict"]),
        ("data con", ["convert"]),
        ("predict --quie", ["--quiet"]),
        ("predict --call ", ["high", "medium", "low"]),
        ("predict prot", ["proteins.fasta"]),
        ("predict proteins.fasta -o prot", ["proteins.fasta"]),
        ("predict proteins.fasta --known prot", ["proteins.fasta"]),
        ("predict --model mod", ["models"]),
        ("export bundled mo", ["models"]),
        ("export bundled prot", []),
        ("recipe sm", ["small-continued", "small-curated", "small-species", "small"]),
    ],
)
def test_bash_completes(script, tmp_path, typed, offered):
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    script("bash")
    (tmp_path / "proteins.fasta").write_text(">a\nMSTY\n")
    (tmp_path / "models").mkdir()
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", "phosphot5", *typed.split(" ")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.rstrip("/ ") for line in done.stdout.splitlines() if line] == offered


def test_every_argument_is_a_file_or_known_not_to_be():
    for action in arguments(build_parser(list(COMMANDS))):
        if action.nargs != 0 and not action.choices:
            assert name_of(action) in FILES | FOLDERS | TEXTS, action


def test_without_shtab(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 1
    assert 'pip install "phosphot5[completion]"' in capsys.readouterr().err
