"""Publishing, with the real Hub client against a local Hub."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi, snapshot_download

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import push_folder
from phosphot5.hub_card.publish import missing_files

REPO = "org/phosphot5"
CONFIG = {
    "model_type": "phosphot5",
    "phosphot5_version": "0.1.0",
    "auto_map": {
        "AutoConfig": "configuration_phosphot5.PhosphoT5Config",
        "AutoModelForSeq2SeqLM": "modeling_phosphot5.PhosphoT5ForConditionalGeneration",
    },
    "custom_pipelines": {"phosphosite-prediction": {"impl": "pipeline_phosphot5.PhosphositePipeline"}},
}
TOKENIZER = {"auto_map": {"AutoTokenizer": ["tokenization_phosphot5.PhosphoT5Tokenizer", None]}}


@pytest.fixture
def folder(tmp_path):
    """A folder with all the files of a model, of which none is a real one."""
    files = {
        "README.md": "---\nlicense: other\n---\n\n# PhosphoT5\n",
        "config.json": json.dumps(CONFIG),
        "tokenizer_config.json": json.dumps(TOKENIZER),
        "vocab.json": "{}",
        "configuration_phosphot5.py": "",
        "modeling_phosphot5.py": "from .attention_phosphot5 import Attention\n",
        "attention_phosphot5.py": "from .configuration_phosphot5 import PhosphoT5Config\n",
        "pipeline_phosphot5.py": "",
        "tokenization_phosphot5.py": "",
    }
    folder = tmp_path / "model"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 8)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def pull(hub, target: Path, revision: str | None = None) -> dict[str, bytes]:
    snapshot_download(REPO, revision=revision, local_dir=target, endpoint=hub.endpoint, token=hub.token)
    found = contents(target)
    del found[".gitattributes"]
    return found


def tags(hub) -> dict[str, str]:
    refs = HfApi(endpoint=hub.endpoint, token=hub.token).list_repo_refs(REPO)
    return {tag.name: tag.target_commit for tag in refs.tags}


def test_round_trip_keeps_every_byte(local_hub, folder, tmp_path):
    url = push_folder(folder, REPO)
    assert pull(local_hub, tmp_path / "main") == contents(folder)
    assert pull(local_hub, tmp_path / "tag", revision="v0.1.0") == contents(folder)
    head = local_hub.repo(REPO).branches["main"]
    assert url == f"{local_hub.endpoint}/{REPO}/commit/{head.oid}"
    assert tags(local_hub) == {"v0.1.0": head.oid}
    assert head.parent is not None
    assert head.parent.title == "initial commit"
    assert not local_hub.repo(REPO).private


def test_second_push_moves_main_but_not_the_tag(local_hub, folder, tmp_path, caplog):
    push_folder(folder, REPO)
    first = local_hub.repo(REPO).branches["main"]
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    push_folder(folder, REPO)
    second = local_hub.repo(REPO).branches["main"]
    assert second.parent == first
    assert tags(local_hub) == {"v0.1.0": first.oid}
    assert "v0.1.0 exists already" in caplog.text
    assert pull(local_hub, tmp_path / "again") == contents(folder)


def test_unchanged_folder_makes_no_second_commit(local_hub, folder):
    assert push_folder(folder, REPO) == push_folder(folder, REPO)
    assert len(local_hub.repo(REPO).commits) == 2


def test_weights_that_would_be_loaded_instead_are_removed(local_hub, folder, tmp_path):
    push_folder(folder, REPO)
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    index = {"weight_map": {"shared.weight": "model-00001-of-00001.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    push_folder(folder, REPO)
    assert pull(local_hub, tmp_path / "sharded") == contents(folder)


def test_leftovers_of_training_stay_here(local_hub, folder):
    (folder / "training_args.bin").write_bytes(b"pickle")
    (folder / ".cache").write_text("hidden")
    (folder / "checkpoint-10").mkdir()
    (folder / "checkpoint-10" / "model.safetensors").write_bytes(b"old")
    assert "left out: .cache, checkpoint-10, training_args.bin" in push_folder(folder, REPO, dry_run=True)
    push_folder(folder, REPO)
    remote = set(local_hub.repo(REPO).branches["main"].files)
    assert remote == {path.name for path in folder.iterdir()} - {
        "training_args.bin",
        ".cache",
        "checkpoint-10",
    } | {".gitattributes"}


def test_private_repository_and_branch(local_hub, folder):
    push_folder(folder, REPO, private=True, revision="candidate")
    repo = local_hub.repo(REPO)
    assert repo.private
    assert set(repo.branches["main"].files) == {".gitattributes"}
    assert "model.safetensors" in repo.branches["candidate"].files


def test_folder_of_another_version_gets_another_tag(local_hub, folder):
    push_folder(folder, REPO)
    (folder / "config.json").write_text(json.dumps(CONFIG | {"phosphot5_version": "0.2.0"}))
    push_folder(folder, REPO)
    assert set(tags(local_hub)) == {"v0.1.0", "v0.2.0"}


def test_folder_without_version_gets_no_tag(local_hub, folder):
    without = {key: value for key, value in CONFIG.items() if key != "phosphot5_version"}
    (folder / "config.json").write_text(json.dumps(without))
    push_folder(folder, REPO)
    assert tags(local_hub) == {}


def test_dry_run_sends_nothing_and_lists_sizes(local_hub, folder):
    listing = push_folder(folder, REPO, dry_run=True)
    assert local_hub.requests == []
    assert listing.startswith(f"{folder} -> {REPO}: 10 files, ")
    assert "2,048  model.safetensors" in listing


def test_command_in_another_process_finds_the_hub(local_hub, folder):
    code = f"from phosphot5.hub_card import push_folder; push_folder({str(folder)!r}, {REPO!r})"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
    assert "model.safetensors" in local_hub.repo(REPO).branches["main"].files


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "hf auth login"),
        (403, "write permission"),
        (404, "check the spelling"),
        (412, "somebody else committed"),
        (418, "the Hub answered 418"),
        (429, "wait 7 seconds"),
        (500, "a problem of its own (500"),
        (503, "push again later"),
    ],
)
def test_refusal_becomes_one_sentence(local_hub, folder, status, advice):
    # Creating the repository is refused at once, for 401 and 403 after a look whether it exists already.
    local_hub.fail_next(status, times=2 if status in (401, 403) else 1, headers={"Retry-After": "7"})
    with pytest.raises(PhosphoT5Error) as caught:
        push_folder(folder, REPO)
    message = str(caught.value)
    assert message.startswith(f"{REPO}: not pushed: ")
    assert advice in message
    assert "\n" not in message


def test_conflict_at_the_commit(local_hub, folder):
    push_folder(folder, REPO)
    requests = len(local_hub.requests)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    push_folder(folder, REPO)
    commit = local_hub.requests[requests:].index(f"POST /api/models/{REPO}/commit/main")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    local_hub.fail_next(409, after=commit)
    with pytest.raises(PhosphoT5Error, match="wait a minute and push again"):
        push_folder(folder, REPO)


def test_existing_repository_is_no_conflict(local_hub, folder):
    HfApi(endpoint=local_hub.endpoint, token=local_hub.token).create_repo(REPO)
    push_folder(folder, REPO)
    assert "model.safetensors" in local_hub.repo(REPO).branches["main"].files


@pytest.mark.parametrize(
    ("token", "repo", "advice"),
    [
        ("hf_wrong", REPO, "hf auth login"),
        ("hf_local_token", "stranger/phosphot5", "write permission"),
        ("hf_local_token", "no spaces/allowed", "owner/name"),
    ],
)
def test_wrong_token_owner_or_name(local_hub, folder, token, repo, advice):
    with pytest.raises(PhosphoT5Error, match=advice):
        push_folder(folder, repo, token=token)


def test_no_connection(local_hub, folder, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(PhosphoT5Error, match="no connection to http://127.0.0.1:9"):
        push_folder(folder, REPO)


def test_offline_mode_says_so(folder):
    with pytest.raises(PhosphoT5Error, match="HF_HUB_OFFLINE"):
        push_folder(folder, REPO)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "attention_phosphot5.py",
        "configuration_phosphot5.py",
        "model.safetensors",
        "modeling_phosphot5.py",
        "pipeline_phosphot5.py",
        "tokenization_phosphot5.py",
        "tokenizer_config.json",
        "vocab.json",
    ],
)
def test_folder_that_would_not_load_is_refused(local_hub, folder, name):
    (folder / name).unlink()
    assert missing_files(folder) == [name]
    with pytest.raises(PhosphoT5Error, match=f"would not load, missing {name}"):
        push_folder(folder, REPO)
    assert local_hub.requests == []


def test_all_missing_names_are_listed(folder):
    (folder / "vocab.json").unlink()
    (folder / "README.md").unlink()
    with pytest.raises(PhosphoT5Error, match=r"missing README\.md, vocab\.json;"):
        push_folder(folder, REPO)


def test_missing_shard_is_refused(folder):
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model-00001-of-00002.safetensors").write_bytes(b"x")
    with pytest.raises(PhosphoT5Error, match=r"missing model-00002-of-00002\.safetensors"):
        push_folder(folder, REPO)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "is no model folder"),
        ("{", "cannot read the model configuration"),
        ('{"model_type": "t5"}', "found model_type 't5'"),
        ('{"model_type": "phosphot5"}', "no auto_map"),
        (
            json.dumps(
                CONFIG | {"auto_map": {"AutoConfig": "org/base--configuration_phosphot5.PhosphoT5Config"}}
            ),
            "lies in another repository",
        ),
    ],
)
def test_unusable_config_is_refused(folder, config, message):
    (folder / "config.json").unlink()
    if config is not None:
        (folder / "config.json").write_text(config)
    with pytest.raises(PhosphoT5Error, match=message):
        push_folder(folder, REPO)
