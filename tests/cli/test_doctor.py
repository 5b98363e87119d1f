"""The doctor tells what is installed and what is missing, also where much is missing or broken."""

import configparser
import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from phosphot5.cli import checkup, doctor
from phosphot5.cli.checkup import DISTRIBUTIONS, FEATURES, Package
from phosphot5.cli.main import main
from phosphot5.record import environment

ROOT = Path(__file__).parents[2]
SCORES = {"works": True, "error": "", "probabilities": [0.5, 0.25]}
BUILT_IN = ("numpy", "onnxruntime", "filelock", "flatbuffers", "google", "packaging")
"""What the light installation has, and what onnxruntime brings."""


@pytest.fixture
def healthy(monkeypatch):
    """All packages are there, and both runtimes score; gives both to be changed."""
    names = {name for feature in FEATURES for name in feature.modules}
    packages = {name: Package(DISTRIBUTIONS.get(name, name), "1.0") for name in names}
    runtimes = {"onnx": SCORES, "torch": SCORES}
    monkeypatch.setattr(doctor, "check_packages", lambda: packages)
    monkeypatch.setattr(doctor, "check_runtimes", lambda packages: runtimes)
    monkeypatch.setattr(doctor, "find_accelerators", lambda packages: ["Some GPU"])
    monkeypatch.setenv("JAVA_HOME", "/java")
    return packages, runtimes


def test_everything_is_fine(healthy, capsys, caplog):
    caplog.set_level("INFO")
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for told in ("onnx and torch score and agree", "Some GPU", "usable cores", "HF_HUB_CACHE", "python "):
        assert told in out
    assert all(f"{feature.name}  " in out for feature in FEATURES)
    assert "->" not in out
    assert caplog.messages[-1].startswith(
        f"predict works; {len(FEATURES)} of {len(FEATURES)} features have all they need; "
    )


