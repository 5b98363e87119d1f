"""A model whose weights or configuration are damaged is refused in one line."""

import json
import math

import pytest
import torch
from safetensors.torch import load_file, save_file

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows

WEIGHT = "encoder.block.0.layer.0.SelfAttention.q.weight"


def with_value(value):
    def damage(weights):
        weights[WEIGHT][0, 0] = value

    return damage


DAMAGES = {
    "missing": (lambda weights: weights.pop(WEIGHT), "1 missing"),
    "surplus": (lambda weights: weights.update(more=torch.zeros(2)), "1 not of this model"),
    "shape": (lambda weights: weights.update({WEIGHT: torch.zeros(3, 3)}), "1 of another shape"),
    "nan": (with_value(math.nan), "1 with NaN or infinity"),
    "infinity": (with_value(-math.inf), "1 with NaN or infinity"),
}


@pytest.fixture
def folder(tmp_path):
    PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny")).save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_weights_are_refused(name, kind, folder, caplog):
    damage, message = DAMAGES[name]
    path = folder / "model.safetensors"
    weights = load_file(path)
    damage(weights)
    if kind == "bin":
        path.unlink()
        torch.save(weights, folder / "pytorch_model.bin")
    else:
        save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=message) as error:
        PhosphoT5ForConditionalGeneration.from_pretrained(folder)
    assert "\n" not in str(error.value)
    assert str(folder) in str(error.value)
    assert "LOAD REPORT" not in caplog.text


def test_what_a_t5_carries_beside_the_shared_table_is_no_damage(folder):
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["encoder.embed_tokens.weight"] = weights["shared.weight"].clone()
    save_file(weights, path, metadata={"format": "pt"})
    PhosphoT5ForConditionalGeneration.from_pretrained(folder)


def test_other_shapes_may_be_asked_for(folder):
    config = PhosphoT5Config.preset("tiny", vocab_size=40)
    model, info = PhosphoT5ForConditionalGeneration.from_pretrained(
        folder, config=config, ignore_mismatched_sizes=True, output_loading_info=True
    )
    assert model.shared.weight.shape[0] == 40
    assert len(info["mismatched_keys"]) == 1


WRONG = {
    "d_model": ["32", None, 0, -1, 32.0, True, math.nan],
    "num_layers": ["two", 0, 10**9],
    "dropout_rate": ["0.1", -0.1, 1.5, math.nan, True, None],
    "attention_dropout_rate": [math.nan, "0"],
    "noise_std": [-1, math.inf, math.nan, "a"],
    "feed_forward_proj": [3, None, "gated-nothing", "a-b-c"],
    "attention": ["sparse", None, ["window"]],
    "alignment": ["yes", 1, None],
    "tie_word_embeddings": ["true", 0],
    "window": [0, 1.5, "16", None],
    "conv_width": [4, -1, "5"],
    "relative_attention_num_buckets": [2, "32"],
    "relative_attention_max_distance": [16, 0],
    "mask_token_id": [32, -1, "2"],
    "pad_token_id": [99],
    "site_token_ids": [{"S": [7]}, {"S": [7, 99]}, {"S": "7"}, [7, 29], {"S": [True, 29]}],
    "calibration": [
        {"S": {"slope": 1.0}},
        {"S": {"slope": "1", "intercept": 0.0}},
        {"S": {"slope": math.nan, "intercept": 0.0}},
        {"S": {"slope": 1.0, "intercept": 0.0, "more": 1.0}},
        {"A": {"slope": 1.0, "intercept": 0.0}},
        {"S": {"slope": 1.0, "intercept": 0.0, "threshold": 2}},
        [1],
    ],
    "fpr_table": [
        {"S": {"fpr": [0.1]}},
        {"S": {"fpr": [0.1, 0.2], "probability": [0.5]}},
        {"S": {"fpr": [0.2, 0.1], "probability": [0.5, 0.4]}},
        {"S": {"fpr": [0.1, 0.2], "probability": [0.4, 0.5]}},
        {"S": {"fpr": [], "probability": []}},
        {"S": {"fpr": [0.1], "probability": [math.nan]}},
        "none",
    ],
    "phosphot5_version": [4, None],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES, ids=lambda x: repr(x)[:40])
def test_wrong_values_are_refused(name, value, folder):
    path = folder / "config.json"
    given = json.loads(path.read_text())
    given[name] = value
    path.write_text(json.dumps(given))
    with pytest.raises(ValueError, match=name) as error:
        PhosphoT5ForConditionalGeneration.from_pretrained(folder)
    assert "\n" not in str(error.value)


def test_values_set_later_are_checked_by_the_model():
    config = PhosphoT5Config.preset("tiny")
    config.dropout_rate = 7
    with pytest.raises(ValueError, match="dropout_rate is 7"):
        PhosphoT5ForConditionalGeneration(config)


@pytest.mark.parametrize(
    ("scores", "position"),
    [([math.nan, math.nan], 2), ([0.5, 0.5], 1), ([math.nan, math.inf], 2)],
)
def test_a_site_without_a_finite_score_stops_with_the_name_of_the_protein(scores, position):
    with pytest.raises(ValueError, match=rf"'P1', position {position} "):
        site_rows("P1", "MS", scores, None)
