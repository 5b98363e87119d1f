"""``phosphot5 predict`` as its users meet it: columns, positions, formats, bad input, nothing half-written."""

import argparse
import csv
import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from phosphot5.cli import predict as predict_command
from phosphot5.cli.main import main
from phosphot5.data import Protein
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS
from phosphot5.prediction.formats import FORMATS
from phosphot5.prediction.known_sites import KnownSites

EXAMPLES = Path(__file__).parents[2] / "examples" / "proteins.fasta"
HEADER = ["protein", "position", "residue", "probability", "fpr", "call", "window", "status"]


def read_rows(path):
    return list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))


@pytest.fixture
def predict(tiny_folder, tmp_path, capsys):
    """Run the command on FASTA text; gives exit code, rows by csv, and standard error."""

    def run(text, *options, name="in.fasta", output="out.tsv"):
        source = tmp_path / name
        source.write_bytes(text if isinstance(text, bytes) else text.encode())
        target = tmp_path / output
        code = main(["predict", str(source), "-o", str(target), "--model", str(tiny_folder), *options])
        rows = read_rows(target) if target.exists() and target.suffix == ".tsv" else None
        return code, rows, capsys.readouterr().err.replace(str(tmp_path) + "/", "")

    return run


def test_examples_table(tiny_folder, tmp_path):
    target = tmp_path / "out.tsv"
    assert main(["predict", str(EXAMPLES), "-o", str(target), "--model", str(tiny_folder)]) == 0
    assert target.read_text().split("\n")[0].split("\t") == HEADER
    rows = read_rows(target)
    ser15 = next(row for row in rows if row["protein"] == "P04637" and row["position"] == "15")
    assert (ser15["residue"], ser15["window"]) == ("S", "PSVEPPLSQETFSDL")
    assert all(0 <= float(row["probability"]) <= 1 for row in rows)
    assert all(row["window"][7] == row["residue"] in "STY" for row in rows)
    assert [row["protein"] for row in rows] == sorted(
        (row["protein"] for row in rows),
        key=["P04637", "P10636", "P35222", "P00533", "P46527", "P63104"].index,
    )


def test_rows_are_every_site_in_order(predict):
    code, rows, _ = predict(">a\nMSTAY\nAAS\n>b desc\nGGGT\n")
    assert code == 0
    sites = [(row["protein"], int(row["position"]), row["residue"]) for row in rows]
    assert sites == [("a", 2, "S"), ("a", 3, "T"), ("a", 5, "Y"), ("a", 8, "S"), ("b", 4, "T")]
    assert rows[0]["window"] == "______MSTAYAAS_"
    assert {row["status"] for row in rows} == {"scored"}


def test_calls_follow_the_false_positive_rate(predict):
    _, rows, _ = predict(EXAMPLES.read_text())
    for row in rows:
        fpr = float(row["fpr"])
        expected = "high" if fpr <= 0.01 else "medium" if fpr <= 0.05 else "low" if fpr <= 0.1 else "-"
        assert row["call"] == expected


