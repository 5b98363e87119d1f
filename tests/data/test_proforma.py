import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyteomics import proforma

from phosphot5.data import Localisation, OtherModification, parse, render
from phosphot5.errors import InputFormatError


@pytest.fixture(autouse=True)
def looked_up(monkeypatch):
    """Tags that pyteomics wants to look up in ontologies, which it would download; errors there it hides."""
    tags = []

    def definition(self):
        tags.append(str(self))
        raise KeyError(str(self))

    monkeypatch.setattr(proforma.ModificationBase, "definition", property(definition))
    return tags


def oracle(text):
    """Read with pyteomics alone: residues and the texts of their tags."""
    residues, properties = proforma.parse(text)
    return [(letter, [str(tag) for tag in tags or ()]) for letter, tags in residues], properties


def positives(text):
    return [site.position for site in parse(text, "proforma").sites() if site.state == 1]


@pytest.mark.parametrize(
    "tag",
    [
        "Phospho",
        "phospho",
        "U:Phospho",
        "UNIMOD:21",
        "U:21",
        "MOD:00046",
        "MOD:00696",
        "M:O-phospho-L-serine",
        "+79.966",
        "+79.97",
        "+79.966331",
        "Obs:+79.966",
        "U:+79.966",
        "Phospho|+79.966",
        "+79.966|Phospho",
        "+79.957|Phospho",
    ],
)
def test_names_of_phosphorylation(tag):
    read = parse(f"MS[{tag}]K", "proforma")
    assert (read.states, read.other_modifications) == (bytes([0, 1, 0]), ())
    assert render(read, "proforma") == "MS[Phospho]K"


@pytest.mark.parametrize(("residue", "accession"), [("S", "46"), ("T", "47"), ("Y", "48")])
def test_psi_mod_accessions_belong_to_their_residue(residue, accession):
    for candidate in "STY":
        read = parse(f"{candidate}[MOD:000{accession}]", "proforma")
        assert read.states == bytes([candidate == residue])
        assert len(read.other_modifications) == (candidate != residue)


@pytest.mark.parametrize(
    "text",
    [
        "S[+79.956815]K",
        "S[+79.96]K",
        "S[-79.966]K",
        "S[Sulfo|+79.966]K",
        "H[Phospho]K",
        "S[unheard of]K",
        "S[#g1(0.9)]K",
        "[Phospho]-SK",
        "[Phospho]?SK",
        "P(SS)[Phospho]K",
        "<[Phospho]@S>SK",
    ],
)
def test_what_is_no_placed_phosphorylation_is_kept_aside(text):
    read = parse(text, "proforma")
    assert not any(read.states)
    assert len(read.other_modifications) == 1
    assert parse(render(read, "proforma"), "proforma") == read


KEPT = {
    "[Acetyl]-MS[Phospho]K-[Amidated]": [("n-term", "Acetyl"), ("c-term", "Amidated")],
    "[Acetyl][Methyl]-MSK": [("n-term", "Acetyl"), ("n-term", "Methyl")],
    "S[Phospho][Acetyl]K": [("residue", "Acetyl", 1)],
    "S[Phospho][INFO:seen twice]K": [("residue", "INFO:seen twice", 1)],
    "S[Phospho][Phospho]K": [("residue", "Phospho", 1)],
    "M[Formula:[13C2]H6]SK": [("residue", "Formula:[13C2]H6", 1)],
    "P(ESS)[Phospho][Acetyl]K": [("range", "Phospho", 2, 4), ("range", "Acetyl", 2, 4)],
    "(?DQ)NGS": [("ambiguous", "", 1, 2)],
    "[Phospho][Acetyl]?SEQ": [("prefix", "[Phospho][Acetyl]?")],
    "<13C><[Gln->pyro-Glu]@Q>{Glycan:Hex}MSK/2": [
        ("prefix", "<13C>"),
        ("prefix", "<[Gln->pyro-Glu]@Q>"),
        ("prefix", "{Glycan:Hex}"),
        ("charge", "/2"),
    ],
    "K[XLMOD:02001#XL1]AK[#XL1]": [("residue", "XLMOD:02001#XL1", 1), ("residue", "#XL1", 3)],
}


@pytest.mark.parametrize("text", KEPT)
def test_other_modifications_are_kept_and_written_back(text):
    read = parse(text, "proforma")
    assert read.other_modifications == tuple(OtherModification(*other) for other in KEPT[text])
    assert render(read, "proforma") == text


def test_repeated_unplaced_modification_is_written_out():
    assert render(parse("[Phospho]^2?SEQT", "proforma"), "proforma") == "[Phospho][Phospho]?SEQT"


