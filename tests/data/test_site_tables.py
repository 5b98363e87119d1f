"""Tables of sites as programs and people write them: every column is used by its name, or contradicts."""

import pytest

from phosphot5.data import Protein
from phosphot5.data.identifiers import IdentifierIndex
from phosphot5.data.sequences import Sequences
from phosphot5.data.sources import FORMATS, ReadContext
from phosphot5.errors import InputFormatError

HEADER = "accession\tposition"


def read(path, form="table", **options):
    context = ReadContext(path, **options)
    sites = {
        entry.id: [
            f"{claim.residue}{claim.position}" + ("?" if not claim.state else "") for claim in entry.claims
        ]
        for entry in FORMATS[form].read(context)
    }
    return sites, dict(context.account.left_out)


@pytest.mark.parametrize(
    ("name", "text", "sites"),
    [
        ("t.csv", "accession;position\nP1;S4\n", {"P1": ["S4"]}),
        ("t.csv", "sep=;\naccession;position;localization\nP1;S4;0,98\n", {"P1": ["S4"]}),
        ("t.csv", "\ufeff,accession,position\n0,P1,4.0\n", {"P1": ["4"]}),
        ("t.txt", "accession,position\nP1,4\n", {"P1": ["4"]}),
        ("t.tsv", f"# made by hand\n#\n{HEADER}\nP1\t4\n", {"P1": ["4"]}),
        ("t.tsv", "#accession\tposition\nP1\t4\n#P2\t5\n", {"P1": ["4"], "#P2": ["5"]}),
        ("t.tsv", f"{HEADER}\nP1\tpS4\nP1\tSer5\nP1\tpThr6\nP1\tY7-p\n", {"P1": ["S4", "S5", "T6", "Y7"]}),
        ("t.tsv", f"{HEADER}\nP1\tS4;T8\nP1;P2\t9;5\nA;b\t7\n", {"P1": ["S4", "T8", "9"], "P2": ["5"], "A;b": ["7"]}),
        ("t.tsv", f"{HEADER}\taa\nP1\t4\tSer\nP1\t5;6\tS;T\n", {"P1": ["S4", "S5", "T6"]}),
        ("t.tsv", "acc\tsequence\tposition\tcode\nP1\tMS\t2\tS\n", {"P1": ["S2"]}),
        ("t.tsv", "Protein\tProtein.Names\tResidue\tSite\tSequence\trun1\nP1\tX\tS\t4\tAS(UniMod:21)K\t1.5\n"
         "P1\tX\tT\t9\tTK\t2\n", {"P1": ["S4", "T9"]}),
        ("t.tsv", "Protein.Sites\tPTM.Site.Confidence\n[P1:S4,T8];[P2:Y3]\t0.9\nP1:S9\t0.5\n",
         {"P1": ["S4", "T8", "S9?"], "P2": ["Y3"]}),
        ("t.tsv", "Index\tGene\tProtein\tPeptide\tBest Localization Probability\nP1_S4\tA\tsp|P1|X\tAsK\t0.98\n"
         "P1_1_9_2_2_S5T8\tA\tP1\tsts\t1\nP1_T9\tA\tP1\tt\t0.5\nP1_1_9_1_0\tA\tP1\tS\t0.5\n",
         {"P1": ["S4", "S5", "T8", "T9?"]}),
        ("t.tsv", 'Entry\tModified residue\tSequence\nP1\tMOD_RES 4; /note="Phosphoserine; by X"; '
         '/evidence="ECO:0000269|PubMed:1"; MOD_RES 6; /note="N6-acetyllysine"; MOD_RES 8; '
         '/note="Phosphothreonine"; /evidence="ECO:0000250"\tMKASPEKTK\nP2\t\tMK\n', {"P1": ["S4", "T8?"]}),
        ("t.tsv", "PTM.ProteinId\tPTM.SiteAA\tPTM.SiteLocation\tPTM.SiteProbability\tPTM.ModificationTitle\n"
         "P1\tS\t4\t0.99\tPhospho (STY)\nP1\tM\t1\t1\tOxidation (M)\n", {"P1": ["S4"]}),
    ],
)  # fmt: skip
def test_what_programs_write(write, name, text, sites):
    assert read(write(text, name))[0] == sites


