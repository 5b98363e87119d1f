"""``phosphot5 push``: its options reach the Hub, and it says what goes up and what was done."""

import shutil

import pytest
from safetensors.torch import load_file, save_file

from phosphot5.cli.main import main
from phosphot5.export import export_model
from phosphot5.modeling_phosphot5.configuration_phosphot5 import VERSION

REPO = "org/phosphot5"


@pytest.fixture(scope="module")
def folder(tiny_folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("export") / "phosphot5"
    export_model(str(tiny_folder), target)
    return target


def test_dry_run_lists_all_and_sends_nothing(local_hub, folder, capsys):
    assert main(["push", str(folder), REPO, "--dry-run", "--tag", "best"]) == 0
    listing = capsys.readouterr().out
    assert listing.startswith(f"{folder} -> {REPO}, main, tag best: ")
    assert all(f"  {path.name}\n" in listing for path in folder.iterdir() if path.is_file())
    assert local_hub.requests == []


def test_options_reach_the_hub(local_hub, folder, capsys):
    assert main(["push", str(folder), REPO, "--private", "--revision", "candidate", "--tag", "best"]) == 0
    repo = local_hub.repo(REPO)
    assert repo.private
    assert repo.tags == {"best": repo.branches["candidate"]}
    out = capsys.readouterr().out
    assert out == f"published: {local_hub.endpoint}/{REPO}/commit/{repo.tags['best'].oid}\ntag: best\n"
    assert main(["push", str(folder), REPO, "--create-pr"]) == 0
    assert capsys.readouterr().out == f"published: {local_hub.endpoint}/{REPO}/discussions/1\n"
    assert "model.safetensors" in repo.resolve("refs/pr/1").files
    assert set(repo.branches["main"].files) == {".gitattributes"}


def test_second_push_says_that_nothing_changed(local_hub, folder, capsys):
    assert main(["push", str(folder), REPO]) == main(["push", str(folder), REPO]) == 0
    first, _, second, tag = capsys.readouterr().out.splitlines()
    url = first.removeprefix("published: ")
    assert (second, tag) == (f"nothing changed: {url} already has these files", f"tag: v{VERSION}")


def test_damaged_weights_are_not_pushed(local_hub, folder, tmp_path, capsys):
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    weights = load_file(damaged / "model.safetensors")
    weights["shared.weight"][0] = float("nan")
    save_file(weights, damaged / "model.safetensors", {"format": "pt"})
    assert main(["push", str(damaged), "org/damaged"]) == 1
    assert "shared.weight" in capsys.readouterr().err


def test_folder_that_would_not_load_is_an_error(local_hub, tiny_folder, tmp_path, capsys):
    assert main(["push", str(tmp_path), REPO]) == 1
    assert "is not a model folder" in capsys.readouterr().err
    assert local_hub.requests == []
