"""What training shows the model: known sites in the source, open and true sites in the prefix."""

import pytest
import torch


def annotated():
    """M S[Phospho] T Y S </s>, the state of Y unknown, padded by one."""
    ids = torch.tensor([[19, 7, 11, 18, 7, 1, 0]])
    labels = torch.tensor([[19, 29, 11, -100, 7, 1, -100]])
    return ids, labels


def test_marginal_decoder_reads_open_sites(make_model):
    ids, labels = annotated()
    for model in (
        make_model(prefix_mask_prob=0.0).eval(),
        make_model(prefix_mask_prob=1.0, known_site_prob=0.0).train(),
    ):
        source, found, opened = model.training_inputs(ids, labels)
        assert torch.equal(source, ids)
        assert found.tolist() == [[0, 19, 7, 11, 18, 7, 1]]
        assert opened.tolist() == [[False, False, True, True, True, True, False]]


def test_conditional_decoder_reads_known_sites(make_model):
    ids, labels = annotated()
    model = make_model(prefix_mask_prob=0.0, known_site_prob=0.0).train()
    _, found, opened = model.training_inputs(ids, labels)
    assert found.tolist() == [[0, 19, 29, 11, 18, 7, 1]]
    assert opened.tolist() == [[False, False, False, False, True, False, False]]


def test_share_of_marginal_rows(make_model):
    ids, labels = (rows.expand(2000, -1) for rows in annotated())
    _, _, opened = make_model(prefix_mask_prob=0.8, known_site_prob=0.0).train().training_inputs(ids, labels)
    assert opened[:, 2].float().mean().item() == pytest.approx(0.8, abs=0.04)
    assert torch.equal(opened[:, 2], opened[:, 3])


def test_open_and_bare_sites_read_differently(make_model):
    model = make_model()
    ids, labels = annotated()
    _, found, opened = model.training_inputs(ids, labels)
    as_open = model(input_ids=ids, decoder_input_ids=found, open_sites=opened).logits
    as_bare = model(input_ids=ids, decoder_input_ids=found).logits
    assert not torch.allclose(as_open, as_bare)
    assert torch.equal(as_open[:, :2], as_bare[:, :2])


def many_sites(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of 40 serines, 10 of them positive, 10 of unknown state."""
    ids = torch.full((rows, 41), 7)
    ids[:, -1] = 1
    labels = ids.clone()
    labels[:, :10], labels[:, 10:20] = 29, -100
    return ids, labels


def test_known_sites_are_true_ones(make_model):
    ids, labels = many_sites(3000)
    source, found, opened = make_model(known_site_prob=0.5).train().training_inputs(ids, labels)
    shown = source != ids
    assert torch.equal(source[shown], labels[shown])
    assert not shown[:, 10:].any()
    count = shown.sum(1)
    assert (count > 0).float().mean().item() == pytest.approx(0.5, abs=0.04)
    histogram = torch.bincount(count[count > 0], minlength=11)[1:] / (count > 0).sum()
    assert histogram.min() > 0.05  # any share of the ten, from one to all
    assert histogram.max() < 0.25
    assert not opened[:, 1:][shown[:, :-1]].any()
    assert found[:, 1:][shown[:, :-1]].eq(29).all()


def test_each_known_site_is_as_likely_as_the_other(make_model):
    ids, labels = many_sites(3000)
    source, _, _ = make_model(known_site_prob=1.0).train().training_inputs(ids, labels)
    share = (source != ids)[:, :10].float().mean(0)
    assert share.max() - share.min() < 0.06


def test_proteins_of_a_packed_row_are_drawn_alone(make_model):
    ids, labels = many_sites(2000)
    proteins = torch.arange(1, 2001).repeat_interleave(41)[None]
    model = make_model(known_site_prob=0.5, prefix_mask_prob=0.5).train()
    source, found, opened = model.training_inputs(ids.view(1, -1), labels.view(1, -1), proteins)
    shown = (source.view(2000, 41) != ids).any(1)
    opened = opened.view(2000, 41)[:, 30]
    for some in (shown, opened):
        assert some.float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert (shown & opened).float().mean().item() == pytest.approx(0.25, abs=0.05)
    assert found.view(2000, 41)[:, 0].eq(0).all()


def test_model_is_told_that_sites_are_given(make_full_model, make_proteins):
    """Far beyond the reach of all layers a residue still learns that some site is given."""
    model = make_full_model(global_context=False)
    bare, _ = make_proteins(300)
    bare[0, :2] = 7
    given = bare.clone()
    given[0, 0] = 29
    near, far = model.site_logits(bare), model.site_logits(given)
    assert far[0, 0].isnan()
    assert (near - far)[0, 200:299].nan_to_num().abs().max() > 1e-4
    with torch.no_grad():
        model.encoder.given_sites.zero_()
    torch.testing.assert_close(
        model.site_logits(bare)[0, 200:], model.site_logits(given)[0, 200:], equal_nan=True
    )


def test_probability_zero_draws_nothing(make_model):
    ids, labels = annotated()
    model = make_model(known_site_prob=0.0).train()
    source, _, _ = model.training_inputs(ids, labels)
    assert source is ids


def test_masked_residues_are_hidden_from_encoder_and_decoder_alike(make_full_model):
    model = make_full_model(residue_mask_prob=0.5, known_site_prob=0.0, prefix_mask_prob=0.0).train()
    torch.manual_seed(0)
    ids = torch.randint(3, 23, (4, 200))
    ids[:, -1] = 1
    sites = torch.isin(ids, torch.tensor([7, 11, 18]))
    labels = torch.where(ids == 7, 29, ids)
    source, target, _ = model.training_inputs(ids, labels)
    masked = source == 2
    assert 0.4 < masked[~sites].float().mean() < 0.6
    assert not masked[sites].any()
    assert torch.equal(source[~masked], ids[~masked])
    assert torch.equal(target[:, 1:] == 2, masked[:, :-1])
    assert source[0, -1] == 1
    assert not (model.eval().training_inputs(ids, labels)[0] == 2).any()
