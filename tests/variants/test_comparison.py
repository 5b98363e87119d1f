"""Sites gained, lost and changed by a variant; every number by hand."""

import math

import numpy as np
import pytest

from phosphot5.data import Protein
from phosphot5.variants.changes import resolve_all
from phosphot5.variants.comparison import (
    SITE_COLUMNS,
    SUMMARY_COLUMNS,
    Comparison,
    ScoredSites,
    log2_odds_ratio,
)
from phosphot5.variants.hgvs import read_changes
from phosphot5.variants.wild_types import Variant

SEQUENCE = "MSPKTRYLAV"
TABLE = {residue: {"fpr": [0.01, 0.05, 1.0], "probability": [0.9, 0.5, 0.0]} for residue in "STY"}


def compared(text, before, after, tail=""):
    """Compare scores that are given by position."""
    protein = Protein(id="p", sequence=SEQUENCE)
    variant = Variant(protein, text, resolve_all(read_changes(text, tail), SEQUENCE), "line 1")
    sites = []
    for sequence, scores in ((SEQUENCE, before), (variant.changed.sequence, after)):
        values = np.full(len(sequence), np.nan)
        for position, probability in scores.items():
            assert sequence[position - 1] in "STY"
            values[position - 1] = probability
        sites.append(ScoredSites(sequence, values, TABLE))
    return Comparison(variant, *sites)


BEFORE = {2: 0.5, 5: 0.8, 7: 0.2}


def test_log2_odds_ratio():
    assert log2_odds_ratio(0.2, 0.5) == pytest.approx(2)
    assert log2_odds_ratio(0.5, 0.2) == pytest.approx(-2)
    assert log2_odds_ratio(1.0, 1.0) == 0
    assert math.isfinite(log2_odds_ratio(0.0, 1.0))


def test_row_of_a_changed_site():
    (row,) = compared("P3A", BEFORE, {2: 0.8, 5: 0.8, 7: 0.2}).rows(1)
    assert list(row) == list(SITE_COLUMNS)
    assert row == {
        "protein": "p",
        "variant": "P3A",
        "source": "line 1",
        "change": "changed",
        "position": 2,
        "residue": "S",
        "variant_position": 2,
        "variant_residue": "S",
        "distance": -1,
        "probability": 0.5,
        "variant_probability": 0.8,
        "log2_odds_ratio": 2.0,
        "call": "medium",
        "variant_call": "medium",
        "window": "______MSPKTRYLA",
        "variant_window": "______MSAKTRYLA",
    }


@pytest.mark.parametrize(("size", "positions"), [(0, [2, 5, 7]), (1.9, [2, 7]), (2.1, [2]), (4, [])])
def test_threshold(size, positions):
    comparison = compared("P3A", BEFORE, {2: 0.9, 5: 0.85, 7: 0.5})  # log2 odds 3.17, 0.50, 2.00
    assert [row["position"] for row in comparison.rows(size)] == positions


def listed(comparison, size=1.0):
    names = ("change", "position", "residue", "variant_position", "variant_residue", "distance")
    return [tuple(row[name] for name in names) for row in comparison.rows(size)]


@pytest.mark.parametrize(
    ("text", "after", "rows"),
    [
        ("S2A", {5: 0.8, 7: 0.2}, [("lost", 2, "S", 2, "A", 0)]),
        ("S2T", {2: 0.5, 5: 0.8, 7: 0.2}, [("changed", 2, "S", 2, "T", 0)]),
        ("P3S", {2: 0.5, 3: 0.1, 5: 0.8, 7: 0.2}, [("gained", 3, "P", 3, "S", 0)]),
        ("p.Ser2del", {4: 0.8, 6: 0.8}, [("lost", 2, "S", None, None, 0), ("changed", 7, "Y", 6, "Y", 5)]),
        ("p.Pro3_Lys4insThr", {2: 0.5, 4: 0.3, 6: 0.8, 8: 0.2}, [("gained", None, None, 4, "T", 0)]),
        ("p.Ser2_Pro3dup", {2: 0.5, 4: 0.3, 7: 0.8, 9: 0.2}, [("gained", None, None, 4, "S", 0)]),
        ("p.Lys4_Thr5delinsSer", {2: 0.5, 4: 0.3, 6: 0.2}, [
            ("gained", None, None, 4, "S", 0), ("lost", 5, "T", None, None, 0),
        ]),
        ("p.Thr5Ter", {2: 0.1}, [
            ("changed", 2, "S", 2, "S", -3), ("lost", 5, "T", None, None, 0), ("lost", 7, "Y", None, None, 0),
        ]),
    ],
)  # fmt: skip
def test_sites_gained_and_lost(text, after, rows):
    assert listed(compared(text, BEFORE, after)) == rows


def test_frameshift_pairs_nothing_behind_it():
    rows = listed(compared("p.Lys4fs", BEFORE, {2: 0.5, 5: 0.8}, tail="QTA"))
    assert rows == [
        ("gained", None, None, 5, "T", 0),
        ("lost", 5, "T", None, None, 0),
        ("lost", 7, "Y", None, None, 0),
    ]


def test_lost_site_has_no_scores_in_the_variant():
    (row,) = compared("S2A", BEFORE, {5: 0.8, 7: 0.2}).rows(1)
    assert (row["call"], row["probability"], row["window"]) == ("medium", 0.5, "______MSPKTRYLA")
    assert {
        row[name] for name in ("log2_odds_ratio", "variant_probability", "variant_call", "variant_window")
    } == {None}


def test_summary():
    comparison = compared("S2A", BEFORE, {5: 0.3, 7: 0.95})
    row = comparison.summary(comparison.rows(1), "medium")
    assert list(row) == list(SUMMARY_COLUMNS)
    assert row == {
        "protein": "p",
        "variant": "S2A",
        "source": "line 1",
        "status": "scored",
        "reason": None,
        "lost": 1,
        "gained": 0,
        "changed": 2,
        "calls_lost": 2,  # S2 and T5
        "calls_gained": 1,  # Y7
        "largest_change": 6.2479,
        "largest_change_site": "Y7",
        "largest_change_distance": 5,
    }
    assert comparison.summary([], "high")["calls_lost"] == 0


def test_summary_without_a_site_that_stays():
    comparison = compared("p.Met1_Tyr7delinsLys", BEFORE, {})
    row = comparison.summary(comparison.rows(1), "medium")
    assert (row["lost"], row["largest_change"], row["largest_change_site"]) == (3, None, None)


def test_rows_of_several_changes_on_one_allele():
    # MSPKTRYLAV -> MPKSATRSLAV: S2 gone, SA inserted behind K4, Y7S
    comparison = compared("p.[Ser2del;Lys4_Thr5insSerAla;Tyr7Ser]", BEFORE, {4: 0.6, 6: 0.5, 8: 0.9})
    rows = comparison.rows(1)
    found = [
        (row["change"], row["position"], row["variant_position"], row["variant_residue"], row["distance"])
        for row in rows
    ]
    assert found == [
        ("lost", 2, None, None, 0),
        ("gained", None, 4, "S", 0),
        ("changed", 5, 6, "T", 1),
        ("changed", 7, 8, "S", 0),
    ]
    assert rows[2]["log2_odds_ratio"] == pytest.approx(-2)
