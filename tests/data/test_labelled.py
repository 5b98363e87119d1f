"""Labelled proteins in files: both kinds give back what they got, and say what does not fit."""

import gzip

import pytest

from phosphot5.data import LabelledProtein, Ledger, Protein, parse, read_labelled, write_labelled
from phosphot5.errors import InputFileError, InputFormatError, OutputFileError


def protein(text="MS#T@YSK", id="a", **fields):
    return LabelledProtein(id=id, **vars(parse(text, "hash")), **fields)


PROTEINS = [
    protein(description="first one", evidence={2: "ECO:0000269"}, source="table:x.tsv"),
    protein("M-AS#*", id="gapped"),
    protein("MAAK", id="bare"),
]


@pytest.mark.parametrize("name", ["p.fasta", "p.fasta.gz", "p.parquet"])
def test_round_trip(tmp_path, name):
    ledger = Ledger()
    assert write_labelled(PROTEINS, tmp_path / name) == 3
    read = list(read_labelled(tmp_path / name, ledger))
    fields = ("id", "description", "sequence", "states", "removed")
    assert [[getattr(p, f) for f in fields] for p in read] == [
        [getattr(p, f) for f in fields] for p in PROTEINS
    ]
    assert (ledger.read, ledger.used) == (3, 3)
    if name.endswith("parquet"):
        assert read == PROTEINS


def test_parquet_takes_plain_proteins(tmp_path):
    write_labelled([Protein(id="a", sequence="AS", states=b"\0\1")], tmp_path / "p.parquet")
    (read,) = read_labelled(tmp_path / "p.parquet")
    assert (read.states, read.evidence, read.source) == (b"\0\1", {}, "")


def test_same_proteins_same_bytes(tmp_path):
    for name in ("a.parquet", "b.parquet", "a.fasta.gz", "b.fasta.gz"):
        write_labelled(PROTEINS, tmp_path / name)
    for ending in ("parquet", "fasta.gz"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    assert gzip.decompress((tmp_path / "a.fasta.gz").read_bytes()).startswith(b">a first one\nMS#T@YSK\n")


def test_parquet_is_a_data_set_of_the_hub(tmp_path):
    import datasets

    write_labelled(PROTEINS, tmp_path / "p.parquet")
    loaded = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "p.parquet"), cache_dir=str(tmp_path / "cache")
    )["train"]
    assert loaded.column_names == ["protein", "description", "sequence", "sites", "source"]
    assert loaded[0]["sites"] == [
        {"position": 2, "residue": "S", "state": "positive", "evidence": "ECO:0000269"},
        {"position": 3, "residue": "T", "state": "negative", "evidence": ""},
    ]
    assert loaded[1]["sequence"][loaded[1]["sites"][0]["position"] - 1] == "S"
    loaded.to_parquet(tmp_path / "again.parquet")
    assert list(read_labelled(tmp_path / "again.parquet")) == PROTEINS


def test_existing_file_is_refused_and_other_endings(tmp_path):
    (tmp_path / "p.parquet").write_text("precious")
    with pytest.raises(OutputFileError, match="already exists"):
        write_labelled(PROTEINS, tmp_path / "p.parquet")
    assert (tmp_path / "p.parquet").read_text() == "precious"
    write_labelled(PROTEINS, tmp_path / "p.parquet", overwrite=True)
    with pytest.raises(OutputFileError, match="p.tsv: unknown ending; use one of .fasta, .fasta.gz"):
        write_labelled(PROTEINS, tmp_path / "p.tsv")


@pytest.mark.parametrize("name", ["p.fasta", "p.parquet"])
def test_failure_leaves_nothing(tmp_path, name):
    def failing():
        yield PROTEINS[0]
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_labelled(failing(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def write_rows(path, **changes):
    import pyarrow as pa
    from pyarrow import parquet

    site = {"position": 2, "residue": "S", "state": "positive", "evidence": ""}
    row = {"protein": "a", "description": "", "sequence": "MSK", "sites": [site], "source": ""} | changes
    good = row | {"sequence": "MSK", "sites": [site], "protein": "good"}
    names = [name for name, value in row.items() if value != "DROP"]
    parquet.write_table(pa.table({name: [good[name], row[name]] for name in names}), path)


def site(**changes):
    return [{"position": 2, "residue": "S", "state": "positive", "evidence": ""} | changes]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"sites": site(state="maybe")},
            "line 2, record a, position 2: found state 'maybe', expected positive or",
        ),
        (
            {"sites": site(position=3)},
            "line 2, record a, position 3: found a site on 'S' without such a residue",
        ),
        (
            {"sites": site(residue="T")},
            "line 2, record a, position 2: found a site on 'T' without such a residue",
        ),
        ({"sequence": "M1K"}, "line 2, record a, position 2: found '1', expected a residue letter"),
        (
            {"sequence": None},
            "line 2, record a: found no value in column 'sequence', expected one in each column",
        ),
        ({"protein": "a b"}, "line 2, record a b: found identifier 'a b'"),
    ],
)
def test_wrong_row(tmp_path, changes, message):
    path = tmp_path / "p.parquet"
    write_rows(path, **changes)
    with pytest.raises(InputFormatError) as caught:
        list(read_labelled(path))
    assert message in str(caught.value)
    ledger = Ledger()
    assert [p.id for p in read_labelled(path, ledger, on_error="skip")] == ["good"]
    assert ledger.reasons == {"not readable": 1}
    assert message in ledger.skipped_records[0].detail


def test_skipping_needs_a_ledger(tmp_path):
    write_rows(tmp_path / "p.parquet")
    with pytest.raises(ValueError, match="needs a ledger"):
        list(read_labelled(tmp_path / "p.parquet", on_error="skip"))


def test_missing_column_wrong_type_no_parquet_and_no_file(tmp_path):
    from pyarrow import parquet

    path = tmp_path / "p.parquet"
    write_rows(path, source="DROP")
    with pytest.raises(
        InputFormatError, match=r"found the columns protein, .*, expected a column source \(string\)"
    ):
        list(read_labelled(path))
    write_rows(path)
    table = parquet.read_table(path)
    parquet.write_table(table.set_column(3, "sites", [["S15", "T18"]]), path)
    with pytest.raises(InputFileError, match="cannot be read as Parquet"):
        list(read_labelled(path))
    path.write_text("text")
    with pytest.raises(InputFileError, match="cannot be read as Parquet"):
        list(read_labelled(path))
    with pytest.raises(InputFileError, match="no such file"):
        list(read_labelled(tmp_path / "none.parquet"))
