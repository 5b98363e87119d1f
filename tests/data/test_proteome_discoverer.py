"""What Proteome Discoverer writes: peptide groups, modification sites and spectra, with the scores of ptmRS."""

import pytest

from phosphot5.errors import InputFormatError

ONE, TWO = "Q11111", "Q22222"


def table(header, *rows):
    return "".join("\t".join(f'"{cell}"' for cell in row) + "\n" for row in [header, *rows])


GROUPS = ["Checked", "Annotated Sequence", "Modifications", "Master Protein Accessions", "Contaminant"]
GROUP_ROWS = [
    ["FALSE", "[-].MGSLPK.[T]", "1xPhospho [S3(99.8)]; 1xAcetyl [N-Term]", ONE, "FALSE",
     f"{ONE} 1xPhospho [S3(99.8)]; 1xAcetyl [N-Term]"],
    ["FALSE", "[K].TAEYVR.[S]", "1xPhospho [Y4(80)]", f"{ONE}; {TWO}", "FALSE",
     f"{ONE} 1xPhospho [Y10(80)]; {TWO} 1xPhospho [Y20(80)]"],
    ["FALSE", "[K].VDSTGR.[P]", "1xPhospho [T4(50)]", TWO, "FALSE", f"{TWO} 1xPhospho [T8(50)]"],
    ["FALSE", "[R].SDSPGR.[L]", "1xPhospho [S]", ONE, "FALSE", f"{ONE} 1xPhospho [S]"],
    ["FALSE", "[-].MGSLPK.[T]", "1xOxidation [M1]", ONE, "FALSE", f"{ONE} 1xOxidation [M1]"],
    ["FALSE", "[R].SDSPGR.[L]", "1xPhospho [S1(100)]", ONE, "TRUE", f"{ONE} 1xPhospho [S13(100)]"],
    ["FALSE", "[R].SDSPGR.[L]", "", ONE, "FALSE", ""],
]  # fmt: skip


def test_peptide_groups(labels):
    text = table([*GROUPS, "Modifications in Master Proteins"], *GROUP_ROWS)
    assert labels(text) == (
        {ONE: "S3 Y10", TWO: "Y20"},
        {
            "another modification": 2,
            "localisation probability below 0.75": 1,
            "ambiguous: place not known": 1,
            "contaminant": 1,
            "no site given": 1,
        },
    )


def test_peptide_groups_without_places_in_proteins(labels):
    text = table(GROUPS, *(row[:-1] for row in GROUP_ROWS))
    assert labels(text) == (
        {ONE: "S3 Y10", TWO: "Y20"},
        {
            "localisation probability below 0.75": 1,
            "ambiguous: place in the peptide not known": 1,
            "another modification": 1,
            "contaminant": 1,
            "no phosphorylation": 1,
        },
    )


def test_spectra_with_ptmrs(labels):
    header = [*GROUPS[1:4], "ptmRS: Best Site Probabilities", "Spectrum File"]
    text = table(
        header,
        ["mGsLPK", "N-Term(Prot)(Acetyl); S3(Phospho)", ONE, "S3(Phospho): 99.8", "a.raw"],
        ["TAEyVR", "Y4(Phospho)", f"{ONE}; {TWO}", "Y4(Phospho): 80", "a.raw"],
        ["VDStGR", "T4(Phospho)", TWO, "T4(Phospho): 50; S3(Phospho): 50", "a.raw"],
        ["VDsTGR", "S3(Phospho)", TWO, "Too many isoforms", "a.raw"],
    )
    assert labels(text) == (
        {ONE: "S3 Y10", TWO: "Y20"},
        {"localisation probability below 0.75": 1, "no localisation probability": 1},
    )


def test_spectra_of_version_1_4(labels):
    text = table(
        ["Sequence", "Protein Group Accessions", "Modifications", "phosphoRS Site Probabilities"],
        ["mGsLPK", ONE, "N-Term(Acetyl); S3(Phospho)", "S(3): 99.8"],
        ["VDStGR", TWO, "T4(Phospho)", "S(3): 50.0; T(4): 50.0"],
    )
    assert labels(text) == ({ONE: "S3"}, {"localisation probability below 0.75": 1})


def test_modification_sites(labels):
    header = [
        "Modification Name",
        "Target Amino Acid",
        "Position",
        "Protein Accession",
        "Best Site Probability",
    ]
    text = table(
        header,
        ["Phospho", "S", "3", ONE, "99.8"],
        ["Phospho", "T", "8", TWO, "50"],
        ["Oxidation", "M", "1", ONE, "100"],
    )
    assert labels(text) == (
        {ONE: "S3"},
        {"localisation probability below 0.75": 1, "another modification": 1},
    )


def test_what_contradicts_or_cannot_be_read(labels):
    header = [*GROUPS, "Modifications in Master Proteins"]
    with pytest.raises(
        InputFormatError, match="'something' in column 'Modifications in Master Proteins', expected"
    ):
        labels(table(header, [*GROUP_ROWS[0][:-1], "something"]))
    with pytest.raises(
        InputFormatError, match="found S2 in column 'Modifications', expected G as in the peptide"
    ):
        labels(table(GROUPS, ["F", "[-].MGSLPK.[T]", "1xPhospho [S2(99.8)]", ONE, "FALSE"]))
