"""Notations of variants and what they make of a sequence; positions are 1-based."""

import pytest

from phosphot5.variants.changes import (
    Allele,
    Change,
    Edit,
    RefusedVariantError,
    apply_all,
    resolve,
    resolve_all,
)
from phosphot5.variants.hgvs import read_change, read_changes

PROTEIN = "MSPKTRYLAV"


def applied(text, tail="", sequence=PROTEIN):
    return resolve_all(read_changes(text, tail), sequence).apply(sequence)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P3S", "MSSKTRYLAV"),
        ("p.P3S", "MSSKTRYLAV"),
        ("p.Pro3Ser", "MSSKTRYLAV"),
        ("p.(Pro3Ser)", "MSSKTRYLAV"),
        ("p.(PRO3SER)", "MSSKTRYLAV"),
        ("p.Met1Val", "VSPKTRYLAV"),
        ("p.Val10Sec", "MSPKTRYLAU"),
        ("p.Ser2del", "MPKTRYLAV"),
        ("p.(Ser2_Lys4del)", "MTRYLAV"),
        ("p.Ser2_Lys4delSerProLys", "MTRYLAV"),
        ("S2_K4delSPK", "MTRYLAV"),
        ("p.Lys4_Thr5insSerTyr", "MSPKSYTRYLAV"),
        ("K4_T5insSY", "MSPKSYTRYLAV"),
        ("p.Lys4_Thr5insSerTer", "MSPKS"),
        ("p.Lys4_Thr5insTer", "MSPK"),
        ("p.Pro3delinsTrpVal", "MSWVKTRYLAV"),
        ("p.Ser2_Lys4delinsTrp", "MWTRYLAV"),
        ("p.Ser2_Lys4delSPKinsW", "MWTRYLAV"),
        ("p.Ser2_Lys4delinsTrpTer", "MW"),
        ("p.Pro3dup", "MSPPKTRYLAV"),
        ("p.Ser2_Lys4dup", "MSPKSPKTRYLAV"),
        ("p.Ala9_Val10dup", "MSPKTRYLAVAV"),
        ("p.Arg6Ter", "MSPKT"),
        ("p.(Arg6*)", "MSPKT"),
        ("R6*", "MSPKT"),
        ("p.Arg6_Leu8delinsTer", "MSPKT"),
    ],
)
def test_notation_is_applied(text, expected):
    assert applied(text) == expected


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("p.Lys4GlnfsTer4", "QST"),
        ("p.Lys4Glnfs*4", "QST*"),
        ("K4Qfs*4", "QST"),
        ("p.(Lys4fs)", "QST"),
        ("p.Lys4GlnfsTer?", "QST"),
    ],
)
def test_frameshift_has_the_tail_that_is_given(text, tail):
    assert applied(text, tail) == "MSPQST"


@pytest.mark.parametrize(
    ("text", "tail", "reason"),
    [
        ("p.Arg3Ser", "", "another residue in the protein"),
        ("p.Ser2_Thr4del", "", "another residue in the protein"),
        ("p.Ser2_Lys4delSerAlaLys", "", "another residue in the protein"),
        ("p.Val11Ser", "", "beyond the end of the protein"),
        ("p.Val10_Ser11insAla", "", "beyond the end of the protein"),
        ("p.Met1_Val10del", "", "no residues left"),
        ("p.Met1Ter", "", "no residues left"),
        ("p.Ser2=", "", "no change of the sequence"),
        ("p.(Ser2%3D)", "", "no change of the sequence"),
        ("p.(=)", "", "no change of the sequence"),
        ("p.Ser2Ser", "", "no change of the sequence"),
        ("p.?", "", "an unknown effect"),
        ("p.0", "", "an unknown effect"),
        ("p.Met1?", "", "an unknown effect"),
        ("p.(Met1?)", "", "an unknown effect"),
        ("p.Ter11GlnextTer17", "", "a lost stop: what follows it is not in the notation"),
        ("p.Lys4GlnfsTer4", "", "a frameshift without its new residues"),
        ("p.Lys4fs", "", "a frameshift without its new residues"),
        ("p.Lys4GlnfsTer4", "QS", "a tail that contradicts the notation"),
        ("p.Lys4GlnfsTer4", "PST", "a tail that contradicts the notation"),
        ("p.Lys4GlnfsTer4", "Q7T", "a tail that is no sequence"),
        ("p.Arg6X", "", "a new residue that is not known; write Ter or * for a stop"),
        ("p.Lys4_Thr5insXaa", "", "a new residue that is not known; write Ter or * for a stop"),
        ("p.Pro3Ser", "QST", "a notation that cannot be applied"),
        ("p.Lys4_Arg6insAla", "", "a notation that cannot be applied"),
        ("p.Lys4_Pro3del", "", "a notation that cannot be applied"),
        ("p.Ser2_Lys4delSerPro", "", "a notation that cannot be applied"),
        ("p.Lys4_Thr5ins(5)", "", "a notation that cannot be applied"),
        ("p.Pro3delinsTer*A", "", "a notation that cannot be applied"),
        ("p.[Pro3Ser];[Lys4Arg]", "", "changes that are not known to be on one allele"),
        ("p.[Pro3Ser(;)Lys4Arg]", "", "changes that are not known to be on one allele"),
        ("p.[Pro3Ser;Lys4?]", "", "an unknown effect"),
        ("p.[Pro3Ser;Lys4Arg]", "QST", "a notation that cannot be applied"),
        ("p.[Pro3Ser;Pro3del]", "", "two changes at one place"),
        ("p.[Pro3Ter;Lys4Arg]", "", "two changes at one place"),
        ("p.[Pro3Ser;]", "", "a notation that cannot be applied"),
        ("p.Pro3^Ser", "", "a notation that cannot be applied"),
        ("p.Met1ext-5", "", "a notation that cannot be applied"),
        ("p.Pro3[4]", "", "a notation that cannot be applied"),
        ("p.Pro0Ser", "", "a notation that cannot be applied"),
        ("p.Pro3", "", "a notation that cannot be applied"),
        ("p3s", "", "a notation that cannot be applied"),
        ("c.76A>T", "", "a notation that cannot be applied"),
        ("", "", "a notation that cannot be applied"),
        ("p.Pro9999999Ser", "", "a notation that cannot be applied"),
        ("p.Pro٣Ser", "", "a notation that cannot be applied"),
    ],
)
def test_what_cannot_be_applied_is_refused(text, tail, reason):
    with pytest.raises(RefusedVariantError) as refused:
        applied(text, tail)
    assert refused.value.reason == reason


