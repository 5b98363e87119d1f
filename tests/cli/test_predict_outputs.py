"""Outputs of ``phosphot5 predict`` opened by the programs that their readers use: equal values, whatever the names."""

import csv
import importlib.util
import json
import os
from dataclasses import replace
from urllib.parse import unquote

import pytest

from phosphot5.cli.main import main
from phosphot5.prediction import formats, job, scoring

NAMES = [
    '"P1',
    'a"b,c"',
    "a,b",
    "#c",
    "a#b",
    "%23",
    "\u03b2-\u86cb",
    "x;y=z",
    "'",
    "=1+1",
    "+1",
    "-2",
    "@SUM(A1)",
]
NAMES += ["#N/A", "<script>alert(1)</script>", "\"&'<b>", "bell\x07", "_x0041_", "007", "TRUE", "\ufffe"]
PROTEINS = "".join(f">{name} of {number}\nMS{'AYTK' * (number % 5)}\n" for number, name in enumerate(NAMES))
KNOWN = f"protein\tposition\n{NAMES[2]}\t2\n{NAMES[4]}\t4\n"
TABLES = ["csv", "jsonl", "parquet", "xlsx"]
NUMBERS = ("probability", "fpr")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with proteins of odd names; each part has three of them."""
    for module in (scoring, job):
        monkeypatch.setattr(module, "PROTEINS_AHEAD", 3)
    (tmp_path / "in.fasta").write_text(PROTEINS)
    (tmp_path / "known.tsv").write_text(KNOWN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def predict(folder, kinase_folder, capsys):
    """Run the command; gives exit code and standard error."""

    def run(output, *options, source="in.fasta"):
        code = main(["predict", source, "-o", output, "--model", str(kinase_folder), *options])
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def rows(predict):
    """Write a table, and return its rows as the TSV has them, with typed values."""

    def written(output, *options):
        options = (*options, "--known", "known.tsv")
        assert predict(output, *options) == (0, "")
        assert predict("expected.tsv", *options)[0] == 0
        with open("expected.tsv", encoding="utf-8", newline="") as handle:
            return [
                {column: typed(column, text) for column, text in row.items()}
                for row in csv.DictReader(handle, delimiter="\t")
            ]

    return written


def typed(column, text):
    if column.endswith(NUMBERS):
        return float(text) if text else None
    return int(text) if column == "position" else text or None


OPTIONS = pytest.mark.parametrize("options", [[], ["--kinases"], ["--kinases", "all"]], ids=" ".join)


@OPTIONS
def test_csv_in_python_pandas_and_polars(rows, options):
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    expected = rows("out.csv", *options)
    with open("out.csv", encoding="utf-8", newline="") as handle:
        content = handle.read()
    assert content.count("\r\n") == content.count("\n") == len(expected) + 1  # as RFC 4180 has it
    found = csv.DictReader(content.splitlines(), strict=True)
    assert [{name: typed(name, text) for name, text in row.items()} for row in found] == expected
    empty = {name: "" for name in expected[0] if name.endswith(NUMBERS)}
    table = pd.read_csv("out.csv", dtype={"protein": str}, keep_default_na=False, na_values=empty)
    assert plain(table.to_dict("records")) == expected
    assert pl.read_csv("out.csv", schema_overrides={"protein": pl.String}).to_dicts() == expected


def plain(records):
    """Return the rows of a pandas table with None for nothing."""
    return [
        {name: None if value != value or value == "" else value for name, value in row.items()}
        for row in records
    ]


@OPTIONS
def test_parquet_in_pandas_polars_and_arrow(rows, options):
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    parquet = pytest.importorskip("pyarrow.parquet")
    expected = rows("out.parquet", *options)
    table = parquet.read_table("out.parquet")
    assert table.to_pylist() == expected
    assert {str(field.type) for field in table.schema if field.name.endswith(NUMBERS)} == {"double"}
    assert str(table.schema.field("position").type) == "int64"
    assert plain(pd.read_parquet("out.parquet").to_dict("records")) == expected
    assert pl.read_parquet("out.parquet").to_dicts() == expected
    metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert metadata["phosphot5.input"] == "in.fasta"
    assert len(metadata["phosphot5.model_sha256"]) == 64
    assert json.loads(metadata["phosphot5.thresholds"])["S"] == {"high": 0.9, "medium": 0.6, "low": 0.5}
    assert json.loads(metadata["phosphot5.calls"]) == {"high": 0.01, "medium": 0.05, "low": 0.1}


def test_parquet_is_written_in_row_groups(rows, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("phosphot5.prediction.tables.ROWS_AT_ONCE", 10)
    expected = rows("out.parquet")
    file = parquet.ParquetFile("out.parquet")
    assert file.num_row_groups == -(-len(expected) // 10) > 1
    assert file.read().to_pylist() == expected


@OPTIONS
def test_excel_in_openpyxl_pandas_and_polars(rows, options):
    openpyxl, pd = pytest.importorskip("openpyxl"), pytest.importorskip("pandas")
    from openpyxl.utils.escape import unescape

    expected = rows("out.xlsx", *options)
    book = openpyxl.load_workbook("out.xlsx")
    sheet = book["sites"]
    header, *cells = sheet.iter_rows()
    assert [cell.value for cell in header] == list(expected[0])
    assert all(cell.font.bold for cell in header)
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", sheet.dimensions)
    assert {cell.data_type for row in cells for cell in row if cell.value is not None} == {
        "s",
        "n",
    }  # no formula
    found = [dict(zip(expected[0], [cell.value for cell in row], strict=True)) for row in cells]
    assert [row | {"protein": unescape(row["protein"])} for row in found] == expected
    table = pd.read_excel("out.xlsx", dtype={"protein": str}, keep_default_na=False)
    assert [
        row | {"protein": unescape(row["protein"])} for row in plain(table.to_dict("records"))
    ] == expected
    facts = {row[0]: row[1] for row in book["about"].iter_rows(values_only=True) if row[0]}
    assert facts["input"] == "in.fasta"
    assert (facts["model_sha256"], facts["S"]) == (facts["model_sha256"].lower(), 0.9)


@pytest.mark.parametrize("ending", [*TABLES, "html"])
def test_interrupted_runs_resume_to_the_same_file(predict, monkeypatch, ending):
    def failing(handle, protein, *rest):
        if protein.id == NAMES[7]:
            raise KeyboardInterrupt
        whole.write(handle, protein, *rest)

    whole = formats.FORMATS[ending]
    with monkeypatch.context() as patch:
        patch.setitem(formats.FORMATS, ending, replace(whole, write=failing))
        assert predict(f"out.{ending}")[0] == 130
    assert not os.path.exists(f"out.{ending}")
    assert predict(f"out.{ending}", "--resume") == (0, "")
    assert predict(f"whole.{ending}") == (0, "")
    monkeypatch.setattr(job.PredictionJob, "unsplittable", "asked for by the test")
    assert predict(f"stream.{ending}") == (0, "")
    assert content(f"out.{ending}") == content(f"whole.{ending}") == content(f"stream.{ending}")
    assert not [name for name in os.listdir() if name.startswith(".") or name.endswith(".parts")]


def content(path):
    """Return the bytes of a file, of Excel the cells: its archive has the time in it."""
    if path.endswith(".xlsx"):
        openpyxl = pytest.importorskip("openpyxl")
        return [list(sheet.values) for sheet in openpyxl.load_workbook(path)]
    with open(path, "rb") as handle:
        return handle.read()


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("-", ["--format", "parquet"], "parquet cannot go to standard output; name a file with -o"),
        ("-", ["--format", "html"], "html cannot go to standard output; name a file with -o"),
        ("o.xlsx.gz", [], "o.xlsx.gz: xlsx is not compressed further; leave .gz out of the name"),
        ("o.html", ["--part", "1/2"], "--part: files of html cannot be merged; use tsv, csv or jsonl"),
        ("o.parquet", ["--part", "1/2"], "--part: files of parquet cannot be merged; use tsv, csv or jsonl"),
        ("o.html", ["--kinases", "all"], "--kinases all: the format html has no place for kinases; use tsv, csv,"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_any_work(predict, monkeypatch, output, options, message):
    monkeypatch.setattr(job.PredictionJob, "score", None)
    code, error = predict(output, *options)
    assert (code, len(error.splitlines())) == (1, 1)
    assert message in error
    assert sorted(os.listdir()) == ["in.fasta", "known.tsv"]


@pytest.mark.parametrize(
    ("ending", "package", "install"),
    [("xlsx", "openpyxl", '"phosphot5[data]"'), ("parquet", "pyarrow", "pyarrow")],
)
def test_missing_packages_are_named_before_any_work(predict, monkeypatch, ending, package, install):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == package else find(name, *rest)
    )
    monkeypatch.setattr(job.PredictionJob, "score", None)
    code, error = predict(f"out.{ending}")
    assert (code, len(error.splitlines())) == (1, 1)
    assert f"{ending} needs {package}, which is not installed: pip install {install}" in error


@pytest.mark.parametrize("options", [[], ["--kinases", "all"]], ids=" ".join)
@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("ending", ["xlsx", "html"])
def test_more_rows_than_a_file_holds_are_refused(predict, monkeypatch, ending, options, once):
    if ending == "html" and options:
        return
    monkeypatch.setattr(formats, "MOST_EXCEL_ROWS", 10)
    small = replace(formats.FORMATS[ending], most_rows=10)
    monkeypatch.setitem(formats.FORMATS, ending, small)
    if once:
        monkeypatch.setattr(job.PredictionJob, "unsplittable", "asked for by the test")
    else:
        monkeypatch.setattr(job.PredictionJob, "score", None)
    code, error = predict(f"out.{ending}", *options)
    assert (code, len(error.splitlines())) == (1, 1)
    assert f"out.{ending}: {ending} holds at most 10 rows; write .parquet, .csv or .tsv instead" in error
    assert sorted(os.listdir()) == ["in.fasta", "known.tsv"]


def test_names_too_long_for_excel_are_one_line(predict, folder):
    (folder / "in.fasta").write_text(f">{'x' * 40_000}\nMS\n")
    code, error = predict("out.xlsx")
    assert (code, len(error.splitlines())) == (1, 1)
    assert "a cell of Excel holds at most 32,767 characters; write .parquet or .csv instead" in error
    assert not os.path.exists("out.xlsx")


def test_marked_sequences_in_biopython(predict, rows):
    seq_io = pytest.importorskip("Bio.SeqIO")
    expected = rows("out.jsonl")
    predict("out.fasta", "--known", "known.tsv", "--call", "low")
    with open("out.fasta", encoding="utf-8") as handle:
        records = list(seq_io.parse(handle, "fasta"))
    assert [record.id for record in records] == NAMES
    assert [record.description for record in records] == [line[1:] for line in PROTEINS.splitlines()[::2]]
    assert ["".join(str(record.seq).split("#")) for record in records] == PROTEINS.splitlines()[1::2]
    marked = sum(str(record.seq).count("#") for record in records)
    assert marked == sum(row["call"] != "-" or row["status"] == "known" for row in expected)


def test_intervals_in_pybedtools(predict, rows):
    pybedtools = pytest.importorskip(
        "pybedtools", reason="BED is read by pybedtools, which has no wheel here"
    )
    expected = [row for row in rows("out.jsonl") if row["call"] != "-" or row["status"] == "known"]
    assert predict("out.bed", "--known", "known.tsv", "--call", "low")[0] == 0
    found = [
        (unquote(at.chrom), at.start, at.end, at.name, int(at.score)) for at in pybedtools.BedTool("out.bed")
    ]
    assert found == [
        (
            row["protein"],
            row["position"] - 1,
            row["position"],
            f"{row['residue']}{row['position']}",
            1000 if row["probability"] is None else round(1000 * row["probability"]),
        )
        for row in expected
    ]
