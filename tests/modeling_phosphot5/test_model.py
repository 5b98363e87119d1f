"""The model as a member of the transformers family: parameters, saving, precision, scores, decoder inputs."""

import copy
import json

import pytest
import torch
from safetensors import safe_open
from transformers import T5Config, T5ForConditionalGeneration

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration

OURS_ALONE = {
    "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",
    "decoder.open_site",
    "encoder.given_sites",
    "encoder.convolution.proj.weight",
    *(f"encoder.context.{i}.{name}.weight" for i in range(2) for name in ("layer_norm", "wi", "wo")),
}


def on_meta(model_class, config):
    with torch.device("meta"):
        return model_class(config)


def test_parameter_names_are_those_of_t5(make_full_model):
    stock = on_meta(
        T5ForConditionalGeneration, T5Config(num_layers=2, d_model=32, feed_forward_proj="gated-silu")
    )
    ours = {name for name, _ in make_full_model().named_parameters()}
    assert ours == {name for name, _ in stock.named_parameters()} | OURS_ALONE


def test_default_is_t5_large():
    model = on_meta(PhosphoT5ForConditionalGeneration, PhosphoT5Config())
    large = T5Config(vocab_size=32, d_model=1024, d_kv=64, d_ff=4096, num_layers=24, num_heads=16)
    stock = on_meta(T5ForConditionalGeneration, large)
    assert len(model.encoder.block) == len(model.decoder.block) == 24
    extra = 32 * 16 + 2 * 1024  # the alignment bias, the states of open and of given sites
    assert model.num_parameters() == stock.num_parameters() + extra == 704_804_352


def test_initialisation_is_that_of_t5():
    """Also in modules without parameters of their own, which transformers 5 passes over in custom code."""
    geometry = {"vocab_size": 32, "d_model": 96, "d_kv": 24, "d_ff": 200, "num_layers": 2, "num_heads": 6}
    stock = dict(T5ForConditionalGeneration(T5Config(**geometry)).named_parameters())
    config = PhosphoT5Config(**geometry, conv_width=5, global_context=True)
    ours = dict(PhosphoT5ForConditionalGeneration(config).named_parameters())
    for name, parameter in stock.items():
        spread = parameter.std(correction=0).item()
        assert ours[name].std(correction=0).item() == pytest.approx(spread, rel=0.15, abs=1e-6), name
    for name in ("decoder.open_site", "encoder.given_sites", "encoder.context.0.wo.weight"):
        assert ours[name].eq(0).all()
    assert ours["encoder.convolution.proj.weight"].std().item() == pytest.approx((5 * 96) ** -0.5, rel=0.05)


def test_missing_parameters_start_without_touching_loaded_ones(make_model, tmp_path):
    model = make_model()
    bias = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
    state = {
        name: value
        for name, value in model.state_dict().items()
        if not name.endswith(("open_site", "given_sites"))
    }
    model.save_pretrained(tmp_path, state_dict=state)
    config = PhosphoT5Config.from_pretrained(tmp_path, global_context=True)
    restored = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path, config=config)
    parameters = dict(restored.named_parameters())
    assert torch.equal(parameters[bias], model.state_dict()[bias])
    assert parameters["encoder.context.0.wo.weight"].eq(0).all()
    assert parameters["encoder.context.0.layer_norm.weight"].eq(1).all()


def test_checkpoint_holds_the_embeddings_once(make_model, tmp_path):
    make_model().save_pretrained(tmp_path)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert "shared.weight" in names
    assert not [name for name in names if "embed_tokens" in name or "lm_head" in name]


@pytest.mark.parametrize("tied", [True, False])
def test_saved_model_is_the_same(make_full_model, make_proteins, tmp_path, tied):
    model = make_full_model(tie_word_embeddings=tied)
    model.save_pretrained(tmp_path)
    restored, loading = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(loading.values())
    ids, mask = make_proteins(20, 9)
    torch.testing.assert_close(
        restored.score_sites(ids, mask), model.score_sites(ids, mask), atol=0, rtol=0, equal_nan=True
    )


