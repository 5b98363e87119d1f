"""Publishing a Space, with the real Hub client against a local Hub."""

from pathlib import Path

import pytest
from hub_faults import DROPPED
from huggingface_hub import HfApi, snapshot_download

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import push_space

REPO = "org/phosphot5-page"


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def pull(hub, target: Path) -> dict[str, bytes]:
    snapshot_download(REPO, repo_type="space", local_dir=target, endpoint=hub.endpoint, token=hub.token)
    found = contents(target)
    del found[".gitattributes"]
    return found


@pytest.fixture
def space(tmp_path):
    folder = tmp_path / "space"
    (folder / "phosphot5" / "bundled").mkdir(parents=True)
    (folder / "README.md").write_text("---\nsdk: gradio\n---\n")
    (folder / "app.py").write_text("serve()\n")
    (folder / "phosphot5" / "old.py").write_text("")
    (folder / "phosphot5" / "bundled" / "model.safetensors").write_bytes(b"weights" * 100)
    return folder


def test_round_trip_keeps_every_byte(local_hub, space, tmp_path):
    done = push_space(space, REPO, private=True)
    repo = local_hub.repo(REPO, "space")
    assert (repo.sdk, repo.private) == ("gradio", True)
    assert pull(local_hub, tmp_path / "pulled") == contents(space)
    head = repo.branches["main"]
    assert done.url == f"{local_hub.endpoint}/spaces/{REPO}/commit/{head.oid}"
    assert done.changed
    assert head.parent.title == "initial commit"


def test_code_of_an_older_version_goes_and_what_others_added_stays(local_hub, space, tmp_path):
    push_space(space, REPO)
    api = HfApi(endpoint=local_hub.endpoint, token=local_hub.token)
    api.upload_file(path_or_fileobj=b"hint", path_in_repo="notes.md", repo_id=REPO, repo_type="space")
    (space / "phosphot5" / "old.py").rename(space / "phosphot5" / "new.py")
    push_space(space, REPO)
    assert pull(local_hub, tmp_path / "pulled") == contents(space) | {"notes.md": b"hint"}


def test_unchanged_folder_makes_no_second_commit(local_hub, space):
    first, second = push_space(space, REPO), push_space(space, REPO)
    assert (first.url, second.changed) == (second.url, False)
    assert len(local_hub.repo(REPO, "space").commits) == 2


def test_dry_run_lists_all_and_sends_nothing(local_hub, space):
    listing = push_space(space, REPO, dry_run=True).splitlines()
    assert listing[0] == f"web page -> {REPO} (space), main: 4 files, 728 bytes"
    assert listing[-2:] == [
        "            700  phosphot5/bundled/model.safetensors",
        "              0  phosphot5/old.py",
    ]
    assert local_hub.requests == []


def test_refusal_and_broken_connection_are_explained(local_hub, space, waits):
    with pytest.raises(PhosphoT5Error, match=r"nobody/page: not pushed: the token may not write"):
        push_space(space, "nobody/page")
    local_hub.faults.plan(DROPPED, at="/commit/", times=None)
    with pytest.raises(PhosphoT5Error, match=rf"{REPO}: not pushed: no connection"):
        push_space(space, REPO)
    local_hub.faults.clear()
    assert push_space(space, REPO).changed


def test_offline_mode_is_heeded(space):
    with pytest.raises(PhosphoT5Error, match="HF_HUB_OFFLINE is set"):
        push_space(space, REPO)
