"""Padding on either side, with or without a mask of it, changes no score and no written token."""

import pytest
import torch

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration

LONG, SHORT = [19, 5, 7, 13, 14, 11, 3, 18, 9, 4, 7, 6, 1], [19, 7, 7, 13, 11, 14, 1]
GAP = len(LONG) - len(SHORT)
PADDED = {
    "left": torch.tensor([LONG, [0] * GAP + SHORT]),
    "right": torch.tensor([LONG, SHORT + [0] * GAP]),
}
TOKENS = {"left": slice(GAP, None), "right": slice(0, len(SHORT))}
ALONE = torch.tensor([SHORT])


@pytest.fixture(params=["window", "full"])
def model(request):
    torch.manual_seed(0)
    config = PhosphoT5Config.preset("tiny", attention=request.param, window=4)
    model = PhosphoT5ForConditionalGeneration(config).eval()
    torch.nn.init.normal_(model.decoder.open_site)
    return model


@pytest.fixture(params=["left", "right"])
def side(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["mask", "no mask"])
def batch(request, side):
    ids = PADDED[side]
    return {"input_ids": ids} | ({"attention_mask": (ids != 0).long()} if request.param else {})


def test_scores(model, side, batch):
    found = model.score_sites(**batch)[1]
    torch.testing.assert_close(
        found[TOKENS[side]], model.score_sites(ALONE)[0], equal_nan=True, rtol=0, atol=1e-5
    )
    assert found.isnan().sum() == len(LONG) - 3


def test_annotated_text(model, side, batch):
    assert model.annotate(**batch)[1, TOKENS[side]].tolist() == model.annotate(ALONE)[0].tolist()


@pytest.mark.parametrize("constrained", [True, False])
def test_generated_text(model, batch, constrained):
    options = {"do_sample": False, "constrained": constrained, "max_new_tokens": len(SHORT)}
    assert model.generate(**batch, **options)[1].tolist() == model.generate(ALONE, **options)[0].tolist()


def test_loss_of_labels(model, side, batch):
    ids = batch["input_ids"]
    labels = ids.masked_fill(ids == 0, -100)
    labels[0] = -100
    torch.testing.assert_close(model(**batch, labels=labels).loss, model(ALONE, labels=ALONE).loss)


def test_logits_of_given_targets(model, side, batch):
    ids = batch["input_ids"]
    logits = model(**batch, decoder_input_ids=model.prepare_decoder_input_ids_from_labels(ids)).logits
    alone = model(ALONE, decoder_input_ids=model.prepare_decoder_input_ids_from_labels(ALONE)).logits
    torch.testing.assert_close(logits[1, TOKENS[side]], alone[0])


def test_states_of_the_encoder_alone(model, side, batch):
    states = model.get_encoder()(**batch).last_hidden_state
    torch.testing.assert_close(states[1, TOKENS[side]], model.get_encoder()(ALONE).last_hidden_state[0])


def test_generation_without_ids_refuses_padding_on_the_left(model):
    ids = PADDED["left"]
    with pytest.raises(ValueError, match="pad on the right"):
        model.generate(inputs_embeds=model.shared(ids), attention_mask=(ids != 0).long())
