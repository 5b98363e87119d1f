"""What is counted in labelled proteins, how it is told, and the picture of it."""

import pytest

from phosphot5.data import Protein, parse
from phosphot5.data.picture import draw_summary
from phosphot5.data.summary import Summary, describe, part_table, site_table, summarise, text_table


def protein(text, id="a"):
    return Protein(id=id, **vars(parse(text, "hash")))


PROTEINS = [
    protein("MS#S@T#YXX"),
    protein("MS@ST#YXX", "sp|a|A_HUMAN"),
    protein("MS#S@T#YXX", "b"),
    protein("SU", "c"),
]


def test_everything_that_is_counted():
    assert summarise(PROTEINS).as_dict() == {
        "proteins": 4,
        "residues": 23,
        "lengths": {"min": 2, "5 %": 3, "25 %": 6, "median": 7, "75 %": 7, "95 %": 7, "max": 7},
        "sites": {
            "S": {"unknown": 2, "positive": 2, "negative": 3},
            "T": {"unknown": 0, "positive": 3, "negative": 0},
            "Y": {"unknown": 3, "positive": 0, "negative": 0},
        },
        "prevalence": {"S": 0.4, "T": 1.0, "Y": None},
        "proteins_without_labels": 1,
        "repeated_accessions": {"a": 2},
        "repeated_sequences": 2,
        "contradictory_sites": 1,
        "other_letters": {"U": 1, "X": 6},
    }


def test_nothing_to_count():
    assert summarise([]).as_dict()["lengths"] == {}


def test_tables():
    assert text_table([["", "n", "share"], ["long name", 12345, 0.25], ["x", 1, None]]) == [
        "                n   share",
        "long name  12,345  25.0 %",
        "x               1       -",
    ]
    assert site_table(summarise(PROTEINS)) == [
        "residue  positive  negative  not labelled  positive of labelled",
        "S               2         3             2                40.0 %",
        "T               3         0             0               100.0 %",
        "Y               0         0             3                     -",
    ]
    parts = {"train": summarise(PROTEINS[:3]), "test": summarise(PROTEINS[3:])}
    assert part_table(parts) == [
        "       proteins   share  residues  S+  S-  T+  T-  Y+  Y-",
        "train         3  75.0 %        21   2   3   3   0   0   0",
        "test          1  25.0 %         2   0   0   0   0   0   0",
    ]


def test_description_names_what_may_be_wrong():
    whole = summarise(PROTEINS)
    text = "\n".join(describe(whole, {"f": whole}))
    assert "4 proteins, 23 residues" in text
    assert "proteins without any label: 1" in text
    assert "accessions that occur more than once: 1: a (2 times)" in text
    assert "proteins whose sequence occurred before: 2" in text
    assert "positive in one copy of a sequence and negative in another: 1" in text
    assert "letters other than the 20 amino acids: U 1, X 6" in text
    assert "share" not in text
    many = summarise(protein("AS#", f"p{number}") for number in [*range(7)] * 2)
    assert "p4 (2 times) and 2 more" in "\n".join(describe(many, {"f": many, "g": whole}))
    assert "letters other than the 20 amino acids: none" in "\n".join(describe(many, {}))


@pytest.mark.parametrize("proteins", [PROTEINS, [protein("MAAA")], [protein("S#" * 40000, "long")]])
def test_picture(tmp_path, proteins):
    from matplotlib.image import imread

    for name in ("a.png", "b.png"):
        draw_summary(summarise(proteins), tmp_path / name)
    image = imread(tmp_path / "a.png")
    assert image.shape[:2] == (600, 1500)
    assert image[..., :3].std() > 0.05
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_summaries_can_be_filled_step_by_step():
    summary = Summary()
    for one in PROTEINS:
        summary.add(one)
    assert summary == summarise(PROTEINS)
