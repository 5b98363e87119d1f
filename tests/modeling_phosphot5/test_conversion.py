"""Conversion of T5, ProtT5 and Ankh checkpoints: the same function on residues, and a report of the rest."""

import json
import logging
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.conversion_phosphot5 import TOKENS, ConversionReport
from phosphot5.tokenization_phosphot5 import VOCABULARY

GEOMETRY = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_decoder_layers": 1, "num_heads": 4}
GATED = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
PROT_TOKENS = ["<pad>", "</s>", "<unk>", *(f"▁{residue}" for residue in "ALGVSREDTIPKFQNYMHWCXBOUZ")]
ANKH_TOKENS = ["<pad>", "</s>", "<unk>", *"ALGVSRETIDPKQNFYMHWCXBOUZ", *(f"<extra_id_{i}>" for i in range(8))]
T5_TOKENS = [
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "▁the",
    "▁A",
    "Z",
    *"WVUTSRQPONMLKIHGFEDCBA",
    "er",
    "▁protein",
    "s",
]


def save_weights(folder, tokens, **variant):
    """Save a stock T5 with more embedding rows than tokens, as ProtT5 has, and an output table of its own."""
    config = T5Config(vocab_size=len(tokens) + 5, **GEOMETRY, **variant, decoder_start_token_id=0)
    stock = T5ForConditionalGeneration(config)
    with torch.no_grad():
        for name, parameter in stock.named_parameters():
            if "relative_attention_bias" in name:
                parameter.copy_(torch.randn_like(parameter))
    if not variant.get("tie_word_embeddings", True):
        stock.lm_head.weight = torch.nn.Parameter(0.2 * torch.randn_like(stock.shared.weight))
    stock.save_pretrained(folder)


def save_word_tokenizer(folder, tokens):
    backend = Tokenizer(models.WordLevel({token: i for i, token in enumerate(tokens)}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)


def save_unigram_tokenizer(folder, tokens):
    T5Tokenizer(vocab=[(token, -1.0) for token in tokens], extra_ids=0).save_pretrained(folder)


def save_sentencepiece(folder, tokens):
    """Write ``spiece.model`` alone, as ProtT5 comes."""

    def varint(value):
        return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)

    def field(number, content):
        return varint(number << 3 | 2) + varint(len(content)) + content

    pieces = b""
    for i, token in enumerate(tokens):
        kind = b"" if i > 2 else varint(3 << 3) + varint(3)
        pieces += field(1, field(1, token.encode()) + varint(2 << 3 | 5) + struct.pack("<f", -1.5) + kind)
    trainer = field(2, field(1, b"x" * 300) + varint(4 << 3) + varint(300))
    (folder / "spiece.model").write_bytes(pieces + trainer)
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "T5Tokenizer"}', encoding="utf-8")


KINDS = {
    "t5": (T5_TOKENS, {}, save_unigram_tokenizer),
    "prott5": (PROT_TOKENS, {}, save_unigram_tokenizer),
    "prott5-spiece": (PROT_TOKENS, {}, save_sentencepiece),
    "ankh": (ANKH_TOKENS, GATED, save_word_tokenizer),
}


@pytest.fixture
def make_source(tmp_path):
    def make(kind):
        tokens, variant, save_tokenizer = KINDS[kind]
        save_weights(tmp_path, tokens, **variant)
        save_tokenizer(tmp_path, tokens)
        return tmp_path

    return make


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def carried_ids(kind):
    """Ids of the tokens that both have, ours and the source's, looked up by string."""
    tokens = KINDS[kind][0]
    pairs = []
    for token, i in VOCABULARY.items():
        found = next((name for name in (token, f"▁{token}") if name in tokens), None)
        if found is not None:
            pairs.append((i, tokens.index(found)))
    return tuple(torch.tensor(column) for column in zip(*pairs, strict=True))


@torch.no_grad()
def logits_of_both(kind, source, model):
    """Logits of the tokens that both have, for the same padded residue strings."""
    stock = T5ForConditionalGeneration.from_pretrained(source).eval()
    ours, theirs = carried_ids(kind)
    picked = torch.randint(3, len(ours), (2, 2, 17))
    mask = torch.ones(2, 17, dtype=torch.long)
    mask[1, 11:] = 0
    found = model(input_ids=ours[picked[0]], attention_mask=mask, decoder_input_ids=ours[picked[1]])
    expected = stock(input_ids=theirs[picked[0]], attention_mask=mask, decoder_input_ids=theirs[picked[1]])
    return found.logits[..., ours], expected.logits[..., theirs]