def test_copies_own_their_embeddings(make_model):
    model = make_model()
    twin = copy.deepcopy(model)
    assert twin.encoder.embed_tokens is twin.decoder.embed_tokens is twin.shared
    assert twin.shared is not model.shared
    model.resize_token_embeddings(40)
    assert model.encoder.embed_tokens is model.decoder.embed_tokens is model.shared
    assert model.shared.num_embeddings == model.config.vocab_size == 40


@pytest.mark.parametrize("reentrant", [False, True])
def test_gradient_checkpointing_changes_nothing(make_full_model, make_proteins, reentrant):
    ids, mask = make_proteins(20, 9)
    results = []
    for checkpointing in (False, True):
        model = make_full_model().train()
        if checkpointing:
            # its name before transformers 5.23, where it warns, was gradient_checkpointing_enable
            name = "activation_checkpointing_enable"
            enable = getattr(model, name, None) or model.gradient_checkpointing_enable
            enable({"use_reentrant": reentrant})
        torch.manual_seed(4)
        loss = model(input_ids=ids, attention_mask=mask, labels=ids.masked_fill(mask == 0, -100)).loss
        loss.backward()
        results.append((loss.detach(), [parameter.grad for parameter in model.parameters()]))
    assert all(gradient is not None for gradient in results[0][1])
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("dtype", ["bfloat16", torch.bfloat16])
def test_bfloat16(make_full_model, make_proteins, tmp_path, dtype):
    ids, mask = make_proteins(40, 21)
    model = make_full_model()
    model.save_pretrained(tmp_path)
    low = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path, dtype=dtype).eval()
    assert low.dtype == torch.bfloat16
    found, expected = low.score_sites(ids, mask), model.score_sites(ids, mask)
    assert found.dtype == torch.float32
    assert torch.equal(found.isnan(), expected.isnan())
    torch.testing.assert_close(found, expected, atol=0.1, rtol=0, equal_nan=True)
    loss = low.train()(input_ids=ids, attention_mask=mask, labels=ids).loss
    loss.backward()
    assert loss.dtype == torch.float32
    assert all(parameter.grad.isfinite().all() for parameter in low.parameters())


def test_float16_is_refused(make_model, make_proteins, tmp_path):
    make_model().save_pretrained(tmp_path)
    half = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path, dtype=torch.float16)
    with pytest.raises(ValueError, match="T5 overflows; load it in bfloat16"):
        half.score_sites(*make_proteins(9))


@pytest.mark.parametrize("device_map", ["cpu", "auto"])
def test_device_map(make_full_model, make_proteins, tmp_path, device_map):
    model = make_full_model()
    model.save_pretrained(tmp_path)
    mapped = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path, device_map=device_map)
    ids, mask = make_proteins(20, 9)
    found = mapped.eval().score_sites(ids.to(mapped.device), mask.to(mapped.device)).cpu()
    torch.testing.assert_close(found, model.score_sites(ids, mask), atol=1e-5, rtol=0, equal_nan=True)


def test_scores_stand_exactly_at_sites(make_full_model, make_proteins):
    ids, mask = make_proteins(60, 35)
    scores = make_full_model().score_sites(ids, mask)
    sites = (ids == 7) | (ids == 11) | (ids == 18)
    assert scores.dtype == torch.float32
    assert torch.equal(~scores.isnan(), sites)
    assert ((scores[sites] >= 0) & (scores[sites] <= 1)).all()
    known = ids.clone()
    known[sites] = 29
    assert make_full_model().score_sites(known, mask).isnan().all()


def test_scoring_takes_one_pass_of_encoder_and_decoder(make_model, make_proteins):
    model = make_model()
    calls = []
    model.encoder.register_forward_hook(lambda *_: calls.append("encoder"))
    model.decoder.register_forward_hook(lambda *_: calls.append("decoder"))
    model.score_sites(*make_proteins(60, 35))
    assert calls == ["encoder", "decoder"]


def test_scores_are_calibrated(make_model, make_proteins):
    ids, mask = make_proteins(60, 35)
    model = make_model()
    log_odds = model.site_logits(ids, mask)
    torch.testing.assert_close(
        model.score_sites(ids, mask), log_odds.sigmoid(), atol=0, rtol=0, equal_nan=True
    )
    model.config.calibration = {"S": {"slope": 0.5, "intercept": -2.0}}
    scores = model.score_sites(ids, mask)
    serine = ids == 7
    torch.testing.assert_close(scores[serine], torch.sigmoid(0.5 * log_odds[serine] - 2))
    torch.testing.assert_close(scores[~serine], log_odds[~serine].sigmoid(), atol=0, rtol=0, equal_nan=True)


