"""Tables of MaxQuant, from its early versions to 2.8, as it writes them and as other programs save them."""

import pytest

from phosphot5.errors import InputFormatError

SITES = [
    "Proteins",
    "Positions within proteins",
    "Leading proteins",
    "Protein",
    "Localization prob",
    "Amino acid",
]
FOREIGN = [
    ["Reverse", "Contaminant"],
    ["Reverse", "Potential contaminant"],
    ["Decoy", "Potential contaminant"],
]
EVIDENCE = [
    "Sequence",
    "Modified sequence",
    "Phospho (STY) Probabilities",
    "Proteins",
    "Leading proteins",
    "Raw file",
]
ONE, TWO = "Q11111", "Q22222"


def table(*rows):
    return "".join("\t".join(row) + "\n" for row in rows)


def sites(header, *, one=ONE, two=TWO, decoy="REV__Q11111", contaminant="CON__Q22222"):
    return table(
        [*SITES, *header],
        [one, "3", one, one, "0.99", "S", "", ""],
        [f"{one};{two}", "10;20", f"{one};{two}", one, "0.8", "Y", "", ""],
        [two, "8", two, two, "0.5", "T", "", ""],
        [decoy, "3", decoy, decoy, "0.9", "S", "+" if "REV" in decoy else "", ""],
        [contaminant, "8", contaminant, contaminant, "1", "T", "", ""],
    )


LEFT_OUT = {"localisation probability below 0.75": 1, "decoy": 1, "contaminant": 1}


@pytest.mark.parametrize("header", FOREIGN)
def test_sites_of_every_version(labels, header):
    assert labels(sites(header)) == ({ONE: "S3 Y10", TWO: "Y20"}, LEFT_OUT)


def test_contaminants_of_2_8_and_whole_headers(labels):
    one, two = "sp|Q11111|ONE_TEST Made-up one; type 1, x OS=Homo sapiens", "sp|Q22222|TWO_TEST Made-up two"
    text = sites(FOREIGN[2], one=one, two=two, decoy=f"REV__{one}", contaminant=f"Cont_{two}")
    assert labels(text) == ({ONE: "S3 Y10", TWO: "Y20"}, LEFT_OUT)


def test_quoted_utf16_and_excel(labels, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    rows = [line.split("\t") for line in sites(FOREIGN[2]).splitlines()]
    quoted = "".join("\t".join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)
    assert labels(quoted) == ({ONE: "S3 Y10", TWO: "Y20"}, LEFT_OUT)
    (tmp_path / "utf16.txt").write_bytes(quoted.encode("utf-16"))
    assert labels(tmp_path / "utf16.txt")[0] == {ONE: "S3 Y10", TWO: "Y20"}
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([float(cell) if cell[:1].isdigit() and ";" not in cell else cell for cell in row])
    book.save(tmp_path / "sites.xlsx")
    assert labels(tmp_path / "sites.xlsx") == ({ONE: "S3 Y10", TWO: "Y20"}, LEFT_OUT)


def test_a_quote_inside_a_cell_is_a_character(labels):
    header = [*SITES, "Fasta headers"]
    text = table(
        header, [ONE, "3", ONE, ONE, "1", "S", '"5"-nucleotidase'], [TWO, "7", TWO, TWO, "1", "S", 'a "b"']
    )
    assert labels(text)[0] == {ONE: "S3", TWO: "S7"}


def evidence(*, mark="(Phospho (STY))"):
    return table(
        [*EVIDENCE, "MS/MS count", "Decoy", "Potential contaminant"],
        ["MGSLPK", f"_(Acetyl (Protein N-term))MGS{mark}LPK_", "MGS(1)LPK", ONE, ONE, "a", "1", "", ""],
        ["TAEYVR", f"_TAEY{mark}VR_", "T(0.2)AEY(0.8)VR", f"{ONE};{TWO}", f"{ONE};{TWO}", "a", "2", "", ""],
        ["VDSTGR", f"_VDST{mark}GR_", "VDS(0.5)T(0.5)GR", TWO, TWO, "a", "1", "", ""],
        ["VDSTGR", f"_VDST{mark}GR_", "", TWO, TWO, "b", "0", "", ""],
        ["VDSTGR", "_VDSTGR_", "", TWO, TWO, "b", "1", "", ""],
        ["VDSTGR", f"_VDS{mark}TGR_", "VDS(1)TGR", "REV__X", "REV__X", "b", "1", "+", ""],
        ["VDSTGR", f"_VDS{mark}TGR_", "VDS(1)TGR", "Cont_X", "Cont_X", "b", "1", "", "+"],
    )


@pytest.mark.parametrize("mark", ["(Phospho (STY))", "(ph)"])
def test_evidence(labels, mark):
    assert labels(evidence(mark=mark), "evidence.txt") == (
        {ONE: "S3 Y10", TWO: "Y20"},
        LEFT_OUT | {"no localisation probability": 1, "no phosphorylation": 1},
    )


def test_a_column_of_the_evidence_that_contradicts(labels):
    text = evidence().replace("MGS(1)LPK", "MGS(1)LPR")
    with pytest.raises(
        InputFormatError, match=r"'MGS\(1\)LPR' in column 'Phospho \(STY\) Probabilities', expected"
    ):
        labels(text)
