"""The Trainer's pushes: whole, one commit each, loadable without the package, and never in training's way."""

import json
import os
import subprocess
import sys
import sysconfig
from concurrent.futures import Future
from pathlib import Path

import pytest
from hub_faults import DROPPED, EXPIRED_TOKEN, Fault
from huggingface_hub import HfApi
from trainer_runs import PLAIN, make_dataset, make_model

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card.model_folder import missing_files
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.configuration_phosphot5 import VERSION
from phosphot5.record.run_record import NOT_RECORDED, RECORD_FILE, RunRecord
from phosphot5.registration import register
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer
from phosphot5.trainer import PhosphoT5Trainer, PhosphoT5TrainingArguments

# transformers switches the client's progress bars off and on again, which the tests have forbidden
pytestmark = pytest.mark.filterwarnings("ignore:Cannot enable progress bars")

REPO = "org/phosphot5"
STRANGER = """
import json, sys
try:
    import phosphot5
    sys.exit("phosphot5 can be imported: the test would prove nothing")
except ImportError:
    pass
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
name, *revisions = sys.argv[1:]
found = []
for revision in revisions:
    given = {"trust_remote_code": True, "revision": revision}
    model = AutoModelForSeq2SeqLM.from_pretrained(name, **given)
    tokenizer = AutoTokenizer.from_pretrained(name, **given)
    found.append(model.score_sites(**tokenizer("MSPKYETS", return_tensors="pt"))[0].nan_to_num(-1).tolist())
json.dump(found, sys.stdout)
"""


def as_stranger(home: Path, *arguments: str) -> list[list[float]]:
    """Score a peptide by revisions of a model in a process that has every library but not the package."""
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", STRANGER, *arguments],
        env=os.environ | {"PYTHONPATH": sysconfig.get_path("purelib"), "HF_HOME": str(home)},
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture
def make_trainer(tmp_path):
    """A trainer of three steps that saves after each."""
    register()

    def make(model=None, **arguments):
        given = PLAIN | {
            "output_dir": str(tmp_path / "out"),
            "max_steps": 3,
            "per_device_train_batch_size": 8,
            "save_strategy": "steps",
            "save_steps": 1,
            "save_total_limit": 1,
            "eval_strategy": "no",
            "load_best_model_at_end": False,
            "report_to": [],
            "disable_tqdm": True,
        }
        return PhosphoT5Trainer(
            model or make_model(),
            PhosphoT5TrainingArguments(**given | arguments),
            train_dataset=make_dataset(),
            processing_class=PhosphoT5Tokenizer(),
        )

    return make


EVERY_SAVE = {
    "push_to_hub": True,
    "hub_model_id": REPO,
    "hub_strategy": "every_save",
    "hub_always_push": True,
}


def commits(hub):
    return [commit for commit in hub.repo(REPO).commits.values() if commit.parent is not None]


def test_push_saves_writes_the_card_and_makes_one_commit(local_hub, make_trainer, tmp_path):
    trainer = make_trainer(hub_model_id=REPO)
    trainer.train()
    done = trainer.push_to_hub("Trained")
    (commit,) = commits(local_hub)
    assert (commit.title, commit.oid) == ("Trained", done.url.rpartition("/")[2])
    assert local_hub.repo(REPO).tags == {f"v{VERSION}": commit}
    folder = tmp_path / "out"
    files = {path.name for path in folder.iterdir() if path.is_file()} - {"training_args.bin"}
    assert set(commit.files) == files | {".gitattributes"}
    assert {"README.md", RECORD_FILE, "model.safetensors", "modeling_phosphot5.py"} <= files
    assert not trainer.push_to_hub().changed


def test_a_training_from_python_has_a_record(local_hub, make_trainer, tmp_path):
    """Its card says what is known, and of the rest that it was not recorded."""
    trainer = make_trainer(hub_model_id=REPO, learning_rate=0.005)
    trainer.train()
    trainer.push_to_hub()
    record = RunRecord.load(tmp_path / "out" / RECORD_FILE)
    assert (record.cost.steps, record.arguments["training.max_steps"]) == (3, 3)
    assert record.arguments["training.learning_rate"] == 0.005
    assert record.cost.tokens > 0
    assert record.finished
    assert (record.base_model, record.data) == (NOT_RECORDED, [])
    assert record.parameters == trainer.model.num_parameters()
    assert set(record.splits) == {"train"}
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Weights at the start: not recorded." in card
    assert "Data files: not recorded." in card
    assert "random weights" not in card
    assert str(tmp_path) not in record.to_json()