def test_labels_must_align(make_model):
    ids = labels = torch.tensor([[19, 7, 11, 18, 7, 1, 0]])
    with pytest.raises(ValueError, match=r"is \(1, 7\) and that of labels \(1, 6\), expected one label"):
        make_model()(input_ids=ids, labels=labels[:, :-1])


def test_attention_maps_are_refused(make_model):
    ids = torch.tensor([[19, 7, 11, 18, 7, 1, 0]])
    with pytest.raises(ValueError, match="no length x length map"):
        make_model()(input_ids=ids, decoder_input_ids=ids, output_attentions=True)


def test_output_as_tuple(make_model):
    ids = labels = torch.tensor([[19, 7, 11, 18, 7, 1, 0]])
    model = make_model()
    whole = model(input_ids=ids, labels=labels)
    loss, logits, *_ = model(input_ids=ids, labels=labels, return_dict=False)
    assert torch.equal(loss, whole.loss)
    assert torch.equal(logits, whole.logits)


def test_generated_length_follows_the_source(make_model, make_proteins):
    model = make_model()
    ids, mask = make_proteins(33, 20)
    suppressed = {"suppress_tokens": [1]}
    assert model.generate(ids, attention_mask=mask, **suppressed).shape == (2, 34)
    assert model.generate(input_ids=ids, attention_mask=mask, **suppressed).shape == (2, 34)
    assert model.generate(ids, attention_mask=mask, max_new_tokens=5, **suppressed).shape == (2, 6)
    assert model.generate(ids, attention_mask=mask, max_length=9, **suppressed).shape == (2, 9)


@pytest.mark.parametrize("name", ["tiny", "small", "base", "large"])
def test_presets(name):
    config = PhosphoT5Config.preset(name, noise_std=0.25)
    assert config.noise_std == 0.25
    assert on_meta(PhosphoT5ForConditionalGeneration, config).num_parameters() > 0


def test_unknown_preset():
    with pytest.raises(ValueError, match="unknown preset 'huge', expected one of tiny, small, base, large"):
        PhosphoT5Config.preset("huge")


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"attention": "sparse"}, "attention is 'sparse', expected 'window' or 'full'"),
        ({"window": 0}, "window is 0, expected an integer from 1"),
        ({"conv_width": 4}, "conv_width is 4, expected an odd number of residues, or 0"),
        ({"dropout_rate": 1.5}, "dropout_rate is 1.5, expected a number from 0 to 1"),
        ({"prefix_mask_prob": -0.1}, "prefix_mask_prob is -0.1, expected a number from 0 to 1"),
        ({"noise_std": -1.0}, "noise_std is -1.0, expected a number from 0 to"),
        ({"feed_forward_proj": "gated-x-y"}, "feed_forward_proj is 'gated-x-y', expected ACTIVATION"),
    ],
)
def test_config_errors(wrong, text):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        PhosphoT5Config(**wrong)
    assert text in str(error.value)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tie_word_embeddings": False},
        {"tie_word_embeddings": False, "scale_decoder_outputs": True},
        {"attention_dropout_rate": 0.0, "feed_forward_proj": "gated-gelu", "num_decoder_layers": 3},
        {
            "calibration": {"S": {"slope": 1.5, "intercept": -0.25}},
            "fpr_table": {"Y": {"fpr": [0.01, 0.05], "probability": [0.75, 0.5]}},
        },
    ],
)
def test_config_round_trip(tmp_path, options):
    config = PhosphoT5Config(**options)
    config.save_pretrained(tmp_path)
    restored = PhosphoT5Config.from_pretrained(tmp_path)
    assert restored.to_dict() == config.to_dict()
    stored = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert stored["model_type"] == "phosphot5"
    assert stored["scale_decoder_outputs"] == restored.scale_decoder_outputs
    assert stored["tie_word_embeddings"] == restored.tie_word_embeddings
    for key, value in options.items():
        assert getattr(restored, key) == value
