"""What can go wrong in a push: one clear message, nothing half-published, and the next push completes it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from hub_faults import DROPPED, EXPIRED_TOKEN, LOST_ANSWER, STALLED, TRUNCATED, Fault, rate_limited
from hub_store import File, Repo
from huggingface_hub import get_session, snapshot_download

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import bounded_retries as patience
from phosphot5.hub_card import push_folder
from phosphot5.prediction.loading import load_model

REPO = "org/phosphot5"
COMMAND = (sys.executable, "-m", "phosphot5", "push")
CREATE = "POST /api/repos/create"
INFO = f"GET /api/models/{REPO}"
PREUPLOAD = "POST .*/preupload/"
BATCH = "POST .*/lfs/objects/batch"
UPLOAD = "PUT /large-files/"
COMMIT = "POST .*/commit/"
TAG = "POST .*/tag/"

NO_CONNECTION = "no connection to http://127.0.0.1:"
LOGIN = "hf auth login"
WAIT_AN_HOUR = "wait 3600 seconds and push again; uploaded files are kept"

# What goes wrong, for which requests, how many of them (None: until it is mended), and what the user reads.
FATAL = {
    "no server-side answer when creating": (DROPPED, CREATE, None, NO_CONNECTION),
    "connection dropped before the upload": (DROPPED, PREUPLOAD, None, NO_CONNECTION),
    "connection dropped in the upload": (DROPPED, UPLOAD, None, NO_CONNECTION),
    "connection dropped at the commit": (DROPPED, COMMIT, None, NO_CONNECTION),
    "upload cut short": (TRUNCATED, UPLOAD, None, NO_CONNECTION),
    "commit cut short": (TRUNCATED, COMMIT, None, NO_CONNECTION),
    "500 when creating": (Fault(500), CREATE, None, "a problem (500"),
    "500 for the upload": (Fault(500), UPLOAD, None, "a problem (500"),
    "500 at the commit": (Fault(500), COMMIT, None, "a problem (500"),
    "502 page of a gateway": (Fault(502, html=True), "", None, "a problem (502"),
    "page of a gateway for the card": (Fault(502, html=True), "validate-yaml", None, "push again later"),
    "503 for the batch": (Fault(503), BATCH, None, "push again later"),
    "429 when creating": (rate_limited(7), CREATE, None, "wait 7 seconds and push again"),
    "429 before the upload": (rate_limited(7), PREUPLOAD, None, "wait 7 seconds and push again"),
    "429 at the commit": (rate_limited(7), COMMIT, None, "wait 7 seconds and push again"),
    "429 for an hour": (rate_limited(3600), PREUPLOAD, None, WAIT_AN_HOUR),
    "token expired from the start": (EXPIRED_TOKEN, "", None, LOGIN),
    "token expired in the upload": (EXPIRED_TOKEN, BATCH, None, LOGIN),
    "token expired before the commit": (EXPIRED_TOKEN, COMMIT, None, LOGIN),
    "403 from the start": (Fault(403), "", None, "use a token with write permission"),
    "403 at the commit": (Fault(403), COMMIT, 1, "use a token with write permission"),
    "404 for the repository": (Fault(404), INFO, 1, "check the spelling"),
    "404 at the commit": (Fault(404), COMMIT, 1, "check the spelling"),
    "409 at the commit": (Fault(409), COMMIT, 1, "another change to this repository is under way (409)"),
    "412 at the commit": (Fault(412), COMMIT, 1, "somebody else committed at the same time (412)"),
    "413 for the upload": (Fault(413), UPLOAD, None, "save the model in shards"),
    "418 at the commit": (Fault(418), COMMIT, 1, "the Hub answered 418"),
    "never ending conflict when creating": (
        Fault(409, "Cannot create repo: another conflicting operation is in progress"),
        CREATE,
        None,
        "another change to this repository is under way (409)",
    ),
}
# What goes wrong once or twice and is mended by the client's own attempts.
PASSING = {
    "connection dropped before the upload": (DROPPED, PREUPLOAD, [1, 2]),
    "connection dropped in the upload": (DROPPED, UPLOAD, [1, 2]),
    "upload cut short": (TRUNCATED, UPLOAD, [1, 2]),
    "500 for the upload": (Fault(500), UPLOAD, [1, 2]),
    "503 before the upload": (Fault(503), PREUPLOAD, [1, 2]),
    "429 before the upload": (rate_limited(7), PREUPLOAD, [8, 8]),
}


@pytest.fixture
def model_folder(tiny_folder, tmp_path) -> Path:
    """A real model in two shards: the command refuses a folder that cannot be loaded."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    (folder / "model.safetensors").unlink()
    model, _ = load_model(str(tiny_folder))
    model.save_pretrained(folder, max_shard_size=sum(map(torch.Tensor.nelement, model.parameters())) * 3)
    (folder / "README.md").write_text("---\nlicense: other\n---\n\n# PhosphoT5\n")
    assert len(list(folder.glob("*.safetensors"))) == 2
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def version_tag(folder: Path) -> str:
    return f"v{json.loads((folder / 'config.json').read_text())['phosphot5_version']}"


