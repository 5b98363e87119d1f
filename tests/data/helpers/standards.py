"""Small files of mzIdentML, pepXML and PEFF."""

from proteins import ONE as SEQUENCE
from proteins import TWO as SECOND

ONE, TWO = "Q11111", "Q22222"
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


PEFF = (
    "# PEFF 1.0\n# DbName=made up\n# //\n"
    r">sp:Q11111 \PName=Made-up (one) \ModResPsi=(3|MOD:00046|O-phospho-L-serine)(6|MOD:00064|N6-acetyl-L-lysine)"
    r"(?|MOD:00046|O-phospho-L-serine) \ModResUnimod=(3,10|UNIMOD:21|Phospho) \VariantSimple=(10|F)(2|A)"
    f"\n{SEQUENCE}\n"
    f">sp:Q22222 \\ModRes=(1:20||Phosphotyrosine; by X)\n{SECOND}\n"
)
