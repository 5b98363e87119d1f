"""What Spectronaut writes: PTM sites, in long form and with a column for each run, and modified peptides."""

import pytest

from phosphot5.errors import InputFormatError

ONE, TWO = "Q11111", "Q22222"
SITES = [
    "R.FileName",
    "PTM.CollapseKey",
    "PTM.ProteinId",
    "PTM.SiteAA",
    "PTM.SiteLocation",
    "PTM.ModificationTitle",
]


def table(header, *rows):
    return "".join("\t".join(row) + "\n" for row in [header, *rows])


def site(protein, residue, position, title="Phospho (STY)"):
    return ["a", f"{protein}_{residue}{position}_M1", protein, residue, str(position), title]


def test_site_report(labels):
    text = table(
        [*SITES, "PTM.SiteProbability", "PTM.Quantity"],
        [*site(ONE, "S", 3), "0,99", "1"],
        [*site(ONE, "Y", 10), "0.8", "1"],
        [*site(TWO, "T", 8), "0.5", "1"],
        [*site(TWO, "S", 7), "Filtered", "1"],
        [*site(ONE, "M", 1, "Oxidation (M)"), "1", "1"],
        [*site("CON__X", "S", 1), "1", "1"],
    )
    assert labels(text) == (
        {ONE: "S3 Y10"},
        {
            "localisation probability below 0.75": 1,
            "no localisation probability": 1,
            "another modification": 1,
            "contaminant": 1,
        },
    )


def test_site_report_with_a_column_for_each_run(labels):
    text = table(
        [
            *SITES[1:],
            "[1] a.raw.PTM.SiteProbability",
            "[2] b.raw.PTM.SiteProbability",
            "[1] a.raw.PTM.Quantity",
        ],
        [*site(ONE, "S", 3)[1:], "0.4", "0.99", "1"],
        [*site(TWO, "T", 8)[1:], "0.4", "Filtered", "1"],
    )
    assert labels(text) == ({ONE: "S3"}, {"localisation probability below 0.75": 1})


PEPTIDES = [
    "R.FileName",
    "PG.ProteinAccessions",
    "EG.ModifiedSequence",
    "EG.IsDecoy",
    "EG.PTMAssayProbability",
]
ROWS = [
    ["a", ONE, "_MGS[Phospho (STY)]LPK_", "False", "0.99", "_MGS[Phospho (STY): 99%]LPK_"],
    ["a", f"{ONE};{TWO}", "_TAEY[Phospho (STY)]VR_", "False", "0.8",
     "_T[Phospho (STY): 20%]AEY[Phospho (STY): 80%]VR_"],
    ["a", TWO, "_VDST[Phospho (STY)]GR_", "False", "0.5", "_VDS[Phospho (STY): 50%]T[Phospho (STY): 50%]GR_"],
    ["a", TWO, "_VDSTGR_", "False", "", ""],
    ["a", ONE, "_[Acetyl (Protein N-term)]MGSLPK_", "False", "", ""],
    ["a", TWO, "_VDS[Phospho (STY)]TGR_", "True", "0.99", "_VDS[Phospho (STY): 99%]TGR_"],
]  # fmt: skip
LEFT_OUT = {
    "localisation probability below 0.75": 1,
    "no phosphorylation": 1,
    "another modification": 1,
    "decoy": 1,
}


def test_peptides(labels):
    text = table([*PEPTIDES, "EG.PTMLocalizationProbabilities"], *ROWS)
    assert labels(text) == ({ONE: "S3 Y10", TWO: "Y20"}, LEFT_OUT)
    older = table(PEPTIDES, *(row[:-1] for row in ROWS))
    assert labels(older) == ({ONE: "S3 Y10", TWO: "Y20"}, LEFT_OUT)
    precursors = older.replace("EG.ModifiedSequence", "EG.PrecursorId").replace("_\t", "_.2\t")
    assert labels(precursors) == ({ONE: "S3 Y10", TWO: "Y20"}, LEFT_OUT)


def test_peptides_with_a_column_for_each_run(labels):
    text = table(
        [
            *PEPTIDES[1:3],
            "[1] a.raw.EG.PTMLocalizationProbabilities",
            "[2] b.raw.EG.PTMLocalizationProbabilities",
        ],
        [TWO, "_VDST[Phospho (STY)]GR_", "Filtered", "_VDS[Phospho (STY): 4%]T[Phospho (STY): 96%]GR_"],
    )
    assert labels(text) == ({TWO: "T8"}, {})


def test_a_column_that_contradicts(labels):
    with pytest.raises(
        InputFormatError, match="found residue 'T' in column 'PTM.SiteAA', expected the residue of S3"
    ):
        labels(table(SITES, ["a", "k", ONE, "T", "S3", "Phospho (STY)"]))
