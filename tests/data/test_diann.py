"""What DIA-NN writes: matrices of phosphosites, the site report, and reports of precursors, as text and as Parquet."""

import pytest

from phosphot5.errors import InputFormatError

ONE, TWO = "Q11111", "Q22222"
REPORT = [
    "Run", "Precursor.Id", "Modified.Sequence", "Stripped.Sequence", "Precursor.Charge", "Protein.Group",
    "Protein.Ids", "Decoy", "PTM.Site.Confidence", "Site.Occupancy.Probabilities", "Protein.Sites",
]  # fmt: skip
PRECURSORS = [
    ["a", "MGS(UniMod:21)LPK2", "MGS(UniMod:21)LPK", "MGSLPK", "2", ONE, ONE, "0", "0.99",
     "MGS(UniMod:21){0.990000}LPK2", f"[{ONE}:S3]"],
    ["a", "TAEY(UniMod:21)VR2", "TAEY(UniMod:21)VR", "TAEYVR", "2", ONE, f"{ONE};{TWO}", "0", "0.8",
     "T{0.200000}AEY(UniMod:21){0.800000}VR2", f"[{ONE}:Y10];[{TWO}:Y20]"],
    ["a", "VDST(UniMod:21)GR2", "VDST(UniMod:21)GR", "VDSTGR", "2", TWO, TWO, "0", "0.5",
     "VDS{0.500000}T(UniMod:21){0.500000}GR2", f"[{TWO}:T8]"],
    ["a", "VDSTGR2", "VDSTGR", "VDSTGR", "2", TWO, TWO, "0", "1", "VDSTGR2", f"[{TWO}:]"],
    ["a", "VDS(UniMod:21)TGR2", "VDS(UniMod:21)TGR", "VDSTGR", "2", TWO, TWO, "1", "1", "", ""],
    ["a", "VDS(UniMod:21)TGR2", "VDS(UniMod:21)TGR", "VDSTGR", "2", "Cont_X", "Cont_X", "0", "1", "", ""],
]  # fmt: skip
LEFT_OUT = {"localisation probability below 0.75": 1, "no phosphorylation": 1, "decoy": 1, "contaminant": 1}


def table(header, rows):
    return "".join("\t".join(row) + "\n" for row in [header, *rows])


def parquet(path, header, rows, numbers):
    import pyarrow as pa
    from pyarrow import parquet

    columns = {name: [row[i] or None for row in rows] for i, name in enumerate(header)}
    columns = {n: [v and numbers.get(n, str)(v) for v in values] for n, values in columns.items()}
    parquet.write_table(pa.table(columns), path)
    return path


def test_report_of_precursors(labels, tmp_path):
    expected = ({ONE: "S3 Y10", TWO: "Y20"}, LEFT_OUT)
    assert labels(table(REPORT, PRECURSORS)) == expected
    numbers = {"Decoy": int, "Precursor.Charge": int, "PTM.Site.Confidence": float}
    assert labels(parquet(tmp_path / "report.parquet", REPORT, PRECURSORS, numbers)) == expected


def test_older_report_has_one_confidence_of_the_precursor(labels):
    rows = [row[:9] for row in PRECURSORS]
    assert labels(table(REPORT[:9], rows)) == ({ONE: "S3 Y10", TWO: "Y20"}, LEFT_OUT)


def test_localisation_asked_for(labels):
    assert labels(table(REPORT, PRECURSORS), localisation=0.9)[0] == {ONE: "S3"}
    assert labels(table(REPORT, PRECURSORS), localisation=0.5)[0] == {ONE: "S3 Y10", TWO: "T8 Y20"}


def test_sites_that_contradict_the_proteins(labels):
    wrong = [[cell.replace(":S3]", ":S4]") for cell in row] for row in PRECURSORS]
    with pytest.raises(
        InputFormatError, match=r"'\[Q11111:S4\]' in column 'Protein.Sites', expected Q11111:S3"
    ):
        labels(table(REPORT, wrong))
    odd = [[cell.replace("{0.990000}LPK2", "{0.99}LPR2") for cell in row] for row in PRECURSORS]
    with pytest.raises(
        InputFormatError, match="in column 'Site.Occupancy.Probabilities', expected the peptide"
    ):
        labels(table(REPORT, odd))


SITE_REPORT = ["Run", "Precursor.Id", "Protein", "Residue", "Site", "Modification", "Occupied", "Probability"]
SITE_ROWS = [
    ["a", "p1", ONE, "S", "3", "UniMod:21", "1", "0.99"],
    ["a", "p2", ONE, "T", "7", "UniMod:21", "0", "0.2"],
    ["a", "p2", ONE, "Y", "10", "UniMod:21", "1", "0.8"],
    ["a", "p2", TWO, "Y", "20", "UniMod:21", "1", "0.8"],
    ["a", "p3", TWO, "T", "8", "UniMod:21", "1", "0.5"],
    ["a", "p4", ONE, "M", "1", "UniMod:35", "1", "1"],
]


def test_site_report(labels, tmp_path):
    left_out = {
        "not the modified residue of its peptide": 1,
        "localisation probability below 0.75": 1,
        "another modification": 1,
    }
    expected = ({ONE: "S3 Y10", TWO: "Y20"}, left_out)
    assert labels(table(SITE_REPORT, SITE_ROWS)) == expected
    numbers = {"Site": int, "Occupied": int, "Probability": float}
    assert labels(parquet(tmp_path / "r.parquet", SITE_REPORT, SITE_ROWS, numbers)) == expected
    found = labels(table(SITE_REPORT, SITE_ROWS), unlabelled="negative")[0]
    assert found[ONE] == "S3 Y10 S13- S15- T22-"  # T7 was a candidate


def test_matrix_of_phosphosites(labels):
    header = ["Protein", "Protein.Names", "Gene.Names", "Residue", "Site", "Sequence", "C:\\run1.raw"]
    rows = [
        [ONE, "ONE_TEST", "", "S", "3", "MGS(UniMod:21)LPK", "10.5"],
        [TWO, "TWO_TEST", "G", "Y", "20", "TAEYVR", "0"],
        ["rev_X", "X", "", "S", "9", "VDSTGR", "1"],
    ]
    assert labels(table(header, rows), "report.phosphosites_90.tsv") == (
        {ONE: "S3", TWO: "Y20"},
        {"decoy": 1},
    )


@pytest.mark.parametrize(
    ("probabilities", "sites"),
    [
        ("0.9", "S13 S15"),
        ("0.5", ""),
        ("0.9;0.5", "S13"),
        ("S(UniMod:21){0.5}DS(UniMod:21){0.9}PGR2", "S15"),
        ("", "S13 S15"),
    ],
)
def test_occupancy_of_sites_in_one_column(labels, probabilities, sites):
    text = f"Protein.Sites\tSite.Occupancy.Probabilities\n[{ONE}:S13,C14,S15]\t{probabilities}\n"
    assert labels(text)[0] == ({ONE: sites} if sites else {})
    with pytest.raises(
        InputFormatError, match="in column 'Site.Occupancy.Probabilities', expected a probability for"
    ):
        labels(f"Protein.Sites\tSite.Occupancy.Probabilities\n[{ONE}:S3,S13,S15]\t0.9;0.8\n")


def test_sites_of_proteins_in_one_column(labels):
    text = f"Protein.Sites\tPTM.Site.Confidence\n[{ONE}:M1,S3];[{TWO}:T8]\t0.9\n{ONE}:S13\t0.5\n"
    assert labels(text) == (
        {ONE: "S3", TWO: "T8"},
        {"on a residue other than S, T and Y": 1, "localisation probability below 0.75": 1},
    )