def published(hub) -> list[set[str]]:
    """The files of every commit but the Hub's own first one: what anybody could load."""
    repo = hub.store.repos.get(("model", REPO))
    commits = repo.commits.values() if repo else ()
    return [set(commit.files) - {".gitattributes"} for commit in commits if commit.parent is not None]


def assert_complete(hub, folder, target):
    """One commit holds all, and is tagged."""
    assert published(hub) == [set(contents(folder))]
    repo = hub.repo(REPO)
    assert repo.tags == {version_tag(folder): repo.branches["main"]}
    snapshot_download(REPO, local_dir=target, endpoint=hub.endpoint, token=hub.token)
    assert contents(folder).items() <= contents(target).items()


@pytest.mark.parametrize(("fault", "at", "times", "advice"), FATAL.values(), ids=FATAL)
def test_fault_gives_one_message_and_the_next_push_completes(
    local_hub, folder, tmp_path, waits, fault, at, times, advice
):
    local_hub.faults.plan(fault, at, times)
    with pytest.raises(PhosphoT5Error) as caught:
        push_folder(folder, REPO)
    message = str(caught.value)
    assert message.startswith(f"{REPO}: not pushed: ")
    assert advice in message
    assert "\n" not in message
    assert published(local_hub) == []
    assert len(waits) <= 2 * 5  # five for each of the two shards
    assert max(waits, default=0) <= patience.LONGEST_WAIT + 1
    assert len(local_hub.requests) < 30
    assert local_hub.faults.left == 0
    local_hub.faults.clear()
    assert push_folder(folder, REPO).changed
    assert_complete(local_hub, folder, tmp_path / "complete")


@pytest.mark.parametrize(("fault", "at", "waited"), PASSING.values(), ids=PASSING)
def test_fault_that_passes_is_overcome(local_hub, folder, tmp_path, waits, fault, at, waited):
    if at == UPLOAD:  # by one of the two shards
        name = sorted(folder.glob("*.safetensors"))[0]
        at += sha256(name)
    local_hub.faults.plan(fault, at, times=2)
    assert push_folder(folder, REPO).changed
    assert local_hub.faults.left == 0
    assert waits == waited
    assert_complete(local_hub, folder, tmp_path / "complete")


def sha256(path: Path) -> str:
    return File(path.read_bytes()).sha256


def test_next_push_sends_only_what_is_missing(local_hub, folder, waits):
    first, second = (sha256(path) for path in sorted(folder.glob("*.safetensors")))
    local_hub.faults.plan(DROPPED, UPLOAD + second, times=None)
    with pytest.raises(PhosphoT5Error, match="push again; uploaded files are kept"):
        push_folder(folder, REPO)
    assert set(local_hub.store.large_files) == {first}
    local_hub.faults.clear()
    before = len(local_hub.requests)
    push_folder(folder, REPO)
    sent = [line for line in local_hub.requests[before:] if line.startswith("PUT ")]
    assert sent == [f"PUT /large-files/{second}"]
    assert published(local_hub) == [set(contents(folder))]


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, LOGIN), (403, "use a token with write permission"), (404, "check the spelling")],
)
def test_refusal_by_the_storage_of_the_hub_itself_is_explained(local_hub, model_folder, status, advice):
    pytest.importorskip("hf_xet", reason="without it large files go the way that the other tests try")
    local_hub.faults.plan(Fault(status), "GET .*/xet-write-token/")
    done = command(model_folder, HF_HUB_DISABLE_XET="0")
    assert done.stderr.splitlines()[-1].startswith(f"phosphot5 push: {REPO}: not pushed: the ")
    assert advice in done.stderr
    assert published(local_hub) == []
    assert local_hub.faults.left == 0


