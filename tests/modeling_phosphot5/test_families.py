"""What a site table says of kinases: the best family without groups, all of them, and what known sites lack."""

import math

import pytest

from phosphot5.modeling_phosphot5.families_phosphot5 import (
    FAMILY_COLUMNS,
    KINASE_COLUMNS,
    FamilyTable,
    family_rows,
    require_families,
)
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows

NAN = math.nan
FAMILIES = {
    "AGC": {"residues": "ST", "members": ["AKT1", "PRKACA"], "sites": 5},
    "PKA": {"residues": "ST", "members": ["PRKACA"], "sites": 4},
    "CK2": {"residues": "ST", "members": ["CSNK2A1"], "sites": 4},
}
RATES = {"PKA": {"fpr": [0.01, 0.5], "probability": [0.3, 0.1]}}
SCORES = [[0.5, 0.9, 0.8, 0.81111], [NAN, 0.2, 0.4, 0.1], [0.5, NAN, NAN, NAN]]
"""Of S, a known T, and Y: probability of a site with a known kinase, AGC, PKA, CK2."""


def rows(scores=SCORES, **options):
    found = site_rows("p", "STY", [0.7, NAN, 0.4], None, known=[1])
    FamilyTable(FAMILIES, RATES).add_to(found, scores, **options)
    return found


def best(row):
    return tuple(row[name] for name in KINASE_COLUMNS)


def test_the_best_family_is_no_group() -> None:
    assert [best(row) for row in rows()] == [("CK2", 0.8111, None), ("PKA", 0.4, None), (None, None, None)]
    assert list(rows()[0])[-3:] == list(KINASE_COLUMNS)


def test_the_rate_is_that_of_the_product() -> None:
    (row, *_) = rows([[0.5, 0.9, 0.8, 0.1], *SCORES[1:]])
    assert best(row) == ("PKA", 0.8, 0.01)  # 0.5 * 0.8 is above the highest level
    (row, *_) = rows([[0.25, 0.9, 0.8, 0.1], *SCORES[1:]])
    assert best(row) == ("PKA", 0.8, 0.255)


def test_equal_families_stand_in_the_order_of_the_configuration() -> None:
    (row, *_) = rows([[0.5, 0.8, 0.8, 0.8], *SCORES[1:]], every=True)
    assert row["kinase"] == "PKA"
    assert [family["family"] for family in row["kinases"]] == ["AGC", "PKA", "CK2"]


def test_all_families_best_first() -> None:
    found = rows(every=True)
    assert [[family["family"] for family in row["kinases"]] for row in found] == [
        ["AGC", "CK2", "PKA"],
        ["PKA", "AGC", "CK2"],
        [],
    ]
    assert [len(row["kinases"]) for row in rows(every=True, most=2)] == [2, 2, 0]
    assert found[0]["kinases"][2] == {"family": "PKA", "family_probability": 0.8, "family_fpr": 0.01}
    assert {family["family_fpr"] for family in found[1]["kinases"]} == {None}  # a known site has no rate


def test_the_long_table_has_a_row_for_each_site_and_family() -> None:
    table = family_rows(rows(every=True))
    assert [list(row) for row in table] == [list(FAMILY_COLUMNS)] * 6
    assert list(table[0].values()) == ["p", 1, "S", "AGC", 0.9, None, 0.7]
    assert list(table[3].values()) == ["p", 2, "T", "PKA", 0.4, None, None]


@pytest.mark.parametrize("scores", [[NAN, 0.9, 0.8, 0.1], [0.5, 0.9, NAN, 0.1], [0.5, math.inf, 0.8, 0.1]])
def test_damaged_scores_are_named(scores) -> None:
    with pytest.raises(ValueError, match=r"protein 'p', position 1 \(S\): the model's scores of kinases"):
        rows([scores, *SCORES[1:]])


def test_a_model_without_families_is_refused() -> None:
    with pytest.raises(ValueError, match="this model tells no families of kinases"):
        require_families({})
