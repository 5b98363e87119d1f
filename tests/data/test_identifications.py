"""mzTab, mzIdentML, pepXML and PEFF: modified peptides and proteins in the formats of standards."""

import gzip
import sys

import pytest
from proteins import ONE as SEQUENCE
from proteins import TWO as SECOND

from phosphot5.errors import InputFileError, InputFormatError, PhosphoT5Error

ONE, TWO = "Q11111", "Q22222"
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


MZID_ROWS = [
    ("MGSLPK", [(3, "S", "Phospho", 79.96633)], [ONE], "true", ["1:0.99:3:true"]),
    ("TAEYVR", [(4, "Y", "Phospho", 79.96633)], [ONE, TWO], "true", ["1:0.8:4:true", "1:0.2:1:false"]),
    ("VDSTGR", [(4, "T", "Phospho", 79.96633)], [TWO], "true", ["1:0.5:4:true", "1:0.5:3:true"]),
    ("MGSLPK", [(1, "M", "Oxidation", 15.99491)], [ONE], "true", []),
    ("SDSPGR", [(1, "S", "Phospho", 79.96633)], [ONE], "false", []),
    ("MGSLPK", [(3, "S", "Phospho", 79.96633)], ["DECOY"], "true", []),
]


def mzidentml(rows=MZID_ROWS):
    peptides, evidence, results = [], [], []
    for number, (sequence, modifications, proteins, passes, scores) in enumerate(rows):
        places = "".join(
            f'<Modification location="{at}" residues="{residue}" monoisotopicMassDelta="{mass}">'
            f'<cvParam accession="UNIMOD:0" cvRef="UNIMOD" name="{name}"/></Modification>'
            for at, residue, name, mass in modifications
        )
        peptides.append(
            f'<Peptide id="p{number}"><PeptideSequence>{sequence}</PeptideSequence>{places}</Peptide>'
        )
        evidence += [
            f'<PeptideEvidence id="e{number}{name}" dBSequence_ref="d{name}" peptide_ref="p{number}" start="1" end="6" '
            f'isDecoy="{str(name == "DECOY").lower()}"/>'
            for name in proteins
        ]
        references = "".join(
            f'<PeptideEvidenceRef peptideEvidence_ref="e{number}{name}"/>' for name in proteins
        )
        scored = "".join(
            f'<cvParam accession="MS:1003147" cvRef="PSI-MS" name="PTMProphet probability" value="{score}"/>'
            for score in scores
        )
        results.append(
            f'<SpectrumIdentificationResult id="r{number}" spectrumID="{number}" spectraData_ref="s">'
            f'<SpectrumIdentificationItem id="i{number}" peptide_ref="p{number}" rank="1" chargeState="2" '
            f'experimentalMassToCharge="400.1" passThreshold="{passes}">{references}{scored}'
            "</SpectrumIdentificationItem></SpectrumIdentificationResult>"
        )
    names = "".join(
        f'<DBSequence id="d{name}" accession="{name}" searchDatabase_ref="x"/>'
        for name in (ONE, TWO, "DECOY")
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<MzIdentML id="m" version="1.2.0" xmlns="http://psidev.info/psi/pi/mzIdentML/1.2">\n'
        f"<SequenceCollection>{names}{''.join(peptides)}{''.join(evidence)}</SequenceCollection>\n"
        '<DataCollection><Inputs><SearchDatabase id="x" location="x.fasta"/>'
        '<SpectraData id="s" location="s.mgf"/></Inputs>'
        f'<AnalysisData><SpectrumIdentificationList id="l">{"".join(results)}'
        "</SpectrumIdentificationList></AnalysisData></DataCollection></MzIdentML>\n"
    )


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


PEPXML_ROWS = [
    ("MGSLPK", [(3, 166.998359)], [ONE], "MGS(0.990)LPK"),
    ("TAEYVR", [(4, 243.02966)], [f"sp|{ONE}|ONE_TEST", f"sp|{TWO}|TWO_TEST"], "T(0.200)AEY(0.800)VR"),
    ("VDSTGR", [(4, 181.014)], [TWO], "VDS(0.500)T(0.500)GR"),
    ("MGSLPK", [(1, 147.0354)], [ONE], ""),
    ("MGSLPK", [(3, 166.998359)], ["DECOY_Q11111"], "MGS(0.990)LPK"),
]


def pepxml(rows=PEPXML_ROWS):
    queries = []
    for number, (sequence, modifications, proteins, scored) in enumerate(rows, 1):
        places = "".join(f'<mod_aminoacid_mass position="{at}" mass="{mass}"/>' for at, mass in modifications)
        others = "".join(f'<alternative_protein protein="{name}"/>' for name in proteins[1:])
        result = (
            '<analysis_result analysis="ptmprophet"><ptmprophet_result prior="0.5" ptm="PTMProphet_STY:79.9663" '
            f'ptm_peptide="{scored}"/></analysis_result>'
        )
        queries.append(
            f'<spectrum_query spectrum="s.{number}" start_scan="{number}" end_scan="{number}" assumed_charge="2" '
            f'precursor_neutral_mass="1" index="{number}"><search_result><search_hit hit_rank="1" peptide="{sequence}" '
            f'protein="{proteins[0]}" num_tot_proteins="1" calc_neutral_pep_mass="1" massdiff="0">{others}'
            f"<modification_info>{places}</modification_info>{result if scored else ''}"
            "</search_hit></search_result></spectrum_query>"
        )
    return (
        '<?xml version="1.0"?>\n<msms_pipeline_analysis xmlns="http://regis-web.systemsbiology.net/pepXML">\n'
        f"<msms_run_summary>{''.join(queries)}</msms_run_summary></msms_pipeline_analysis>\n"
    )


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


PEFF = (
    "# PEFF 1.0\n# DbName=made up\n# //\n"
    r">sp:Q11111 \PName=Made-up (one) \ModResPsi=(3|MOD:00046|O-phospho-L-serine)(6|MOD:00064|N6-acetyl-L-lysine)"
    r"(?|MOD:00046|O-phospho-L-serine) \ModResUnimod=(3,10|UNIMOD:21|Phospho) \VariantSimple=(10|F)(2|A)"
    f"\n{SEQUENCE}\n"
    f">sp:Q22222 \\ModRes=(1:20||Phosphotyrosine; by X)\n{SECOND}\n"
)


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
