"""What other sites of a protein say about each: against a plain loop, in packed rows, beside padding."""

import math

import pytest
import torch

from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.modeling_phosphot5.calibration_phosphot5 import calibrated_probability, site_contexts

SITES = PhosphoT5Config().site_token_ids
PLAIN = {ids[0]: residue for residue, ids in SITES.items()}
LINES = {
    "S": {"slope": 1.2, "neighbours": 0.3, "protein": -0.4, "intercept": 0.1},
    "T": {"slope": 0.8, "intercept": -1.0},
    "Y": {"slope": 0.3, "neighbours": 0.5, "protein": 0.4, "intercept": 0.6},
}


def draw(length: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens of any kind and log-odds at the bare S, T and Y among them, each of shape (1, length)."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, 32, (1, length), generator=generator)
    odds = torch.randn(1, length, generator=generator) * 2
    sites = torch.isin(ids, torch.tensor(list(PLAIN)))
    return ids, odds.masked_fill(~sites, math.nan)


def expected(ids: list[int], odds: list[float], at: int) -> tuple[float, float]:
    """Both contexts of a site, written as one would say them."""
    near, weights = [odds[at]], [0.03]
    for other, token in enumerate(ids):
        if other != at and abs(other - at) <= 32 and PLAIN.get(token) in ("S", "T"):
            near.append(odds[other])
            weights.append(math.exp(-abs(other - at) / 8))
    same = [odds[other] for other, token in enumerate(ids) if token == ids[at]]
    around = sum(w * x for w, x in zip(weights, near, strict=True)) / sum(weights)
    return around, sum(same) / len(same)


@pytest.mark.parametrize("length", [1, 2, 30, 65, 200])
def test_contexts_are_those_of_a_plain_loop(length):
    ids, odds = draw(length)
    neighbours, protein = site_contexts(odds, ids, None, SITES)
    assert neighbours.shape == protein.shape == ids.shape
    for at in (~odds[0].isnan()).nonzero().flatten().tolist():
        found = neighbours[0, at].item(), protein[0, at].item()
        assert found == pytest.approx(expected(ids[0].tolist(), odds[0].tolist(), at), abs=1e-5)


def test_a_site_without_s_and_t_nearby_stands_for_itself():
    tyrosine, serine = SITES["Y"][0], SITES["S"][0]
    ids = torch.tensor([[tyrosine, *[5] * 32, serine]])
    odds = torch.full(ids.shape, math.nan)
    odds[0, 0], odds[0, -1] = -1.5, 4.0
    assert site_contexts(odds, ids, None, SITES)[0][0, 0] == -1.5


def test_calibrated_log_odds_are_the_weighted_sum():
    ids, odds = draw(150)
    probability = calibrated_probability(odds, ids, None, SITES, LINES)
    neighbours, protein = site_contexts(odds, ids, None, SITES)
    for residue, line in LINES.items():
        at = ids == SITES[residue][0]
        total = line["slope"] * odds + line["intercept"]
        total = total + line.get("neighbours", 0) * neighbours + line.get("protein", 0) * protein
        torch.testing.assert_close(probability[at], total[at].sigmoid())
    assert torch.equal(probability.isnan(), odds.isnan())


def test_padding_and_other_proteins_do_not_change_a_bit():
    drawn = [draw(length, seed) for seed, length in enumerate((40, 3, 77))]
    alone = [calibrated_probability(odds, ids, None, SITES, LINES)[0] for ids, odds in drawn]
    ids, odds = (torch.cat(parts, dim=1) for parts in zip(*drawn, strict=True))
    numbers = torch.arange(1, 4).repeat_interleave(torch.tensor([40, 3, 77]))[None]
    padded = torch.nn.functional.pad(numbers, (0, 9))
    ids, odds = torch.nn.functional.pad(ids, (0, 9)), torch.nn.functional.pad(odds, (0, 9), value=math.nan)
    packed = calibrated_probability(odds, ids, padded, SITES, LINES)[0]
    torch.testing.assert_close(packed[:120], torch.cat(alone), atol=0, rtol=0, equal_nan=True)
    row, mask = (torch.nn.functional.pad(values, (0, 31)) for values in (drawn[2][0], torch.ones(1, 77)))
    score = torch.nn.functional.pad(drawn[2][1], (0, 31), value=math.nan)
    beside = calibrated_probability(score, row, mask, SITES, LINES)[0]
    torch.testing.assert_close(beside[:77], alone[2], atol=0, rtol=0, equal_nan=True)


def test_without_calibration_log_odds_are_taken_as_they_are():
    ids, odds = draw(20)
    for none in (None, {}):
        found = calibrated_probability(odds, ids, None, SITES, none)
        torch.testing.assert_close(found, odds.sigmoid(), atol=0, rtol=0, equal_nan=True)
