import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phosphot5.data import (
    NOTATIONS,
    Annotated,
    Localisation,
    OtherModification,
    SiteState,
    parse,
    render,
    unsupported_by,
)
from phosphot5.errors import InputFormatError, PhosphoT5Error

CARRY_POSITIVES = [name for name in NOTATIONS if name != "plain"]
MIXED = Annotated(sequence="ASTYK", states=bytes([0, 1, 2, 0, 0]))


def error_of(text, notation):
    with pytest.raises(InputFormatError) as caught:
        parse(text, notation)
    return str(caught.value)


READ = [
    ("plain", "aSpk", "ASPK", ""),
    ("hash", "AS#PT@K", "ASPTK", "S+ T-"),
    ("hash", "as#pt@k", "ASPTK", "S+ T-"),
    ("hash", "SSS#", "SSS", "S+"),
    ("p-prefix", "ApSPK", "ASPK", "S+"),
    ("p-prefix", "pSpTpYP", "STYP", "S+ T+ Y+"),
    ("lower-case", "AsPtyK", "ASPTYK", "S+ T+ Y+"),
    ("maxquant", "_AS(ph)PK_", "ASPK", "S+"),
    ("maxquant", "_AS(Phospho (STY))PK_", "ASPK", "S+"),
    ("maxquant", "_ApSPK_", "ASPK", "S+"),
    ("maxquant", "_Y(Phospho (Y))K_", "YK", "Y+"),
]


@pytest.mark.parametrize(("notation", "text", "sequence", "known"), READ)
def test_read(notation, text, sequence, known):
    read = parse(text, notation)
    signs = {SiteState.POSITIVE: "+", SiteState.NEGATIVE: "-"}
    sites = read.sites(*signs)
    assert (read.sequence, read.other_modifications) == (sequence, ())
    assert " ".join(f"{site.residue}{signs[site.state]}" for site in sites) == known


@pytest.mark.parametrize(
    ("notation", "text"),
    [
        ("plain", "ASTYK"),
        ("hash", "AS#T@YK"),
        ("p-prefix", "ApSTYK"),
        ("lower-case", "AsTYK"),
        ("maxquant", "_AS(Phospho (STY))TYK_"),
        ("proforma", "AS[Phospho]TYK"),
    ],
)
def test_write(notation, text):
    assert render(MIXED, notation) == text


def test_white_space_around_the_text_is_ignored():
    assert parse("  AS#K\n", "hash") == parse("AS#K", "hash")
    assert error_of("  A1", "plain").startswith("position 4: found '1'")


def test_gaps_are_taken_out_and_come_back():
    read = parse("A-S#.-T@*", "hash")
    assert (read.sequence, read.states, read.removed) == ("AST", bytes([0, 1, 2]), (2, 4, 5))
    assert [site.position for site in read.sites()] == [3, 6]
    assert render(read, "hash") == "A-S#--T@"


def test_padded_site_windows_of_lower_case():
    read = parse("__MSGRskTG", "lower-case")
    assert (read.sequence, read.removed) == ("MSGRSKTG", (1, 2))
    assert read.other_modifications == (OtherModification("residue", "unnamed", 6),)
    assert render(read, "lower-case") == "--MSGRskTG"
    assert unsupported_by(read, "lower-case") == []


def test_maxquant_keeps_other_modifications():
    text = "_(Acetyl (Protein N-term))M(Oxidation (M))S(Phospho (STY))H(Phospho (H))K_"
    read = parse(text, "maxquant")
    assert read.states == bytes([0, 1, 0, 0])
    assert read.other_modifications == (
        OtherModification("n-term", "Acetyl (Protein N-term)"),
        OtherModification("residue", "Oxidation (M)", 1),
        OtherModification("residue", "Phospho (H)", 3),
    )
    assert render(read, "maxquant") == text