def test_gaps_and_stop_keep_given_positions(predict):
    _, rows, _ = predict(">a\nM-S.TA*\n")
    assert [(row["position"], row["residue"]) for row in rows] == [("3", "S"), ("5", "T")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "in.fasta: found an empty file, expected"),
        (">a\nMS1PK\n", "in.fasta, line 2, record a, position 3: found '1', expected"),
        (">ok\nMSPK\n\n>b\nMAAAAA\nAAS!\n", "in.fasta, line 6, record b, position 10: found '!', expected"),
        ("MSPK\n", "in.fasta, line 1: found"),
        (">a\n\n", "in.fasta: no protein to score; 1 record read, 0 used, 1 skipped (no residues: 1)"),
    ],
)
def test_bad_input_is_one_clear_error_and_no_output(predict, tmp_path, text, message):
    code, rows, error = predict(text)
    assert (code, rows) == (1, None)
    lines = [line for line in error.splitlines() if line.startswith("phosphot5 predict: ")]
    assert len(lines) == 1
    assert message in lines[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.fasta"]


def test_missing_file(tiny_folder, tmp_path, capsys):
    code = main(
        ["predict", str(tmp_path / "no.fasta"), "-o", str(tmp_path / "o.tsv"), "--model", str(tiny_folder)]
    )
    assert code == 1
    assert "no.fasta" in capsys.readouterr().err
    assert not (tmp_path / "o.tsv").exists()


def test_protein_of_length_one_and_without_sites(predict, caplog):
    caplog.set_level("INFO")
    code, rows, _ = predict(">one\nS\n>none\nMAAA\n>bare\nK\n")
    assert code == 0
    assert [(row["protein"], row["position"], row["window"]) for row in rows] == [
        ("one", "1", "_______S_______")
    ]
    assert "2 proteins without S, T or Y" in caplog.text
    assert "3 records read, 3 used, 0 skipped" in caplog.text


def test_very_long_protein_loses_no_site(predict):
    code, rows, _ = predict(">long\n" + "MASPKTYGAA" * 4000 + "\n")
    assert code == 0
    assert len(rows) == 12000
    assert rows[-1]["position"] == str(40000 - 3)


def test_duplicates_are_kept_and_named(predict, caplog):
    caplog.set_level("INFO")
    _, rows, _ = predict(">a\nMSA\n>a\nMTA\n")
    assert [(row["protein"], row["residue"]) for row in rows] == [("a", "S"), ("a", "T")]
    assert "repeated identifiers, all records kept: a (2 times)" in caplog.text


def test_gzip_windows_line_ends_and_lower_case(predict):
    _, plain, _ = predict(">a\nMSTA\n", output="1.tsv")
    _, zipped, _ = predict(gzip.compress(b">a\r\nms\r\nta\r\n"), name="in.fasta.gz", output="2.tsv")
    assert plain == zipped
    assert len(plain) == 2


def test_standard_input_and_output(tiny_folder):
    command = [sys.executable, "-m", "phosphot5", "predict", "-", "--model", str(tiny_folder), "--quiet"]
    done = subprocess.run(command, input=">a\nMSTA\n", capture_output=True, text=True, check=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))
    assert [row["position"] for row in rows] == ["2", "3"]
    failed = subprocess.run(command, input=">a\nMSTA\n>b\nM?\n", capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == (
        "phosphot5 predict: standard input, line 4, record b, position 2: found '?', expected a residue letter "
        "A-Z; if sites are marked, name the notation, or pass the file to predict with --known; "
        "--skip-bad leaves such records out\n"
    )


def test_existing_output_is_refused_before_any_work(predict, tmp_path):
    (tmp_path / "out.tsv").write_text("mine")
    code, _, error = predict(">a\nMSTA\n")
    assert code == 1
    assert "out.tsv: already exists" in error
    assert (tmp_path / "out.tsv").read_text() == "mine"
    assert predict(">a\nMSTA\n", "--overwrite")[0] == 0


def test_unknown_ending_names_the_known(predict):
    code, _, error = predict(">a\nMSTA\n", output="out.xls")
    assert code == 1
    assert "out.xls: unknown ending '.xls'; use one of .tsv" in error


def test_jsonl_has_the_same_rows(predict, tmp_path):
    _, rows, _ = predict(">a\nMSTA\n")
    predict(">a\nMSTA\n", output="out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [list(line) for line in lines] == [HEADER] * 2
    assert [(line["position"], f"{line['probability']:.4f}") for line in lines] == [
        (int(row["position"]), row["probability"]) for row in rows
    ]


@pytest.mark.parametrize(("output", "mark"), [("out.fasta", "#"), ("out.proforma", "[Phospho]")])
def test_annotated_sequences_mark_called_sites(predict, tmp_path, output, mark):
    text = EXAMPLES.read_text()
    _, rows, _ = predict(text)
    predict(text, "--call", "low", output=output)
    records = (tmp_path / output).read_text().split(">")[1:]
    for record in records:
        title, sequence = record.strip().split("\n")
        called = [int(r["position"]) for r in rows if r["protein"] == title.split()[0] and r["call"] != "-"]
        pieces = sequence.split(mark)
        positions = [sum(len(piece) for piece in pieces[: i + 1]) for i in range(len(pieces) - 1)]
        assert positions == called


def test_scores_do_not_depend_on_batch_mates_or_order(predict):
    records = [f">{record}" for record in EXAMPLES.read_text().split(">")[1:]]
    _, together, _ = predict("".join(records), output="0.tsv")
    _, reverse, _ = predict("".join(records[::-1]), output="1.tsv")
    alone = [row for i, record in enumerate(records) for row in predict(record, output=f"{i + 2}.tsv")[1]]
    assert together == alone
    assert sorted(together, key=str) == sorted(reverse, key=str)


def test_model_that_does_not_exist(tmp_path, capsys):
    code = main(["predict", str(EXAMPLES), "-o", str(tmp_path / "o.tsv"), "--model", str(tmp_path / "none")])
    assert code == 1
    error = capsys.readouterr().err
    assert "cannot be loaded as a model; give bundled, a folder or a hub id" in error
    assert not (tmp_path / "o.tsv").exists()


def test_options_name_every_format_and_call():
    parser = argparse.ArgumentParser()
    predict_command.add_arguments(parser)
    choices = {action.dest: tuple(action.choices) for action in parser._actions if action.choices}
    assert choices.items() >= {"format": tuple(FORMATS), "call": tuple(CALLS)}.items()


def test_annotated_gaps_do_not_shift_marks(predict, tmp_path):
    text = f">p53\n{EXAMPLES.read_text().split('>')[1].partition(chr(10))[2]}"
    gapped = text.replace("\n", "\n--", 2)
    predict(text, "--call", "low", output="plain.fasta")
    predict(gapped, "--call", "low", output="gapped.fasta")
    plain, shifted = ((tmp_path / f"{name}.fasta").read_text() for name in ("plain", "gapped"))
    assert "#" in plain
    assert plain == shifted.replace("-", "")


BAD = ">t1\nMRS*GDT\n>t2\nMSTY*\n>t3\nMS1\n>\nMS\n>t5\nM\u00e9S\n>t6\nMKS\n"


def test_bad_records_are_left_out_counted_and_listed(predict, caplog):
    caplog.set_level("INFO")
    code, rows, _ = predict(BAD, "--skip-bad")
    assert (code, [row["protein"] for row in rows]) == (0, ["t2", "t2", "t2", "t6"])
    assert "6 records read, 2 used, 4 skipped (not readable: 4)" in caplog.text
    assert "left out: " in caplog.text
    assert "line 6, record t3, position 3: found '1'" in caplog.text
    code, _, error = predict(BAD, output="none.tsv")
    assert (code, len(error.splitlines())) == (1, 1)
    assert "--skip-bad leaves such records out" in error
    assert "--skip-bad" not in predict("no FASTA", output="none.tsv")[2]


def test_nucleotides_are_warned_of_and_counted(predict, caplog):
    caplog.set_level("INFO")
    predict(
        ">gene\nATGACTACTACTTCTAGCATTTAG\n>mrna\nAUGGCUAGCUAGCUANN\n>peptide\nGATTACA\n>p\nMKTTYSSGTTAATACGA\n"
    )
    assert "in.fasta: 2 records of 4 with only A, C, G, T, U and N" in caplog.text
    assert "0 skipped; only A, C, G, T, U and N, probably nucleotides: 2 records" in caplog.text


def test_known_sites_of_other_proteins_only_are_an_error(predict, tmp_path):
    (tmp_path / "k.tsv").write_text("id\tpos\nQ1\t2\n")
    code, rows, error = predict(">a\nMSTY\n", "--known", str(tmp_path / "k.tsv"))
    assert (code, rows) == (1, None)
    assert (
        "k.tsv: found no protein of the input ('Q1' here, 'a' there), expected the same identifiers" in error
    )


NAMES = [
    '"P1',
    'P2"',
    '"',
    'a"b',
    "#c",
    "track",
    "browser1",
    "a#b",
    "%23",
    "\u03b2",
    "x;y=z",
    "'",
    ">x",
    "=1+1",
]


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "bed", "gff3", "fasta", "proforma"])
def test_identifiers_come_back_as_they_were(predict, tmp_path, ending):
    import pandas as pd

    text = "".join(f">{name}\nMSS\n" for name in NAMES)
    known = tmp_path / "known.fasta"
    known.write_text("".join(f">{name}\nMS#S\n" for name in NAMES))
    code, rows, error = predict(text, "--known", str(known), output=f"out.{ending}")
    assert code == 0, error
    path = tmp_path / f"out.{ending}"
    lines = path.read_text().splitlines()
    if ending == "tsv":
        assert [row["protein"] for row in rows[::2]] == NAMES
        assert pd.read_csv(path, sep="\t")["protein"].tolist()[::2] == NAMES
    elif ending == "jsonl":
        assert [json.loads(line)["protein"] for line in lines[::2]] == NAMES
    elif ending == "bed":
        shown = [line for line in lines if not line.startswith(("#", "track", "browser"))]
        names = [unquote(line.split("\t")[0]) for line in shown]
        assert list(dict.fromkeys(names)) == NAMES
        assert not any("#" in line for line in lines)
    if ending in ("tsv", "gff3", "fasta", "proforma"):
        marked = KnownSites.read(str(path)).mark(Protein(id=name, sequence="MSS") for name in NAMES)
        assert all(protein.states[1] == 1 for protein in marked)


def test_windows_have_the_letters_of_kinase_libraries(predict):
    _, rows, _ = predict(">a\nUBSZOJK\n")
    assert [row["window"] for row in rows] == ["_____XXSXXXK___"]
