"""The Hub of the tests does what a Hub does for huggingface_hub's functions and for its command ``hf``."""

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from hub_faults import DROPPED, Fault, rate_limited
from hub_store import Repo
from huggingface_hub import CommitOperationAdd, HfApi, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    HTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from phosphot5.hub_card import push_folder

REPO = "org/phosphot5"


def hf(*arguments: str) -> str:
    """Run the command ``hf`` of huggingface_hub; return what it prints."""
    code = "import sys; from huggingface_hub.cli.hf import main; sys.argv[0] = 'hf'; main()"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def api(local_hub) -> HfApi:
    """The client, logged in."""
    return HfApi(endpoint=local_hub.endpoint, token=local_hub.token)


def test_what_we_push_the_command_downloads(local_hub, folder, tmp_path):
    push_folder(folder, REPO)
    hf("download", REPO, "--local-dir", str(tmp_path / "all"), "--revision", "v0.1.0")
    assert contents(folder).items() <= contents(tmp_path / "all").items()
    hf("download", REPO, "config.json", "--local-dir", str(tmp_path / "one"))
    assert (tmp_path / "one" / "config.json").read_bytes() == (folder / "config.json").read_bytes()


def test_what_the_command_uploads_we_need_not_push(local_hub, folder, tmp_path):
    hf("upload", REPO, str(folder), ".")
    snapshot_download(REPO, local_dir=tmp_path / "got", endpoint=local_hub.endpoint, token=local_hub.token)
    assert contents(folder).items() <= contents(tmp_path / "got").items()
    done = push_folder(folder, REPO)
    assert (done.changed, done.tag) == (False, "v0.1.0")


def test_the_command_opens_a_pull_request(local_hub, folder):
    push_folder(folder, REPO)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    hf("upload", REPO, str(folder), ".", "--create-pr")
    assert local_hub.repo(REPO).resolve("refs/pr/1").files["README.md"].data == b"---\nlicense: mit\n---\n"
    assert local_hub.repo(REPO).branches["main"].files["README.md"].data != b"---\nlicense: mit\n---\n"


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_repositories_of_each_kind(local_hub, api, tmp_path, kind):
    options = {"repo_type": kind}
    sdk = {"space_sdk": "gradio"} if kind == "space" else {}
    url = api.create_repo("org/thing", private=True, **options, **sdk)
    assert (url.repo_type, url.repo_id) == (kind, "org/thing")
    files = {"README.md": b"---\nlicense: mit\n---\n", "deep/table.parquet": b"PAR1"}
    additions = [CommitOperationAdd(path_in_repo=path, path_or_fileobj=data) for path, data in files.items()]
    with pytest.warns(UserWarning, match="data file") if kind != "dataset" else nullcontext():
        first = api.create_commit("org/thing", additions, commit_message="fill", **options)
    api.create_branch("org/thing", branch="draft", **options)
    api.create_tag("org/thing", tag="v1", **options)
    api.delete_file("deep/table.parquet", "org/thing", revision="draft", **options)
    assert api.file_exists("org/thing", "deep/table.parquet", **options)
    assert not api.file_exists("org/thing", "deep/table.parquet", revision="draft", **options)
    info = api.repo_info("org/thing", revision="v1", **options)
    assert (info.sha, info.private) == (first.oid, True)
    assert {sibling.rfilename for sibling in info.siblings} == {".gitattributes", *files}
    folder = snapshot_download("org/thing", endpoint=local_hub.endpoint, token=local_hub.token, **options)
    assert (Path(folder) / "deep" / "table.parquet").read_bytes() == b"PAR1"
    assert [commit.title for commit in api.list_repo_commits("org/thing", **options)] == [
        "fill",
        "initial commit",
    ]
    refs = api.list_repo_refs("org/thing", include_pull_requests=True, **options)
    names = [[ref.name for ref in group] for group in (refs.branches, refs.tags, refs.pull_requests)]
    assert names == [["main", "draft"], ["v1"], []]


def test_pull_request_from_somebody_who_may_not_write(local_hub, api):
    local_hub.store.repos["model", "stranger/model"] = Repo("stranger/model")
    addition = CommitOperationAdd(path_in_repo="a.safetensors", path_or_fileobj=b"weights")
    with pytest.raises(HfHubHTTPError, match="rights to write"):
        api.create_commit("stranger/model", [addition], commit_message="mine")
    proposed = api.create_commit("stranger/model", [addition], commit_message="mine", create_pr=True)
    assert (proposed.pr_num, proposed.pr_revision) == (1, "refs/pr/1")
    assert api.file_exists("stranger/model", "a.safetensors", revision="refs/pr/1")
    refs = api.list_repo_refs("stranger/model", include_pull_requests=True)
    assert [ref.ref for ref in refs.pull_requests] == ["refs/pr/1"]


def test_what_is_not_there_is_told_apart(local_hub, api):
    api.create_repo(REPO)
    with pytest.raises(RepositoryNotFoundError):
        api.repo_info("org/nothing")
    with pytest.raises(RevisionNotFoundError):
        api.repo_info(REPO, revision="nothing")
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(REPO, "nothing")


def test_private_repository_is_hidden_without_a_token(local_hub, api):
    api.create_repo(REPO, private=True)
    with pytest.raises(RepositoryNotFoundError):
        HfApi(endpoint=local_hub.endpoint, token=False).repo_info(REPO)


def test_faults_are_met_by_the_requests_they_are_planned_for(local_hub, api):
    local_hub.faults.plan(Fault(500), "POST", times=None)
    with pytest.raises(HfHubHTTPError, match="500"):
        api.create_repo(REPO)
    local_hub.faults.clear()
    api.create_repo(REPO)
    local_hub.faults.plan(rate_limited(1), "GET .*/org/phosphot5$", after=1)
    assert api.repo_info(REPO).id == REPO
    with pytest.raises(HfHubHTTPError, match="429"):
        api.repo_info(REPO)
    assert api.repo_info(REPO).id == REPO
    local_hub.faults.plan(DROPPED)
    with pytest.raises(HTTPError, match="disconnected"):
        api.repo_info(REPO)
    assert local_hub.faults.left == 0
    assert local_hub.sent("GET", REPO) == [f"GET /api/models/{REPO}"] * 4