def test_a_training_from_python_names_the_weights_it_started_from(make_trainer, tmp_path):
    make_model().save_pretrained(tmp_path / "first")
    trainer = make_trainer(model=PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path / "first"))
    trainer.train()
    record = RunRecord.load(tmp_path / "out" / RECORD_FILE)
    assert record.base_model == "first"


def test_push_to_a_pull_request_in_the_background(local_hub, make_trainer):
    trainer = make_trainer(hub_model_id=REPO, hub_private_repo=True)
    future = trainer.push_to_hub(blocking=False, create_pr=True)
    assert isinstance(future, Future)
    assert future.result(60).url.endswith("/discussions/1")
    assert local_hub.repo(REPO).private
    assert "model.safetensors" in local_hub.repo(REPO).resolve("refs/pr/1").files


def test_name_of_the_output_folder_is_the_default(local_hub, make_trainer):
    assert "/tester/out/commit/" in make_trainer().push_to_hub().url


def test_every_save_is_a_whole_commit(local_hub, make_trainer, tmp_path):
    make_trainer(**EVERY_SAVE).train()
    assert [commit.title for commit in commits(local_hub)] == [
        f"Training in progress, step {step}, epoch {epoch}"
        for step, epoch in [(1, 0.33), (2, 0.67), (3, "1.00")]
    ]
    for number, commit in enumerate(commits(local_hub)):
        folder = tmp_path / f"commit-{number}"
        folder.mkdir()
        for name, file in commit.files.items():
            (folder / name).write_bytes(file.data)
        assert missing_files(folder) == []
        assert not list(folder.glob("*.bin"))
    assert local_hub.repo(REPO).tags == {}


@pytest.mark.slow
def test_every_save_loads_without_the_package(local_hub, make_trainer, tmp_path):
    trainer = make_trainer(**EVERY_SAVE)
    trainer.train()
    trainer.save_model()
    last = commits(local_hub)[-1]
    assert (last.title, local_hub.repo(REPO).tags) == ("Model save", {f"v{VERSION}": last})
    (tmp_path / "home").mkdir()
    scores = as_stranger(
        tmp_path / "home", REPO, *(commit.oid for commit in commits(local_hub)), f"v{VERSION}"
    )
    assert len(scores) == 5
    assert scores[0] != scores[1] != scores[2]
    assert scores[2] == scores[3] == scores[4]  # the last checkpoint is what training ends with
    inputs = trainer.processing_class("MSPKYETS", return_tensors="pt")
    assert trainer.model.eval().score_sites(**inputs)[0].nan_to_num(-1).tolist() == pytest.approx(
        scores[4], abs=1e-6
    )


def test_push_that_fails_in_training_is_told_and_does_not_end_it(local_hub, make_trainer, caplog):
    local_hub.faults.plan(Fault(403), "POST .*/commit/", times=2)
    trainer = make_trainer(**EVERY_SAVE)
    trainer.train()
    assert trainer.state.global_step == 3
    told = [record.getMessage() for record in caplog.records if "was not pushed" in record.getMessage()]
    assert len(told) == 2
    assert all("training continues" in text and "write permission" in text for text in told)
    assert [commit.title for commit in commits(local_hub)] == ["Training in progress, step 3, epoch 1.00"]


def test_last_push_that_fails_leaves_the_model_saved(local_hub, make_trainer, tmp_path):
    trainer = make_trainer(hub_model_id=REPO)
    trainer.train()
    local_hub.faults.plan(DROPPED, "POST .*/commit/")
    with pytest.raises(PhosphoT5Error, match="not pushed: no connection"):
        trainer.push_to_hub()
    assert missing_files(tmp_path / "out") == []
    assert commits(local_hub) == []
    assert trainer.push_to_hub().changed


def test_token_that_is_refused_stops_before_training(local_hub, make_trainer):
    local_hub.faults.plan(EXPIRED_TOKEN, times=None)
    with pytest.raises(PhosphoT5Error, match=r"not pushed: .*hf auth login"):
        make_trainer(**EVERY_SAVE)


def test_offline_stops_before_training(local_hub, make_trainer, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(PhosphoT5Error, match="HF_HUB_OFFLINE is set, so nothing was sent"):
        make_trainer(**EVERY_SAVE)
    assert local_hub.requests == []


def test_pickle_of_an_earlier_push_is_removed(local_hub, make_trainer):
    api = HfApi(endpoint=local_hub.endpoint, token=local_hub.token)
    api.create_repo(REPO)
    api.upload_file(path_or_fileobj=b"pickle", path_in_repo="training_args.bin", repo_id=REPO)
    make_trainer(hub_model_id=REPO).push_to_hub()
    assert "training_args.bin" not in commits(local_hub)[-1].files
