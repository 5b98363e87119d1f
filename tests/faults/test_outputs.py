"""Outputs that must not be lost: inputs, a second run, signals, full disks, closed streams, foreign text."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from phosphot5.cli.main import main
from phosphot5.errors import InputFormatError, OutputFileError, PhosphoT5Error
from phosphot5.output import atomic_file, atomic_folder, atomic_text, owned, refuse_input_as_output

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and /dev are POSIX's")
COMMAND = [sys.executable, "-m", "phosphot5"]


def command(*arguments: object, **options) -> subprocess.CompletedProcess:
    """Run the command line in a process of its own."""
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, timeout=120, **options)


def one_line(error: str | bytes) -> str:
    """Check the form of an error on standard error and return it."""
    text = error.decode() if isinstance(error, bytes) else error
    assert text.endswith("\n")
    assert len(text) <= 301  # with the line's end
    assert text[:-1].isprintable()
    return text


@pytest.fixture
def proteins(tmp_path: Path) -> Path:
    """A file of labelled proteins."""
    path = tmp_path / "in.fasta"
    path.write_text(">P1\nMS#PTS@Y\n>P2\nMSRT#K\n")
    return path


@pytest.mark.parametrize("name", ["in.fasta", "./in.fasta", "link.fasta", "hard.fasta"])
@pytest.mark.parametrize("how", ["input", "fasta"])
def test_an_output_that_is_an_input_is_refused(proteins, name, how, capsys, monkeypatch):
    monkeypatch.chdir(proteins.parent)
    os.symlink("in.fasta", "link.fasta")
    os.link("in.fasta", "hard.fasta")
    Path("sites.tsv").write_text("protein\tposition\nP1\t2\n")
    before = proteins.read_bytes()
    inputs = ["in.fasta"] if how == "input" else ["sites.tsv", "--from", "table", "--fasta", "in.fasta"]
    assert main(["data", "convert", *inputs, "-o", name, "--overwrite"]) == 1
    assert "is also an input (in.fasta); give the output another name" in one_line(capsys.readouterr().err)
    assert proteins.read_bytes() == before


@pytest.mark.parametrize("option", ["fasta", "--known"])
def test_predict_does_not_write_over_what_it_reads(proteins, option, capsys):
    other = proteins.with_name("other.fasta")
    other.write_text(">P1\nMSPTSY\n")
    read, output = (proteins, other) if option == "--known" else (other, proteins)
    assert main(["predict", str(read), "--known", str(output), "-o", str(output), "--overwrite"]) == 1
    assert "is also an input" in one_line(capsys.readouterr().err)
    with pytest.raises(OutputFileError, match="is also an input"):
        refuse_input_as_output(proteins, [other, proteins])


def hold(path: Path) -> subprocess.Popen:
    """Start a process that owns an output until it is killed."""
    code = "import sys, time\nfrom phosphot5.output import owned\n"
    code += "with owned(sys.argv[1]):\n print('mine', flush=True)\n time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "mine\n"
    return process


def test_the_second_run_on_an_output_is_refused(proteins, capsys):
    output = proteins.with_name("out.fasta")
    with hold(output) as process:
        assert main(["data", "convert", str(proteins), "-o", str(output), "--overwrite"]) == 1
        message = one_line(capsys.readouterr().err)
        assert "another process is writing it; wait until it has finished, or choose another name" in message
        process.kill()
    assert main(["data", "convert", str(proteins), "-o", str(output)]) == 0  # the dead hold nothing
    assert {path.name for path in proteins.parent.iterdir()} == {"in.fasta", "out.fasta"}


@pytest.mark.parametrize("option", [[], ["--resume"], ["--overwrite"]])
def test_a_prediction_beside_a_running_one_is_refused(proteins, tiny_folder, option, capsys):
    output = proteins.with_name("out.tsv")
    proteins.write_text(">P1\nMSPTSY\n")
    with hold(output) as process:
        assert main(["predict", str(proteins), "--model", str(tiny_folder), "-o", str(output), *option]) == 1
        assert "another process is writing it" in one_line(capsys.readouterr().err)
        process.kill()
    assert main(["predict", str(proteins), "--model", str(tiny_folder), "-o", str(output)]) == 0


@pytest.mark.parametrize("option", [[], ["--resume"]])
def test_a_training_beside_a_running_one_is_refused(proteins, option, capsys):
    folder = proteins.with_name("out")
    (folder / "checkpoint-1").mkdir(parents=True)
    (folder / "checkpoint-1" / "trainer_state.json").write_text('{"global_step": 1}' if option else "damaged")
    data = [f"data.train=[{proteins}]", f"data.valid=[{proteins}]", "training.use_cpu=true"]
    with hold(folder) as process:
        assert main(["train", "tiny", f"training.output_dir={folder}", *data, *option]) == 1
        assert "another process is writing it" in one_line(capsys.readouterr().err)
        process.kill()


def test_what_a_killed_process_left_is_replaced(tmp_path):
    (tmp_path / ".out.tmp").write_text("half of")
    (tmp_path / ".out.lock").write_text("")
    with atomic_text(tmp_path / "out") as handle:
        handle.write("whole")
    (tmp_path / ".folder.tmp").mkdir()
    (tmp_path / ".folder.tmp" / "half").write_text("")
    with atomic_folder(tmp_path / "folder") as made:
        (made / "whole").write_text("")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "out", "whole"]


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    def write():
        with atomic_file(tmp_path / "out") as unfinished:
            unfinished.write_text("ours")
            (tmp_path / "out").write_text("theirs")

    with pytest.raises(OutputFileError, match="already exists"):
        write()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["theirs"]


def test_one_process_may_own_an_output_twice(tmp_path):
    with owned(tmp_path / "out"), owned(tmp_path / "out"):
        pass
    assert not list(tmp_path.iterdir())


@POSIX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("processes", [1, 2])
def test_signals_clean_up(proteins, number, processes):
    """Of several processes, none says that it was stopped: their launcher does."""
    output = proteins.with_name("out.fasta")
    waiting = (
        "import signal, sys, time\nfrom phosphot5.cli import data\nfrom phosphot5.cli.main import main\n"
    )
    waiting += f"signal.signal({int(number)}, signal.SIG_DFL)\n"  # whoever runs the tests may ignore it
    waiting += "from phosphot5.output import atomic_text\n"
    waiting += (
        "def run(args):\n with atomic_text(args.output):\n  print('on', flush=True)\n  time.sleep(60)\n"
    )
    waiting += "data.run = run\nsys.exit(main(sys.argv[1:]))"
    arguments = [sys.executable, "-c", waiting, "data", "convert", str(proteins), "-o", str(output)]
    env = {**os.environ, "WORLD_SIZE": str(processes)}
    with subprocess.Popen(arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"on\n"
        process.send_signal(number)
        error = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 128 + number
    expected = "interrupted" if number == signal.SIGINT else f"stopped by {number.name}"
    assert error == (f"phosphot5 data: {expected}\n" if processes == 1 else "")
    assert [path.name for path in proteins.parent.iterdir()] == ["in.fasta"]


@POSIX
def test_nohup_is_respected(tmp_path):
    code = "import os, signal\nfrom phosphot5.cli.stopping import stopped_by_signals\n"
    code += "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    code += "with stopped_by_signals():\n os.kill(os.getpid(), signal.SIGHUP)\nprint('alive')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.returncode) == ("alive\n", 0)


@POSIX
def test_a_full_disk_is_one_line():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, "recipe", "tiny"], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert "No space left on device" in one_line(done.stderr)


@POSIX
def test_a_closed_standard_output_is_one_line(proteins):
    shell = f'"{sys.executable}" -m phosphot5 recipe tiny >&-'
    done = subprocess.run(shell, shell=True, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert "standard output: is closed; name a file with -o or open it" in one_line(done.stderr)


@POSIX
def test_nothing_lands_in_a_file_that_got_the_number_of_a_closed_stream(proteins):
    output = proteins.with_name("out.fasta")
    shell = f'"{sys.executable}" -m phosphot5 data convert "{proteins}" -o "{output}"'
    subprocess.run(shell, shell=True, capture_output=True, timeout=60, check=True)
    whole = output.read_bytes()
    done = subprocess.run(f"{shell} --overwrite >&- 2>&-", shell=True, timeout=60)
    assert (done.returncode, output.read_bytes()) == (1, whole)  # its summary found no reader


@POSIX
def test_a_reader_that_leaves_is_no_error():
    process = subprocess.Popen([*COMMAND, "recipe", "tiny"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 141


def test_a_name_that_is_too_long_is_one_line(proteins, capsys):
    assert main(["data", "convert", str(proteins), "-o", str(proteins.with_name("x" * 400 + ".fasta"))]) == 1
    assert "File name too long" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_text_is_written_in_every_locale(tmp_path, locale):
    path = tmp_path / "Größe 蛋白.fasta"
    path.write_text(">Größe 蛋白\nMSPT#K\n", encoding="utf-8")
    environment = os.environ | {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment |= {"PYTHONIOENCODING": "ascii"}
    done = command("data", "inspect", path, env=environment)
    assert done.returncode == 0, done.stderr
    missing = command("data", "inspect", tmp_path / "fehlt-ü.fasta", env=environment)
    assert missing.returncode == 1
    one_line(missing.stderr)


REFUSED = [
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    OSError(28, "No space left on device", "a\x1b[2Jb"),
    UnicodeEncodeError("ascii", "ü", 0, 1, "ordinal not in range"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
]


@pytest.mark.parametrize("error", REFUSED, ids=lambda error: type(error).__name__)
def test_what_the_system_refuses_is_one_line(error, monkeypatch, capsys):
    def run(args):
        raise error

    monkeypatch.setattr("phosphot5.cli.recipe.run", run)
    assert main(["recipe", "tiny"]) == 1
    one_line(capsys.readouterr().err)


def test_a_fault_in_the_code_is_not_hidden(monkeypatch):
    def run(args):
        raise RuntimeError("index out of order")

    monkeypatch.setattr("phosphot5.cli.recipe.run", run)
    with pytest.raises(RuntimeError, match="out of order"):
        main(["recipe", "tiny"])


def test_messages_are_printable_and_short():
    for error in (
        PhosphoT5Error("a\x1b[31mred\x07\r\nline\u202etwo" + "x" * 5000),
        InputFormatError(
            "'\x1b'" * 900, "y" * 900, "do this", path="p" * 900, line=3, record="r\t\x00" * 900
        ),
    ):
        text = str(error)
        assert len(text) <= 300
        assert text.isprintable()
    assert str(error).endswith("; do this")  # what to do is never cut away


def test_log_lines_are_printable(proteins):
    proteins.write_text(">P1\nMSPTSY\n>P1\nMSPTSY\n")
    named = proteins.rename(proteins.with_name("bell\x07\x1b[2J.fasta"))
    done = command("data", "convert", named, "-o", proteins.with_name("out.fasta"))
    assert all(line.isprintable() for line in done.stderr.decode().splitlines())


BLOCKED = """
import builtins, os, sys
real = builtins.__import__
def without(name, globals=None, *rest, **options):
    if name in ("resource", "fcntl") and str((globals or {}).get("__name__", "")).startswith("phosphot5"):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return real(name, globals, *rest, **options)
