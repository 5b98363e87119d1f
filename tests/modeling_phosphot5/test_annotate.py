"""``annotate`` writes what constrained greedy decoding writes, token by token, in a few passes."""

import copy
from pathlib import Path

import pytest
import torch

from phosphot5.data import read_fasta
from phosphot5.data.batches import BatchLayout
from phosphot5.data.encode import encode
from phosphot5.prediction.loading import load_model

EXAMPLES = Path(__file__).parents[2] / "examples" / "proteins.fasta"
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
        for text in plain[row * copies : (row + 1) * copies]:
            assert torch.equal(text[: length + 1], source[row, : length + 1])


def test_samples_follow_the_conditional_probabilities(model):
    ids = torch.tensor([[19, 7, 13, 18, 4, 1]])
    torch.manual_seed(0)
    texts = model.generate(ids, constrained=True, do_sample=True, top_k=0, num_return_sequences=1500)[:, 1:]
    assert texts.shape == (1500, 6)
    first, second = texts[:, 1] == 29, texts[:, 3] == 31
    encoded = model.get_encoder()(ids)
    for written, chosen in (
        (ids, [(1, first)]),
        (torch.tensor([[19, 29, 13, 18, 4, 1]]), [(3, second[first])]),
        (ids, [(3, second[~first])]),
    ):
        probability = model._choice_odds(ids, None, encoded, written, marginal=False)[0].sigmoid()
        for position, marked in chosen:
            assert marked.float().mean().item() == pytest.approx(probability[position].item(), abs=0.06)


def first_difference_in_bfloat16(model, ids, mask):
    """Log-odds, in float32, of the first site of each row where annotate and generate part in bfloat16."""
    annotated, written = model.annotate(ids, mask), greedy(model, ids, mask)
    encoded = model.get_encoder()(ids, mask)
    odds = model._choice_odds(ids, mask, encoded, annotated, marginal=False)
    for row in range(len(ids)):
        different = (written[row] != annotated[row]).nonzero().flatten()
        if len(different):
            yield odds[row, different[0]].item()


def test_random_model_in_bfloat16_parts_at_near_ties_only(make_model, batch):
    for gap in first_difference_in_bfloat16(make_model(seed=2).to(torch.bfloat16), *batch):
        assert abs(gap) < 0.25  # the log-odds of a random model spread wider than those of a trained one


@pytest.fixture(scope="module")
def trained():
    """Two well-known proteins with several marks, cut short, in one batch; and the model that is released."""
    sequences = {p.id: p.sequence for p in read_fasta(str(EXAMPLES))}
    encoded = [encode(sequences["P10636"][150:330]), encode(sequences["P46527"])]
    layout = BatchLayout.padded([len(ids) for ids in encoded])
    ids, mask = torch.from_numpy(layout.arrange(encoded, 0)), torch.from_numpy(layout.mask)
    ids[0, (ids[0] == 7).nonzero()[2]] = 29  # a known site
    return load_model("bundled")[0], ids, mask


def test_trained_model_equals_constrained_greedy_decoding(trained):
    model, ids, mask = trained
    annotated = model.annotate(ids, mask)
    assert (annotated != ids).sum() >= 5
    assert torch.equal(annotated, greedy(model, ids, mask))


def test_trained_model_in_bfloat16_parts_at_near_ties_only(trained):
    model, ids, mask = trained
    half = copy.deepcopy(model).to(torch.bfloat16)
    for gap in first_difference_in_bfloat16(half, ids, mask):
        assert abs(gap) < 0.05
