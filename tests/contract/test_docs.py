"""README and docs keep their word: generated parts are current, code and commands run, links lead somewhere."""

import gzip
import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from phosphot5 import PhosphoT5Config
from phosphot5.cli.main import COMMANDS, main
from phosphot5.prediction.loading import load_model
from phosphot5.trainer.recipe import load_recipe

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))
}
BLOCKS = [
    (page, language, textwrap.dedent(code))
    for page, text in PAGES.items()
    for language, code in re.findall(r"^ *```(\w+)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
]
PYTHON = [(page, code) for page, language, code in BLOCKS if language == "python"]
COMMANDS_SHOWN = sorted(
    {
        line.strip()
        for _, language, code in BLOCKS
        if language == "sh"
        for line in code.splitlines()
        if line.strip()
    }
)
PHOSPHOT5 = [line for line in COMMANDS_SHOWN if line.startswith("phosphot5 ")]
NOT_RUN = {
    "phosphot5 app": "serves until it is stopped; tests/app opens it",
    "phosphot5 finetune": "trains for minutes; tests/cli/test_finetune.py and the notebook do",
    "phosphot5 train": "trains; tests/trainer/test_run.py does",
    "phosphot5 crossval": "trains; tests/trainer/test_crossval.py does",
    "phosphot5 variants P04049": "needs the network; tests/variants/test_command.py has a server",
    "phosphot5 variants --all": "scores p53 7,467 times; tests/variants/test_command.py scans a short protein",
    "phosphot5 merge": "needs the parts of a job array; tests/cli/test_predict_shares.py makes some",
    "phosphot5 push": "needs the Hub; tests/hub_card/test_publish.py has one of its own",
    "phosphot5 data fetch": "needs the network; tests/data/test_public.py has a server",
    "phosphot5 doctor": "imports every package; tests/cli/test_doctor.py does",
    "phosphot5 data push": "needs the Hub; tests/hub_card/test_dataset.py has one of its own",
}
"""Commands whose options are read, but which are not run here."""
ELSEWHERE = {
    "make ": "the Makefile has the target",
    "pip install": "continuous integration installs the package",
    "python3 -m venv": "continuous integration makes an environment",
    ".venv/bin/pip": "continuous integration installs the package",
    "torchrun": "tests/cli/test_predict_processes.py runs it",
    "accelerate launch": "tests/trainer/test_run.py runs it",
    "snakemake --snakefile examples/": "tests/examples/test_pipelines.py runs it",
    "nextflow run examples/": "tests/examples/test_pipelines.py runs it where it is installed, else its script",
    "docker build": "tests/contract/test_container.py runs the commands of the Dockerfile",
    "docker run": "tests/contract/test_container.py runs the program of the Dockerfile",
}
"""Commands of other programs, and what stands for them."""


OTHER_LANGUAGES = {
    "bat": "needs Windows",
    "bash": "needs SLURM; its command is read",
    "json": "is compared with what a command writes",
}
"""Languages of blocks that are not run, and why."""


def arguments_of(line):
    """Split a command as a shell does, without comment and redirection."""
    arguments = shlex.split(line, comments=True)[1:]
    return arguments[: arguments.index(">")] if ">" in arguments else arguments


def run_python(code, folder):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_generated_parts_are_current(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    write = importlib.import_module("docs.generate.write")
    for path, text in write.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python docs/generate/write.py"


def test_readme_is_short():
    assert len(PAGES["README.md"].splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_lead_to_files(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        path = target.partition("#")[0]
        if path and "://" not in target:
            assert ((ROOT / page).parent / path).is_file(), target


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r"[\w-]+\.md", (ROOT / "mkdocs.yml").read_text()))
    assert listed == {Path(page).name for page in PAGES} - {"README.md"}


def test_blocks_are_of_languages_that_run_here():
    assert {language for _, language, _ in BLOCKS} == {"sh", "python", "yaml", *OTHER_LANGUAGES}


@pytest.mark.parametrize("code", [code for _, language, code in BLOCKS if language == "yaml"])
def test_yaml_blocks_are_recipes(code, tmp_path):
    (tmp_path / "recipe.yaml").write_text(code)
    recipe = load_recipe(tmp_path / "recipe.yaml")
    PhosphoT5Config.preset("tiny", **{k: v for k, v in recipe.model.items() if k != "start_from"})


def test_every_python_block_is_run_below():
    elsewhere = ("map_batches(", "mapInPandas(")  # tests/contract/test_engines.py
    used = ("predict_sites(", "Scorer()(", "AutoModelForSeq2SeqLM", "onnxruntime", *elsewhere)
    assert all(any(name in code for name in used) for _, code in PYTHON)


@pytest.mark.parametrize(("page", "code"), [(p, c) for p, c in PYTHON if "predict_sites(" in c])
def test_package_block_runs_as_it_stands(page, code):
    lines = run_python(code, ROOT).splitlines()
    assert len(lines) == 6
    assert lines[0].startswith("P04637 ")


def test_table_block_runs_as_it_stands(tmp_path):
    (code,) = (code for _, code in PYTHON if "Scorer()(" in code)
    _, *lines = run_python(code, tmp_path).splitlines()
    assert [line.split()[1:4] for line in lines][:2] == [["P04637", "6", "S"], ["P04637", "9", "S"]]


@pytest.mark.slow
def test_transformers_block_runs_on_an_exported_folder(tmp_path):
    (code,) = (code for _, code in PYTHON if "AutoModelForSeq2SeqLM" in code)
    assert main(["export", "bundled", str(tmp_path / "folder"), "--quiet"]) == 0
    code = code.replace("org/phosphot5", str(tmp_path / "folder"))
    printed = run_python(code + "\nprint(tuple(scores.shape), rows[0]['window'])\n", tmp_path)
    assert "(1, 31)" in printed
    assert "__MEEPQSDPSVEPP" in printed


@pytest.mark.slow
def test_onnxruntime_block_needs_no_torch(stranger, tmp_path):
    (code,) = (code for _, code in PYTHON if "onnxruntime" in code)
    (shown,) = (line for line in PHOSPHOT5 if "--onnx" in line)
    assert main([*arguments_of(shown.replace("my-folder", str(tmp_path / "my-folder"))), "--quiet"]) == 0
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


def test_programs_shown_are_known():
    makefile = (ROOT / "Makefile").read_text()
    for line in COMMANDS_SHOWN:
        program, command = (*line.split(), "")[:2]
        if program == "phosphot5":
            assert command in COMMANDS, line
        elif program == "make":
            assert f"\n{command}:" in makefile, line
        elif program == "python":
            assert (ROOT / command).is_file(), line
        else:
            assert line.startswith(tuple(ELSEWHERE)), line


def test_scripts_named_in_texts_exist():
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    for page, text in (PAGES | {"CONTRIBUTING.md": contributing}).items():
        for name in re.findall(r"(?:benchmarks|examples|docs|recipes)/[\w/.-]+\.\w+", text):
            assert (ROOT / name).is_file(), f"{page}: {name}"


@pytest.mark.parametrize("line", PHOSPHOT5)
def test_options_shown_are_understood(line, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    arguments, understood = arguments_of(line), []
    module = f"phosphot5.cli.{arguments[0].replace('-', '_')}.run"
    monkeypatch.setattr(module, lambda args: understood.append(args) or 0)
    assert main(arguments) == 0
    assert understood


def test_job_array_is_understood(monkeypatch):
    understood = []
    monkeypatch.setattr("phosphot5.cli.predict.run", lambda args: understood.append(args) or 0)
    (script,) = (code for _, language, code in BLOCKS if language == "bash")
    (line,) = (line for line in script.splitlines() if not line.startswith("#"))
    for name, value in (("$SLURM_ARRAY_TASK_ID", "7"), ("$SLURM_CPUS_PER_TASK", "4")):
        assert name in line
        line = line.replace(name, value)
    assert main(arguments_of(line)) == 0
    (args,) = understood
    assert (str(args.part), args.threads, args.resume) == ("7/100", 4, True)
    assert "--array=1-100\n" in script


@pytest.fixture(scope="session")
def workspace(tmp_path_factory, tiny_folder):
    """A folder with the files that the commands of the docs name."""
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("notebooks"))
    shutil.copyfile(folder / "examples" / "proteins.fasta", folder / "proteins.fasta")
    (folder / "proteome.fasta.gz").write_bytes(gzip.compress((folder / "proteins.fasta").read_bytes()))
    labelled = (folder / "examples" / "synthetic_valid.fasta").read_bytes()
    for name in ("mine.fasta", "test.fasta"):
        (folder / name).write_bytes(labelled)
    shutil.copytree(tiny_folder, folder / "runs" / "mine")
    (folder / "entries.txt").write_text(ENTRY)
    (folder / "other_tool.tsv").write_text(peer_scores(folder / "test.fasta"))
    return folder


ENTRY = """ID   ONE_HUMAN               Reviewed;         12 AA.
AC   P00001;
OS   Homo sapiens (Human).
OX   NCBI_TaxID=9606;
FT   MOD_RES         3
FT                   /note="Phosphoserine"
FT                   /evidence="ECO:0000269|PubMed:1"
SQ   SEQUENCE   12 AA;  1 MW;  0 CRC64;
     MKSPLTSAYG KT
//
"""


def peer_scores(path):
    """Make a peer's table for labelled proteins."""
    from phosphot5.data import read_fasta

    rows = [
        f"{protein.id}\t{position}\t{position % 7 / 7}"
        for protein in read_fasta(path, notation="hash")
        for position, letter in enumerate(protein.sequence, 1)
        if letter in "STY"
    ]
    return "accession\tposition\tscore\n" + "\n".join(rows) + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in PHOSPHOT5 if not line.startswith(tuple(NOT_RUN))])
