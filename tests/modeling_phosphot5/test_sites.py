"""Rows of a site table: what is scored, what is known, what is left out."""

import math

import pytest

from phosphot5.modeling_phosphot5.sites_phosphot5 import COLUMNS, site_rows

NAN = math.nan
TABLE = {"S": {"fpr": [0.01, 0.05, 0.2, 1.0], "probability": [0.9, 0.6, 0.3, 0.1]}}


def test_scored_rows():
    rows = site_rows("p", "MSTA", [NAN, 0.91234, 0.5, NAN], TABLE)
    assert [list(row) for row in rows] == [list(COLUMNS)] * 2
    assert list(rows[0].values()) == ["p", 2, "S", 0.9123, 0.01, "high", "______MSTA_____", "scored"]
    assert list(rows[1].values()) == ["p", 3, "T", 0.5, None, "-", "_____MSTA______", "scored"]


@pytest.mark.parametrize("known", [[1, 4], {4, 1}, (1, 4, 4)])
def test_known_rows_stand_in_sequence_order_without_a_score(known):
    rows = site_rows("p", "MSTAY", [NAN, NAN, 0.5, NAN, NAN], TABLE, known=known)
    assert [(row["position"], row["status"]) for row in rows] == [(2, "known"), (3, "scored"), (5, "known")]
    for row in (rows[0], rows[2]):
        assert (row["probability"], row["fpr"], row["call"]) == (None, None, "-")
    assert rows[2]["window"] == "___MSTAY_______"


def test_a_known_site_is_not_scored_even_with_a_probability():
    assert site_rows("p", "S", [0.99], TABLE, known=[0])[0]["probability"] is None


def test_known_sites_are_residues_and_rows_have_given_positions():
    rows = site_rows("p", "MSTA", [NAN, NAN, 0.5, NAN], TABLE, positions=[1, 4, 5, 9], known=[1])
    assert [(row["position"], row["status"]) for row in rows] == [(4, "known"), (5, "scored")]
