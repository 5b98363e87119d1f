"""``annotate`` writes what constrained greedy decoding writes, token by token, in a few passes."""

import pytest
import torch

LENGTHS = (45, 1, 60, 23)
PLAIN, PHOSPHO = torch.tensor([7, 11, 18]), torch.tensor([29, 30, 31])


@pytest.fixture
def batch():
    """Proteins of mixed lengths with many sites and a few known ones."""
    generator = torch.Generator().manual_seed(3)
    ids = torch.zeros(len(LENGTHS), max(LENGTHS) + 1, dtype=torch.long)
    for row, length in zip(ids, LENGTHS, strict=True):
        row[:length] = torch.randint(3, 23, (length,), generator=generator)
        sites = torch.rand(length, generator=generator) < 0.4
        row[:length][sites] = PLAIN[torch.randint(0, 3, (int(sites.sum()),), generator=generator)]
        row[length] = 1
    ids[0, 10], ids[2, 30] = 29, 31
    return ids, (ids > 0).long()


@pytest.fixture(params=["window", "full"])
def model(request, make_model):
    """A random model that marks about half of the sites and heeds what it has written."""
    model = make_model(seed=2, attention=request.param, conv_width=5, global_context=True)
    with torch.no_grad():
        model.shared.weight[PHOSPHO] = model.shared.weight[PLAIN] + 0.5 * torch.randn(3, 32)
    return model


def greedy(model, ids, mask, **kwargs):
    written = model.generate(ids, attention_mask=mask, do_sample=False, constrained=True, **kwargs)[:, 1:]
    return torch.nn.functional.pad(written, (0, ids.shape[1] - written.shape[1]))


def test_equals_constrained_greedy_decoding(model, batch):
    ids, mask = batch
    annotated = model.annotate(ids, mask)
    marked = (annotated != ids).sum().item()
    sites = torch.isin(ids, PLAIN).sum().item()
    assert 0.1 * sites < marked < 0.9 * sites
    assert torch.equal(annotated, greedy(model, ids, mask))


def test_conditional_choice_differs_from_marginal_somewhere(model, batch):
    ids, mask = batch
    marginal = torch.where(model.site_logits(ids, mask) > 0, ids, 0)
    conditional = torch.where(model.annotate(ids, mask) != ids, ids, 0)
    assert not torch.equal(marginal, conditional)


def test_takes_few_passes(model, batch):
    ids, mask = batch
    calls = []
    model.decoder.register_forward_hook(lambda *_: calls.append(1))
    model.annotate(ids, mask)
    assert len(calls) <= 12 < torch.isin(ids, PLAIN).sum(1).max()


def test_keeps_residues_and_known_sites(model, batch):
    ids, mask = batch
    annotated = model.annotate(ids, mask)
    changed = annotated != ids
    assert torch.equal(PLAIN[annotated[changed] - 29], ids[changed])
    assert annotated[0, 10] == 29
    assert annotated[2, 30] == 31


def test_rows_do_not_depend_on_each_other(model, batch):
    ids, mask = batch
    together = model.annotate(ids, mask)
    for row, length in enumerate(LENGTHS):
        alone = model.annotate(ids[row : row + 1, : length + 1])
        assert torch.equal(alone[0], together[row, : length + 1])


def test_threshold(model, batch):
    ids, mask = batch
    marks = [(model.annotate(ids, mask, threshold) != ids).sum() for threshold in (0.001, 0.5, 0.999)]
    assert marks[0] > marks[1] > marks[2]
    with pytest.raises(ValueError, match="threshold is 1.5, expected a probability between 0 and 1"):
        model.annotate(ids, mask, 1.5)


@pytest.mark.parametrize("options", [{"num_beams": 3}, {"do_sample": True, "num_return_sequences": 2}])
def test_constrained_beams_and_samples_keep_the_residues(model, batch, options):
    ids, mask = batch
    written = model.generate(ids, attention_mask=mask, constrained=True, **options)[:, 1:]
    copies = len(written) // len(ids)
    plain = written.clone()
    for before, after in zip(PHOSPHO, PLAIN, strict=True):
        plain[written == before] = after
    source = ids.clone()
    for before, after in zip(PHOSPHO, PLAIN, strict=True):
        source[ids == before] = after
    for row, length in enumerate(LENGTHS):  # what follows </s> is padding of transformers' choice
        for copy in plain[row * copies : (row + 1) * copies]:
            assert torch.equal(copy[: length + 1], source[row, : length + 1])


def test_bfloat16_differs_only_at_near_ties(make_model, batch):
    ids, mask = batch
    model = make_model(seed=2).to(torch.bfloat16)
    step_by_step = greedy(model, ids, mask)
    annotated = model.annotate(ids, mask)
    for row in range(len(ids)):
        different = (step_by_step[row] != annotated[row]).nonzero().flatten()
        if len(different):
            first = different[0]
            encoded = model.get_encoder()(ids[row : row + 1], mask[row : row + 1])
            odds = model._choice_odds(
                ids[row : row + 1], mask[row : row + 1], encoded, annotated[row : row + 1], None
            )
            assert odds[0, first].abs() < 0.25
