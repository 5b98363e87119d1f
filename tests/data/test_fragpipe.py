"""What FragPipe writes: sites of IonQuant and TMT-Integrator, and peptides with the probabilities of PTMProphet."""

import pytest

from phosphot5.errors import InputFileError, InputFormatError

ONE, TWO = "Q11111", "Q22222"


def table(header, *rows):
    return "".join("\t".join(row) + "\n" for row in [header, *rows])


COMBINED = [
    "Index",
    "Gene",
    "Protein",
    "Protein ID",
    "Peptide",
    "Best Localization Probability",
    "a Intensity",
]
COMBINED_ROWS = [
    [f"{ONE}_S3", "A", f"sp|{ONE}|ONE_TEST", ONE, "MGsLPK", "0.99", "1"],
    [f"{ONE}_Y10", "A", f"sp|{ONE}|ONE_TEST", ONE, "TAEyVR", "0.8", "1"],
    [f"{TWO}_T8", "B", f"sp|{TWO}|TWO_TEST", TWO, "VDStGR", "0.5", "1"],
    ["rev_Q1_S3", "", "rev_sp|Q1|X", "rev_Q1", "MGsLPK", "1", "1"],
    ["contam_Q1_S3", "", "contam_Q1", "contam_Q1", "MGsLPK", "1", "1"],
]


def test_combined_sites(labels):
    text = table(COMBINED, *COMBINED_ROWS)
    expected = {ONE: "S3 Y10"}, {"localisation probability below 0.75": 1, "decoy": 1, "contaminant": 1}
    assert labels(text, "combined_site_STY_79.9663.tsv") == expected
    assert labels(text, "renamed.tsv") == expected
    with pytest.raises(
        InputFileError, match="sites of a modification of 203.0794 Da; phosphorylation has 79.9663"
    ):
        labels(text, "combined_site_ST_203.0794.tsv")


def test_single_and_multiple_sites(labels):
    header = [
        "Index",
        "Gene",
        "ProteinID",
        "Peptide",
        "SequenceWindow",
        "MaxPepProb",
        "ReferenceIntensity",
        "s1",
    ]
    rest = ["A", ONE, "SDSPGR", "EYVRSDSPGRL", "1", "20", "0.1"]
    single = table(header, [f"{ONE}_S13", *rest], [f"{ONE}_S15", *rest])
    assert labels(single, "abundance_single-site_MD.tsv") == ({ONE: "S13 S15"}, {})
    multiple = table(header, [f"{ONE}_13_18_2_2_S13S15", *rest], [f"{ONE}_1_6_1_0", *rest])
    assert labels(multiple) == ({ONE: "S13 S15"}, {"ambiguous: place not known": 1})


def test_a_protein_that_contradicts(labels):
    with pytest.raises(
        InputFormatError, match="found protein 'Q22222' in column 'Protein ID', expected 'Q11111' as"
    ):
        labels(table(COMBINED, [f"{ONE}_S3", "A", f"sp|{TWO}|X", TWO, "MGsLPK", "1", "1"]))


PSM = [
    "Spectrum", "Peptide", "Modified Peptide", "Assigned Modifications", "STY:79.9663", "STY:79.9663 Best Localization",
    "Protein", "Protein ID", "Mapped Proteins",
]  # fmt: skip
PSM_ROWS = [
    ["a", "MGSLPK", "n[42.0106]MGS[79.9663]LPK", "3S(79.9663), N-term(42.0106)", "MGS(1.0000)LPK", "1.0",
     f"sp|{ONE}|ONE_TEST", ONE, ""],
    ["b", "TAEYVR", "TAEY[243]VR", "4Y(79.9663)", "T(0.2000)AEY(0.8000)VR", "0.8", f"sp|{ONE}|ONE_TEST", ONE,
     f"sp|{TWO}|TWO_TEST"],
    ["c", "VDSTGR", "VDST[181]GR", "4T(79.9663)", "VDS(0.5000)T(0.5000)GR", "0.5", f"sp|{TWO}|TWO_TEST", TWO, ""],
    ["d", "VDSTGR", "", "", "", "", f"sp|{TWO}|TWO_TEST", TWO, ""],
    ["e", "MGSLPK", "M[147]GSLPK", "1M(15.9949)", "", "", f"sp|{ONE}|ONE_TEST", ONE, ""],
]  # fmt: skip


def test_spectra_with_ptmprophet(labels):
    left_out = {"localisation probability below 0.75": 1, "no phosphorylation": 1, "another modification": 1}
    assert labels(table(PSM, *PSM_ROWS), "psm.tsv") == ({ONE: "S3 Y10"}, left_out)
    without = table(PSM[:4] + PSM[6:], *(row[:4] + row[6:] for row in PSM_ROWS))
    assert labels(without)[0] == {ONE: "S3 Y10", TWO: "T8"}  # nothing says how well they are localised


def test_a_modification_that_contradicts_the_peptide(labels):
    wrong = [cell.replace("3S(79", "4S(79") for cell in PSM_ROWS[0]]
    with pytest.raises(
        InputFormatError, match="found S4 in column 'Assigned Modifications', expected L as in the"
    ):
        labels(table(PSM, wrong))
