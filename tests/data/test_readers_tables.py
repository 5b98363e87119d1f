"""PhosphoSitePlus, MaxQuant and tables of a user's own: columns, rows that count, and rows that do not."""

import gzip
from pathlib import Path

import pytest

from phosphot5.data import LabelledProtein, SiteState, write_labelled
from phosphot5.data.sources import FORMATS, ReadContext, detect_format
from phosphot5.errors import InputFileError, InputFormatError

POSITIVE, NEGATIVE, UNKNOWN = SiteState.POSITIVE, SiteState.NEGATIVE, SiteState.UNKNOWN


def read(path, form, **options):
    context = ReadContext(path, **options)
    return list(FORMATS[form].read(context)), context


def claims(entry):
    return [
        (claim.position, claim.residue, claim.state, claim.evidence, claim.line) for claim in entry.claims
    ]


PSP_HEADER = "GENE\tPROTEIN\tACC_ID\tMOD_RSD\tORGANISM\tLT_LIT\tMS_LIT\tMS_CST\tCST_CAT#\n"


def psp(*rows, header=PSP_HEADER):
    preamble = '090624\n"PhosphoSitePlus" (the words "PSP") was created by a company.\n\n'
    return preamble + header + "".join(f"TP53\t{row}\n" for row in rows)


def test_phosphositeplus(write):
    text = psp(
        'p53 "cellular"\tP04637\tS15-p\thuman\t211\t9\t1\t9284',
        "p53\tP04637\tT18-p\thuman\t\t2",
        "p53\tP04637-7\tS7-p\thuman\t\t\t1",
        "p53\tP02340\tS18-p\tmouse\t3",
        "p53\tP04637\tK120-ac\thuman\t1",
        "p53\tP04637\tH115-p\thuman\t1",
    )
    entries, context = read(write(text, "psp"), "phosphositeplus", organism="Human")
    assert [entry.id for entry in entries] == ["P04637", "P04637-7"]
    assert claims(entries[0]) == [
        (15, "S", POSITIVE, "LT_LIT=211,MS_LIT=9,MS_CST=1", 5),
        (18, "T", POSITIVE, "MS_LIT=2", 6),
    ]
    assert context.account.left_out == {
        "of another organism": 1,
        "another modification": 1,
        "on a residue other than S, T and Y": 1,
    }
    assert len(read(write(text, "psp"), "phosphositeplus")[0]) == 3


def test_wrong_phosphositeplus(write):
    text = psp("p53\tP04637\tS15!\thuman", "p53\t\tS15-p\thuman", "p53\tP04637\tS20-p\thuman")
    with pytest.raises(
        InputFormatError,
        match="psp, line 5, record P04637: found 'S15!', expected a site such as 15, S15 or S15-p",
    ):
        read(write(text, "psp"), "phosphositeplus")
    (entry,), context = read(write(text, "psp"), "phosphositeplus", skip_bad=True)
    assert [claim.position for claim in entry.claims] == [20]
    assert context.account.left_out == {"not readable": 2}
    assert "line 6: found a row without protein, expected one" in context.account.problems[1]
    with pytest.raises(
        InputFormatError,
        match="line 4: found the columns 'GENE', .*, expected one with the position, called MOD_RSD",
    ):
        read(write(psp(header=PSP_HEADER.replace("MOD_RSD", "SITE")), "psp"), "phosphositeplus")
    path = write(psp(header=PSP_HEADER.replace("ORGANISM", "TAXON")), "psp")
    with pytest.raises(InputFormatError, match="expected one with the organism, called ORGANISM"):
        read(path, "phosphositeplus", organism="human")


MQ_HEADER = [
    "Proteins", "Positions within proteins", "Leading proteins", "Protein", "Localization prob", "Amino acid",
    "Reverse", "Potential contaminant",
]  # fmt: skip


def maxquant(*rows, header=MQ_HEADER):
    return "".join("\t".join(row) + "\n" for row in [header, *rows])


ROW = ["P04637;P04637-7;CON__X", "15;7;3", "P04637;P04637-7;CON__X", "P04637", "0.99", "S", "", ""]


def row(**changes):
    names = {
        "proteins": 0,
        "positions": 1,
        "leading": 2,
        "probability": 4,
        "residue": 5,
        "reverse": 6,
        "foreign": 7,
    }
    cells = list(ROW)
    for name, value in changes.items():
        cells[names[name]] = value
    return cells


