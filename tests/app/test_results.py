"""What results say beside their numbers: what they leave out, and nothing that could be markup."""

import html
import json
import re

import pytest

from phosphot5.app import results
from phosphot5.app.comparison import Comparison
from phosphot5.app.families import draw_families
from phosphot5.app.results import draw_comparison, draw_ranking, draw_result, found_text
from phosphot5.app.scoring import Scored
from phosphot5.data import Protein
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows

NAN = float("nan")


def scored(name: str, sequence: str, score: float = 0.5, known: tuple[int, ...] = ()) -> Scored:
    scores = [score if letter in "STY" else NAN for letter in sequence]
    rows = site_rows(name, sequence, scores, None, known=known)
    return Scored(Protein(id=name, sequence=sequence), [row | {"score": row["probability"]} for row in rows])


def data_of(text: str) -> dict:
    (data,) = re.findall(r'class="p5-data">(.*?)</div>', text)
    return json.loads(html.unescape(data))


def test_the_ranking_is_of_several_and_says_what_it_leaves_out(monkeypatch):
    one, other = scored("a", "MSTYK", 0.3), scored("b", "MSPK", 0.9, known=())
    assert draw_ranking([one]) == ""
    text = draw_ranking([one, other])
    data = data_of(text)
    assert data["proteins"] == [["a", ""], ["b", ""]]
    assert [row[:2] for row in data["rows"]] == [[1, 2], [0, 2], [0, 3], [0, 4]]
    assert "best of" not in text
    monkeypatch.setattr(results, "RANKED", 3)
    text = draw_ranking([one, other])
    assert len(data_of(text)["rows"]) == 3
    assert "The 3 best of 4 sites; the files have all." in text


def test_known_sites_are_not_ranked_and_have_no_probability():
    entry = scored("a", "MSTK", known=(1,))
    assert [row[1] for row in data_of(draw_ranking([entry, scored("b", "MK")]))["rows"]] == [3]
    text = draw_result([entry], 0, None, ())
    data = data_of(text)
    known = dict(zip(data["columns"], data["rows"][0], strict=True))
    assert (known["status"], known["probability"], known["fpr"]) == ("known", None, None)
    assert "S2: given as known" in text
    assert "p5-known" in text
    assert "status" not in data_of(draw_result([scored("a", "MSTK")], 0, None, ()))["columns"]
    assert found_text([entry]).endswith("called 0 high, 0 medium, 0 low; given as known 1.")


def test_a_protein_without_sites_has_no_table():
    text = draw_result([scored("a", "MKK")], 0, None, ())
    assert "No serine, threonine or tyrosine to score." in text
    assert "p5-sites" not in text
    comparison = Comparison.from_scored(scored("a", "MKK"), scored("b", "MAK"))
    assert "p5-sites" not in draw_comparison(comparison, None)


@pytest.mark.parametrize(("changes", "told"), [(8, False), (9, True)])
def test_a_picture_that_names_no_changes_says_so(changes, told):
    pair = scored("a", "MKSP" * 12), scored("b", "MASP" * changes + "MKSP" * (12 - changes))
    text = draw_comparison(Comparison.from_scored(*pair), None)
    assert ("9 differences are too many to name in the picture" in text) == told


def test_a_strip_says_which_sites_and_families_it_leaves_out():
    names = [f"F{number:02}" for number in range(14)]
    entry = scored("a", "SS")
    for row in entry.rows:
        row["call"] = "high"
    entry.rows[0]["kinases"] = [{"family": name, "family_probability": 0.5} for name in names]
    text = draw_families(entry, names)
    assert "Shown: the 1 most probable of 2 called sites; 12 of 14 families, the most probable ones." in text
    assert "Shown:" not in draw_families(entry, names[:3]).replace("Shown: the 1", "")


def test_names_are_no_markup():
    entry = scored('<img/src="x">', "MSTK")
    for text in (draw_result([entry], 0, None, ()), draw_ranking([entry, entry])):
        assert "<img" not in text