@pytest.mark.parametrize(
    ("column", "cells", "sites", "not_taken"),
    [
        ("modification", ["Phospho (STY)", "Oxidation (M)", "UniMod:21", "UniMod:2", ""],
         ["S1", "S3"], {"another modification": 2, "no modification given": 1}),
        ("PTM", ["Phosphorylation", "Ubiquitination", "phosphoserine", "Phosphopantetheine", "dephosphorylation"],
         ["S1", "S3"], {"another modification": 3}),
        ("mod_type", ["STY:79.9663", "STY:79.9568", "79.966", "15.9949", "Phospho;Oxidation"],
         ["S1", "S3", "S5"], {"another modification": 2}),
        ("Localization prob", ["0.75", "0.7499", "1", "1e-3", ""], ["S1", "S2?", "S3", "S4?", "S5?"],
         {"localisation probability below 0.75": 2, "no localisation probability": 1}),
        ("probability", ["0.9", "0.1", "0.9", "0.1", "0.9"], ["S1", "S2?", "S3", "S4?", "S5"],
         {"localisation probability below 0.75": 2}),
        ("Potential contaminant", ["", "+", "FALSE", "true", "0"], ["S1", "S3", "S5"], {"contaminant": 2}),
        ("Reverse", ["", "+", "", "+", ""], ["S1", "S3", "S5"], {"decoy": 2}),
    ],
)  # fmt: skip
def test_rows_that_a_column_takes_out_are_counted(write, column, cells, sites, not_taken):
    rows = "".join(f"P1\tS{i}\t{cell}\n" for i, cell in enumerate(cells, 1))
    assert read(write(f"{HEADER}\t{column}\n{rows}", "t.tsv")) == ({"P1": sites}, not_taken)


def test_rows_of_other_modifications_need_not_be_readable(write):
    text = f"{HEADER}\tmodification\nP1\tN-term\tAcetyl\nP1\tS4\tPhospho\n"
    assert read(write(text, "t.tsv")) == ({"P1": ["S4"]}, {"another modification": 1})
    assert read(write("acc_id\tmod_rsd\nP1\tK12-ac\nP1\tS4-p\n", "t.tsv"))[0] == {"P1": ["S4"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEADER}\tAA\nP1\tS4\tT\n",
         "line 2, record P1: found residue 'T' in column 'AA', expected the residue of S4"),
        (f"{HEADER}\tresidue\tcode\nP1\t4\tS\tY\n", "found residue 'Y' in column 'code', expected the residue of 4"),
        (f"{HEADER}\taa\nP1\t4\t393\n", "found residue '393' in column 'aa', expected S, T or Y"),
        (f"{HEADER}\tsite\nP1\t4\tS5\n", "found 'S5' in column 'site', expected 4 as in the column before"),
        (f"{HEADER}\tmodification\nP1\tS4\tPhosphotyrosine\n",
         "found residue 'Y' in column 'modification', expected the residue of S4"),
        (f"{HEADER}\tprobability\nP1\tS4\t98.5\n",
         "found localisation probability '98.5' in column 'probability', expected a number"),
        (f"{HEADER}\nP1;P2;P3\t4;5\n", "found 3 proteins and 2 positions, expected as many of both"),
        (f"{HEADER}\nP1\tS4-p;K6-ac\n", "found sites of several modifications, 'S4-p;K6-ac', expected a row for each"),
        (f"{HEADER}\nP1\tS4\textra\n", "found 3 columns, expected 2 as in the header"),
        (f"{HEADER}\nP1\t{'9' * 5000}\n", "expected a site such as 15"),
        (f"{HEADER}\nP1\t\u0664\n", "expected a site such as 15"),
        (f"{HEADER}\tfpr\tcall\nP1\tS4\t0.1\tlow\n", "line 1: found predictions (columns fpr and call)"),
        ("Index\tProtein\nP1_S4\tsp|P2|X\n",
         "found protein 'sp|P2|X' in column 'Protein', expected 'P1' as in the column Index"),
        ("Index\tProtein\nS4\tP1\n", "found 'S4', expected a site of FragPipe such as P04637_S15"),
        ("Protein.Sites\nS4\n", "found 'S4', expected a site of DIA-NN such as P04637:S15"),
        ("Entry\tModified residue\nP1\tS4\n", "found 'S4', expected features such as MOD_RES 15"),
    ],
)  # fmt: skip
def test_columns_that_contradict(write, text, message):
    with pytest.raises(InputFormatError) as caught:
        read(write(text, "t.tsv"))
    assert message in str(caught.value)


