"""What all commands share: --quiet, the summary as a line and as JSON, and exit codes."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from phosphot5.cli.main import COMMANDS, WITHOUT_SUMMARY, main

ROOT = Path(__file__).parents[2]
PROTEINS = str(ROOT / "examples" / "proteins.fasta")
LABELLED = str(ROOT / "examples" / "synthetic_valid.fasta")
KEYS = [
    *("command", "version", "arguments", "exit_code", "seconds", "peak_memory_bytes"),
    *("model", "outputs", "counts", "results", "warnings"),
]
COUNTS = {
    "predict": {"proteins": 6, "residues": 3585, "sites": 565},
    "variants": {"variants": 1, "refused": 1},
    "data inspect": {"proteins": 60, "files": 1},
    "data convert": {"proteins": 60},
    "data split": {"proteins": 60, "parts": 3},
    "evaluate": {"proteins": 60},
    "export": {},
}


@pytest.fixture
def commands(tiny_folder, tmp_path, monkeypatch, no_mmseqs):
    """The arguments of each command, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    variants = ["P04637:P47S", "P04637:A47S", "--fasta", PROTEINS, "-o", "changes.tsv"]
    evaluate = [str(tiny_folder), LABELLED, "--resamples", "5"]
    return {
        "predict": ["predict", PROTEINS, "-o", "sites.tsv"],
        "variants": ["variants", *variants],
        "data inspect": ["data", "inspect", LABELLED],
        "data convert": ["data", "convert", LABELLED, "-o", "out.parquet"],
        "data split": ["data", "split", LABELLED, "-o", "parts"],
        "evaluate": ["evaluate", *evaluate],
        "export": ["export", str(tiny_folder), "folder"],
    }


def read(path: str | Path) -> dict:
    return json.loads(Path(path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", COUNTS)
def test_summary_is_a_line_and_an_object(name, commands, caplog):
    caplog.set_level("INFO")
    assert main([*commands[name], "--json", "summary.json"]) == 0
    found = read("summary.json")
    assert list(found) == KEYS
    assert (found["command"], found["exit_code"]) == (name, 0)
    assert found["arguments"] == [*commands[name], "--json", "summary.json"]
    assert found["counts"].items() >= COUNTS[name].items()
    assert found["seconds"] > 0
    assert found["peak_memory_bytes"] > 10e6
    line = caplog.messages[-1]
    assert re.fullmatch(r".+; \d+\.\d s, peak memory \d+\.\d\d GB", line)
    (first, *_) = found["counts"].values()
    assert f"{first:,} {next(iter(found['counts'])).rstrip('s')}" in line
    assert all(Path(output).exists() for output in found["outputs"])
    assert bool(found["outputs"]) == (name not in ("data inspect", "evaluate"))


@pytest.mark.parametrize("name", COUNTS)
def test_quiet_leaves_no_progress_and_no_summary(name, commands):
    done = subprocess.run(
        [sys.executable, "-m", "phosphot5", *commands[name], "--quiet"]
        if name != "data split"
        else [sys.executable, "-m", "phosphot5", "data", "--quiet", "inspect", LABELLED],
        capture_output=True,
        text=True,
        check=True,
    )
    warnings = [line for line in done.stderr.splitlines() if line]
    assert all(line.startswith("refused: ") for line in warnings), warnings
    assert bool(warnings) == (name == "variants")


def test_warnings_are_in_the_object(commands):
    assert main([*commands["variants"], "--quiet", "--json", "summary.json"]) == 0
    (warning,) = read("summary.json")["warnings"]
    assert warning.startswith("refused: P04637:A47S")


def test_object_takes_the_place_of_the_report(commands, capsys):
    assert main([*commands["evaluate"], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["results"]["measured"]["st_auroc"] > 0


def test_object_does_not_mix_with_results(commands, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["predict", PROTEINS, "--json"])
    assert stop.value.code == 2
    assert "name a file: --json FILE" in capsys.readouterr().err
    assert main(["predict", PROTEINS, "--json", "summary.json"]) == 0
    assert capsys.readouterr().out.startswith("protein\t")
    assert read("summary.json")["outputs"] == []


def test_a_file_for_the_object_is_not_replaced_unasked(commands, tmp_path, capsys):
    Path("summary.json").write_text("mine")
    assert main([*commands["predict"], "--json", "summary.json"]) == 1
    assert "summary.json: already exists" in capsys.readouterr().err
    assert not Path("sites.tsv").exists()
    assert main([*commands["predict"], "--json", "summary.json", "--overwrite"]) == 0
    assert read("summary.json")["counts"]["proteins"] == 6


def test_a_value_of_a_recipe_is_no_file(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", "tiny", "--json", "training.max_steps=5"])
    assert stop.value.code == 2
    assert "'training.max_steps=5' is not the name of a file; put --json last" in capsys.readouterr().err


def test_a_file_is_not_two_outputs(commands, capsys):
    assert main(["predict", PROTEINS, "-o", "same.tsv", "--json", "same.tsv"]) == 1
    assert "same.tsv: --json and another output have this name" in capsys.readouterr().err
    assert main([*commands["variants"], "--summary", "same.tsv", "--json", "same.tsv"]) == 1
    assert "same.tsv: --json and another output have this name" in capsys.readouterr().err


def test_only_the_first_of_several_processes_writes(commands, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert main([*commands["data inspect"], "--json", "summary.json"]) == 0
    assert not Path("summary.json").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_the_options(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = capsys.readouterr().out
    assert "--quiet" in text
    assert ("--json" in text) == (command not in WITHOUT_SUMMARY)


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (None, 0),
        (OSError(28, "No space left on device"), 1),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
    ],
)
def test_exit_codes(raised, code, monkeypatch, capsys):
    def run(args):
        if raised is not None:
            raise raised
        return 0

    monkeypatch.setattr("phosphot5.cli.recipe.run", run)
    assert main(["recipe", "tiny"]) == code


def test_exit_code_of_a_command_line_that_cannot_be_understood(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["predict"])
    assert stop.value.code == 2


def test_no_summary_after_an_error(tmp_path, capsys, caplog):
    caplog.set_level(logging.INFO)
    assert main(["predict", str(tmp_path / "none.fasta"), "--json", str(tmp_path / "summary.json")]) == 1
    assert not list(tmp_path.iterdir())
    assert not any("peak memory" in message for message in caplog.messages)