ERRORS = [
    ("plain", "AS#K", "position 3: found '#', expected a residue letter A-Z"),
    ("plain", "ASſ", "position 3: found 'ſ', expected a residue letter A-Z"),
    (
        "plain",
        "MKpSPKpYpT",
        "position 3: found 'pS', expected residue letters A-Z alone (a proline is P); if sites",
    ),
    (
        "plain",
        "MetSerPro",
        "position 1: found three-letter codes, expected one letter for each residue; convert",
    ),
    (
        "plain",
        "MET-SER-PRO-LYS-TYR",
        "position 1: found three-letter codes, expected one letter for each residue",
    ),
    (
        "hash",
        "ApSPK",
        "position 2: found 'pS', expected residue letters A-Z alone (a proline is P); name the no",
    ),
    (
        "plain",
        "K.MSTYR.A",
        "position 1: found a peptide between its neighbours, K. and .A, expected the peptide al",
    ),
    (
        "hash",
        "K.MS#TYR.-",
        "position 1: found a peptide between its neighbours, K. and .-, expected the peptide al",
    ),
    (
        "p-prefix",
        "-.MpSTYR.A",
        "position 1: found a peptide between its neighbours, -. and .A, expected the peptid",
    ),
    (
        "lower-case",
        "K.MsTYR.A",
        "position 1: found a peptide between its neighbours, K. and .A, expected the pep",
    ),
    ("hash", "A#", "position 2: found '#', expected a residue letter A-Z, or # or @ right after S, T or Y"),
    ("hash", "S#@", "position 3: found '@', expected a residue letter A-Z, or # or @ right after S, T or Y"),
    ("hash", "S-#", "position 3: found '#', expected a residue letter A-Z, or # or @ right after S, T or Y"),
    ("p-prefix", "ApK", "position 2: found 'p', expected a residue letter A-Z in upper case, or p right"),
    ("p-prefix", "AsK", "position 2: found 's', expected a residue letter A-Z in upper case, or p right"),
    ("lower-case", "A#", "position 2: found '#', expected a residue letter A-Z"),
    ("maxquant", "ASK_", "position 1: found 'A', expected '_' at both ends"),
    ("maxquant", "_ASK", "position 4: found 'K', expected '_' at both ends"),
    ("maxquant", "_A(ph_", "position 3: found '(', expected a residue letter A-Z, (name) after a residue"),
    ("maxquant", "_ApK_", "position 3: found 'p', expected a residue letter A-Z, (name) after a residue"),
    ("maxquant", "_A-K_", "position 3: found '-', expected a residue letter A-Z, (name) after a residue"),
    ("maxquant", "__", "found no residues, expected at least one"),
    ("proforma", "MS-K", "position 3: found '-', expected ProForma: a residue letter, [tag] after"),
    ("proforma", "MS*", "position 3: found '*', expected ProForma: a residue letter"),
    ("proforma", "MSÅ", "position 3: found 'Å', expected ProForma: a residue letter"),
    ("proforma", "ÅS", "position 1: found 'Å', expected ProForma: a residue letter"),
    ("proforma", "MS]K", "position 3: found ']', expected ProForma: a residue letter"),
    ("proforma", "MSK+MTK", "position 4: found '+', expected ProForma: a residue letter"),
    ("proforma", "[Acetyl]MSK", "position 9: found 'M', expected ProForma: a residue letter"),
    ("proforma", "MS[Phospho", "position 3: found '[' without its end, expected a closing bracket"),
    ("proforma", "P(ESS", "position 2: found '(' without its end, expected a closing bracket"),
    ("proforma", "A()S", "position 2: found '(', expected a residue right after it"),
    ("proforma", "MS[]K", "position 3: found '[]', expected a name inside"),
    ("proforma", "S[+abc]K", "position 2: found '[+abc]', expected a ProForma tag"),
    ("proforma", "S[#g1(x)]K", "position 3: found '#g1(x)', expected a score such as #g1(0.9)"),
    ("proforma", "MSK/x", "position 4: found '/x', expected a charge such as /2, at the end"),
    ("proforma", "[A]-[B]-SK", "position 5: found a tag out of place, expected ProForma: a residue letter"),
    ("proforma", "SK-[A][B]", "position 7: found a tag out of place, expected ProForma: a residue letter"),
]