def test_commands_shown_run(line, workspace, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    shutil.copytree(workspace, folder)
    monkeypatch.chdir(folder)
    arguments = arguments_of(line)
    if "-o" in arguments:
        Path(arguments[arguments.index("-o") + 1]).unlink(missing_ok=True)
    assert main([*arguments, "--quiet"]) == 0


def test_summary_shown_is_that_of_the_command(workspace, tmp_path, monkeypatch):
    shutil.copytree(workspace / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    (code,) = (code for _, language, code in BLOCKS if language == "json")
    shown = json.loads(code)
    assert main(shown["arguments"]) == 0
    written = json.loads(Path("summary.json").read_text(encoding="utf-8"))
    for name in ("seconds", "peak_memory_bytes"):
        assert shown.pop(name) == pytest.approx(written.pop(name), rel=50)  # of another machine
    assert shown == written
    assert f"phosphot5 {shlex.join(shown['arguments'])}" in PHOSPHOT5


def test_keys_of_the_summary_are_explained():
    (code,) = (code for _, language, code in BLOCKS if language == "json")
    rows = PAGES["docs/command-line.md"].partition("| key |")[2].partition("\n\n")[0]
    named = [name for row in rows.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert named == list(json.loads(code))


@pytest.mark.parametrize("start", NOT_RUN)
def test_commands_not_run_are_shown(start):
    assert any(line.startswith(start) for line in PHOSPHOT5)


def test_known_sites_of_the_example_are_listed_as_known(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    (shown,) = (line for line in PHOSPHOT5 if "--known" in line)
    arguments = arguments_of(shown.replace("rest.tsv", str(tmp_path / "rest.tsv")))
    assert main([*arguments, "--quiet"]) == 0
    rows = [line.split("\t") for line in (tmp_path / "rest.tsv").read_text().splitlines()[1:]]
    assert [row[1] for row in rows if row[-1] == "known"] == ["15", "20", "33", "46", "315", "392"]


def test_formats_shown_are_those_that_can_be_read():
    from phosphot5.data.sources import FORMATS

    rows = PAGES["docs/file-formats.md"].partition("| `--from` |")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[1] for row in rows.splitlines()[2:]]
    assert set(re.findall(r"`([\w-]+)`", " ".join(first_cells))) == set(FORMATS)


def test_notations_shown_are_those_of_the_package():
    from phosphot5.data import NOTATIONS, parse, render

    rows = PAGES["docs/file-formats.md"].partition("| notation |")[2].partition("\n\n")[0]
    shown = dict(re.findall(r"^\| `([\w-]+)` \| `([^`]+)`", rows, re.MULTILINE))
    assert shown == {name: render(parse("MS#T", "hash"), name) for name in NOTATIONS}


def test_recipes_shown_are_those_of_the_package():
    from phosphot5.recipes import packaged_recipes

    rows = PAGES["docs/training.md"].partition("| recipe | for |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([\w-]+)`", rows, re.MULTILINE)) == set(packaged_recipes())
