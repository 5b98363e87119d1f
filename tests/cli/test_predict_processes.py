"""``phosphot5 predict`` in several processes: one output, the same bytes, one message, no waiting for the dead."""

import subprocess
import sys
from pathlib import Path

import pytest

from phosphot5.cli.main import main

HELPERS = Path(__file__).parent / "helpers"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write_input(folder, records):
    (folder / "in.fasta").write_text("".join(f">p{i}\n{'MSTAYR' * (1 + i % 9)}\n" for i in range(records)))


@pytest.fixture
def predict(tmp_path, tiny_folder):
    """Run the command in this process; gives the exit code."""

    def run(output):
        names = [str(tmp_path / "in.fasta"), "-o", str(tmp_path / output), "--model", str(tiny_folder)]
        return main(["predict", *names])

    return run


def launch(folder, *command):
    """Run a module or script of the command line in two processes."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    return subprocess.run(
        [*launcher, *command], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture
def many(tmp_path, tiny_folder):
    """Arguments of the command, the output's name left out, for an input of three parts."""
    write_input(tmp_path, 600)
    return ["predict", "in.fasta", "--model", str(tiny_folder), "-o"]


@pytest.mark.slow
@pytest.mark.parametrize("records", [600, 5], ids=["three parts", "one part"])
def test_two_processes_give_the_bytes_of_one(predict, tmp_path, many, records):
    write_input(tmp_path, records)
    done = launch(tmp_path, "-m", "phosphot5", *many, "out.tsv")
    assert done.returncode == 0, done.stderr
    assert predict("whole.tsv") == 0
    assert (tmp_path / "out.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()
    assert names(tmp_path) == ["in.fasta", "out.tsv", "whole.tsv"]
    assert done.stderr.count("records read") == 1
    sites = (tmp_path / "whole.tsv").read_text().count("scored")
    assert f"{sites:,} sites in {records} proteins" in done.stderr
    assert "in the first of 2 processes" in done.stderr


@pytest.mark.slow
def test_error_of_one_process_ends_all_and_what_is_done_is_kept(predict, tmp_path, many):
    done = launch(tmp_path, str(HELPERS / "failing_part.py"), *many, "out.tsv")
    assert done.returncode != 0
    assert done.stderr.count("phosphot5 predict: ") == 1
    assert "phosphot5 predict: 000001.part: the disk is full\n" in done.stderr
    assert names(tmp_path) == ["in.fasta", "out.tsv.parts"]
    assert "000001.part" not in names(tmp_path / "out.tsv.parts")
    again = launch(tmp_path, "-m", "phosphot5", *many, "out.tsv", "--resume")
    assert again.returncode == 0, again.stderr
    assert predict("whole.tsv") == 0
    assert (tmp_path / "out.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()


@pytest.mark.slow
def test_bad_input_of_several_processes_is_told_once(tmp_path, many):
    with open(tmp_path / "in.fasta", "a") as handle:
        handle.write(">bad\nMS1\n")
    done = launch(tmp_path, "-m", "phosphot5", *many, "out.tsv")
    assert done.returncode != 0
    assert done.stderr.count("phosphot5 predict: ") == 1
    assert "phosphot5 predict: in.fasta, line 1202, record bad, position 3: found '1'" in done.stderr
    assert names(tmp_path) == ["in.fasta"]


@pytest.mark.slow
def test_standard_input_cannot_be_shared(tmp_path, many):
    done = launch(tmp_path, "-m", "phosphot5", "predict", "-", *many[2:], "out.tsv")
    assert done.returncode != 0
    assert done.stderr.count("phosphot5 predict: ") == 1
    assert "--resume and several processes work on parts: the input can be read only once" in done.stderr