def test_maxquant(write):
    text = maxquant(
        ROW,
        row(positions="20;12;8", probability="0.75", leading="P04637"),
        row(positions="33;25;21", probability="0.5"),
        row(reverse="+"),
        row(foreign="+"),
        row(residue="H"),
    )
    entries, context = read(write(text, "Phospho (STY)Sites.txt"), "maxquant")
    assert [entry.id for entry in entries] == ["P04637", "P04637-7"]
    assert claims(entries[0]) == [
        (15, "S", POSITIVE, "localisation=0.99", 2),
        (20, "S", POSITIVE, "localisation=0.75", 3),
        (33, "S", UNKNOWN, "localisation=0.5", 4),
    ]
    assert [claim.position for claim in entries[1].claims] == [7, 25]
    assert context.account.left_out == {
        "localisation probability below 0.75": 1,
        "decoy": 1,
        "contaminant": 1,
        "on a residue other than S, T and Y": 1,
    }
    strict, _ = read(write(text, "sites.txt"), "maxquant", localisation=0.9)
    assert [claim.state for claim in strict[0].claims] == [POSITIVE, UNKNOWN, UNKNOWN]


def test_older_maxquant_without_leading_proteins(write):
    header = [
        name.replace("Potential contaminant", "Contaminant") for name in MQ_HEADER if "Leading" not in name
    ]
    entries, _ = read(write(maxquant(ROW[:2] + ROW[3:], header=header), "s.txt"), "maxquant")
    assert [entry.id for entry in entries] == ["P04637", "P04637-7"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": "15;7"}, "found 3 proteins and 2 positions, expected as many of both"),
        ({"positions": "15;x;3"}, "found 'x', expected a site such as 15, S15 or S15-p"),
        (
            {"probability": "high"},
            "found localisation probability 'high' in column 'Localization prob', expected a number from 0 to 1",
        ),
    ],
)
def test_wrong_maxquant(write, changes, message):
    path = write(maxquant(ROW, row(**changes)), "s.txt")
    with pytest.raises(InputFormatError) as caught:
        read(path, "maxquant")
    assert f"s.txt, line 3, record P04637;P04637-7;CON__X: {message}" in str(caught.value)
    _, context = read(path, "maxquant", skip_bad=True)
    assert context.account.left_out == {"not readable": 1}


def test_maxquant_without_a_column(write):
    header = [name.replace("Localization prob", "Score") for name in MQ_HEADER]
    with pytest.raises(
        InputFormatError, match="line 1: found the columns 'Proteins', .*, expected one with the localisation"
    ):
        read(write(maxquant(ROW, header=header), "s.txt"), "maxquant")


TABLE = (
    "accession,position,residue,label,evidence,sequence\n"
    "a,S2,S,1,mine,MSTY\na,3,T,negative,,MSTY\na,4,,Unknown,,MSTY\nb,1,K,1,,KS\n"
)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.parquet"])
def test_table(tmp_path, name):
    import pyarrow as pa
    from pyarrow import csv, parquet

    path = tmp_path / name
    if name.endswith("parquet"):
        table = csv.read_csv(pa.py_buffer(TABLE.encode()))
        parquet.write_table(table, path)
    else:
        text = (TABLE if "csv" in name else TABLE.replace(",", "\t")).encode()
        path.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    (entry,), context = read(str(path), "table")
    first = 1 if name.endswith("parquet") else 2
    assert (entry.id, entry.sequence) == ("a", "MSTY")
    assert claims(entry) == [
        (2, "S", POSITIVE, "mine", first),
        (3, "T", NEGATIVE, "", first + 1),
        (4, "", UNKNOWN, "", first + 2),
    ]
    assert context.account.left_out == {
        "state given as unknown": 1,
        "on a residue other than S, T and Y": 1,
    }


