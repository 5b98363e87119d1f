"""What users of transformers, peft and torch expect of any T5 works here, or is refused by name."""

import copy

import pytest
import torch
from transformers import AutoModel, AutoModelForTextEncoding, StaticCache, pipeline

from phosphot5 import register
from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

IDS = torch.tensor([[19, 5, 7, 13, 14, 11, 3, 18, 9, 4, 7, 6, 1]])


@pytest.fixture
def model(make_full_model):
    register()
    return make_full_model()


@pytest.mark.parametrize("where", ["argument", "config"])
@pytest.mark.parametrize(
    "option",
    [{"cache_implementation": "static"}, {"prompt_lookup_num_tokens": 3}, {"output_attentions": True}],
    ids=lambda option: next(iter(option)),
)
def test_generation_refuses_by_name(model, option, where):
    name = next(iter(option))
    if where == "config":
        setattr(model.generation_config, *next(iter(option.items())))
        option = {}
    with pytest.raises(ValueError, match=f"{name}.* is not available"):
        model.generate(IDS, max_new_tokens=5, **option)


@pytest.mark.filterwarnings("ignore:.past_key_values. is deprecated")
def test_an_assistant_and_a_static_cache_are_refused_by_name(model):
    with pytest.raises(ValueError, match="assistant_model is not available"):
        model.generate(IDS, assistant_model=copy.deepcopy(model))
    with pytest.raises(ValueError, match="static cache"):
        model.generate(IDS, past_key_values=StaticCache(config=model.config, max_cache_len=20))


@pytest.mark.parametrize("part", ["model", "encoder"])
def test_attention_maps_are_refused_wherever_they_are_asked_for(model, part, tmp_path):
    if part == "encoder":
        model.save_pretrained(tmp_path)
        model = AutoModel.from_pretrained(tmp_path)
    inputs = {"input_ids": IDS} | ({"decoder_input_ids": IDS} if part == "model" else {})
    with pytest.raises(ValueError, match="output_attentions"):
        model(**inputs, output_attentions=True)
    model.config.output_attentions = True
    with pytest.raises(ValueError, match="output_attentions"):
        model(**inputs)


def test_other_attention_is_refused_in_our_words(model, tmp_path):
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="'sdpa', but PhosphoT5 has its own attention"):
        PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path, attn_implementation="sdpa")


def test_generation_stops_at_a_string_of_residues(model):
    tokenizer = PhosphoT5Tokenizer()
    whole = tokenizer.decode(model.generate(IDS, constrained=True)[0], skip_special_tokens=True)
    options = {"stop_strings": ["PKT"], "tokenizer": tokenizer, "constrained": True}
    text = tokenizer.decode(model.generate(IDS, **options)[0], skip_special_tokens=True)
    assert whole.startswith(text)
    assert text.replace("[Phospho]", "") == "MGSPKT"
    assert model.generation_config.stop_strings is None


def test_constraint_needs_ids(model):
    with pytest.raises(ValueError, match="constrained generation needs input_ids"):
        model.generate(inputs_embeds=model.shared(IDS), constrained=True)


def test_missing_decoder_inputs_and_prefixes_are_named(model):
    with pytest.raises(ValueError, match="decoder_input_ids are missing"):
        model(IDS)
    past = model(IDS, decoder_input_ids=IDS[:, :3], use_cache=True)
    past = past.get("cache", past.get("past_key_values"))
    with pytest.raises(ValueError, match="prefix tuning"):
        model(IDS, labels=IDS, past_key_values=past)


def test_added_tokens_and_more_embeddings(model):
    tokenizer = PhosphoT5Tokenizer()
    tokenizer.add_tokens(["K[Acetyl]"])
    assert len(tokenizer) == 33
    assert tokenizer.get_vocab()["K[Acetyl]"] == 32
    model.resize_token_embeddings(len(tokenizer))
    inputs = tokenizer("MK[Acetyl]S", return_tensors="pt")
    assert inputs.input_ids.tolist() == [[19, 32, 7, 1]]
    assert model.score_sites(**inputs).isfinite().tolist() == [[False, False, True, False]]


def test_an_id_beyond_the_vocabulary_is_unknown():
    assert PhosphoT5Tokenizer().decode([19, 99]) == "M<unk>"


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated")
@pytest.mark.parametrize("tied", [True, False])
def test_int8_gives_about_the_same_scores(make_full_model, tied):
    model = make_full_model(tie_word_embeddings=tied)
    quantized = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    torch.testing.assert_close(
        quantized.score_sites(IDS), model.score_sites(IDS), rtol=0, atol=0.1, equal_nan=True
    )


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("part", ["encoder", "decoder", "shared", "lm_head"])
def test_a_part_left_on_the_disk_changes_no_score(make_full_model, tmp_path, part, tied):
    model = make_full_model(tie_word_embeddings=tied)
    model.save_pretrained(tmp_path)
    places = {name: "cpu" for name, _ in model.named_children()}
    if part not in places:
        assert tied
        return
    loaded = PhosphoT5ForConditionalGeneration.from_pretrained(
        tmp_path, device_map=places | {part: "disk"}, offload_folder=tmp_path / "offload"
    )
    torch.testing.assert_close(loaded.score_sites(IDS), model.score_sites(IDS), equal_nan=True)


@pytest.mark.parametrize("auto", [AutoModel, AutoModelForTextEncoding])
def test_auto_classes_give_the_encoder(model, tmp_path, auto):
    model.save_pretrained(tmp_path)
    encoder = auto.from_pretrained(tmp_path)
    expected = model.get_encoder()(IDS).last_hidden_state
    torch.testing.assert_close(encoder(IDS).last_hidden_state, expected)
    torch.testing.assert_close(encoder(IDS, return_dict=False)[0], expected)


def test_pipeline_knows_the_task(model):
    predict = pipeline("phosphosite-prediction", model=model, tokenizer=PhosphoT5Tokenizer())
    assert [row["position"] for row in predict("MSPT")] == [2, 4]


def test_dummy_inputs_run(model):
    assert model(**model.dummy_inputs).logits.shape == (1, 5, 32)


def test_configuration_names_the_classes():
    assert PhosphoT5Config().auto_map["AutoModel"] == "modeling_phosphot5.PhosphoT5EncoderModel"
