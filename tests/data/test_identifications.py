"""mzTab, mzIdentML, pepXML and PEFF: modified peptides and proteins in the formats of standards."""

import gzip
import sys

import pytest
from standards import ONE, PEFF, TWO, mzidentml, pepxml

from phosphot5.errors import InputFileError, InputFormatError, PhosphoT5Error

PSM = ["sequence", "PSM_ID", "accession", "modifications", "opt_global_cv_MS:1002217_decoy_peptide"]


def mztab(*rows, kind="PS"):
    prefix = {"PS": ("PSH", "PSM"), "PE": ("PEH", "PEP")}[kind]
    lines = ["MTD\tmzTab-version\t1.0.0", "MTD\tdescription\tmade up", "", "\t".join([prefix[0], *PSM])]
    return "\n".join(lines + ["\t".join([prefix[1], *row]) for row in rows]) + "\n"


SCORE = "[MS,MS:1001876,modification probability,{}]"
ROWS = [
    ["MGSLPK", "1", ONE, f"0-UNIMOD:1,3{SCORE.format(0.99)}-UNIMOD:21", "0"],
    ["TAEYVR", "2", ONE, f"1{SCORE.format(0.2)}|4{SCORE.format(0.8)}-UNIMOD:21", "0"],
    ["TAEYVR", "2", f"sp|{TWO}|TWO_TEST", f"1{SCORE.format(0.2)}|4{SCORE.format(0.8)}-MOD:00048", "0"],
    ["VDSTGR", "3", TWO, f"3{SCORE.format(0.5)}|4{SCORE.format(0.5)}-CHEMMOD:+79.9663", "0"],
    ["SDSPGR", "4", ONE, "1|3-UNIMOD:21", "0"],
    ["SDSPGR", "5", ONE, "null", "0"],
    ["MGSLPK", "6", ONE, "1-UNIMOD:35", "0"],
    ["MGSLPK", "7", ONE, "3-UNIMOD:21", "1"],
]


@pytest.mark.parametrize("kind", ["PS", "PE"])
def test_mztab(labels, kind):
    assert labels(mztab(*ROWS, kind=kind), "p.mztab") == (
        {ONE: "S3 Y10", TWO: "Y20"},
        {
            "localisation probability below 0.75": 1,
            "ambiguous: place in the peptide not known": 1,
            "no phosphorylation": 1,
            "another modification": 1,
            "decoy": 1,
        },
    )


def test_wrong_mztab(labels):
    with pytest.raises(
        InputFormatError, match="line 1: found 'Phospho at 3', expected modifications of mzTab such"
    ):
        labels(mztab(["MGSLPK", "1", ONE, "Phospho at 3", "0"]))
    with pytest.raises(InputFormatError, match=r"damaged mzTab \(.*; the file may be cut off"):
        labels("MTD\tmzTab-version\n")


XML_LEFT_OUT = {
    "localisation probability below 0.75": 1,
    "another modification": 1,
    "below the threshold of its file": 1,
    "decoy": 1,
}


def test_mzidentml(labels, tmp_path):
    pytest.importorskip("lxml")
    assert labels(mzidentml(), "p.mzid") == ({ONE: "S3 Y10", TWO: "Y20"}, XML_LEFT_OUT)
    (tmp_path / "p.mzid.gz").write_bytes(gzip.compress(mzidentml().encode()))
    assert labels(tmp_path / "p.mzid.gz")[0] == {ONE: "S3 Y10", TWO: "Y20"}


def test_pepxml(labels):
    pytest.importorskip("lxml")
    left_out = {name: 1 for name in XML_LEFT_OUT if "threshold" not in name}
    assert labels(pepxml(), "p.pep.xml") == ({ONE: "S3 Y10", TWO: "Y20"}, left_out)


def test_unfiltered_identifications_are_warned_about(write):
    from phosphot5.data.sources import FORMATS, ReadContext

    pytest.importorskip("lxml")
    decoys = [("MGSLPK", [(1, 147.0354)], ["DECOY_Q11111"], "")] * 2
    context = ReadContext(write(pepxml(decoys), "p.pep.xml"))
    assert list(FORMATS["pepxml"].read(context)) == []
    assert context.account.left_out == {"decoy": 2}
    assert (
        "2 of 2 identifications are decoys, so about as many others are wrong; filter"
        in context.account.notes[0]
    )


def test_files_that_are_damaged(labels, tmp_path):
    pytest.importorskip("lxml")
    for text in (pepxml(), mzidentml()):
        with pytest.raises(InputFormatError, match="found damaged .*; the file may be cut off"):
            labels(text[: len(text) * 2 // 3])
    with pytest.raises(InputFileError, match="no such file"):
        labels(tmp_path / "none.pep.xml", form="pepxml")


def test_without_lxml(labels, monkeypatch):
    text = pepxml()
    monkeypatch.setitem(sys.modules, "lxml.etree", None)
    with pytest.raises(
        PhosphoT5Error, match=r'with lxml and psims, which are not installed: pip install "phosphot5\[data\]"'
    ):
        labels(text)


def test_peff(labels, write):
    assert labels(PEFF, fasta=None) == (
        {ONE: "S3 Y10", TWO: "Y20"},
        {"another modification": 1, "ambiguous: place not known": 1, "named before": 1},
    )


def test_variants_of_peff_stay_in_view(write):
    from phosphot5.data.sources import FORMATS, ReadContext

    first, _ = FORMATS["peff"].read(ReadContext(write(PEFF, "p.peff")))
    assert "\\VariantSimple=(10|F)(2|A)" in first.description
    assert [claim.evidence for claim in first.claims] == ["", "variant Y10F"]


def test_a_modification_on_another_residue_of_peff(labels):
    text = PEFF.replace("(3|MOD:00046", "(4|MOD:00046")
    with pytest.raises(
        InputFormatError, match="record Q11111, position 4: found 'L' in the sequence, expected 'S' as"
    ):
        labels(text, fasta=None)
