"""README keeps its word: generated parts are current, code runs, commands exist."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from phosphot5.cli.main import COMMANDS, main
from phosphot5.prediction.loading import load_model

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def test_generated_parts_are_current(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from readme import TEST_PAGE, documents

    texts = documents()
    assert texts[ROOT / "README.md"] == README
    for path, text in texts.items():
        assert path.read_text(encoding="utf-8") == text, path.name
    assert TEST_PAGE.exists() == (TEST_PAGE in texts)


def test_pictures_shown_exist():
    for path in filter(Path.exists, (ROOT / "README.md", ROOT / "docs" / "test.md")):
        for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / picture).is_file(), f"{path.name}: {picture}"


def test_first_python_block_runs_as_it_stands():
    code = next(block for language, block in BLOCKS if language == "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()][0] == "P04637"
    assert len(done.stdout.splitlines()) == 6


def test_known_sites_of_the_example_are_listed_as_known(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    shown = next(line for _, block in BLOCKS for line in block.splitlines() if "--known" in line)
    assert "-o rest.tsv" in shown
    arguments = shlex.split(shown.replace("rest.tsv", str(tmp_path / "rest.tsv")))[1:]
    assert main([*arguments, "--quiet"]) == 0
    rows = [line.split("\t") for line in (tmp_path / "rest.tsv").read_text().splitlines()[1:]]
    assert [row[1] for row in rows if row[-1] == "known"] == ["15", "20", "33", "46", "315", "392"]


@pytest.mark.slow
def test_transformers_block_runs_on_an_exported_folder(tmp_path):
    code = [block for language, block in BLOCKS if language == "python"][1]
    assert main(["export", "bundled", str(tmp_path / "folder"), "--quiet"]) == 0
    code = (
        code.replace("org/phosphot5", str(tmp_path / "folder")) + "\nprint(scores.shape, rows[0]['window'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "(1, 31)" in done.stdout.replace("torch.Size([1, 31])", "(1, 31)")
    assert "__MEEPQSDPSVEPP" in done.stdout


@pytest.mark.slow
def test_onnxruntime_block_needs_no_torch(stranger, tmp_path):
    code = [block for language, block in BLOCKS if language == "python"][2]
    shown = next(line for _, block in BLOCKS for line in block.splitlines() if "--onnx" in line)
    folder = str(tmp_path / "my-folder")
    assert main([*shlex.split(shown.replace("my-folder", folder))[1:], "--quiet"]) == 0
    done = stranger(
        code + "\nimport sys\nprint('torch' in sys.modules, probability[0].tolist())\n", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    imported, _, scores = done.stdout.partition(" ")
    assert imported == "False"
    model, tokenizer = load_model("bundled")
    sequence = re.search(r'sequence = "([A-Z]+)"', code)[1]
    expected = model.score_sites(**tokenizer(sequence, return_tensors="pt"))[0].tolist()
    assert json.loads(scores.replace("nan", "NaN")) == pytest.approx(expected, abs=1e-4, nan_ok=True)


def test_commands_shown_exist():
    shown = [
        shlex.split(line, comments=True)
        for language, block in BLOCKS
        if language == "sh"
        for line in block.splitlines()
        if line.startswith(("phosphot5", "make"))
    ]
    makefile = (ROOT / "Makefile").read_text()
    assert len(shown) > 5
    for program, command, *_ in shown:
        assert command in COMMANDS if program == "phosphot5" else f"\n{command}:" in makefile


def test_options_shown_are_understood(monkeypatch):
    shown = [
        shlex.split(line, comments=True)[1:]
        for language, block in BLOCKS
        if language == "sh"
        for line in block.splitlines()
        if line.startswith("phosphot5 ")
    ]
    for arguments in shown:
        understood = []
        monkeypatch.setattr(
            f"phosphot5.cli.{arguments[0].replace('-', '_')}.run",
            lambda args, u=understood: u.append(args) or 0,
        )
        redirected = arguments[: arguments.index(">")] if ">" in arguments else arguments
        assert main(redirected) == 0
        assert understood, arguments


def test_formats_shown_are_those_that_can_be_read():
    from phosphot5.data.sources import FORMATS

    rows = README.partition("| `--from` |")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[1] for row in rows.splitlines()[2:]]
    assert set(re.findall(r"`([\w-]+)`", " ".join(first_cells))) == set(FORMATS)


def test_recipes_shown_are_those_of_the_package():
    from phosphot5.recipes import packaged_recipes

    rows = README.partition("| recipe | for |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([\w-]+)`", rows, re.MULTILINE)) == set(packaged_recipes())