def test_missing_and_broken_packages_are_named_with_the_remedy(healthy, capsys):
    packages, _ = healthy
    packages["gradio"] = Package("gradio", None, "not installed")
    packages["openpyxl"] = Package("openpyxl", "3.1", "ImportError: no such symbol")
    assert main(["doctor", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    wrong = {row["feature"]: row for row in results["features"] if not row["works"]}
    assert wrong == {
        "web page": {
            "feature": "web page",
            "works": False,
            "missing": {"gradio": "not installed"},
            "install": 'pip install "phosphot5[app]"',
        },
        "Excel": {
            "feature": "Excel",
            "works": False,
            "missing": {"openpyxl": "ImportError: no such symbol"},
            "install": "pip install --force-reinstall --no-deps openpyxl",
        },
    }


@pytest.mark.parametrize(
    ("runtimes", "says"),
    [
        ({"onnx": SCORES | {"probabilities": [0.5, 0.3]}}, "onnx and torch give different scores"),
        ({"onnx": SCORES | {"probabilities": [0.5]}}, "onnx and torch give different scores"),
        (
            dict.fromkeys(("onnx", "torch"), {"works": False, "error": "gone", "probabilities": []}),
            "no runtime scores: onnx: gone; torch: gone",
        ),
    ],
)
def test_it_fails_where_predict_would_not_work(healthy, capsys, runtimes, says):
    healthy[1].update(runtimes)
    assert main(["doctor"]) == 1
    assert says in capsys.readouterr().out


def test_one_runtime_is_enough(healthy, capsys):
    healthy[1]["torch"] = {"works": False, "error": "torch: not installed", "probabilities": []}
    assert main(["doctor"]) == 0
    assert ": onnx scores\n" in capsys.readouterr().out


def test_a_damaged_model_is_told(healthy, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("phosphot5.bundled.bundled_folder", lambda: tmp_path)
    assert main(["doctor"]) == 1
    assert "config.json: not found; install the package again" in capsys.readouterr().out


def test_extras_install_what_they_are_named_for():
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    base = config["options"]["install_requires"].lower()
    for feature in FEATURES:
        listed = base + config["options.extras_require"].get(feature.extra, "").lower()
        for module in feature.modules:
            name = DISTRIBUTIONS.get(module, module)
            indirect = name in ("pyarrow", "requests")  # of datasets, of pooch
            assert indirect or name in listed, (feature.name, name)


def light(folder: Path) -> tuple[Path, Path]:
    """Make an environment with what the light installation has; return its Python and its packages."""
    venv.create(folder, symlinks=os.name == "posix")
    paths = sysconfig.get_paths("venv", vars={"base": str(folder), "platbase": str(folder)})
    packages, here = Path(paths["purelib"]), Path(sysconfig.get_path("purelib"))
    for path in here.iterdir():
        name = path.name.partition("-")[0].partition(".")[0]
        if name in BUILT_IN or path.name.startswith(f"phosphot5-{importlib.metadata.version('phosphot5')}"):
            (packages / path.name).symlink_to(path)
    package = packages / "phosphot5"
    package.mkdir()
    mapped = ("hub_card", "modeling_phosphot5", "recipes", "tokenization_phosphot5", "trainer")
    for path in [*(ROOT / "phosphot5").iterdir(), *(ROOT / name for name in mapped)]:
        (package / path.name).symlink_to(path)
    return Path(paths["scripts"], "python"), packages


@pytest.fixture(scope="module")
def light_environment(tmp_path_factory):
    if os.name != "posix":
        pytest.skip("needs symbolic links")
    return light(tmp_path_factory.mktemp("light") / "venv")


def run_doctor(python: Path) -> tuple[int, dict]:
    done = subprocess.run(
        [python, "-P", "-m", "phosphot5", "doctor", "--quiet", "--json"],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)["results"]


def test_light_installation(light_environment):
    code, found = run_doctor(light_environment[0])
    assert code == 0
    assert found["model"]["says"] == "onnx scores"
    assert found["model"]["runtimes"]["torch"]["error"] == "torch: not installed"
    assert len(found["model"]["runtimes"]["onnx"]["probabilities"]) == 7
    working = [row["feature"] for row in found["features"] if row["works"]]
    assert working == ["predict and variants on a CPU"]
    assert found["machine"]["accelerators"] == []
    assert "torch" not in found["versions"]


def test_broken_packages_do_not_end_it(light_environment):
    python, packages = light_environment
    broken = {
        "openpyxl": "raise OSError('libexcel.so: cannot open\\nshared object file')",
        "lxml": "import os; os.abort()",
        "peft": "import sys; sys.exit('no')",
        "torch": "import no_such_module",
    }
    for name, code in broken.items():
        (packages / f"{name}.py").write_text(code)
    try:
        code, found = run_doctor(python)
    finally:
        for name in broken:
            (packages / f"{name}.py").unlink()
    problems = {name: text for row in found["features"] for name, text in row["missing"].items()}
    assert code == 0
    assert problems["openpyxl"] == "OSError: libexcel.so: cannot open shared object file"
    assert problems["lxml"].startswith("ends Python with code -")
    assert problems["peft"] == "SystemExit: no"
    assert problems["torch"] == "ModuleNotFoundError: No module named 'no_such_module'"
    assert found["model"]["says"] == "onnx scores"


def test_it_fails_without_onnxruntime_and_torch(light_environment):
    python, packages = light_environment
    (link,) = packages.glob("onnxruntime")
    target = link.readlink()
    link.unlink()
    try:
        code, found = run_doctor(python)
    finally:
        link.symlink_to(target)
    assert code == 1
    assert found["model"]["says"].startswith("no runtime scores: onnx: onnxruntime: not installed")


def test_a_package_that_hangs_is_told(monkeypatch, tmp_path):
    (tmp_path / "hangs.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(checkup, "PATIENCE", 2)
    assert checkup._import(["json", "hangs", "csv"]) == {
        "json": "",
        "hangs": "took longer than 2 s",
        "csv": "",
    }


CPUINFO = {
    "flags\t\t: fpu avx avx2 avx512f avx512_vnni": ["AVX2", "AVX-512", "AVX-512 VNNI"],
    "Features\t: fp asimd asimddp": ["NEON", "dot product"],
}


@pytest.mark.parametrize("line", CPUINFO)
def test_instruction_sets_of_linux(monkeypatch, line):
    monkeypatch.setattr(environment.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(Path, "is_file", lambda path: True)
    monkeypatch.setattr(Path, "read_text", lambda path, **options: f"processor\t: 0\n{line}\n")
    assert environment.instruction_sets() == CPUINFO[line]


def test_instruction_sets_without_proc(monkeypatch):
    monkeypatch.setattr(environment, "_cpuinfo", lambda name: "")
    found = environment.instruction_sets()  # numpy's
    assert found is None or set(found) <= set(environment.INSTRUCTION_SETS)
    monkeypatch.setattr(environment, "_numpy_features", set)
    monkeypatch.setattr(environment.platform, "machine", lambda: "x86_64")
    assert environment.instruction_sets() is None
    monkeypatch.setattr(environment.platform, "machine", lambda: "arm64")
    assert environment.instruction_sets() == ["NEON"]
    if sys.platform != "darwin":
        assert environment.cpu_model()


@pytest.mark.slow
def test_this_installation(capsys):
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["results"]
    assert found["model"]["says"] == "onnx and torch score and agree"
    assert found["versions"]["torch"] == importlib.metadata.version("torch")