PARTS = {"conv_width": 5, "global_context": True, "label_sources": ["mass-spec", "curated"]} | {
    "label_source": "curated",
    "label_source_adapters": {"curated": 4},
}
"""All that PhosphoT5 can have beside T5's blocks."""


def test_tokens_are_those_of_the_tokenizer():
    assert {token: i for i, token in enumerate(TOKENS)} == VOCABULARY


@pytest.mark.parametrize(
    "options",
    [
        {"attention": "full"},
        {"attention": "window", "window": 16},
        {"attention": "window", "window": 16, **PARTS},
    ],
    ids=["full", "window", "all parts"],
)
def test_function_is_unchanged(make_source, kind, options):
    source = make_source(kind)
    model = PhosphoT5ForConditionalGeneration.from_t5(source, alignment=False, **options)
    assert not model.training
    torch.testing.assert_close(*logits_of_both(kind, source, model), atol=1e-5, rtol=0)


@pytest.mark.parametrize("attention", ["full", "window"])
def test_converted_model_scores_annotates_and_generates(make_source, kind, attention):
    model = PhosphoT5ForConditionalGeneration.from_t5(make_source(kind), attention=attention, window=6)
    ids = torch.tensor([[19, 7, 29, 18, 13, 5, 11, 7, 9, 18, 20, 7, 4, 1]])
    assert model.score_sites(ids).isfinite().sum() == 6
    annotated = model.annotate(ids)
    assert annotated[0, 2] == 29
    assert torch.equal(annotated, model.generate(ids, constrained=True, do_sample=False)[:, 1:])


def test_geometry_is_the_source_s(make_source, kind):
    config = PhosphoT5ForConditionalGeneration.from_t5(make_source(kind), noise_std=0.25, window=9).config
    tied = kind != "ankh"
    assert {name: getattr(config, name) for name in GEOMETRY} == GEOMETRY
    assert config.tie_word_embeddings is config.scale_decoder_outputs is tied
    assert (config.vocab_size, config.noise_std, config.window) == (32, 0.25, 9)
    assert config.feed_forward_proj == ("relu" if tied else "gated-gelu")


@torch.no_grad()
def test_rows_of_new_tokens(make_source, kind):
    source = make_source(kind)
    stock = T5ForConditionalGeneration.from_pretrained(source)
    model = PhosphoT5ForConditionalGeneration.from_t5(source)
    ours, theirs = carried_ids(kind)
    tables = [(model.shared.weight, stock.shared.weight)]
    if model.lm_head is not None:
        tables.append((model.lm_head.weight, stock.lm_head.weight))
        assert not torch.equal(model.lm_head.weight, model.shared.weight)
    for found, expected in tables:
        assert torch.equal(found[ours], expected[theirs])
        assert torch.equal(found[[29, 30, 31]], found[[7, 11, 18]])
        unknown = [i for token, i in VOCABULARY.items() if i < 29 and i not in ours]
        assert VOCABULARY["J"] in unknown
        torch.testing.assert_close(found[unknown], expected[theirs[3:]].mean(0).expand(len(unknown), -1))


def test_converted_model_can_be_saved_and_trained(make_source, kind, tmp_path):
    model = PhosphoT5ForConditionalGeneration.from_t5(make_source(kind), **PARTS)
    assert all(parameter.device.type == "cpu" for parameter in model.parameters())
    model.save_pretrained(tmp_path / "converted")
    restored = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path / "converted").train()
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, restored.get_parameter(name)), name
    ids = torch.tensor([[19, 7, 11, 18, 13, 1]])
    model.train()(input_ids=ids, labels=torch.tensor([[19, 29, 11, 18, 13, 1]])).loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_alignment_starts_on_the_diagonal(make_source):
    model = PhosphoT5ForConditionalGeneration.from_t5(make_source("ankh"))
    bias = model.decoder.block[0].layer[1].EncDecAttention.relative_attention_bias.weight
    fresh = PhosphoT5ForConditionalGeneration(model.config)
    assert torch.equal(bias, fresh.decoder.block[0].layer[1].EncDecAttention.relative_attention_bias.weight)
    assert bias[0].eq(0).all()