builtins.__import__ = without
import accelerate, datasets, torch, transformers.generation, sklearn.linear_model, matplotlib.pyplot  # as they like
from transformers import Seq2SeqTrainer
for name in ("sched_getaffinity", "sysconf", "sysconf_names", "fork", "getuid"):
    vars(os).pop(name, None)
import signal
del signal.SIGHUP
from phosphot5.cli.main import COMMANDS, main
for name in COMMANDS:
    try:
        main([name, "--help"])
    except SystemExit as stop:
        assert stop.code == 0
folder = sys.argv[1]
fasta, model = f"{folder}/in.fasta", sys.argv[2]
for line in (
    ["predict", f"{folder}/plain.fasta", "--model", model, "--known", fasta, "-o", f"{folder}/out.tsv"],
    ["data", "convert", fasta, "-o", f"{folder}/copy.parquet"],
    ["data", "inspect", fasta],
    ["evaluate", model, fasta, "-o", f"{folder}/evaluated", "--resamples", "2"],
    ["export", model, f"{folder}/exported"],
    ["card", f"{folder}/exported"],
    ["recipe", "tiny"],
    ["push-space", "--model", model, "--folder", f"{folder}/space"],
    ["train", "tiny", f"training.output_dir={folder}/trained", "training.max_steps=1", "training.use_cpu=true",
     f"data.train=[{fasta}]", f"data.valid=[{fasta}]"],
):
    assert main(line) == 0, line
print("ALL RAN")
"""
"""What Windows has not is taken away, from this project's own modules at least."""


def test_all_commands_run_without_posix(tmp_path, tiny_folder):
    labelled = "".join(f">P{i}\nM{'K' * i}S#PT@RS@PY#KT#Y@{'A' * i}\n" for i in range(40))
    (tmp_path / "in.fasta").write_text(labelled)
    (tmp_path / "plain.fasta").write_text(labelled.replace("#", "").replace("@", ""))
    arguments = [sys.executable, "-c", BLOCKED, str(tmp_path), str(tiny_folder)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.stdout.endswith("ALL RAN\n"), done.stderr[-3000:]
