"""Noisy embeddings: around stock T5, around PhosphoT5, and PhosphoT5's own."""

import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from phosphot5.modeling_phosphot5 import NoisyT5
from phosphot5.modeling_phosphot5.noise_phosphot5 import EmbeddingNoise


@pytest.fixture(params=["stock", "ours"])
def clean(request, make_model):
    """A model without noise or dropout, in evaluation mode."""
    if request.param == "ours":
        return make_model(noise_std=0.0, dropout_rate=0.0)
    geometry = {"vocab_size": 32, "d_model": 16, "d_kv": 4, "d_ff": 24, "num_layers": 2, "num_heads": 4}
    config = T5Config(**geometry, dropout_rate=0.0, decoder_start_token_id=0)
    return T5ForConditionalGeneration(config).eval()


@pytest.fixture(params=["wrapped stock", "wrapped ours", "own"])
def noisy(request, make_model):
    """A model with noise, in evaluation mode."""
    if request.param == "own":
        return make_model(noise_std=0.1, dropout_rate=0.0)
    if request.param == "wrapped ours":
        return NoisyT5(make_model(noise_std=0.0, dropout_rate=0.0), noise_std=0.1).eval()
    geometry = {"vocab_size": 32, "d_model": 16, "d_kv": 4, "d_ff": 24, "num_layers": 2, "num_heads": 4}
    return NoisyT5(T5ForConditionalGeneration(T5Config(**geometry, dropout_rate=0.0)), noise_std=0.1).eval()


@pytest.fixture
def batch(make_proteins):
    ids, mask = make_proteins(12, 8)
    return {"input_ids": ids, "attention_mask": mask, "decoder_input_ids": ids}


def logits(model, batch, seed):
    torch.manual_seed(seed)
    return model(**batch).logits


@torch.no_grad()
def test_training_noise_follows_the_seed(noisy, batch):
    noisy.train()
    first = logits(noisy, batch, 1)
    assert torch.equal(first, logits(noisy, batch, 1))
    assert not torch.allclose(first, logits(noisy, batch, 2))
    torch.manual_seed(1)
    noisy(**batch)
    assert not torch.allclose(first, noisy(**batch).logits)


@torch.no_grad()
def test_evaluation_has_no_noise(clean, batch):
    expected = logits(clean, batch, 1)
    wrapped = NoisyT5(clean).eval()
    assert torch.equal(logits(wrapped, batch, 1), expected)
    assert torch.equal(logits(wrapped, batch, 2), expected)
    assert not torch.allclose(logits(wrapped.train(), batch, 1), expected)


@torch.no_grad()
def test_own_noise_ends_with_training(make_model, batch):
    expected = logits(make_model(noise_std=0.0), batch, 1)
    model = make_model(noise_std=0.1).train()
    assert torch.equal(logits(model.eval(), batch, 2), expected)


@torch.no_grad()
def test_encoder_and_decoder_both_get_noise(noisy, batch):
    model = noisy.train()
    encoder = model.get_encoder()
    states = []
    for mode in (encoder.train, encoder.train, encoder.eval):
        mode()
        states.append(encoder(batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state)
    encoder_noise = not torch.allclose(states[0], states[1])
    fixed = {
        "encoder_outputs": (states[2],),
        "decoder_input_ids": batch["decoder_input_ids"],
        "attention_mask": batch["attention_mask"],
    }
    model.train()
    assert encoder_noise
    assert not torch.allclose(logits(model, fixed, 1), logits(model, fixed, 2))


def test_noise_has_the_given_deviation():
    noise = EmbeddingNoise(0.3).train()
    difference = noise(torch.ones(400, 500)) - 1
    assert difference.std().item() == pytest.approx(0.3, rel=0.02)
    assert difference.mean().item() == pytest.approx(0, abs=0.005)
    assert torch.equal(EmbeddingNoise(0.0).train()(torch.ones(3)), torch.ones(3))


def test_double_noise_is_refused(make_model):
    with pytest.raises(ValueError, match=r"already adds noise \(config\.noise_std is 0\.1\); set it to 0"):
        NoisyT5(make_model(noise_std=0.1))
    with pytest.raises(ValueError, match="already adds noise"):
        NoisyT5(NoisyT5(make_model(noise_std=0.0)))


@torch.no_grad()
def test_unwrap_restores_the_model(clean, batch):
    expected = logits(clean.train(), batch, 1)
    wrapped = NoisyT5(clean).train()
    assert not torch.allclose(logits(wrapped, batch, 1), expected)
    restored = wrapped.unwrap()
    assert restored is clean
    assert torch.equal(logits(restored.train(), batch, 1), expected)
    assert NoisyT5(restored).model is clean


def test_wrapper_gives_access_to_the_model(clean, batch, tmp_path):
    wrapped = NoisyT5(clean)
    assert wrapped.config is clean.config
    generated = wrapped.eval().generate(batch["input_ids"], max_new_tokens=5)
    assert generated.shape[0] == 2
    wrapped.save_pretrained(tmp_path)
    restored = type(clean).from_pretrained(tmp_path).eval()
    assert torch.equal(logits(restored, batch, 1), logits(clean, batch, 1))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = wrapped.nonsense