def test_table_without_states_has_positives(write):
    (entry,), _ = read(write("protein\tsite\na\tS2-p\n", "t.tsv"), "table")
    assert claims(entry) == [(2, "S", POSITIVE, "", 2)]
    assert entry.sequence is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,x,S,1,,MSTY", "line 3, record a: found 'x', expected a site such as 15, S15 or S15-p"),
        (
            "a,S2,T,1,,MSTY",
            "line 3, record a: found residue 'T' in column 'residue', expected the residue of S2",
        ),
        (
            "a,2,S,maybe,,MSTY",
            "found state 'maybe', expected one of positive, 1, true, negative, 0, false, unknown",
        ),
        ("a,2,S,,,MSTY", "found state '', expected one of"),
        (",2,S,1,,MSTY", "line 3: found a row without protein, expected one"),
        (
            "a,2,S,1,,MSTYK",
            "found a sequence that differs from that of an earlier row, expected one sequence",
        ),
    ],
)
def test_wrong_table(write, line, message):
    header, first, *_ = TABLE.splitlines()
    path = write(f"{header}\n{first}\n{line}\n", "t.csv")
    with pytest.raises(InputFormatError) as caught:
        read(path, "table")
    assert message in str(caught.value)
    (entry,), context = read(path, "table", skip_bad=True)
    assert len(entry.claims) == len(context.account.problems) == 1


def test_table_without_a_column_or_of_another_kind(write, tmp_path):
    with pytest.raises(
        InputFormatError, match="found the columns 'accession', 'where', expected one with the position"
    ):
        read(write("accession,where\na,2\n", "t.csv"), "table")
    with pytest.raises(InputFileError, match="cannot be read as Parquet"):
        read(write("PAR1x", "t.parquet"), "table")
    with pytest.raises(InputFileError, match="no such file"):
        read(str(tmp_path / "none.parquet"), "table")


def test_hash_keeps_gaps_and_evidence(tmp_path, write):
    (entry,), _ = read(write(">a b\nM-S#T@\n", "p.fasta"), "hash")
    assert (entry.sequence, entry.removed, entry.keep) == ("MST", (2,), True)
    assert claims(entry) == [(2, "S", POSITIVE, "", None), (3, "T", NEGATIVE, "", None)]
    protein = LabelledProtein(id="a", sequence="AS", states=b"\0\1", evidence={2: "x"}, source="table:t.csv")
    write_labelled([protein], tmp_path / "p.parquet")
    (entry,), _ = read(str(tmp_path / "p.parquet"), "hash")
    assert (claims(entry), entry.source) == ([(2, "S", POSITIVE, "x", None)], "table:t.csv")


def test_bad_record_of_hash(write):
    path = write(">a\nMS1\n>b\nAS#\n", "p.fasta")
    with pytest.raises(InputFormatError, match="line 2, record a, position 3"):
        read(path, "hash")
    (entry,), context = read(path, "hash", skip_bad=True)
    assert (entry.id, context.ledger.reasons) == ("b", {"not readable": 1})


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (">a\nAS#\n", "hash"),
        ("ID   P53_HUMAN  Reviewed; 1 AA.\n", "uniprot-text"),
        ('<?xml version="1.0"?>\n<uniprot xmlns="http://uniprot.org/uniprot">\n', "uniprot-xml"),
        ("##gff-version 3\n", "uniprot-gff"),
        (psp(), "phosphositeplus"),
        (maxquant(), "maxquant"),
        (">a\nASTY\n", None),
        (">a#S#\nAsTY\n", None),
        ("accession,position\na,2\n", "table"),
        ("name,where\na,2\n", None),
        ("<svg></svg>\n", None),
        ("", None),
    ],
)
def test_format_is_told_by_content_or_not_at_all(write, text, form):
    path = write(text, "input")
    if form:
        assert detect_format(path) == form
        return
    with pytest.raises(
        InputFileError,
        match="input: format not recognised from the content; name it with --from, one of hash, ",
    ):
        detect_format(path)


def test_format_of_parquet_standard_input_and_nothing(tmp_path, write):
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / "p.parquet"
    write_labelled([LabelledProtein(id="a", sequence="AS")], path)
    assert detect_format(str(path)) == "hash"
    parquet.write_table(pa.table({"accession": ["a"], "position": [1]}), path)
    assert detect_format(str(path)) == "table"
    parquet.write_table(pa.table({"name": ["a"], "where": [1]}), path)
    with pytest.raises(InputFileError, match="format not recognised"):
        detect_format(str(path))
    with pytest.raises(InputFileError, match="cannot be read as Parquet"):
        detect_format(write("PAR1", "damaged"))
    with pytest.raises(InputFileError, match="standard input: format not recognised"):
        detect_format("-")
    with pytest.raises(InputFileError, match="no such file"):
        detect_format(str(Path(tmp_path) / "none"))
