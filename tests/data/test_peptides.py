"""Modified peptides in the notations of search engines, and their places on proteins."""

import pytest
from proteins import ONE, TWO

from phosphot5.data import Protein
from phosphot5.data.peptides.listed import list_probabilities, parse_pd_places, peptide_with_list
from phosphot5.data.peptides.modified import bare_sequence, parse_modified_peptide, parse_probabilities
from phosphot5.data.sequences import Sequences, occurrences
from phosphot5.errors import InputFormatError


@pytest.mark.parametrize(
    ("text", "sequence", "sites", "others"),
    [
        ("SDSPGR", "SDSPGR", [], 0),
        ("_SDS(ph)PGR_", "SDSPGR", [3], 0),
        ("_(ac)SDS(Phospho (STY))PGM(ox)R_", "SDSPGMR", [3], 2),
        ("_SDpSPGR_", "SDSPGR", [3], 0),
        ("pSDpSPGR", "SDSPGR", [1, 3], 0),
        ("SDS(UniMod:21)PC(UniMod:4)GR2", "SDSPCGR", [3], 1),
        ("(UniMod:1)SDS(UniMod:21)PGR", "SDSPGR", [3], 1),
        ("_SDS[Phospho (STY)]PC[Carbamidomethyl (C)]GR_.2", "SDSPCGR", [3], 1),
        ("K.SDS[79.9663]PGM[15.9949]R.L", "SDSPGMR", [3], 1),
        ("-.n[42.0106]SDS[167]PGM[147]R.L", "SDSPGMR", [3], 2),
        ("[R].SDS[+80]PGR.[L]", "SDSPGR", [3], 0),
        ("SDS(+79.97)PGR", "SDSPGR", [3], 0),
        ("SDS+79.966PGRM+15.995", "SDSPGRM", [3], 1),
        ("SDY(+79.957)PGR", "SDYPGR", [], 1),
        ("SDS#PGT@R", "SDSPGTR", [3], 0),
        ("[Acetyl]-SDS[Phospho]PGR/2", "SDSPGR", [3], 1),
        ("SDS[UNIMOD:21]PGR-[Amidated]", "SDSPGR", [3], 1),
        ("SDS[Phospho#g1(0.9)]PT[#g1(0.1)]R", "SDSPTR", [3], 0),
    ],
)
def test_notations(text, sequence, sites, others):
    peptide = parse_modified_peptide(text)
    assert (peptide.sequence, sorted(peptide.sites), peptide.others) == (sequence, sites, others)


def test_probabilities_in_the_text():
    read = parse_modified_peptide("AAS(UniMod:21){0.98}LPT{0.02}M(UniMod:35){0.75}K2")
    assert (read.sites, read.candidates, read.others) == ({3: 0.98}, {6: 0.02}, 1)
    assert parse_modified_peptide("SDS[Phospho#g1(0.9)]PT[#g1(0.1)]R").sites == {3: 0.9}
    assert parse_probabilities("_S[Phospho (STY): 0,4%]AM[Oxidation (M): 100%]S[Phospho (STY): 99.6%]K_") == {
        1: 0.004,
        4: 0.996,
    }
    assert parse_probabilities("GS(0.327)GS(0.673)GK") == {2: 0.327, 4: 0.673}
    assert parse_probabilities("S(1)PK") == {1: 1.0}


def test_what_is_no_site_of_s_t_or_y_or_has_no_place():
    histidine = parse_modified_peptide("AH[Phospho]K")
    assert (histidine.sites, histidine.elsewhere) == ({}, 1)
    somewhere = parse_modified_peptide("[Phospho]?ASTK")
    assert (somewhere.sites, somewhere.unplaced) == ({}, 1)
    assert parse_modified_peptide("AT@S#K").negatives == (2,)


@pytest.mark.parametrize("text", ["AsPK", "A(ph", "", "12", "A#SK", "S*PK"])
def test_texts_that_are_no_peptide(text):
    with pytest.raises(InputFormatError):
        parse_modified_peptide(text)


def test_lower_case_is_not_guessed():
    with pytest.raises(InputFormatError, match="lower case may mean any modification; mark phosphorylated"):
        parse_modified_peptide("AsPK")
    assert bare_sequence("[K].AsPEK.[T]") == "ASPEK"


@pytest.mark.parametrize(
    ("sequence", "text", "sites", "others", "unplaced"),
    [
        ("SDSPGM", "3S(79.9663), 6M(15.9949), N-term(42.0106)", {3: None}, 2, 0),
        ("SDSPGM", "S3(Phospho); M6(Oxidation); N-Term(Prot)(Acetyl)", {3: None}, 2, 0),
        ("SDSPGM", "1xPhospho [S3(99.8)]; 1xOxidation [M6]", {3: 0.998}, 1, 0),
        ("SDSPGT", "2xPhospho [S1(100); S/T]", {1: 1.0}, 0, 1),
        ("SDSPGT", "2xPhospho [S1(100)]", {1: 1.0}, 0, 1),
        ("SDSPGM", "1xTMT6plex [N-Term]", {}, 1, 0),
        ("SDSPGM", "", {}, 0, 0),
    ],
)
def test_lists_of_modifications(sequence, text, sites, others, unplaced):
    peptide = peptide_with_list(sequence, text, "Modifications")
    assert (peptide.sequence, peptide.sites, peptide.others, peptide.unplaced) == (
        sequence,
        sites,
        others,
        unplaced,
    )


def test_lists_that_contradict_or_cannot_be_read():
    with pytest.raises(
        InputFormatError, match="found S2 in column 'Mods', expected D as in the peptide 'SDS'"
    ):
        peptide_with_list("SDS", "S2(Phospho)", "Mods")
    with pytest.raises(InputFormatError, match="in column 'Mods', expected modifications such as"):
        peptide_with_list("SDS", "something", "Mods")
    assert list_probabilities("S1(Phospho): 99.5; S3(Phospho): 0.5", "p") == {1: 0.995, 3: 0.005}
    assert list_probabilities("S(1): 99.5; S(3): 0.5", "p") == {1: 0.995, 3: 0.005}
    assert list_probabilities("Too many isoforms", "p") == {}


def test_places_in_master_proteins():
    placed = list(
        parse_pd_places("Q11111 1xPhospho [S15(99.8)]; 1xOxidation [M1]; Q22222 1xPhospho [T/Y]", "x")
    )
    assert [(p.protein, p.name, p.residue, p.position) for p in placed] == [
        ("Q11111", "Phospho", "S", 15),
        ("Q11111", "Oxidation", "M", 1),
        ("Q22222", "Phospho", "", None),
    ]


def test_peptides_are_found_on_proteins():
    sequences = Sequences()
    for name, sequence in (("a", ONE), ("b", TWO), ("c", "SS"), ("d", "AAAAAAA")):
        sequences.add(Protein(id=name, sequence=sequence))
    assert sequences.places("TAEYVR") == [("a", 7), ("b", 17)]
    assert sequences.places("SDSPGR") == [("a", 13)]
    assert sequences.places("S") == [("a", 3), ("a", 13), ("a", 15), ("b", 7), ("c", 1), ("c", 2)]
    assert sequences.places("AAAAAA") == [("d", 1), ("d", 2)]
    assert sequences.places("GGSSA") == sequences.places("WWWWWW") == []
    assert occurrences(Protein(id="d", sequence="AAAA"), "AAA") == [1, 2]