@pytest.mark.parametrize(
    "text",
    [
        "mpstyk",
        "MKPspYk",
        "MpPSK",
        "ALAALAALAALAALA",
        "METSERPRO",
        "Mets",
        "PROTEIN",
        "K.M.S.T",
        "K.MST",
        "MST.K",
    ],
)
def test_letters_that_may_be_residues_are_taken_for_these(text):
    assert parse(text, "plain").sequence == text.upper().replace(".", "")


@pytest.mark.parametrize(("notation", "text", "message"), ERRORS)
def test_a_wrong_text_names_the_character(notation, text, message):
    assert error_of(text, notation).startswith(message)


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("text", ["", "  \n"])
def test_no_text_is_an_error(notation, text):
    assert error_of(text, notation) == "found no residues, expected at least one"


@pytest.mark.parametrize("call", [parse, render, unsupported_by])
def test_unknown_notation_lists_the_known_ones(call):
    with pytest.raises(PhosphoT5Error) as caught:
        call("ASK" if call is parse else MIXED, "sequest")
    assert str(caught.value) == (
        "unknown notation 'sequest'; choose from plain, hash, p-prefix, lower-case, maxquant, proforma"
    )


@pytest.mark.parametrize(
    ("notation", "lost"),
    [
        ("plain", ["1 positive site", "1 negative site"]),
        ("hash", []),
        ("p-prefix", ["1 negative site"]),
        ("lower-case", ["1 negative site"]),
        ("maxquant", ["1 negative site"]),
        ("proforma", ["1 negative site"]),
    ],
)
def test_losses_of_states(notation, lost):
    assert unsupported_by(MIXED, notation) == lost


def test_losses_of_everything_else():
    read = Annotated(
        sequence="MS",
        states=bytes([0, 1]),
        removed=(1,),
        localisations=(Localisation(2, "g1", 0.9, preferred=True),),
        other_modifications=(OtherModification("residue", "Oxidation", 1), OtherModification("charge", "/2")),
    )
    assert unsupported_by(read, "proforma") == ["1 gap"]
    assert unsupported_by(read, "maxquant") == ["1 gap", "1 localisation score", "charge /2"]
    assert unsupported_by(read, "hash") == ["1 localisation score", "residue Oxidation at 1", "charge /2"]


letters = st.text(alphabet="ACDEFGHIKLMNPQRSTVWYXBZUOJ", min_size=1, max_size=25)


@st.composite
def annotated(draw, states=2):
    sequence = draw(letters)
    return Annotated(
        sequence=sequence,
        states=bytes(draw(st.integers(0, states)) if residue in "STY" else 0 for residue in sequence),
    )


@pytest.mark.parametrize("notation", CARRY_POSITIVES)
def test_positives_survive_every_notation(notation):
    @given(annotated(states=1))
    def check(record):
        assert parse(render(record, notation), notation) == record
        assert unsupported_by(record, notation) == []

    check()


@given(annotated())
def test_hash_carries_three_states(record):
    assert parse(render(record, "hash"), "hash") == record


@given(st.text(alphabet="ASTst-.*#@p_()1é ", max_size=12), st.sampled_from(NOTATIONS))
def test_any_text_is_read_back_the_same_or_refused_with_our_error(text, notation):
    try:
        read = parse(text, notation)
    except InputFormatError as refused:
        error = refused
    else:
        error = None
    if error is not None:
        assert error.position is None or 1 <= error.position <= len(text)
        return
    assert unsupported_by(read, notation) == []
    assert parse(render(read, notation), notation) == read


@pytest.mark.parametrize("unit", ["A-", "S#-", "S.-", "-S@", "-pS"])
def test_gaps_are_read_and_written_in_linear_time(unit):
    notation = "p-prefix" if "p" in unit else "hash"
    began = time.perf_counter()
    annotated = parse(unit * 200_000 + "A", notation)
    again = parse(render(annotated, notation), notation)
    assert time.perf_counter() - began < 5
    assert (again.states, again.removed) == (annotated.states, annotated.removed)
