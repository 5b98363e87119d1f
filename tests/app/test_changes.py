"""Changes in words: those of ``phosphot5 variants``, several at once, and what is refused."""

import json

import pytest

from phosphot5.app.changes import apply_changes
from phosphot5.app.comparison import Comparison
from phosphot5.app.scoring import Limits, Scorer
from phosphot5.cli.main import main
from phosphot5.data import Protein
from phosphot5.errors import PhosphoT5Error

PROTEIN = Protein(id="p", sequence="MSPEKTYSWA")


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("P3S", "MSSEKTYSWA"),
        ("p.Pro3Ser", "MSSEKTYSWA"),
        ("p:P3S", "MSSEKTYSWA"),
        ("P3S, K5R; W9A", "MSSERTYSAA"),
        ("W9A P3S", "MSSEKTYSAA"),
        ("p.Pro3_Glu4del T6A", "MSKAYSWA"),
        ("p.Pro3_Glu4insSerSer S8A", "MSPSSEKTYAWA"),
        ("p.Lys5fs:AAA*", "MSPEAAA"),
        ("T6*", "MSPEK"),
    ],
)
def test_all_are_applied_at_once(text, changed):
    protein, pairs = apply_changes(text, PROTEIN)
    assert protein.sequence == changed
    assert [a for a, _ in pairs if a is not None] == list(range(len(PROTEIN)))
    assert [b for _, b in pairs if b is not None] == list(range(len(changed)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A3S", "change A3S: another residue in the protein: P at 3, not A"),
        ("P30S", "change P30S: beyond the end of the protein: position 30 of 10 residues"),
        ("P3S, oops", "change oops: a notation that cannot be applied: oops"),
        ("P3S P3A", "changes: two changes at one place: position 3; give each residue one change"),
        ("p.Pro3_Lys5del E4A", "changes: two changes at one place: position 4"),
        ("P3S " * 201, "201 changes are too many at once (at most 200); give variant B instead"),
        ("P3P", "change P3P: no change of the sequence"),
    ],
)
def test_what_does_not_fit_is_refused(text, message):
    with pytest.raises(PhosphoT5Error) as error:
        apply_changes(text, PROTEIN)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("change", ["P3S", "p.Pro3_Glu4del", "p.Pro3_Glu4insSerThr", "S8A", "p.Thr6dup"])
def test_sites_are_those_of_the_command(change, tiny_folder, tmp_path):
    fasta, table = tmp_path / "p.fasta", tmp_path / "sites.jsonl"
    fasta.write_text(f">p\n{PROTEIN.sequence}\n")
    options = ["--model", str(tiny_folder), "--change", "0", "--runtime", "torch", "--quiet"]
    assert main(["variants", f"p:{change}", "--fasta", str(fasta), "-o", str(table), *options]) == 0
    expected = [json.loads(line) for line in table.read_text().splitlines()]
    scored = Scorer(str(tiny_folder)).score_pair(PROTEIN.sequence, "", change)
    found = Comparison.from_scored(*scored).table()
    columns = ["probability", "variant_probability", "log2_odds_ratio", "call", "variant_call", "distance"]

    def cells(row):
        return tuple(str(row[name]) for name in columns)

    assert sorted(map(cells, found)) == sorted(map(cells, expected))
    kinds = {"gained", "lost"}
    assert [sum(row["change"] == kind for row in found) for kind in kinds] == [
        sum(row["change"] == kind for row in expected) for kind in kinds
    ]


def test_what_comes_of_changes_may_not_be_too_long(tiny_folder):
    scorer = Scorer(str(tiny_folder), limits=Limits(compared_residues=5))
    with pytest.raises(PhosphoT5Error, match="variant B: has 7 residues, too many to compare"):
        scorer.score_pair("MSP", "", "p.Ser2_Pro3insAAAA")


def test_changes_or_variant_b(tiny_folder):
    with pytest.raises(PhosphoT5Error, match="both changes and variant B are given; empty one of them"):
        Scorer(str(tiny_folder)).score_pair("MSP", "MSA", "P3A")
