"""Known sites as visitors write them: where they go, and what is said of those that do not fit."""

import pytest

from phosphot5.app.known import known_positions, mark_known
from phosphot5.app.scoring import Scorer
from phosphot5.data import Protein
from phosphot5.errors import PhosphoT5Error

ONE = [Protein(id="sp|P04637|P53_HUMAN", sequence="MSPEKTYS")]
TWO = [*ONE, Protein(id="P10636", sequence="MTAYS")]


@pytest.mark.parametrize(
    "text",
    [
        "S2, T6",
        "2 6",
        "pS2; pT6",
        "Ser2 Thr-6",
        "P04637 S2, T6",
        "P04637: S2\nP04637 6",
        "protein\tposition\tresidue\nP04637\t2\tS\nP04637\t6\tT",
        ">P04637\nMS#PEKT#YS",
        ">P04637\nMS[Phospho]PEKT[Phospho]YS",
        "##gff-version 3\nP04637\tUniProtKB\tModified residue\t2\t2\t.\t.\t.\tNote=Phosphoserine\n"
        "P04637\tUniProtKB\tModified residue\t6\t6\t.\t.\t.\tNote=Phosphothreonine",
    ],
)
def test_every_way_to_write_them(text):
    ((protein,), note) = mark_known(text, ONE)
    assert (known_positions(protein), note) == ([2, 6], "")


def test_several_proteins_are_named():
    proteins, note = mark_known("P04637 S2\nP10636 Y4, S5", TWO)
    assert [known_positions(protein) for protein in proteins] == [[2], [4, 5]]
    proteins, note = mark_known("P04637 S2\nQ00987 S7", TWO)
    assert note == " 2 known sites given; 1 used, in 1 protein; not in the input: Q00987."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "T2",
            "known sites: record sp|P04637|P53_HUMAN, position 2: found 'S' in the sequence, expected 'T'",
        ),
        (
            "S9",
            "known sites: record sp|P04637|P53_HUMAN, position 9: found a position beyond the end, expected 1 to 8",
        ),
        ("M1", "known sites: 'M1' is no site; write S15, T18"),
        ("S2 and T6", "known sites: 'and' is no site; write S15, T18"),
        (
            "Q00987 S2",
            "known sites: found no protein of the input ('Q00987' here, 'sp|P04637|P53_HUMAN' there)",
        ),
        ("protein\tsite\n", "known sites: "),
    ],
)
def test_what_does_not_fit_is_refused(text, message):
    with pytest.raises(PhosphoT5Error) as error:
        mark_known(text, ONE)
    assert str(error.value).startswith(message)


def test_without_a_name_there_must_be_one_protein():
    with pytest.raises(
        PhosphoT5Error, match="'S2' has no protein, and 2 are given; write S15, T18, or P04637 S15"
    ):
        mark_known("S2", TWO)


def test_known_sites_are_never_given_a_probability(tiny_folder):
    scorer = Scorer(str(tiny_folder))
    ((entry,), _) = scorer.score("MSPEKTYS", known="S2")
    known, *others = entry.rows
    assert (known["status"], known["probability"], known["fpr"]) == ("known", None, None)
    ((alone,), _) = scorer.score("MSPEKTYS")
    assert [row["probability"] for row in others] != [row["probability"] for row in alone.rows[1:]]
