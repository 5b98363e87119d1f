"""Two variants: aligned, told apart, and drawn one above the other."""

import xml.etree.ElementTree as ET

import pytest

from phosphot5.app.comparison import COLUMNS, Comparison, align
from phosphot5.app.scoring import Limits, Scored, Scorer, example_text
from phosphot5.app.track import draw_mirrored
from phosphot5.data import Protein, parse
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows

TABLE = {r: {"fpr": [0.002, 0.02, 0.2, 1.0], "probability": [0.9, 0.6, 0.3, 0.0]} for r in "STY"}


def scored(text: str, scores: list[float]) -> Scored:
    protein = Protein(id="x", **vars(parse(text, "plain")))
    probabilities = iter(scores)
    values = [next(probabilities) if letter in "STY" else float("nan") for letter in protein.sequence]
    rows = site_rows("x", protein.sequence, values, TABLE)
    return Scored(protein, [row | {"score": row["probability"]} for row in rows])


def test_alignment_takes_every_residue_once_and_in_order():
    first, second = "MEEPQSDPSVEPPLSQETFSD", "MEEPQSVEPPLSQETWWFSUJ"
    pairs = align(first, second)
    assert [a for a, _ in pairs if a is not None] == list(range(len(first)))
    assert [b for _, b in pairs if b is not None] == list(range(len(second)))
    assert align("MSP", "MSP") == [(0, 0), (1, 1), (2, 2)]


def test_sites_gained_lost_and_changed():
    first = scored("MKSPEAKTWWYPLK", [0.95, 0.5, 0.4])
    second = scored("MKAPESKSWWYPLK", [0.3, 0.7, 0.1])
    comparison = Comparison.from_scored(first, second)
    assert comparison.changes == [(3, "S3A"), (6, "A6S"), (8, "T8S")]
    lost, gained, weaker, replaced = comparison.table()
    assert set(COLUMNS) <= set(lost)
    assert (lost["site"], lost["change"], lost["log2_odds_ratio"]) == ("S3 \u2192 A3", "lost", None)
    assert (gained["site"], gained["change"], gained["distance"]) == ("A6 \u2192 S6", "gained", 0)
    assert (weaker["site"], weaker["change"], weaker["log2_odds_ratio"]) == ("Y11", "changed", -2.585)
    assert weaker["distance"] == 3
    assert (replaced["site"], replaced["change"]) == ("T8 \u2192 S8", "changed")
    assert "Sites gained: 1, lost: 1, changed: 2." in comparison.summary
    assert comparison.summary.startswith("11 of 14 aligned columns are identical (78.6%).")


def test_gaps_are_named_by_the_positions_of_their_own_variant():
    core = "MEEPQADPAVEPPLAQEKFADLWK"
    deleted = Comparison.from_scored(scored(core, []), scored(core[:8] + core[10:], []))
    assert [name for _, name in deleted.changes] == ["AV deleted (A 9-10)"]
    inserted = Comparison.from_scored(scored(core, []), scored(core[:8] + "WSWWWW" + core[8:], [0.5]))
    assert [name for _, name in inserted.changes] == ["6 residues inserted (B 9-14)"]
    (gained,) = inserted.table()
    assert (gained["change"], gained["site"], gained["names"]) == ("gained", "\u2013 \u2192 S10", ["S10"])


def test_identical_variants_differ_by_nothing():
    comparison = Comparison.from_scored(scored("MSP", [0.5]), scored("MSP", [0.5]))
    assert comparison.summary == (
        "3 of 3 aligned columns are identical (100.0%). Differences of B from A: none. "
        "Sites gained: 0, lost: 0, changed: 0."
    )
    assert comparison.table()[0]["distance"] is None


def test_p47s_of_p53_weakens_the_serine_beside_it():
    """The literature's case: P47S takes the proline that the kinases of S46 need."""
    wild = example_text("P04637")
    header, *lines = wild.splitlines()
    sequence = "".join(lines)
    comparison = Comparison.from_scored(
        *Scorer(limits=Limits()).score_pair(wild, sequence[:46] + "S" + sequence[47:])
    )
    assert comparison.changes == [(47, "P47S")]
    gained, weakened = comparison.table()[:2]
    assert (gained["site"], gained["change"]) == ("P47 \u2192 S47", "gained")
    assert (weakened["site"], weakened["distance"], weakened["log2_odds_ratio"] < -1) == ("S46", -1, True)


@pytest.mark.parametrize(("mutations", "named"), [(2, 2), (9, 0)])
def test_mirrored_track_shows_both_and_where_they_differ(mutations, named):
    first, second = (
        scored("MKSP" * 10, [0.5] * 10),
        scored("MKAP" * mutations + "MKSP" * (10 - mutations), [0.5] * 10),
    )
    comparison = Comparison.from_scored(first, second)
    html = draw_mirrored(*comparison.marks, 40, TABLE, "A <and> B", comparison.changes)
    root = ET.fromstring(html)
    changes = [group for group in root.iter("g") if group.get("class") == "p5-change"]
    assert len(changes) == mutations
    assert sum(group.find("text") is not None for group in changes) == named
    sites = [title.text[0] for title in root.iter("title") if "probability" in title.text]
    assert (sites.count("A"), sites.count("B")) == (10, 10 - mutations)