def test_killed_push_is_completed_by_the_next(local_hub, model_folder, tmp_path):
    first, second = (sha256(path) for path in sorted(model_folder.glob("*.safetensors")))
    local_hub.faults.plan(STALLED, UPLOAD + second)
    pushing = subprocess.Popen([*COMMAND, str(model_folder), REPO], env=os.environ, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (local_hub.sent("PUT", second) and first in local_hub.store.large_files):
        assert time.monotonic() < deadline, local_hub.requests
        time.sleep(0.05)
    pushing.kill()
    pushing.wait()
    assert published(local_hub) == []
    before = len(local_hub.requests)
    push_folder(model_folder, REPO)
    sent = [line for line in local_hub.requests[before:] if line.startswith("PUT ")]
    assert sent == [f"PUT /large-files/{second}"]
    assert_complete(local_hub, model_folder, tmp_path / "complete")


def test_lost_answer_to_the_commit_makes_no_second_one(local_hub, folder, tmp_path):
    local_hub.faults.plan(LOST_ANSWER, COMMIT)
    with pytest.raises(PhosphoT5Error, match=NO_CONNECTION):
        push_folder(folder, REPO)
    assert published(local_hub) == [set(contents(folder))]  # whole, but the client cannot know
    done = push_folder(folder, REPO)
    assert (done.changed, done.tag) == (False, "v0.1.0")
    assert_complete(local_hub, folder, tmp_path / "complete")


@pytest.mark.parametrize("fault", [DROPPED, Fault(500), rate_limited(7), LOST_ANSWER], ids=str)
def test_fault_at_the_tag_leaves_a_whole_commit_that_is_tagged_next_time(local_hub, folder, tmp_path, fault):
    local_hub.faults.plan(fault, TAG)
    with pytest.raises(PhosphoT5Error, match="pushed, http.*, but not tagged: .*push again"):
        push_folder(folder, REPO)
    assert published(local_hub) == [set(contents(folder))]
    assert push_folder(folder, REPO).tag == "v0.1.0"
    assert_complete(local_hub, folder, tmp_path / "complete")


def test_hub_that_says_nothing_is_not_waited_for_without_end(local_hub, folder, monkeypatch):
    monkeypatch.setattr(patience, "STALLED_AFTER", 0.5)
    local_hub.faults.plan(STALLED, COMMIT)
    with pytest.raises(PhosphoT5Error, match=f"{NO_CONNECTION}.*timed out"):
        push_folder(folder, REPO)
    assert push_folder(folder, REPO).changed


def test_bounds_end_with_the_push(local_hub, folder):
    before = (dict(get_session().event_hooks), get_session().timeout)
    push_folder(folder, REPO)
    local_hub.faults.plan(Fault(500), COMMIT)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    with pytest.raises(PhosphoT5Error):
        push_folder(folder, REPO)
    assert (dict(get_session().event_hooks), get_session().timeout) == before


@pytest.mark.parametrize(
    ("token", "repo", "advice"),
    [
        ("hf_wrong", REPO, LOGIN),
        ("hf_local_token", "stranger/phosphot5", "write permission"),
        ("hf_local_token", "no spaces/allowed", "owner/name"),
    ],
)
def test_wrong_token_owner_or_name(local_hub, folder, token, repo, advice):
    with pytest.raises(PhosphoT5Error, match=advice):
        push_folder(folder, repo, token=token)


def test_no_server(local_hub, folder, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(PhosphoT5Error, match="no connection to http://127.0.0.1:9, .* check the network"):
        push_folder(folder, REPO)


def test_file_that_vanishes_is_named(local_hub, folder, monkeypatch):
    monkeypatch.setattr("huggingface_hub.HfApi.create_repo", lambda *a, **k: (folder / "vocab.json").unlink())
    local_hub.store.repos["model", REPO] = Repo(REPO)
    with pytest.raises(PhosphoT5Error, match="vocab.json"):
        push_folder(folder, REPO)
    assert published(local_hub) == []


@pytest.mark.parametrize("token", ["", "hf_wrong"], ids=["none", "wrong"])
def test_token_of_the_environment_is_used(local_hub, model_folder, token):
    done = command(model_folder, HF_TOKEN=token)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"phosphot5 push: {REPO}: not pushed: the Hub rejected")
    assert LOGIN in done.stderr


def test_offline_sends_nothing_and_says_so(local_hub, model_folder):
    done = command(model_folder, HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert done.stderr == (
        f"phosphot5 push: {REPO}: not pushed: HF_HUB_OFFLINE is set, so nothing was sent; unset it and push again.\n"
    )
    assert local_hub.requests == []


def test_endpoint_of_the_environment_is_used(local_hub, model_folder):
    done = command(model_folder)
    assert done.returncode == 0
    head = local_hub.repo(REPO).branches["main"]
    url = f"{local_hub.endpoint}/{REPO}/commit/{head.oid}"
    assert done.stdout == f"published: {url}\ntag: {version_tag(model_folder)}\n"
    assert f"{len(contents(model_folder))} files, " in done.stderr
    assert "nothing changed" in command(model_folder).stdout


def command(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run ``phosphot5 push`` in a process that knows the Hub from its environment alone."""
    return subprocess.run(
        [*COMMAND, str(folder), REPO],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
