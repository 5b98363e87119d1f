"""The Snakemake rule and the Nextflow module score proteins as the command does."""

import json
import os
import re
import shutil
import subprocess
import sysconfig
import textwrap
from pathlib import Path

import pytest
import yaml

from phosphot5 import __version__
from phosphot5.cli.main import main

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / "examples" / "workflows"
MODULE = WORKFLOWS / "nextflow" / "modules" / "phosphot5" / "predict"
PROCESS = (MODULE / "main.nf").read_text(encoding="utf-8")


@pytest.fixture
def samples(tmp_path, monkeypatch):
    """A folder with two files of proteins, and what the command makes of them."""
    monkeypatch.chdir(tmp_path)
    # the commands of the workflows, and not the Python of their programs, are those of this environment
    monkeypatch.setenv("PATH", os.pathsep.join([os.environ["PATH"], sysconfig.get_path("scripts")]))
    (tmp_path / "proteins").mkdir()
    shutil.copyfile(ROOT / "examples" / "proteins.fasta", "proteins/one.fasta")
    Path("proteins/two.fasta").write_text(">a\nMSTAYSPK\n")
    expected = {}
    for name in ("one", "two"):
        assert main(["predict", f"proteins/{name}.fasta", "-o", f"{name}.tsv", "--quiet"]) == 0
        expected[name] = Path(f"{name}.tsv").read_bytes()
        Path(f"{name}.tsv").unlink()
    return expected


def run(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow
def test_snakemake(samples):
    if shutil.which("snakemake") is None:
        pytest.skip("there is no snakemake: pip install snakemake, in an environment of its own")
    snakefile = WORKFLOWS / "snakemake" / "Snakefile"
    done = run("snakemake", "--snakefile", str(snakefile), "--cores", "2")
    assert done.returncode == 0, done.stderr
    assert {name: Path(f"sites/{name}.tsv").read_bytes() for name in samples} == samples
    header, *rows = [line.split("\t") for line in Path("sites/summary.tsv").read_text().splitlines()]
    assert header == ["sample", "proteins", "sites", "seconds", "warnings"]
    assert [row[:3] for row in rows] == [["one", "6", "565"], ["two", "1", "4"]]
    assert "peak memory" in Path("logs/two.log").read_text()


@pytest.mark.slow
def test_nextflow(samples):
    if shutil.which("nextflow") is None or shutil.which("java") is None:
        pytest.skip(
            "there is no Nextflow, which downloads itself: see nextflow.io; its script is run in bash below"
        )
    done = run("nextflow", "run", str(WORKFLOWS / "nextflow"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: Path(f"results/{name}.tsv").read_bytes() for name in samples} == samples
    assert "phosphot5: " in Path("results/versions.yml").read_text()


def script(section: str, **values: str) -> str:
    """Return a script of the module as Nextflow would write it for these values."""
    text = PROCESS.partition(f"    {section}:\n")[2].split('"""')[1]
    text = textwrap.dedent(text).replace("\\\\\n", "\\\n")
    text = re.sub(r"(?<!\\)\$\{([\w.]+)\}", lambda match: values[match[1]], text)
    return text.replace("\\$", "$")


@pytest.mark.parametrize("section", ["script", "stub"])
def test_script_of_the_nextflow_module(section, samples):
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    values = {"fasta": "proteins/one.fasta", "prefix": "one", "args": "", "task.cpus": "2"}
    done = run("bash", "-euo", "pipefail", "-c", script(section, **values, **{"task.process": "PREDICT"}))
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(Path("versions.yml").read_text()) == {"PREDICT": {"phosphot5": __version__}}
    if section == "script":
        assert Path("one.tsv").read_bytes() == samples["one"]
        assert json.loads(Path("one.json").read_text())["counts"]["proteins"] == 6
    else:
        assert Path("one.tsv").read_bytes() == Path("one.json").read_bytes() == b""


def test_names_of_the_nextflow_module():
    meta = yaml.safe_load((MODULE / "meta.yml").read_text(encoding="utf-8"))
    assert meta["name"] == "phosphot5_predict"
    assert "process PHOSPHOT5_PREDICT {" in PROCESS
    assert set(re.findall(r"emit: (\w+)", PROCESS)) == {next(iter(entry)) for entry in meta["output"]}
    assert {next(iter(entry)) for entry in meta["input"]} == {"meta", "fasta"}
    main_nf = (WORKFLOWS / "nextflow" / "main.nf").read_text(encoding="utf-8")
    (included,) = re.findall(r"include \{ PHOSPHOT5_PREDICT \} from '\./(.*)'", main_nf)
    assert (WORKFLOWS / "nextflow" / f"{included}.nf").is_file()


def test_environment_is_found_and_of_this_version():
    environment = yaml.safe_load((WORKFLOWS / "environment.yaml").read_text(encoding="utf-8"))
    assert environment["dependencies"][-1] == {"pip": [f"phosphot5=={__version__}"]}
    assert '"../environment.yaml"' in (WORKFLOWS / "snakemake" / "Snakefile").read_text(encoding="utf-8")
    assert '"${projectDir}/../environment.yaml"' in PROCESS
