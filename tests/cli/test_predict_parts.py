"""``phosphot5 predict`` in parts: interrupted and resumed, refused when something differs, shared by processes."""

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from phosphot5.cli.main import main
from phosphot5.prediction import job
from phosphot5.prediction import scoring as inference
from phosphot5.prediction.formats import FORMATS

PROTEINS = "".join(f">p{i} number {i}\nM{'SATAYR' * (1 + 7 * i % 11)}{'K' * (i % 3)}\n" for i in range(11))
SIZE = 3
"""Proteins per part in the tests that run in this process: four parts, the last with two."""


def set_proteins_ahead(monkeypatch, count):
    """Cut the output into parts of so many proteins."""
    for module in (inference, job):
        monkeypatch.setattr(module, "PROTEINS_AHEAD", count)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with an input, and small parts."""
    set_proteins_ahead(monkeypatch, SIZE)
    (tmp_path / "in.fasta").write_text(PROTEINS)
    return tmp_path


@pytest.fixture
def predict(folder, tiny_folder, capsys):
    """Run the command in the folder; gives exit code and standard error."""

    def run(*options, source="in.fasta", output="out.tsv", model=tiny_folder):
        names = [str(folder / source), "-o", str(folder / output), "--model", str(model)]
        code = main(["predict", *names, *options])
        return code, capsys.readouterr().err.replace(f"{folder}/", "")

    return run


@pytest.fixture
def whole(predict, folder):
    """The output of an uninterrupted run."""
    assert predict(output="whole.tsv")[0] == 0
    return (folder / "whole.tsv").read_bytes()


@pytest.fixture
def fail_at(predict, monkeypatch):
    """Run the command with an error when the result of a protein is written; the number is 0-based."""

    def run(number, error, *options):
        def write(handle, protein, *rest):
            if protein.id == f"p{number}":
                raise error
            tsv.write(handle, protein, *rest)

        tsv = FORMATS["tsv"]
        with monkeypatch.context() as patch:
            patch.setitem(FORMATS, "tsv", replace(tsv, write=write))
            return predict(*options)

    return run


@pytest.fixture
def interrupt(fail_at):
    """Run the command and interrupt it after some proteins."""

    def run(proteins, *options):
        assert fail_at(proteins, KeyboardInterrupt, *options) == (130, "phosphot5 predict: interrupted\n")

    return run


@pytest.fixture
def scored(monkeypatch):
    """Sequences that are scored from now on."""
    seen = []

    def watched(sequence, states=None):
        seen.append(sequence)
        return encode(sequence, states)

    encode = inference.encode
    monkeypatch.setattr(inference, "encode", watched)
    return seen


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "form", [name for name in FORMATS if name != "xlsx"]
)  # its archive has the time in it
def test_parts_do_not_show_in_the_output(predict, folder, monkeypatch, form):
    predict("--format", form, output="parts")
    set_proteins_ahead(monkeypatch, 100)
    predict("--format", form, output="one")
    assert (folder / "parts").read_bytes() == (folder / "one").read_bytes() != b""
    assert names(folder) == ["in.fasta", "one", "parts"]


def test_compressed_output_is_one_stream(predict, folder, whole):
    predict(output="out.tsv.gz")
    assert gzip.decompress((folder / "out.tsv.gz").read_bytes()) == whole


@pytest.mark.parametrize("records", [SIZE - 1, SIZE, SIZE + 1, 2 * SIZE])
def test_every_number_of_proteins_fits(predict, folder, whole, records):
    (folder / "in.fasta").write_text("".join(f">{r}" for r in PROTEINS.split(">")[1 : records + 1]))
    assert predict()[0] == 0
    lines = [
        line
        for line in whole.decode().splitlines()
        if line.split("\t")[0] in {f"p{i}" for i in range(records)}
    ]
    assert (folder / "out.tsv").read_text().splitlines()[1:] == lines


def test_threads_do_not_change_scores(predict, folder, whole):
    for threads in ("1", "3"):
        assert predict("--threads", threads, "--overwrite")[0] == 0
        assert (folder / "out.tsv").read_bytes() == whole


@pytest.mark.parametrize("threads", ["0", "-1", "two"])
def test_threads_are_a_number(predict, capsys, threads):
    with pytest.raises(SystemExit):
        predict("--threads", threads)
    assert f"'{threads}' is not a whole number of 1 or more" in capsys.readouterr().err


@pytest.mark.parametrize("done", [SIZE, 2 * SIZE - 1, 3 * SIZE + 1])
def test_resumed_run_gives_the_same_bytes_and_scores_the_rest(
    predict, folder, whole, interrupt, scored, caplog, done
):
    caplog.set_level("INFO")
    interrupt(done)
    assert "out.tsv.parts: finished parts are kept; continue with --resume" in caplog.text
    assert not (folder / "out.tsv").exists()
    before = done // SIZE * SIZE
    del scored[:]
    assert predict("--resume")[0] == 0
    assert len(scored) == 11 - before
    assert (folder / "out.tsv").read_bytes() == whole
    assert names(folder) == ["in.fasta", "out.tsv", "whole.tsv"]
    assert "11 records read, 11 used, 0 skipped" in caplog.messages
    assert f"{whole.count(b'scored')} sites in 11 proteins" in caplog.messages[-1]


@pytest.mark.slow
def test_killed_run_resumes(predict, folder, tiny_folder, monkeypatch):
    set_proteins_ahead(monkeypatch, 256)
    (folder / "in.fasta").write_text("".join(f">p{i}\n{'MSTAYR' * (1 + i % 9)}\n" for i in range(900)))
    command = ["-m", "phosphot5", "predict", str(folder / "in.fasta"), "-o", str(folder / "out.tsv")]
    with subprocess.Popen([sys.executable, *command, "--model", str(tiny_folder), "--quiet"]) as process:
        while not (folder / "out.tsv.parts" / "000000.json").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert names(folder) == [".out.tsv.lock", "in.fasta", "out.tsv.parts"]  # nobody holds the lock any more
    assert predict("--resume")[0] == 0
    assert predict(output="whole.tsv")[0] == 0
    assert (folder / "out.tsv").read_bytes() == (folder / "whole.tsv").read_bytes()
    assert names(folder) == ["in.fasta", "out.tsv", "whole.tsv"]


def test_parts_of_an_unfinished_run_are_not_touched_unasked(predict, folder, interrupt, scored):
    interrupt(SIZE)
    kept = {path: path.read_bytes() for path in (folder / "out.tsv.parts").iterdir()}
    del scored[:]
    code, error = predict()
    assert (code, error) == (
        1,
        "phosphot5 predict: out.tsv.parts: left by an interrupted run; continue "
        "with --resume, or start again with --overwrite\n",
    )
    assert kept == {path: path.read_bytes() for path in (folder / "out.tsv.parts").iterdir()}
    assert predict("--overwrite")[0] == 0
    assert len(scored) == 11


def test_interruption_in_the_first_part_leaves_nothing(interrupt, folder):
    interrupt(SIZE - 1)
    assert names(folder) == ["in.fasta"]


def test_resume_without_parts_starts(predict, folder, whole):
    assert predict("--resume")[0] == 0
    assert (folder / "out.tsv").read_bytes() == whole


def test_resume_does_not_replace_an_output_unasked(predict, folder, whole, interrupt):
    interrupt(SIZE)
    (folder / "out.tsv").write_text("mine")
    code, error = predict("--resume")
    assert code == 1
    assert "out.tsv: already exists" in error
    assert (folder / "out.tsv").read_text() == "mine"
    assert predict("--resume", "--overwrite")[0] == 0
    assert (folder / "out.tsv").read_bytes() == whole


def test_resume_with_other_options_is_refused(predict, interrupt, folder):
    interrupt(SIZE)
    kept = names(folder / "out.tsv.parts")
    code, error = predict("--resume", "--format", "jsonl", "--dtype", "bfloat16")
    assert code == 1
    assert error == (
        "phosphot5 predict: out.tsv.parts: was started with different settings: format (was tsv, now jsonl), dtype "
        "(was float32, now bfloat16); use the same settings, or start again with --overwrite instead of "
        "--resume\n"
    )
    assert names(folder / "out.tsv.parts") == kept


def test_resume_with_another_input_is_refused(predict, interrupt, folder):
    interrupt(SIZE)
    (folder / "in.fasta").write_text(PROTEINS.replace("M", "A"))
    code, error = predict("--resume")
    assert code == 1
    assert "was started with different settings: input (was " in error


def test_resume_with_another_model_is_refused(predict, interrupt):
    interrupt(SIZE)
    code, error = predict("--resume", model="bundled")
    assert code == 1
    assert "was started with different settings: model (was " in error


def test_the_model_may_have_moved(predict, interrupt, folder, whole, tiny_folder):
    interrupt(SIZE)
    (folder / "link").symlink_to(tiny_folder)
    assert predict("--resume", model=folder / "link")[0] == 0
    assert (folder / "out.tsv").read_bytes() == whole


@pytest.mark.parametrize("name", ["000000.part", "000000.json"])
def test_damaged_part_is_made_again(predict, interrupt, folder, whole, scored, name):
    interrupt(2 * SIZE)
    (folder / "out.tsv.parts" / name).write_text("")
    del scored[:]
    assert predict("--resume")[0] == 0
    assert len(scored) == 11 - SIZE
    assert (folder / "out.tsv").read_bytes() == whole


def test_damaged_job_is_one_clear_error(predict, interrupt, folder):
    interrupt(SIZE)
    (folder / "out.tsv.parts" / "job.json").write_text("")
    code, error = predict("--resume")
    assert code == 1
    assert "out.tsv.parts/job.json: is no valid JSON (" in error
    assert error.endswith("; start again with --overwrite\n")


@pytest.mark.parametrize("option", ["--overwrite", "--resume"])
def test_files_of_others_are_not_removed(predict, folder, option):
    (folder / "out.tsv.parts").mkdir()
    (folder / "out.tsv.parts" / "thesis.txt").write_text("mine")
    code, error = predict(option)
    assert code == 1
    assert "out.tsv.parts/thesis.txt: not part of an output; move it away" in error
    assert names(folder / "out.tsv.parts") == ["thesis.txt"]


def test_full_disk_is_one_clear_error_and_keeps_what_is_done(predict, folder, whole, fail_at, scored):
    code, error = fail_at(5, OSError(28, "No space left on device"))
    assert code == 1
    assert "out.tsv.parts/000001.part: cannot be written (No space left on device); fix this" in error
    del scored[:]
    assert predict("--resume")[0] == 0
    assert len(scored) == 11 - SIZE
    assert (folder / "out.tsv").read_bytes() == whole


def test_bad_record_in_a_later_part_leaves_nothing(predict, folder, scored):
    (folder / "in.fasta").write_text(PROTEINS + ">bad\nMS1\n>good\nMST\n")
    code, error = predict()
    assert code == 1
    assert "in.fasta, line 24, record bad, position 3: found '1'" in error
    assert names(folder) == ["in.fasta"]
    assert scored == []


def test_what_has_no_parts_cannot_be_resumed(predict, folder, tiny_folder, capsys):
    code, error = predict("--resume", source="/dev/null")
    assert code == 1
    assert "--resume and several processes work on parts: the input can be read only once; save it" in error
    assert main(["predict", str(folder / "in.fasta"), "--model", str(tiny_folder), "--resume"]) == 1
    assert "standard output has no parts; name a file with -o" in capsys.readouterr().err
    assert main(["predict", "-", "-o", str(folder / "o.tsv"), "--model", str(tiny_folder), "--resume"]) == 1
    assert names(folder) == ["in.fasta"]


def test_pipe_as_input(predict, folder, whole):
    os.mkfifo(folder / "pipe")
    writer = threading.Thread(target=(folder / "pipe").write_text, args=(PROTEINS,))
    writer.start()
    assert predict(source="pipe")[0] == 0
    writer.join()
    assert (folder / "out.tsv").read_bytes() == whole


def test_bfloat16_is_close(predict, folder, whole):
    assert predict("--dtype", "bfloat16")[0] == 0
    rows = [line.split("\t") for line in (folder / "out.tsv").read_text().splitlines()[1:]]
    exact = [line.split("\t") for line in whole.decode().splitlines()[1:]]
    assert [row[:3] for row in rows] == [row[:3] for row in exact]
    assert [float(row[3]) for row in rows] == pytest.approx([float(row[3]) for row in exact], abs=0.05)
    assert rows != exact


@pytest.fixture
def known(folder):
    """A file with known sites of the third and of an unknown protein."""
    (folder / "known.tsv").write_text("protein\tposition\np2\t2\nelsewhere\t5\n")
    return str(folder / "known.tsv")


def test_known_sites_are_not_scored_and_change_the_others(predict, folder, whole, known, caplog):
    caplog.set_level("INFO")
    assert predict("--known", known)[0] == 0
    assert "2 known sites given; 1 used, in 1 protein; not in the input: elsewhere" in caplog.text
    rows = (folder / "out.tsv").read_text().splitlines()
    exact = whole.decode().splitlines()
    differing = {line.split("\t")[0] for line, other in zip(rows, exact, strict=True) if line != other}
    assert differing == {"p2"}
    assert [line.split("\t") for line in rows if line.endswith("known")] == [
        ["p2", "2", "S", "", "", "-", "______MSATAYRSA", "known"]
    ]


def test_resume_with_other_known_sites_is_refused(predict, interrupt, known, folder):
    interrupt(SIZE, "--known", known)
    Path(known).write_text("protein\tposition\np2\t4\n")
    code, error = predict("--resume", "--known", known)
    assert code == 1
    assert "was started with different settings: known sites (was " in error
    assert "was started with different settings: known sites (was " in predict("--resume")[1]


def test_known_site_that_does_not_fit_is_found_before_scoring(predict, folder, known, scored):
    Path(known).write_text("protein\tposition\np10\t1\n")
    code, error = predict("--known", known)
    assert code == 1
    assert "known.tsv, line 2, record p10, position 1: found 'M' in the sequence" in error
    assert scored == []
    assert names(folder) == ["in.fasta", "known.tsv"]