def test_remark_inside_a_phospho_tag_is_kept():
    read = parse("S[Phospho|INFO:seen twice]K", "proforma")
    assert read.states == bytes([1, 0])
    assert read.other_modifications == (OtherModification("residue", "INFO:seen twice", 1),)


def test_localisation_scores():
    text = "EVT[#g1(0.01)]S[#g1(0.09)]ES[Phospho#g1(0.9)]PEK"
    read = parse(text, "proforma")
    assert positives(text) == [6]
    assert read.localisations == (
        Localisation(3, "g1", 0.01),
        Localisation(4, "g1", 0.09),
        Localisation(6, "g1", 0.9, preferred=True),
    )
    assert read.other_modifications == ()
    assert render(read, "proforma") == text


@pytest.mark.parametrize(
    "text",
    [
        "T[#g1]S[Phospho#g1]K",
        "T[Phospho#g1(0.9)][#g2(0.1)]S[Phospho#g2(0.9)][#g1(0.1)]K",
        "[Phospho#s1]?MT[#s1(0.123456789)]S[#s1(1e-05)]K",
        "S[Phospho][#g1(0.2)]T[Phospho#g1(0.8)]K",
    ],
)
def test_localisation_scores_are_written_back(text):
    assert render(parse(text, "proforma"), "proforma") == text


def test_scores_of_other_modifications_stay_with_them():
    text = "M[Oxidation#g1]S[Phospho]M[#g1]K"
    read = parse(text, "proforma")
    assert read.localisations == ()
    assert render(read, "proforma") == text


def test_lower_case_residues_are_upper_cased():
    assert parse("ms[Phospho]k", "proforma") == parse("MS[Phospho]K", "proforma")


def test_nothing_is_looked_up_in_an_ontology(looked_up):
    text = "[Acetyl]-MS[Phospho]T[U:21]Y[MOD:00048]K[GNO:G59626AS]"
    parse(text, "proforma")
    assert looked_up == []
    oracle(text)
    assert looked_up  # or this test would show nothing


PIECES = [
    *["S", "T", "K", "M", "[Phospho]", "[U:21]", "[+79.966]", "[Acetyl]", "[#g1(0.1)]", "[Phospho#g1(0.9)]"],
    *[
        "[Acetyl]-",
        "-[Amidated]",
        "[Phospho]?",
        "<13C>",
        "{Glycan:Hex}",
        "/2",
        "(",
        ")",
        "[",
        "]",
        "#g1",
        "|",
    ],
    *["[]", "^", "2", "+", "-", "?", "{", "}", "<", ">", "/", ":", "@", "é", " ", "*", "[INFO:x]", "(>n)"],
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_any_text_is_read_back_the_same_or_refused_with_our_error(text):
    try:
        read = parse(text, "proforma")
    except InputFormatError:
        return
    assert parse(render(read, "proforma"), "proforma") == read


tags = st.lists(
    st.sampled_from(["Phospho", "U:21", "+79.966", "Acetyl", "Oxidation", "+15.995", "INFO:x"]), max_size=2
)


@given(st.lists(st.tuples(st.sampled_from("ACSTYKM"), tags), min_size=1, max_size=12))
def test_pyteomics_agrees_on_residues_tags_and_our_output(residues):
    text = "".join(letter + "".join(f"[{tag}]" for tag in tags) for letter, tags in residues)
    expected, _ = oracle(text)
    read = parse(text, "proforma")
    assert read.sequence == "".join(letter for letter, _ in expected)
    written, _ = oracle(render(read, "proforma"))
    phospho = {"Phospho", "UNIMOD:21", "+79.966"}
    for position, ((letter, before), (_, after), state) in enumerate(
        zip(expected, written, read.states, strict=True), 1
    ):
        assert state == (letter in "STY" and any(tag in phospho for tag in before))
        kept = [o.text for o in read.other_modifications if o.position == position]
        assert len(kept) + state == len(before) == len(after)
        assert [tag for tag in before if tag not in phospho] == [tag for tag in kept if tag not in phospho]


@pytest.mark.parametrize("text", KEPT)
def test_pyteomics_reads_our_output_as_it_reads_the_input(text):
    ours, theirs = oracle(render(parse(text, "proforma"), "proforma")), oracle(text)
    assert ours[0] == theirs[0]
    assert {key: str(value) for key, value in ours[1].items()} == {
        key: str(value) for key, value in theirs[1].items()
    }


@pytest.mark.parametrize("count", ["99999999", "300000", "101", "0", "9" * 5000, "\u0663", ""])
def test_repeats_are_limited(count):
    with pytest.raises(InputFormatError, match="found a modification repeated .* times, expected 1 to 100"):
        parse(f"[Phospho]^{count}?SK", "proforma")


def test_repeats_within_the_limit():
    assert len(parse("[Phospho]^3?SSK", "proforma").other_modifications) == 1
