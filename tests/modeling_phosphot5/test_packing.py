"""Several proteins in one row: the same scores, losses and texts as one protein a row."""

import pytest
import torch

LENGTHS = (30, 7, 2, 45, 16)


@pytest.fixture(params=["window", "full"])
def model(request, make_full_model):
    return make_full_model(attention=request.param)


@pytest.fixture
def proteins(make_proteins):
    """Padded ids and mask of proteins, one with a known site; each row ends in ``</s>``."""
    ids, mask = make_proteins(*LENGTHS)
    ids[3, 5], ids[3, 20], ids[0, 3] = 29, 7, 7
    return ids, mask


def packed(rows: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Concatenate the tokens of all rows into one, shape (1, tokens)."""
    return rows[mask > 0][None]


def numbers(mask: torch.Tensor) -> torch.Tensor:
    return torch.arange(1, len(mask) + 1).repeat_interleave(mask.sum(1))[None]


def test_scores_are_those_of_one_protein_a_row(model, proteins):
    ids, mask = proteins
    alone = packed(model.site_logits(ids, mask), mask)
    together = model.site_logits(packed(ids, mask), numbers(mask))
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0, equal_nan=True)


def test_place_in_the_row_and_padding_change_nothing(model, proteins):
    ids, mask = proteins
    order = [4, 2, 0, 3, 1]
    first = model.site_logits(packed(ids, mask), numbers(mask))[0].split(LENGTHS)
    row, number = packed(ids[order], mask[order]), numbers(mask[order])
    padded = torch.nn.functional.pad(torch.cat([row, row]), (0, 9))
    number = torch.nn.functional.pad(torch.cat([number, number]), (0, 9))
    for found in model.site_logits(padded, number):
        parts = found[: sum(LENGTHS)].split([LENGTHS[i] for i in order])
        for i, part in zip(order, parts, strict=True):
            torch.testing.assert_close(part, first[i], atol=1e-5, rtol=0, equal_nan=True)


def test_proteins_do_not_see_each_other(model, proteins):
    ids, mask = proteins
    row, number = packed(ids, mask), numbers(mask)
    before = model.site_logits(row, number)
    changed = row.clone()
    changed[0, 32:34] = 5  # inside the second protein
    assert not torch.equal(before[0, 30:37], model.site_logits(changed, number)[0, 30:37])
    outside = number[0] != 2
    torch.testing.assert_close(
        model.site_logits(changed, number)[0, outside], before[0, outside], atol=0, rtol=0, equal_nan=True
    )


def test_annotate(model, proteins):
    ids, mask = proteins
    alone = packed(model.annotate(ids, mask), mask)
    assert torch.equal(model.annotate(packed(ids, mask), numbers(mask)), alone)


@pytest.mark.parametrize("attention", ["window", "full"])
@pytest.mark.parametrize("training", [False, True])
def test_loss_and_gradient(make_full_model, proteins, attention, training):
    ids, mask = proteins
    ids = torch.where(ids == 29, 7, ids)
    labels = torch.where(mask > 0, ids, -100)
    labels[labels == 7] = 29
    exact = {"dropout_rate": 0.0, "noise_std": 0.0, "prefix_mask_prob": 0.0, "known_site_prob": 0.0}
    model = make_full_model(attention=attention, **exact).train(training)
    results = []
    for inputs in (
        {"input_ids": ids, "labels": labels, "attention_mask": mask},
        {"input_ids": packed(ids, mask), "labels": packed(labels, mask), "attention_mask": numbers(mask)},
    ):
        model.zero_grad()
        loss = model(**inputs).loss
        loss.backward()
        norm = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]).norm()
        results.append((loss.detach(), norm))
    torch.testing.assert_close(*results, atol=1e-5, rtol=1e-5)


def test_many_short_proteins_in_bfloat16(make_full_model, make_proteins):
    """Numbers beyond 256, which bfloat16 cannot tell apart, still separate proteins."""
    model = make_full_model().to(torch.bfloat16)
    ids, mask = make_proteins(*[3] * 400)
    alone = packed(model.site_logits(ids, mask), mask)
    together = model.site_logits(packed(ids, mask), numbers(mask))
    torch.testing.assert_close(together, alone, atol=0.15, rtol=0, equal_nan=True)


def test_generate_takes_one_protein_a_row(model, proteins):
    ids, mask = proteins
    with pytest.raises(ValueError, match="one protein per row; use annotate"):
        model.generate(packed(ids, mask), attention_mask=numbers(mask))
