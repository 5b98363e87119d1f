"""Publishing, with the real Hub client against a local Hub."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi, snapshot_download

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import push_folder
from phosphot5.hub_card.model_folder import missing_files

REPO = "org/phosphot5"


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
    done = push_folder(folder, REPO)
    assert pull(local_hub, tmp_path / "main") == contents(folder)
    assert pull(local_hub, tmp_path / "tag", revision="v0.1.0") == contents(folder)
    head = local_hub.repo(REPO).branches["main"]
    assert done.url == f"{local_hub.endpoint}/{REPO}/commit/{head.oid}"
    assert (done.changed, done.tag) == (True, "v0.1.0")
    assert tags(local_hub) == {"v0.1.0": head.oid}
    assert head.parent is not None
    assert head.parent.title == "initial commit"
    assert not local_hub.repo(REPO).private


def test_second_push_moves_main_but_not_the_tag(local_hub, folder, tmp_path):
    push_folder(folder, REPO)
    first = local_hub.repo(REPO).branches["main"]
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    done = push_folder(folder, REPO)
    second = local_hub.repo(REPO).branches["main"]
    assert second.parent == first
    assert tags(local_hub) == {"v0.1.0": first.oid}
    assert done.tag is None
    assert f"tag v0.1.0 stays at commit {first.oid[:7]} (tags are never moved)" in str(done)
    assert pull(local_hub, tmp_path / "again") == contents(folder)


def test_unchanged_folder_makes_no_second_commit(local_hub, folder):
    first, second = push_folder(folder, REPO), push_folder(folder, REPO)
    assert (first.url, first.changed, second.changed) == (second.url, True, False)
    assert str(second).startswith(f"nothing changed: {first.url}")
    assert second.tag == "v0.1.0"
    assert len(local_hub.repo(REPO).commits) == 2
    assert len(local_hub.sent("PUT")) == 2  # the two shards, once


def test_weights_that_would_be_loaded_instead_are_removed(local_hub, folder, tmp_path):
    push_folder(folder, REPO)
    for shard in folder.glob("model-*.safetensors"):
        shard.rename(folder / "model.safetensors")
    (folder / "model.safetensors.index.json").unlink()
    push_folder(folder, REPO)
    assert pull(local_hub, tmp_path / "whole") == contents(folder)


def test_onnx_graphs_go_up_and_leave_with_the_next_folder_that_has_none(local_hub, folder):
    (folder / "onnx").mkdir()
    for name in ("model.onnx", "model.onnx.data", "model.tmp"):
        (folder / "onnx" / name).write_bytes(b"graph")
    assert "  onnx/model.onnx\n" in push_folder(folder, REPO, dry_run=True)
    push_folder(folder, REPO)
    remote = local_hub.repo(REPO).branches["main"].files
    assert {name for name in remote if "/" in name} == {"onnx/model.onnx", "onnx/model.onnx.data"}
    shutil.rmtree(folder / "onnx")
    push_folder(folder, REPO)
    assert set(remote) - set(local_hub.repo(REPO).branches["main"].files) == {
        "onnx/model.onnx",
        "onnx/model.onnx.data",
    }


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
    assert "model-00001-of-00002.safetensors" in repo.branches["candidate"].files


def test_folder_of_another_version_gets_another_tag(local_hub, folder, config):
    push_folder(folder, REPO)
    (folder / "config.json").write_text(json.dumps(config | {"phosphot5_version": "0.2.0"}))
    push_folder(folder, REPO)
    assert set(tags(local_hub)) == {"v0.1.0", "v0.2.0"}


def test_folder_without_version_gets_no_tag(local_hub, folder, config):
    without = {key: value for key, value in config.items() if key != "phosphot5_version"}
    (folder / "config.json").write_text(json.dumps(without))
    push_folder(folder, REPO)
    assert tags(local_hub) == {}


def test_branch_gets_a_tag_only_if_one_is_given(local_hub, folder):
    push_folder(folder, REPO, revision="candidate")
    assert tags(local_hub) == {}
    assert not push_folder(folder, REPO, revision="candidate", tag="candidate-1").changed
    assert tags(local_hub) == {"candidate-1": local_hub.repo(REPO).branches["candidate"].oid}


def test_tag_asked_for_but_taken_refuses_the_push(local_hub, folder):
    first = push_folder(folder, REPO, tag="best")
    assert tags(local_hub) == {"best": first.url.rpartition("/")[2]}
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    push_folder(folder, REPO)
    commits = len(local_hub.repo(REPO).commits)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    with pytest.raises(PhosphoT5Error, match="not pushed: tag best stays at commit .* --tag NAME"):
        push_folder(folder, REPO, tag="best")
    assert len(local_hub.repo(REPO).commits) == commits


def test_tag_at_the_last_commit_is_not_moved_to_the_next(local_hub, folder):
    first = push_folder(folder, REPO, tag="best")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    with pytest.raises(PhosphoT5Error, match="pushed, http.*, but not tagged: tag best stays"):
        push_folder(folder, REPO, tag="best")
    assert tags(local_hub) == {"best": first.url.rpartition("/")[2]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"create_pr": True, "tag": "best"}, "tag best cannot be combined with a pull request"),
        (
            {"create_pr": True, "revision": "candidate"},
            "revision candidate cannot be combined with a pull request",
        ),
        ({"tag": "no blanks"}, "the tag 'no blanks' may contain only letters"),
    ],
)
def test_options_that_do_not_go_together_are_refused_at_once(local_hub, folder, options, message):
    with pytest.raises(PhosphoT5Error, match=message):
        push_folder(folder, REPO, **options)
    assert local_hub.requests == []


def test_pull_request_leaves_main_and_is_tagged_when_merged(local_hub, folder, tmp_path):
    done = push_folder(folder, REPO, create_pr=True)
    repo = local_hub.repo(REPO)
    assert done.url == f"{local_hub.endpoint}/{REPO}/discussions/1"
    assert set(repo.branches["main"].files) == {".gitattributes"}
    assert repo.tags == {}
    assert pull(local_hub, tmp_path / "pull", revision="refs/pr/1") == contents(folder)
    HfApi(endpoint=local_hub.endpoint, token=local_hub.token).merge_pull_request(REPO, 1)
    assert not push_folder(folder, REPO).changed
    assert tags(local_hub) == {"v0.1.0": repo.branches["main"].oid}


def test_changes_of_others_meanwhile_refuse_the_commit(local_hub, folder, monkeypatch):
    push_folder(folder, REPO)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    create_commit = HfApi.create_commit

    def overtaken(self, *args, **kwargs):
        local_hub.repo(REPO).commit("main", {}, "somebody else's")
        return create_commit(self, *args, **kwargs)

    monkeypatch.setattr(HfApi, "create_commit", overtaken)
    with pytest.raises(PhosphoT5Error, match=r"somebody else committed at the same time \(412\); push again"):
        push_folder(folder, REPO)
    assert local_hub.repo(REPO).branches["main"].title == "somebody else's"


def test_model_in_training_needs_no_card_and_gets_no_tag(local_hub, folder):
    (folder / "README.md").unlink()
    with pytest.raises(PhosphoT5Error, match="has no model card"):
        push_folder(folder, REPO)
    assert push_folder(folder, REPO, message="step 1", in_training=True).changed
    assert local_hub.repo(REPO).branches["main"].title == "step 1"
    assert tags(local_hub) == {}


def test_dry_run_sends_nothing_and_lists_sizes(local_hub, folder):
    listing = push_folder(folder, REPO, dry_run=True)
    assert local_hub.requests == []
    assert listing.startswith(f"{folder} -> {REPO}, main, tag v0.1.0: 12 files, ")
    size = (folder / "model-00001-of-00002.safetensors").stat().st_size
    assert f"{size:,}  model-00001-of-00002.safetensors" in listing


def test_command_in_another_process_finds_the_hub(local_hub, folder):
    code = f"from phosphot5.hub_card import push_folder; push_folder({str(folder)!r}, {REPO!r})"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
    assert "model-00001-of-00002.safetensors" in local_hub.repo(REPO).branches["main"].files


def test_existing_repository_is_no_conflict(local_hub, folder):
    HfApi(endpoint=local_hub.endpoint, token=local_hub.token).create_repo(REPO)
    push_folder(folder, REPO)
    assert "model-00001-of-00002.safetensors" in local_hub.repo(REPO).branches["main"].files


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


@pytest.mark.parametrize(
    "name",
    [
        "attention_phosphot5.py",
        "configuration_phosphot5.py",
        "model-00002-of-00002.safetensors",
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
    with pytest.raises(PhosphoT5Error, match=f"cannot be loaded: {name} is missing"):
        push_folder(folder, REPO)
    assert local_hub.requests == []


def test_all_missing_names_are_listed(folder):
    for name in ("vocab.json", "pipeline_phosphot5.py", "model.safetensors.index.json"):
        (folder / name).unlink()
    expected = r"cannot be loaded: model\.safetensors, pipeline_phosphot5\.py, vocab\.json are missing;"
    with pytest.raises(PhosphoT5Error, match=expected):
        push_folder(folder, REPO)


def test_weights_cut_short_are_refused(local_hub, folder):
    shard = folder / "model-00001-of-00002.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(PhosphoT5Error, match="model-00001-of-00002.safetensors: damaged or incomplete"):
        push_folder(folder, REPO)
    assert local_hub.requests == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is not a model folder"),
        ("{", "is no valid JSON"),
        ('{"model_type": "t5"}', "model_type is 't5'"),
        ('{"model_type": "phosphot5"}', "no auto_map"),
        (
            '{"model_type": "phosphot5", "auto_map": {"AutoConfig": "org/base--configuration.Config"}}',
            "is in another repository",
        ),
    ],
)
def test_unusable_config_is_refused(folder, text, message):
    (folder / "config.json").unlink()
    if text is not None:
        (folder / "config.json").write_text(text)
    with pytest.raises(PhosphoT5Error, match=message):
        push_folder(folder, REPO)
