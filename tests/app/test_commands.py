"""``phosphot5 app`` and ``phosphot5 push-space`` from the command line."""

import socket
import subprocess
import sys

import pytest

from phosphot5.cli.main import main

REPO = "org/phosphot5-page"


def test_without_gradio_the_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gradio", None)
    monkeypatch.delitem(sys.modules, "phosphot5.app.page", raising=False)
    assert main(["app"]) == 1
    assert capsys.readouterr().err == (
        'phosphot5 app: the page needs Gradio, which is not installed: pip install "phosphot5[app]"\n'
    )


def test_other_modules_that_are_missing_are_not_taken_for_gradio(monkeypatch):
    pytest.importorskip("gradio", reason="the page needs gradio")
    monkeypatch.setitem(sys.modules, "phosphot5.app.downloads", None)
    monkeypatch.delitem(sys.modules, "phosphot5.app.page", raising=False)
    with pytest.raises(ModuleNotFoundError, match="downloads"):
        main(["app"])


def start(*arguments: str) -> subprocess.CompletedProcess:
    """Start the page in a process of its own, for Gradio leaves event loops open, and warnings are errors here."""
    command = [sys.executable, "-m", "phosphot5", "app", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_stops_the_page_is_one_line(tmp_path):
    pytest.importorskip("gradio", reason="the page needs gradio")
    done = start("--model", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "none: cannot be loaded as a model" in done.stderr.splitlines()[-1]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = start("--port", str(port))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"phosphot5 app: Port {port} is in use or not permitted on 127.0.0.1; choose another with --port"
    )


@pytest.mark.parametrize(
    ("arguments", "found"), [([], "neither"), ([REPO, "--folder", "there"], "both a Space and --folder")]
)
def test_a_space_or_a_folder(arguments, found, capsys):
    assert main(["push-space", *arguments]) == 1
    assert f"{found} " in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--no-uniprot"]])
def test_a_space_asks_uniprot_unless_told_not_to(options, tiny_folder, tmp_path):
    folder = tmp_path / "space"
    assert main(["push-space", "--folder", str(folder), "--model", str(tiny_folder), *options]) == 0
    assert f"uniprot={not options})" in (folder / "app.py").read_text()


def test_push_space_reaches_the_hub(local_hub, tiny_folder, capsys):
    assert main(["push-space", REPO, "--model", "bundled", "--private"]) == 0
    repo = local_hub.repo(REPO, "space")
    head = repo.branches["main"]
    assert (repo.private, repo.sdk) == (True, "gradio")
    assert head.files["phosphot5/bundled/model.safetensors"].lfs
    assert {"README.md", "app.py", "requirements.txt", "LICENSE", "phosphot5/app/page.css"} <= set(head.files)
    assert capsys.readouterr().out == f"published: {local_hub.endpoint}/spaces/{REPO}/commit/{head.oid}\n"


def test_dry_run_sends_nothing(local_hub, capsys):
    assert main(["push-space", REPO, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"web page -> {REPO} (space), main: ")
    assert "  phosphot5/bundled/model.safetensors\n" in out
    assert local_hub.requests == []