def test_sequence_is_the_protein_only_where_nothing_says_otherwise(write):
    def sequence(text, **options):
        (entry,) = FORMATS["table"].read(ReadContext(write(text, "t.tsv"), **options))
        return entry.sequence

    assert sequence("accession\tposition\tsequence\na\t2\tMSK\n") == "MSK"
    sequences = Sequences()
    sequences.add(Protein(id="a", sequence="MSKSK"))
    assert sequence("accession\tposition\tsequence\na\t2\tMSK\n", sequences=sequences) is None
    assert sequence("Protein\tResidue\tSite\tSequence\na\tS\t2\tMSK\n") is None
    with pytest.raises(
        InputFormatError, match="differs from that of an earlier row.*--fasta if the column holds peptides"
    ):
        sequence("accession\tposition\tsequence\na\t2\tMSK\na\t4\tSK\n")


MAXQUANT = "Proteins\tPositions within proteins\tLeading proteins\tLocalization prob\tAmino acid"


@pytest.mark.parametrize(
    ("header", "types", "row", "not_taken"),
    [
        ("\tDecoy\tPotential contaminant", "", "REV__P1\t3\tREV__P1\t0.9\tS\t+\t", {"decoy": 1}),
        ("\tReverse\tContaminant", "", "CON__P9\t3\tCON__P9\t0.9\tS\t\t+", {"contaminant": 1}),
        ("\tReverse\tPotential contaminant", "", "Cont_P9\t3\tCont_P9\t0.9\tS\t\t", {"contaminant": 1}),
        ("", "#!{Type}T\tT\tT\tN\tC\n", "REV__P1\t3\tREV__P1\t0.9\tS", {"decoy": 1}),
        ("", "", "P1\t9\tP1\tNaN\tS", {"no localisation probability": 1}),
    ],
)
def test_versions_of_maxquant_and_perseus(write, header, types, row, not_taken):
    text = f"{MAXQUANT}{header}\n{types}P1\t4\tP1\t0.99\tS\n{row}\n"
    sites, counted = read(write(text, "s.txt"), "maxquant")
    assert (sites["P1"][0], counted) == ("S4", not_taken)


def test_utf16_by_its_mark(tmp_path):
    for encoding in ("utf-16", "utf-16-be"):
        mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
        (tmp_path / "t.tsv").write_bytes(mark + f"{HEADER}\nP1\tS4\n".encode(encoding))
        assert read(str(tmp_path / "t.tsv"))[0] == {"P1": ["S4"]}
    (tmp_path / "t.tsv").write_bytes(f"{HEADER}\nP1\tS4".encode("utf-16")[:-1])
    with pytest.raises(InputFormatError, match="found damaged UTF-16 text"):
        read(str(tmp_path / "t.tsv"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("P04637", "sp|P04637|P53_HUMAN", True),
        ("P53_HUMAN", "sp|P04637|P53_HUMAN Cellular tumor antigen", True),
        ("P53_HUMAN", "sp|P04637-2|P53_HUMAN", False),
        ("tr|Q00001|P53_HUMAN", "sp|P04637|P53_HUMAN", False),
        ("P04637-2", "sp|P04637|P53_HUMAN", False),
        ("NP_414555.1", "gi|16128008|ref|NP_414555.1| thr operon", True),
        ("16128008", "gi|16128008|ref|NP_414555.1|", True),
        ("NP_414555", "NP_414555.1", True),
        ("NP_414555.2", "NP_414555.1", False),
        ("ENSP00000269305", "ENSP00000269305.4|ENST00000269305.9|TP53", True),
        ("AT1G01010", "AT1G01010.1", False),
        ("P04637", "GN:TP53|Tumor antigen p53|human|P04637", True),
        ("a|b", "a|c", False),
    ],
)
def test_identifiers_that_mean_the_same(one, other, same):
    for added, sought in ((one, other), (other, one)):
        index = IdentifierIndex()
        key = index.add(added)
        found = index.find(sought) or [index.find_version(sought)]
        assert found == ([key] if same else [None])


def test_a_version_is_left_open_only_where_there_is_one():
    index = IdentifierIndex()
    index.add("NP_414555.1")
    index.add("NP_414555.2")
    assert index.find_version("NP_414555") is None
