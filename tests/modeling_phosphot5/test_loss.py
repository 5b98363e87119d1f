"""The focal smoothed loss, alone and as the model applies it to sites and copying."""

import math

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from phosphot5.modeling_phosphot5 import FocalLossWithSmoothing
from phosphot5.modeling_phosphot5.loss_phosphot5 import focal_cross_entropy

PLAIN, PHOSPHO = [7, 11, 18], [29, 30, 31]


@pytest.fixture
def scores():
    return torch.randn(6, 5), torch.tensor([0, 4, 2, -100, 1, -100])


@pytest.mark.parametrize("smoothing", [0.0, 0.035, 0.5])
def test_without_focusing_it_is_cross_entropy(scores, smoothing):
    logits, labels = scores
    found = FocalLossWithSmoothing(gamma=0, smoothing=smoothing)(logits, labels)
    expected = F.cross_entropy(logits, labels, label_smoothing=smoothing)
    torch.testing.assert_close(found, expected)


def test_value_by_hand():
    logits = torch.tensor([[0.0, math.log(3.0)]])
    # p = 1/4, 3/4; target 1: (1 - 3/4) ** 2 * (0.9 * ln(4/3) + 0.1 * (ln 4 + ln(4/3)) / 2)
    expected = 0.0625 * (0.9 * math.log(4 / 3) + 0.05 * (math.log(4) + math.log(4 / 3)))
    found = focal_cross_entropy(logits, torch.tensor([1]), gamma=2.0, smoothing=0.1)
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_ignored_items_carry_nothing(scores):
    logits, labels = scores
    logits.requires_grad_()
    loss = FocalLossWithSmoothing()(logits, labels)
    loss.backward()
    assert torch.equal(logits.grad.abs().sum(-1) == 0, labels == -100)
    kept = labels != -100
    torch.testing.assert_close(loss, FocalLossWithSmoothing()(logits[kept], labels[kept]))


def test_all_ignored_gives_zero(scores):
    logits, labels = scores
    assert FocalLossWithSmoothing()(logits, labels.fill_(-100)).item() == 0


@pytest.mark.parametrize("num_items", [10, torch.tensor(10)])
def test_divisor_may_be_given(scores, num_items):
    logits, labels = scores
    losses = focal_cross_entropy(logits[labels != -100], labels[labels != -100])
    torch.testing.assert_close(FocalLossWithSmoothing()(logits, labels, num_items), losses.sum() / 10)


def test_autocast_gives_a_float32_loss(scores):
    logits, labels = scores
    expected = FocalLossWithSmoothing()(logits.bfloat16().float(), labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = FocalLossWithSmoothing()(logits.bfloat16(), labels)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_gradient_in_float64(gamma, smoothing):
    logits = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 2, 1, 1])
    assert torch.autograd.gradcheck(lambda x: focal_cross_entropy(x, labels, gamma, smoothing), logits)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_gradient_is_finite_when_the_model_is_certain(gamma):
    logits = torch.tensor([[200.0, -200.0], [-200.0, 200.0]], requires_grad=True)
    loss = focal_cross_entropy(logits, torch.tensor([0, 0]), gamma, 0.035).sum()
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("wrong", [{"gamma": -1}, {"smoothing": 1.5}, {"smoothing": -0.1}])
def test_parameters_out_of_range(wrong):
    with pytest.raises(ValueError, match=r"expected gamma >= 0 and 0 <= smoothing <= 1"):
        FocalLossWithSmoothing(**wrong)


@pytest.fixture
def annotated(make_proteins):
    """Source, mask and labels: some sites phosphorylated, some unknown, padding without label."""
    ids, mask = make_proteins(60, 41)
    labels = ids.masked_fill(mask == 0, -100)
    for plain, phospho in zip(PLAIN, PHOSPHO, strict=True):
        at = (ids == plain).nonzero()
        labels[tuple(at[0])] = phospho
        labels[tuple(at[-1])] = -100
    return ids, mask, labels


def test_unlabelled_positions_carry_no_loss(make_model, annotated):
    _, mask, labels = annotated
    model = make_model()
    logits = torch.randn(*labels.shape, 32, requires_grad=True)
    loss = model.compute_loss(logits, labels)
    loss.backward()
    silent = labels == -100
    assert (silent & (mask == 1)).sum() >= 3
    assert torch.equal((logits.grad == 0).all(-1), silent)
    changed = torch.where(silent[..., None], torch.randn_like(logits), logits)
    assert torch.equal(model.compute_loss(changed, labels), loss)


@pytest.mark.parametrize("num_items", [None, 7])
def test_model_loss_is_choice_plus_weighted_copying(make_model, annotated, num_items):
    _, _, labels = annotated
    model = make_model(copy_weight=0.3, focal_gamma=1.5, label_smoothing=0.1)
    logits = torch.randn(*labels.shape, 32)
    choice = torch.tensor(0.0)
    copying = torch.tensor(0.0)
    for row, label in zip(logits.reshape(-1, 32), labels.reshape(-1).tolist(), strict=True):
        if label == -100:
            continue
        copying += focal_cross_entropy(row[None], torch.tensor([label]), 1.5, 0.1)[0]
        for plain, phospho in zip(PLAIN, PHOSPHO, strict=True):
            if label in (plain, phospho):
                target = torch.tensor([int(label == phospho)])
                choice += focal_cross_entropy(row[None, [plain, phospho]], target, 1.5, 0.1)[0]
    expected = (choice + 0.3 * copying) / (num_items or (labels != -100).sum())
    torch.testing.assert_close(model.compute_loss(logits, labels, num_items), expected)


def test_evaluation_loss_is_the_training_loss(make_model, annotated):
    ids, mask, labels = annotated
    model = make_model(noise_std=0.0, dropout_rate=0.0, prefix_mask_prob=1.0, known_site_prob=0.0)
    batch = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    evaluated = model.eval()(**batch)
    trained = model.train()(**batch)
    assert torch.equal(evaluated.loss, trained.loss)
    assert torch.equal(evaluated.loss, model.compute_loss(evaluated.logits, labels))
    assert torch.equal(
        model(**batch, num_items_in_batch=50).loss, model.compute_loss(trained.logits, labels, 50)
    )


def test_batch_without_labels_gives_zero(make_model, make_proteins):
    ids, mask = make_proteins(9)
    loss = make_model()(input_ids=ids, attention_mask=mask, labels=torch.full_like(ids, -100)).loss
    assert loss.item() == 0


def test_model_loss_under_autocast_is_float32(make_model, annotated):
    ids, mask, labels = annotated
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = make_model().train()(input_ids=ids, attention_mask=mask, labels=labels)
    assert output.logits.dtype == torch.bfloat16
    assert output.loss.dtype == torch.float32
    output.loss.backward()
