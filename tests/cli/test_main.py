"""The dispatcher: every command has help, nothing heavy loads for it, errors are one line."""

import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from phosphot5.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]


def run_light(*arguments: str) -> subprocess.CompletedProcess:
    """Run the command line in a process of its own and list the heavy modules it loaded."""
    code = (
        "import sys; from phosphot5.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as e: print('EXIT', e.code)\n"
        "print('HEAVY', [m for m in ('torch', 'transformers', 'numpy', 'datasets') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["predict", "--help"]])
def test_help_and_version_load_nothing_heavy(arguments):
    output = run_light(*arguments).stdout
    assert "EXIT 0" in output
    assert "HEAVY []" in output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert COMMANDS[command] in capsys.readouterr().out.replace("\n", " ")


def test_version_is_that_of_setup_cfg(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert capsys.readouterr().out == f"phosphot5 {setup['metadata']['version']}\n"


def test_console_script_is_the_dispatcher():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert "phosphot5 = phosphot5.cli.main:main" in setup["options.entry_points"]["console_scripts"]
    assert "project" not in tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_unknown_command_names_the_known_ones(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["foretell"])
    assert stop.value.code == 2
    assert "predict" in capsys.readouterr().err


def test_unknown_recipe_names_the_known_ones(capsys):
    assert main(["recipe", "huge"]) == 1
    names = "base, finetune, large-from-t5, small-continued, small-curated, small-species, small, tiny"
    assert capsys.readouterr().err == f"phosphot5 recipe: no recipe 'huge'; choose from {names}\n"


def test_recipe_prints_the_file_of_the_package(capsys):
    assert main(["recipe", "tiny"]) == 0
    assert capsys.readouterr().out == (ROOT / "recipes" / "tiny.yaml").read_text()


def test_values_of_a_recipe_may_stand_behind_options(monkeypatch):
    found = []
    monkeypatch.setattr("phosphot5.cli.train.run", lambda args: found.append(args) or 0)
    command = ["train", "tiny", "training.seed=2", "--resume", "training.max_steps=5"]
    assert main(command) == 0
    assert (found[0].overrides, found[0].resume) == (["training.seed=2", "training.max_steps=5"], True)


@pytest.mark.parametrize(
    "command",
    [["train", "tiny", "--resume", "more"], ["recipe", "tiny", "a.b=1"], ["train", "tiny", "--more=1"]],
)
def test_what_no_command_knows_is_refused(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 2
    assert f"unrecognized arguments: {command[-1]}" in capsys.readouterr().err
