"""The run record: what it collects by itself, and that its file is whole and checked."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from phosphot5.errors import PhosphoT5Error
from phosphot5.record.environment import git_commit, package_versions
from phosphot5.record.facts import NON_COMMERCIAL, Cost, DataFile, EarlierTraining, Licence, PeerResult
from phosphot5.record.fingerprints import sha256_of_ids
from phosphot5.record.run_record import RunRecord


def start(**changes) -> RunRecord:
    return RunRecord.start(
        ["/usr/bin/phosphot5", "train", "recipes/small.yaml"], {"learning_rate": 1e-3}, 7, **changes
    )


@pytest.fixture
def path(tmp_path) -> Path:
    record = start(accelerator="NVIDIA H200", base_model="org/base")
    record.data.append(DataFile("a.fasta", "train", "0" * 64, 3, 2, 1, "MIT"))
    record.splits["fold0"] = sha256_of_ids(["P1"])
    record.metrics["set/valid"] = {"st_auroc": 0.8, "st_ap": None}
    record.peers.append(PeerResult("OneTool", "set/valid", {"st_auroc": 0.7}, published=True))
    record.earlier.append(EarlierTraining(["phosphot5", "train"], 3, "0" * 40, None, Cost(steps=5)))
    record.finish(Cost(tokens=10, steps=2, seconds=1.5, peak_memory_bytes=1 << 30))
    record.save(tmp_path / "run_record.json")
    return tmp_path / "run_record.json"


def test_round_trip(path):
    record = RunRecord.load(path)
    record.save(path.with_name("again.json"))
    assert path.read_bytes() == path.with_name("again.json").read_bytes()
    assert RunRecord.load(path) == record
    assert record.data[0].licence == "MIT"
    assert record.peers == [PeerResult("OneTool", "set/valid", {"st_auroc": 0.7}, published=True)]
    assert record.cost.peak_memory_bytes == 1 << 30
    assert record.earlier == [EarlierTraining(["phosphot5", "train"], 3, "0" * 40, None, Cost(steps=5))]
    assert record.hardware.accelerator == "NVIDIA H200"


def test_start_describes_code_and_machine():
    record = start()
    assert record.command == ["phosphot5", "train", "recipes/small.yaml"]
    assert record.versions["phosphot5"]
    assert record.versions["torch"]
    assert record.hardware.cpu
    assert record.hardware.cores >= 1
    assert record.hardware.memory_bytes > 1 << 28
    assert record.started.endswith("+00:00")
    assert record.finished is None
    assert record.licence == NON_COMMERCIAL


def test_versions_leave_out_what_is_not_installed(monkeypatch):
    monkeypatch.setattr("phosphot5.record.environment.PACKAGES", ("no-such-package",))
    assert list(package_versions()) == ["python"]


def test_collecting_facts_imports_no_torch():
    code = (
        "import sys; from phosphot5.record.run_record import RunRecord; RunRecord.start(['x'], {}, 1); "
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_git_commit(tmp_path):
    code = tmp_path / "code.py"
    code.write_text("1\n")
    assert git_commit(code) is None
    git(tmp_path, "init")
    assert git_commit(code) is None, "not tracked, not even a commit"
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "-m", "first")
    clean = git_commit(code)
    assert len(clean) == 40
    (tmp_path / "installed.py").write_text("")
    assert git_commit(tmp_path / "installed.py") is None
    assert git_commit(code) == clean, "an untracked file is no difference"
    code.write_text("2\n")
    assert git_commit(code) == f"{clean}-dirty"


def test_git_commit_without_git(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit(Path(__file__)) is None


def test_data_file_is_fingerprinted(tmp_path):
    file = tmp_path / "sites.fasta"
    file.write_bytes(b">P1\nAS#PK\n")
    found = DataFile.read(file, "train", records=1, positives=1, negatives=0, licence="MIT")
    expected = hashlib.sha256(b">P1\nAS#PK\n").hexdigest()
    assert found == DataFile("sites.fasta", "train", expected, 1, 1, 0, "MIT")
    with pytest.raises(PhosphoT5Error, match=r"gone\.fasta: cannot be read"):
        DataFile.read(tmp_path / "gone.fasta", "train", records=1, positives=1, negatives=0)


def test_ids_have_one_fingerprint_in_any_order():
    assert sha256_of_ids(["P2", "P1"]) == sha256_of_ids(iter(["P1", "P2"])) != sha256_of_ids(["P1"])


def test_number_that_is_not_finite_becomes_null(path):
    record = RunRecord.load(path)
    record.metrics["set/valid"]["y_ap"] = float("nan")
    record.save(path)
    assert json.loads(path.read_text())["metrics"]["set/valid"]["y_ap"] is None


def test_arguments_may_be_paths(path):
    record = RunRecord.load(path)
    record.arguments["output_dir"] = Path("runs/a")
    record.save(path)
    assert RunRecord.load(path).arguments["output_dir"] == "runs/a"


def test_write_is_atomic(tmp_path, monkeypatch):
    target = tmp_path / "run_record.json"
    target.write_text("old")

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(PhosphoT5Error, match="cannot write the run record"):
        start().save(target)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["run_record.json"]


@pytest.mark.parametrize("name", ["peers", "earlier"])
def test_a_record_from_before_a_list_was_kept_is_read(path, name):
    edit(path, lambda data: data.pop(name))
    assert getattr(RunRecord.load(path), name) == []


def test_a_training_follows_all_that_led_to_its_start():
    first, second, third = start(), start(), start()
    first.finish(Cost(steps=7))
    second.follow(first)
    second.finish(Cost(steps=9))
    third.follow(second)
    assert [part.cost.steps for part in third.earlier] == [7, 9]
    assert third.earlier[0].command == first.command
    assert (third.earlier[1].seed, third.earlier[1].finished) == (second.seed, second.finished)


def test_a_training_knows_what_those_before_it_read():
    human, curated = (DataFile(name, "train", name * 64, 1, 1, 1) for name in "ab")
    dev = DataFile("c", "valid", "c" * 64, 1, 1, 1)
    first, second, third = start(), start(), start()
    first.finish(Cost(steps=7))
    second.finish(Cost(steps=9))
    first.data = [human, dev, dataclasses.replace(dev, role="test")]
    second.follow(first)
    second.data = [curated, dev]
    third.follow(second)
    third.data = [dataclasses.replace(dev, role="train")]
    assert first.earlier_data == []
    assert second.earlier_data == [human]
    assert third.earlier_data == [human, dev, curated]
    assert RunRecord.from_dict(json.loads(third.to_json())) == third


def test_a_training_is_noted_once_though_an_older_record_lacks_its_files():
    first, second, third = start(), start(), start()
    first.finish(Cost(steps=7))
    first.data = [DataFile("a", "train", "a" * 64, 1, 1, 1)]
    second.follow(first)
    second.earlier[0] = dataclasses.replace(second.earlier[0], data=[])
    third.follow(second)
    third.follow(first)
    assert [part.cost.steps for part in third.earlier] == [7, None]


def edit(path: Path, change) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.update(sead=1), r"unknown key sead; did you mean seed\?"),
        (lambda data: data["cost"].update(watts=1), "unknown key cost.watts; known keys: tokens"),
        (lambda data: data["data"][0].pop("sha256"), r"missing key data\[0\].sha256"),
        (lambda data: data.pop("seed"), "missing key seed"),
        (lambda data: data.update(seed="7"), "seed is '7': .* integer"),
        (lambda data: data.update(seed=True), "seed is True: .* integer"),
        (lambda data: data.update(schema_version=99), "has schema version 99, but this release reads 1"),
        (lambda data: data.pop("schema_version"), "has schema version None"),
        (lambda data: data.update(metrics=[]), r"metrics is \[\]: .* object"),
        (lambda data: data["metrics"].update(valid=0.8), "metrics.valid is 0.8: .* object"),
        (lambda data: data["metrics"].update(valid={"st_ap": "x"}), "metrics.valid.st_ap is 'x': .* number"),
        (lambda data: data.update(peers={}), "peers is {}: .* array"),
        (lambda data: data.update(earlier={}), "earlier is {}: .* array"),
        (lambda data: data["earlier"][0].pop("seed"), r"missing key earlier\[0\].seed"),
        (
            lambda data: data["earlier"][0].update(command="train"),
            r"earlier\[0\].command is 'train': .* array",
        ),
        (lambda data: data["earlier"][0].update(cost=3), r"earlier\[0\].cost is 3: .* object"),
        (lambda data: data["peers"][0].pop("set"), r"missing key peers\[0\].set"),
        (lambda data: data["peers"][0].update(metrics=[]), r"peers\[0\].metrics is \[\]: .* object"),
        (lambda data: data.update(data={}), "data is {}: .* array"),
        (lambda data: data.update(hardware=None), "hardware is None: .* object"),
    ],
)
def test_wrong_content_is_named(path, change, message):
    edit(path, change)
    with pytest.raises(PhosphoT5Error, match=message) as caught:
        RunRecord.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(("text", "message"), [("{", "is no valid JSON"), ("[]", "holds no JSON object")])
def test_unreadable_file(path, text, message):
    path.write_text(text)
    with pytest.raises(PhosphoT5Error, match=message):
        RunRecord.load(path)


def test_missing_file_says_where_records_come_from(tmp_path):
    with pytest.raises(PhosphoT5Error, match="`phosphot5 train` writes run_record.json"):
        RunRecord.load(tmp_path / "run_record.json")


def test_every_field_is_documented():
    from phosphot5.record import facts
    from phosphot5.record import run_record as record

    kinds = (facts.Cost, facts.DataFile, facts.EarlierTraining, facts.Hardware, PeerResult, Licence)
    for kind in (record.RunRecord, *kinds):
        for part in dataclasses.fields(kind):
            assert part.name in kind.__doc__.partition("Attributes")[2], f"{kind.__name__}.{part.name}"
