"""``phosphot5 predict --part`` and ``phosphot5 merge``: the bytes of one run, and one clear line for what is amiss."""

import gzip
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from phosphot5.cli.main import main
from phosphot5.prediction import job, scoring
from phosphot5.prediction.formats import FORMATS
from phosphot5.prediction.shares import Share

PROTEINS = "".join(f">p{i} number {i}\nM{'SATAYR' * (1 + 7 * i % 11)}{'K' * (i % 3)}\n" for i in range(11))


def set_proteins_ahead(monkeypatch, count):
    """Keep what is finished of a part after every so many proteins."""
    for module in (scoring, job):
        monkeypatch.setattr(module, "PROTEINS_AHEAD", count)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with an input; what is finished of a part is kept after every second protein."""
    set_proteins_ahead(monkeypatch, 2)
    (tmp_path / "in.fasta").write_text(PROTEINS)
    (tmp_path / "known.tsv").write_text("protein\tposition\np2\t2\np9\t4\nelsewhere\t5\n")
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """Run a command with paths relative to the folder; gives exit code and standard error."""

    def run(*arguments):
        try:
            code = main(list(arguments))
        except SystemExit as stop:
            code = stop.code
        return code, capsys.readouterr().err.replace(f"{folder}/", "")

    return run


@pytest.fixture
def predict(run, folder, tiny_folder):
    """Run ``predict``."""

    def predict(*options, output="out.tsv", source="in.fasta", model=tiny_folder):
        return run(
            "predict", str(folder / source), "-o", str(folder / output), "--model", str(model), *options
        )

    return predict


@pytest.fixture
def merge(run, folder):
    """Run ``merge``."""
    return lambda *options, output="out.tsv": run("merge", str(folder / output), *options)


@pytest.fixture
def parts(predict):
    """Score all shares."""

    def score(number, *options, **names):
        for part in range(1, number + 1):
            code, error = predict("--part", f"{part}/{number}", *options, **names)
            assert (code, error) == (0, "")

    return score


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        (".tsv", []),
        (".tsv", ["--known"]),
        (".tsv.gz", []),
        (".jsonl", []),
        (".fasta", ["--call", "low"]),
        (".gff3", ["--known"]),
    ],
)
def test_merged_parts_are_the_bytes_of_one_run(predict, merge, parts, folder, ending, options):
    options = [*options, str(folder / "known.tsv")] if "--known" in options else options
    parts(3, *options, output=f"out{ending}")
    beside = [f"out.part-{part}-of-3{ending}" for part in (1, 2, 3)]
    assert set(names(folder)) == {"in.fasta", "known.tsv", *beside, *(f"{name}.json" for name in beside)}
    kept = {name: (folder / name).read_bytes() for name in names(folder)}
    assert merge(output=f"out{ending}") == (0, "")
    assert predict(*options, output=f"whole{ending}")[0] == 0
    assert (folder / f"out{ending}").read_bytes() == (folder / f"whole{ending}").read_bytes() != b""
    assert {name: (folder / name).read_bytes() for name in kept} == kept
    assert len(names(folder)) == len(kept) + 2


def test_parts_without_header_can_be_joined_as_they_are(predict, parts, folder):
    parts(2, output="out.jsonl")
    assert predict(output="whole.jsonl")[0] == 0
    joined = b"".join((folder / f"out.part-{part}-of-2.jsonl").read_bytes() for part in (1, 2))
    assert joined == (folder / "whole.jsonl").read_bytes()


def test_parts_are_even_contiguous_and_counted(parts, merge, folder, caplog):
    caplog.set_level("INFO")
    parts(3)
    proteins = [
        sorted({line.split("\t")[0] for line in path.read_text().splitlines()[1:]}, key=lambda p: int(p[1:]))
        for path in sorted(folder.glob("out.part-*.tsv"))
    ]
    assert proteins == [[f"p{i}" for i in share] for share in (range(3), range(3, 7), range(7, 11))]
    assert "part 2 of 3: 4 of 11 proteins, in " in caplog.text
    assert caplog.messages.count("11 records read, 11 used, 0 skipped") == 3
    caplog.clear()
    merge()
    rows = (folder / "out.tsv").read_text().splitlines()[1:]
    residues = sum(len(record.split("\n")[1]) for record in PROTEINS.split(">")[1:])
    assert caplog.messages[0] == "the parts stay; remove them when you no longer need them"
    told = f"{len(rows)} sites in 11 proteins with {residues} residues, from 3 parts; "
    assert caplog.messages[1].startswith(told)


def test_more_parts_than_proteins(predict, merge, parts, folder):
    (folder / "in.fasta").write_text("".join(f">p{i}\nMSTAYR\n" for i in range(3)))
    parts(10)
    sizes = [len(path.read_text().splitlines()) for path in sorted(folder.glob("out.part-*-of-10.tsv"))]
    assert sorted(sizes) == [1] * 7 + [4] * 3  # a header, and three sites
    assert merge()[0] == 0
    assert predict(output="whole.tsv")[0] == 0
    assert (folder / "out.tsv").read_bytes() == (folder / "whole.tsv").read_bytes()


@pytest.mark.slow
def test_two_processes_share_a_part(predict, merge, folder, tiny_folder, monkeypatch):
    set_proteins_ahead(monkeypatch, 256)
    (folder / "in.fasta").write_text("".join(f">p{i}\n{'MSTAYR' * (1 + i % 9)}\n" for i in range(1200)))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command = ["-m", "phosphot5", "predict", "in.fasta", "-o", "out.tsv", "--model", str(tiny_folder)]
    done = subprocess.run(
        [*launcher, *command, "--part", "1/2"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert predict("--part", "2/2")[0] == 0
    assert merge() == (0, "")
    assert predict(output="whole.tsv")[0] == 0
    assert (folder / "out.tsv").read_bytes() == (folder / "whole.tsv").read_bytes()


def test_no_protein_at_all_is_an_error(predict, folder):
    (folder / "in.fasta").write_text("")
    code, error = predict("--part", "2/3")
    assert code == 1
    assert error.startswith("phosphot5 predict: in.fasta")
    assert names(folder) == ["in.fasta", "known.tsv"]


def test_bad_records_are_left_out_of_the_shares(predict, merge, parts, folder):
    (folder / "in.fasta").write_text(">bad\nMS1\n" + PROTEINS.replace(">p5", ">worse\n1\n>p5"))
    code, error = predict("--part", "3/3")
    assert code == 1
    assert "--skip-bad leaves such records out" in error
    parts(3, "--skip-bad")
    assert merge()[0] == 0
    assert predict("--skip-bad", output="whole.tsv")[0] == 0
    assert (folder / "out.tsv").read_bytes() == (folder / "whole.tsv").read_bytes()


@pytest.fixture
def interrupt(predict, monkeypatch):
    """Interrupt a run when a protein is written."""

    def interrupt(protein_id, *options):
        def write(handle, protein, *rest):
            if protein.id == protein_id:
                raise KeyboardInterrupt
            tsv.write(handle, protein, *rest)

        tsv = FORMATS["tsv"]
        with monkeypatch.context() as patch:
            patch.setitem(FORMATS, "tsv", replace(tsv, write=write))
            assert predict(*options) == (130, "phosphot5 predict: interrupted\n")

    return interrupt


def test_interrupted_part_resumes(predict, merge, parts, folder, interrupt, monkeypatch):
    interrupt("p6", "--part", "2/3", "--resume")  # which starts where there is nothing to continue
    assert (folder / "out.part-2-of-3.tsv.parts").is_dir()
    assert "out.tsv: found no part of it, such as out.part-001-of-100.tsv; score them with" in merge()[1]
    scored = []
    encode = scoring.encode
    monkeypatch.setattr(scoring, "encode", lambda *given: scored.append(given) or encode(*given))
    parts(3, "--resume")
    assert len(scored) == 11 - 2
    assert merge()[0] == 0
    assert predict(output="whole.tsv")[0] == 0
    assert (folder / "out.tsv").read_bytes() == (folder / "whole.tsv").read_bytes()


def test_finished_part_is_replaced_on_request_only(predict, parts, folder):
    parts(2)
    before = (folder / "out.part-1-of-2.tsv").read_bytes()
    for options in ([], ["--resume"]):
        code, error = predict("--part", "1/2", *options)
        assert (code, "out.part-1-of-2.tsv: already exists" in error) == (1, True)
    (folder / "in.fasta").write_text(PROTEINS.replace("SAT", "SAAT"))
    assert predict("--part", "1/2", "--overwrite")[0] == 0
    assert (folder / "out.part-1-of-2.tsv").read_bytes() != before


def test_resumed_part_of_other_settings_is_refused(predict, interrupt):
    interrupt("p6", "--part", "2/3")
    code, error = predict("--part", "2/3", "--resume", "--call", "low")
    assert code == 1
    assert "out.part-2-of-3.tsv.parts: was started with different settings: call (was medium" in error


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "1/0", "/3", "-1/3", "1/3/5", "one/3", "1 / 3", "²/3"])
def test_a_part_is_k_of_n(predict, folder, text):
    code, error = predict(f"--part={text}")
    assert code == 2
    told = f"argument --part: {text!r} is not K/N, part K of N with K from 1 to N, such as 3/100\n"
    assert error.endswith(told)
    assert names(folder) == ["in.fasta", "known.tsv"]


def test_a_part_needs_a_named_output_and_an_input_that_is_read_twice(run, predict, folder):
    source, output = str(folder / "in.fasta"), str(folder / "out.tsv")
    refused = "phosphot5 predict: --part cannot be used here: "
    once = f"{refused}the input can be read only once; save it to a file first\n"
    assert run("predict", source, "--part", "1/3") == (
        1,
        f"{refused}standard output has no parts; name a file with -o\n",
    )
    assert run("predict", "-", "-o", output, "--part", "1/3") == (1, once)
    assert predict("--part", "1/3", source="/dev/null") == (1, once)
    assert names(folder) == ["in.fasta", "known.tsv"]


def test_files_of_others_are_not_written_over(predict, folder):
    (folder / "out.part-1-of-1.fasta").write_text(PROTEINS)
    options = ["--part", "1/1", "--overwrite"]
    code, error = predict(*options, source="out.part-1-of-1.fasta", output="out.fasta")
    assert (code, "out.part-1-of-1.fasta: is also an input" in error) == (1, True)
    (folder / "out.part-1-of-1.tsv.json").write_text("mine")
    code, error = predict("--part", "1/1")
    assert (code, "out.part-1-of-1.tsv.json: already exists" in error) == (1, True)
    assert (folder / "out.part-1-of-1.tsv.json").read_text() == "mine"


def test_merge_writes_over_an_output_on_request_only(merge, parts, folder):
    parts(1)
    (folder / "out.tsv").write_text("mine")
    told = "phosphot5 merge: out.tsv: already exists; choose another name or ask to overwrite it\n"
    assert merge() == (1, told)
    assert (folder / "out.tsv").read_text() == "mine"
    assert merge("--overwrite") == (0, "")
    assert (folder / "out.tsv").read_bytes() == (folder / "out.part-1-of-1.tsv").read_bytes()


def test_merge_needs_parts(merge, parts, folder):
    parts(1, output="other.tsv")
    for name in (
        "out.part-0-of-0.tsv",
        "out.part-3-of-2.tsv",
        "out.part-1-of-10.tsv",
        "out.part-1-of-1.tsv.gz",
    ):
        (folder / name).write_text("not as predict names them")
    told = "found no part of it, such as out.part-001-of-100.tsv; score them with phosphot5 predict --part\n"
    assert merge() == (1, f"phosphot5 merge: out.tsv: {told}")
    assert not (folder / "out.tsv").exists()


@pytest.fixture
def twelve(parts, folder):
    """Files of twelve shares; gives those of some numbers."""
    parts(1)
    note = json.loads((folder / "out.part-1-of-1.tsv.json").read_text())
    (folder / "out.part-1-of-1.tsv").rename(folder / "model.tsv")
    (folder / "out.part-1-of-1.tsv.json").unlink()
    for part in range(1, 13):
        file = Share(part, 12).file(folder / "out.tsv")
        shutil.copy(folder / "model.tsv", file)
        counts = {"proteins": len(Share(part, 12).of(11))}
        told = note | {"part": part, "parts": 12, "counts": counts}
        (folder / f"{file.name}.json").write_text(json.dumps(told))
    return lambda *numbers: [folder / f"out.part-{number:02}-of-12.tsv" for number in numbers]


def change(file, **changes):
    """Change the note of a file."""
    path = file.with_name(f"{file.name}.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ([2], "part 2 of 12 is missing"),
        ([2, 7], "parts 2 and 7 of 12 are missing"),
        ([2, 4, 5, 6, 12], "parts 2, 4-6 and 12 of 12 are missing"),
    ],
)
def test_missing_parts_are_named(merge, twelve, missing, told):
    for path in twelve(*missing):
        path.unlink()
    told = f"phosphot5 merge: out.tsv: {told}; score with --part and --resume, then merge again\n"
    assert merge() == (1, told)


def test_parts_without_a_good_note_or_of_another_size_are_not_complete(merge, twelve, folder):
    assert merge()[0] == 0
    (folder / "out.tsv").unlink()
    none, changed, damaged, short = twelve(2, 5, 6, 9)
    none.with_name(f"{none.name}.json").unlink()
    change(changed, part=4)
    damaged.with_name(f"{damaged.name}.json").write_text('{"part": 6}')
    short.write_bytes(short.read_bytes()[:-1])
    code, error = merge()
    assert code == 1
    assert error == (
        "phosphot5 merge: out.part-02-of-12.tsv: parts 2, 5-6 and 9 of 12 are not complete, or changed since; score "
        "again with --part and --overwrite, then merge again\n"
    )
    assert not (folder / "out.tsv").exists()


def test_lost_proteins_and_headers_are_told(merge, twelve):
    (file,) = twelve(3)
    change(file, counts={"proteins": 7})
    assert "out.part-03-of-12.tsv: holds another number of proteins than its share" in merge()[1]
    change(file, counts={"proteins": len(Share(3, 12).of(11))})
    file.write_bytes(b"P" + file.read_bytes()[1:])
    assert "out.part-03-of-12.tsv: does not begin with its header line" in merge()[1]


def test_damaged_compressed_part_is_one_clear_error(merge, parts, folder):
    parts(1, output="out.tsv.gz")
    file = folder / "out.part-1-of-1.tsv.gz"
    good = file.read_bytes()
    rows = gzip.decompress(good)
    for damaged in (good[:-9], good[:40] + b"\0" * 30 + good[70:], good[:-8] + b"\0" * 8, rows, b"\xff"):
        file.write_bytes(damaged)
        change(file, bytes=len(damaged))
        code, error = merge(output="out.tsv.gz")
        assert code == 1
        assert error.startswith("phosphot5 merge: out.part-1-of-1.tsv.gz: ")
        assert error.endswith("; score it again with --part and --overwrite\n")
        assert error.count("\n") == 1
    assert not (folder / "out.tsv.gz").exists()


def test_parts_of_several_numbers_are_refused(merge, parts):
    parts(1)
    parts(2)
    told = "found parts of 1 and of 2; keep those of one run and remove the others"
    assert merge() == (1, f"phosphot5 merge: out.tsv: {told}\n")


@pytest.mark.parametrize(
    ("options", "model", "told"),
    [
        (["--call", "low"], None, "call (low, not medium); score"),
        ([], "bundled", "model ("),
        (["--format", "jsonl"], None, "format (jsonl, not tsv); score"),
    ],
)
def test_parts_of_another_run_are_refused(predict, merge, folder, tiny_folder, options, model, told):
    assert predict("--part", "1/2")[0] == 0
    assert predict("--part", "2/2", *options, model=model or tiny_folder)[0] == 0
    code, error = merge()
    assert code == 1
    assert f"out.part-2-of-2.tsv: is of another run than out.part-1-of-2.tsv: {told}" in error
    assert error.endswith("score one of them again with --overwrite\n")
    assert not (folder / "out.tsv").exists()


@pytest.mark.parametrize(
    ("output", "file"),
    [
        ("sites.tsv", "sites.part-003-of-100.tsv"),
        ("a.b/sites.v2.tsv.gz", "a.b/sites.v2.part-003-of-100.tsv.gz"),
        ("sites", "sites.part-003-of-100"),
        ("sites.gz", "sites.part-003-of-100.gz"),
    ],
)
def test_names_of_parts(output, file):
    assert str(Share(3, 100).file(output)) == file
