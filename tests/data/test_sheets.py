"""Sheets as spreadsheets and pandas save them: what stands between cells, dates for genes, titles, other archives."""

import sys
import zipfile

import pytest
from proteins import FASTA

from phosphot5.cli.main import main
from phosphot5.data.files.sheets import read_sheet
from phosphot5.errors import InputFileError, InputFormatError, PhosphoT5Error

ONE = "Q11111"


def workbook(path, *sheets):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "accession;position;localization;\nQ11111;3;0,98;\nQ11111;7;0,5;\n",
        "sep=;\naccession;position;localization\nQ11111;3;0,98\nQ11111;7;0,5\n",
        '"accession","position","localization"\n"Q11111","3.0","0.98"\n"Q11111","7.0","0.5"\n',
        ",accession,position,localization\n0,Q11111,3,0.98\n1,Q11111,7,0.5\n",
        "Unnamed: 0\tindex\taccession\tposition\tlocalization\n0\t5\tQ11111\tS3\t0.98\n1\t6\tQ11111\tT7\t0.5\n",
        "Table S1: sites, by run; made up\n\naccession,position,localization\nQ11111,3,0.98\nQ11111,7,0.5\n",
    ],
)
def test_text(labels, text):
    assert labels(text, "any.name") == ({ONE: "S3"}, {"localisation probability below 0.75": 1})


def test_excel(labels, tmp_path):
    from datetime import datetime

    rows = [
        ["Table S1, made up"],
        [],
        ["Gene", "Accession", "Position", "Localization prob"],
        ["A", ONE, 3.0, 0.98],
        [datetime(2024, 9, 2), ONE, 7, 0.5],
        ["1-Mar", ONE, 10, 1],
    ]
    path = workbook(tmp_path / "s.xlsx", ("About", [["notes"]]), ("Sites", rows))
    assert labels(path) == ({ONE: "S3 Y10"}, {"localisation probability below 0.75": 1})
    sheet = read_sheet(path, lambda cells: "Position" in cells)
    assert [line for line, _ in sheet] == [4, 5, 6]
    assert sheet.warnings() == [
        "sheet 'Sites' is read, not 'About'",
        "column 'Gene': 2 of the cells are dates, the first 2024-09-02 in line 5; Excel turns gene names such as "
        "SEPT2 and MARCH1 into dates, check the names",
    ]


def test_dates_are_warned_about(tmp_path, caplog, capsys):
    (tmp_path / "p.fasta").write_text(FASTA)
    (tmp_path / "s.csv").write_text("gene,accession,position,date\n2-Sep,Q11111,3,2024-01-01\n")
    arguments = [
        str(tmp_path / "s.csv"),
        "--fasta",
        str(tmp_path / "p.fasta"),
        "-o",
        str(tmp_path / "o.fasta"),
    ]
    assert main(["data", "convert", *arguments]) == 0
    assert "s.csv: column 'gene': 1 of the cells are dates, the first 2-Sep in line 2" in caplog.text
    assert "column 'date'" not in caplog.text


def test_pandas_parquet_with_an_index(labels, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"accession": [ONE, ONE], "position": [3.0, float("nan")], "site": ["S3", None]})
    frame.set_index("accession").to_parquet(tmp_path / "a.parquet")
    assert labels(tmp_path / "a.parquet") == ({ONE: "S3"}, {"no site given": 1})
    frame[frame.position > 0].reset_index().to_parquet(tmp_path / "b.parquet")
    assert labels(tmp_path / "b.parquet") == ({ONE: "S3"}, {})


def test_what_is_no_sheet(tmp_path, write):
    def any_row(cells):
        return True

    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0 and more")
    with pytest.raises(
        InputFileError, match=r"old.xls: a sheet of Excel before 2007; save it as .xlsx or .csv"
    ):
        read_sheet(tmp_path / "old.xls", any_row)
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("t.tsv", "a\tb\n")
    with pytest.raises(
        InputFileError, match=r"t.zip: cannot be read as an Excel sheet .* another archive, unpack it"
    ):
        read_sheet(tmp_path / "t.zip", any_row)
    with pytest.raises(InputFormatError, match="found an empty file, expected a table with a header"):
        read_sheet(write("\n\n", "empty.csv"), any)
    with pytest.raises(InputFormatError, match="found an empty file, expected a table with a header"):
        read_sheet(workbook(tmp_path / "empty.xlsx", ("a", [])), any)


def test_without_openpyxl(tmp_path, monkeypatch):
    path = workbook(tmp_path / "s.xlsx", ("a", [["x"]]))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(
        PhosphoT5Error, match=r'openpyxl, which is not installed: pip install "phosphot5\[data\]"'
    ):
        read_sheet(path, any)
