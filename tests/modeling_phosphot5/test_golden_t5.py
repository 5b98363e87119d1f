"""With full attention and without alignment PhosphoT5 is T5: the same logits and the same generated tokens."""

import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration

GEOMETRY = {"vocab_size": 32, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
VARIANTS = {
    "tied-relu": {"feed_forward_proj": "relu", "tie_word_embeddings": True},
    "untied-gated": {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
}
LENGTHS = (150, 9, 40)
"""The first is beyond the distance from which all positions share a bucket."""


@pytest.fixture(params=VARIANTS)
def pair(request, tmp_path):
    """Stock T5 and ours, loaded from the same files."""
    variant = VARIANTS[request.param]
    tied = variant["tie_word_embeddings"]
    stock = T5ForConditionalGeneration(T5Config(**GEOMETRY, **variant, decoder_start_token_id=0))
    with torch.no_grad():
        for name, parameter in stock.named_parameters():
            if "layer_norm" in name:
                parameter.add_(0.1 * torch.randn_like(parameter))
            elif "relative_attention_bias" in name:
                parameter.copy_(torch.randn_like(parameter))
    if not tied:
        stock.lm_head.weight = torch.nn.Parameter(0.2 * torch.randn(32, 32))
    stock.save_pretrained(tmp_path / "t5")
    stock = T5ForConditionalGeneration.from_pretrained(tmp_path / "t5").eval()
    assert stock.config.scale_decoder_outputs is tied
    assert torch.equal(stock.lm_head.weight, stock.shared.weight) is tied
    config = PhosphoT5Config(**GEOMETRY, **variant, attention="full", alignment=False)
    ours = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path / "t5", config=config)
    ours.save_pretrained(tmp_path / "ours")
    return stock, PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path / "ours").eval()


@torch.no_grad()
def test_logits_equal(pair, make_proteins):
    stock, ours = pair
    ids, mask = make_proteins(*LENGTHS)
    targets, _ = make_proteins(*LENGTHS, seed=1)
    batch = {"input_ids": ids, "attention_mask": mask, "decoder_input_ids": targets}
    expected = stock(**batch)
    found = ours(**batch)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(found.logits, expected.logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        found.encoder_last_hidden_state, expected.encoder_last_hidden_state, atol=1e-5, rtol=0
    )


@torch.no_grad()
def test_logits_equal_with_decoder_mask_and_embeddings(pair, make_proteins):
    stock, ours = pair
    ids, mask = make_proteins(20, 12)
    targets, target_mask = make_proteins(15, 9, seed=1)
    batch = {
        "inputs_embeds": stock.shared(ids),
        "attention_mask": mask,
        "decoder_inputs_embeds": stock.shared(targets),
        "decoder_attention_mask": target_mask,
    }
    torch.testing.assert_close(ours(**batch).logits, stock(**batch).logits, atol=1e-5, rtol=0)


def test_loss_and_gradients_equal_where_the_losses_agree(pair, make_proteins):
    """Without sites, focusing and smoothing, the copy loss is T5's cross-entropy."""
    stock, ours = pair
    ours.criterion.gamma = ours.criterion.smoothing = 0
    ours.config.copy_weight = 1.0
    ids, mask = make_proteins(20, 12)
    for site in (7, 11, 18):
        ids[ids == site] = 3
    labels = ids.masked_fill(mask == 0, -100)
    expected = stock(input_ids=ids, attention_mask=mask, labels=labels)
    start = stock.prepare_decoder_input_ids_from_labels(labels=labels)
    found = ours(input_ids=ids, attention_mask=mask, decoder_input_ids=start, labels=labels)
    torch.testing.assert_close(found.logits, expected.logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.loss, expected.loss, atol=1e-5, rtol=0)
    expected.loss.backward()
    found.loss.backward()
    gradients = {name: parameter.grad for name, parameter in ours.named_parameters()}
    for name, parameter in stock.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "options",
    [{}, {"num_beams": 3}, {"num_beams": 3, "num_return_sequences": 2}, {"do_sample": True, "top_k": 5}],
    ids=["greedy", "beam", "beams", "sampling"],
)
def test_generate_gives_the_same_tokens(pair, make_proteins, options):
    ids, mask = make_proteins(20, 12, 7)
    found = []
    for model in pair:
        torch.manual_seed(3)
        found.append(model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=25, **options))
    assert found[0].shape[1] > 5
    assert torch.equal(*found)


@pytest.mark.parametrize(("encoder", "decoder"), [(1, 3), (3, 1)])
@pytest.mark.parametrize("attention", ["full", "window"])
def test_generate_with_unequal_depths(make_model, make_proteins, encoder, decoder, attention):
    """Stock T5 fails here with more decoder than encoder layers: the cache has one layer per encoder layer."""
    model = make_model(attention=attention, num_layers=encoder, num_decoder_layers=decoder)
    ids, mask = make_proteins(20, 12)
    options = {"input_ids": ids, "attention_mask": mask, "max_new_tokens": 15, "num_beams": 2}
    cached = model.generate(**options)
    assert torch.equal(cached, model.generate(**options, use_cache=False))
