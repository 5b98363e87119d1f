"""Parts of whole clusters: shares are met, seeds count, the order of proteins does not."""

import numpy as np
import pytest

from phosphot5.data.homology.splits import assign
from phosphot5.errors import PhosphoT5Error

SHARES = {"train": 0.8, "valid": 0.1, "test": 0.1}


def data(seed=0):
    """Return clusters of very unequal sizes, and two weights of each protein."""
    random = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(300), random.geometric(0.2, 300) ** 2 // 10 + 1)
    weights = np.stack([np.ones_like(clusters), random.poisson(random.gamma(1, 10, len(clusters)))], axis=1)
    return clusters, weights


def test_shares_of_every_weight():
    clusters, weights = data()
    parts = assign(clusters, weights, SHARES, seed=1)
    for column in weights.T:
        for name, share in SHARES.items():
            assert column[parts == name].sum() / column.sum() == pytest.approx(share, abs=0.01)


def test_clusters_stay_whole():
    clusters, weights = data()
    parts = assign(clusters, weights, SHARES, seed=1)
    assert all(len(set(parts[clusters == number])) == 1 for number in set(clusters))


def test_seed_counts_and_order_does_not():
    clusters, weights = data()
    parts = assign(clusters, weights, SHARES, seed=1)
    assert (parts == assign(clusters, weights, SHARES, seed=1)).all()
    assert (parts != assign(clusters, weights, SHARES, seed=2)).any()
    order = np.random.default_rng(0).permutation(len(clusters))
    assert (assign(clusters[order], weights[order], SHARES, seed=1) == parts[order]).all()


def test_every_part_gets_a_cluster():
    parts = assign(np.array([0, 0, 1, 2]), np.array([1, 1, 1, 1]), SHARES, seed=1)
    assert set(parts) == set(SHARES)
    one = assign(np.array([5, 5]), np.array([[1, 0], [1, 0]]), {"all": 1.0}, seed=1)
    assert one.tolist() == ["all", "all"]


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"a": 0.5, "b": 0.4}, r"shares \(a 0.5, b 0.4\) must be above 0 and sum to 1"),
        ({"a": 1.0, "b": 0.0}, r"shares \(a 1, b 0\) must"),
        ({}, r"shares \(none\)"),
        (
            dict.fromkeys("abcde", 0.2),
            "only 2 clusters for 5 parts; give more",
        ),
    ],
)
def test_impossible_shares(shares, message):
    with pytest.raises(PhosphoT5Error, match=message):
        assign(np.array([0, 1]), np.array([1, 1]), shares, seed=1)
