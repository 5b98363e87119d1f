"""Measures of families of kinases, on scores whose figures are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from phosphot5.evaluation.kinases import family_metrics


def test_a_family_is_ranked_and_its_probabilities_are_compared_with_shares() -> None:
    """40 annotated sites, half of them of the family; its odds are even at all, and no rank tells them apart."""
    truth = np.arange(40) % 2 == 0
    every = np.ones((40, 1), bool)
    states = SimpleNamespace(
        protein=np.arange(40) // 2, targets=truth[:, None], fitting=every, annotated=every[:, 0]
    )
    even = np.zeros((40, 1), np.float32)
    scores = SimpleNamespace(family=even, family_known=even, product=lambda column: np.full(40, 0.8))
    found = family_metrics(["PKA"], states, scores)["PKA"]
    assert found["sites"] == 20
    assert found["kinases_auroc"] == found["kinases_known_auroc"] == 0.5
    assert found["kinases_ece"] == pytest.approx(0.0)
    assert found["substrates_ece"] == pytest.approx(0.3)


def test_few_sites_have_no_figures() -> None:
    truth = np.arange(40) < 9
    every = np.ones((40, 1), bool)
    states = SimpleNamespace(
        protein=np.arange(40), targets=truth[:, None], fitting=every, annotated=every[:, 0]
    )
    even = np.zeros((40, 1), np.float32)
    scores = SimpleNamespace(family=even, family_known=even, product=lambda column: even[:, 0])
    assert family_metrics(["PKA"], states, scores) == {"PKA": {"sites": 9.0}}