def test_report(make_source, caplog):
    source = make_source("prott5")
    with caplog.at_level(logging.INFO, logger="phosphot5"):
        model = PhosphoT5ForConditionalGeneration.from_t5(source, conv_width=5, global_context=True)
    report = model.conversion_report
    assert isinstance(report, ConversionReport)
    assert report.source == str(source)
    assert len(report.carried_embeddings) == 3 + 25
    assert report.carried_embeddings["<pad>"] == "<pad>"
    assert report.carried_embeddings["S"] == "▁S"
    assert report.new_tokens == {
        "J": "mean of 25 residues",
        "S[Phospho]": "copy of S",
        "T[Phospho]": "copy of T",
        "Y[Phospho]": "copy of Y",
    }
    assert set(report.new_parameters) == {
        "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",
        "decoder.open_site",
        "encoder.given_sites",
        "encoder.convolution.proj.weight",
        *(f"encoder.context.{i}.{name}.weight" for i in range(2) for name in ("layer_norm", "wi", "wo")),
    }
    stock = T5ForConditionalGeneration.from_pretrained(source)
    assert set(report.carried_parameters) == {name for name, _ in stock.named_parameters()}
    assert report.ignored_parameters == ()
    text = report.summary()
    assert f"converted {source}: {len(report.carried_parameters)} parameters carried over" in text
    assert "(28 of 32 tokens): <pad> </s> <unk> A L G V" in text
    assert "new tokens: J (mean of 25 residues), S[Phospho] (copy of S), " in text
    assert text in caplog.text


def change_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_missing_folder(tmp_path, name):
    with pytest.raises(ValueError, match=r"no checkpoint with a config\.json; give the folder or the hub"):
        PhosphoT5ForConditionalGeneration.from_t5(tmp_path / name)


def test_other_models(make_source):
    source = make_source("ankh")
    change_config(source, model_type="bert")
    with pytest.raises(ValueError, match="model_type is 'bert', expected 't5'"):
        PhosphoT5ForConditionalGeneration.from_t5(source)
    change_config(source, model_type="phosphot5")
    with pytest.raises(ValueError, match="is already a PhosphoT5; load it with from_pretrained"):
        PhosphoT5ForConditionalGeneration.from_t5(source)


def test_encoder_alone(tmp_path):
    T5EncoderModel(T5Config(vocab_size=40, **GEOMETRY)).save_pretrained(tmp_path)
    save_word_tokenizer(tmp_path, ANKH_TOKENS)
    stock = T5EncoderModel.from_pretrained(tmp_path).eval()
    model = PhosphoT5ForConditionalGeneration.from_t5(tmp_path, attention="full")
    report = model.conversion_report
    decoder = {name for name, _ in model.named_parameters() if name.startswith("decoder.")}
    assert decoder <= set(report.new_parameters)
    assert not decoder & set(report.carried_parameters)
    assert "the decoder (" in report.summary()
    assert "at random" in report.summary()
    for name, weight in stock.encoder.named_parameters():
        if name != "embed_tokens.weight":
            assert torch.equal(model.get_parameter(f"encoder.{name}"), weight)
    assert all(bool(parameter.isfinite().all()) for parameter in model.parameters())
    ids = torch.tensor([[3, 7, 9, 1]])
    assert bool(model(input_ids=ids, decoder_input_ids=ids).logits.isfinite().all())


def test_a_part_of_a_decoder_is_damage(make_source):
    source = make_source("ankh")
    weights = load_file(source / "model.safetensors")
    del weights["decoder.final_layer_norm.weight"]
    save_file(weights, source / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match="lacks 1 of the tensors .*give a whole T5, or an encoder alone"):
        PhosphoT5ForConditionalGeneration.from_t5(source)


def test_tokenizer_without_residues(make_source):
    source = make_source("ankh")
    save_word_tokenizer(source, ["<pad>", "</s>", "<unk>", "the", "protein"])
    with pytest.raises(
        ValueError, match="the tokenizer knows none of the residues, neither as 'A' nor as '▁A'"
    ):
        PhosphoT5ForConditionalGeneration.from_t5(source)


def test_missing_tokenizer(tmp_path):
    save_weights(tmp_path, ANKH_TOKENS)
    with pytest.raises(ValueError, match="tokenizer"):
        PhosphoT5ForConditionalGeneration.from_t5(tmp_path)


def test_overrides(make_source):
    source = make_source("ankh")
    with pytest.raises(ValueError, match="unknown arguments: windw; those of PhosphoT5Config are alignment"):
        PhosphoT5ForConditionalGeneration.from_t5(source, windw=3)
    with pytest.raises(ValueError, match="d_model, num_layers: fixed by the checkpoint's weights"):
        PhosphoT5ForConditionalGeneration.from_t5(source, num_layers=1, d_model=8)
    config = PhosphoT5ForConditionalGeneration.from_t5(source, dropout_rate=0.3).config
    assert isinstance(config, PhosphoT5Config)
    assert config.dropout_rate == config.attention_dropout_rate == 0.3