def test_message_says_what_is_there():
    with pytest.raises(RefusedVariantError, match="another residue in the protein: P at 3, not R"):
        applied("R3S")


def test_change_keeps_what_the_notation_says():
    assert read_change("p.Lys76_Leu78del") == Change("deletion", 76, 78, ((76, "K"), (78, "L")))
    assert read_change("p.(Arg196Ter)") == Change("stop", 196, 196, ((196, "R"),), "", ends=True)


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("P3S", Edit(3, 1, "S", aligned=True)),
        ("p.Ser2_Lys4delinsAlaAlaAla", Edit(2, 3, "AAA", aligned=True)),
        ("p.Ser2_Lys4delinsAla", Edit(2, 3, "A")),
        ("p.Lys4_Thr5insSer", Edit(5, 0, "S")),
        ("p.Lys4_Thr5insSerTer", Edit(5, 6, "S")),
        ("p.Ser2_Lys4dup", Edit(5, 0, "SPK")),
        ("p.Arg6Ter", Edit(6, 5, "")),
    ],
)
def test_edit(text, edit):
    assert resolve(read_change(text), PROTEIN) == edit


@pytest.mark.parametrize(
    ("text", "positions", "distances"),
    [
        ("P3S", [1, 2, 3, 4, 5], [-2, -1, 0, 1, 2]),
        ("p.Pro3_Lys4del", [1, 2, None, None, 3], [-2, -1, 0, 0, 1]),
        ("p.Ser2_Pro3insAlaAla", [1, 2, 5, 6, 7], [-2, -1, 1, 2, 3]),
        ("p.Pro3_Lys4delinsAla", [1, 2, None, None, 4], [-2, -1, 0, 0, 1]),
        ("p.Pro3Ter", [1, 2, None, None, None], [-2, -1, 0, 0, 0]),
    ],
)
def test_where_residues_go(text, positions, distances):
    edit = resolve(read_change(text), PROTEIN)
    assert [edit.position_in_variant(at) for at in range(1, 6)] == positions
    assert [edit.distance(at) for at in range(1, 6)] == distances
    changed = edit.apply(PROTEIN)
    for at, to in enumerate(positions, 1):
        if to is not None and edit.distance(at):
            assert changed[to - 1] == PROTEIN[at - 1]


@pytest.mark.parametrize(
    ("text", "tail", "changed"),
    [
        ("p.[Pro3Ser;Lys4Arg]", "", "MSSRTRYLAV"),
        ("p.[(Lys4Arg;Pro3Ser)]", "", "MSSRTRYLAV"),
        ("[P3S;T5Y]", "", "MSSKYRYLAV"),
        ("p.[Pro3del;Lys4_Thr5insAlaAla;Arg6Lys]", "", "MSKAATKYLAV"),
        ("p.[Pro3Ser;Arg6GlnfsTer3]", "QS", "MSSKTQS"),
    ],
)
def test_changes_on_one_allele(text, tail, changed):
    assert applied(text, tail) == changed


def test_residues_of_an_allele_go_where_the_alignment_says():
    edits = [
        resolve(read_change(text), PROTEIN) for text in ("p.Pro3del", "p.Lys4_Thr5insAlaAla", "p.Arg6Lys")
    ]
    allele = Allele(tuple(edits))
    pairs = apply_all(edits, PROTEIN)[1]
    for old, new in pairs:
        if old is not None:
            expected = None if new is None else new + 1
            assert allele.position_in_variant(old + 1) == expected
    assert [allele.origin(at) for at in (4, 5, 7)] == [(5, False), (5, False), (6, True)]
    assert [allele.distance(at) for at in range(1, 8)] == [-2, -1, 0, 1, 1, 0, 1]
