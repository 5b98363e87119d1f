"""Kinases by the pipeline: the rows of predict, the list of families, wrong arguments."""

import pytest
import torch

from phosphot5.modeling_phosphot5.families_phosphot5 import KINASE_COLUMNS
from phosphot5.modeling_phosphot5.pipeline_phosphot5 import batch_scores
from phosphot5.prediction.loading import load_model

SEQUENCE = "MEEPQSDPSVEPPLSQETFSDYWKLLPENNVLS"
GIVEN = [SEQUENCE, {"id": "b", "sequence": "AAS-TY", "known": [3]}, "AAA"]


@pytest.fixture(scope="module")
def predict(kinase_folder):
    model, tokenizer = load_model(str(kinase_folder))
    return model.pipeline(tokenizer)


def without_kinases(rows):
    return [{name: row[name] for name in row if "kinase" not in name} for row in rows]


def test_other_keys_do_not_change(predict):
    plain, best, every = (predict(GIVEN, kinases=kinases) for kinases in (False, True, "all"))
    assert predict(GIVEN) == plain == list(map(without_kinases, best))
    for rows, full in zip(best, every, strict=True):
        assert [row | {"kinases": more["kinases"]} for row, more in zip(rows, full, strict=True)] == full


def test_best_family_and_all(predict):
    every = predict(GIVEN, kinases="all")
    assert [len(row["kinases"]) for row in every[1]] == [3, 3, 1]
    known, _, tyrosine = every[1]
    assert (known["status"], known["kinase_fpr"], known["probability"]) == ("known", None, None)
    assert 0 < known["kinase_probability"] < 1
    assert tyrosine["kinase"] == "SRC"
    for row in every[0]:
        chosen = next(family for family in row["kinases"] if family["family"] != "AGC")
        assert list(chosen.values()) == [row[name] for name in KINASE_COLUMNS]
    assert every[2] == []


def test_rows_do_not_depend_on_the_batch(predict):
    alone = [predict(given, kinases="all") for given in GIVEN]
    for size in (1, 3):
        assert predict(GIVEN, kinases="all", batch_size=size) == alone


def test_packed_as_on_an_accelerator(kinase_folder):
    model, tokenizer = load_model(str(kinase_folder))
    tensors = tokenizer([SEQUENCE, "AASTY"], return_tensors="pt", padding=True)
    batch = tensors["input_ids"], tensors["attention_mask"]
    alone = batch_scores(model, *batch, together=False, kinases=True)
    together = batch_scores(model, *batch, together=True, kinases=True)
    assert alone.shape == (2, len(SEQUENCE) + 1, 2 + len(model.config.kinase_families))
    torch.testing.assert_close(together, alone, equal_nan=True, rtol=0, atol=1e-6)


def test_selection_and_limit(predict, kinase_folder):
    (row,) = predict(SEQUENCE, kinases="all", top_kinases=2, top_k=1)
    assert len(row["kinases"]) == 2
    model, tokenizer = load_model(str(kinase_folder))
    always = model.pipeline(tokenizer, kinases="all")
    assert always(SEQUENCE, top_kinases=2, top_k=1) == [row]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinases": 1}, "kinases is 1, expected True, False or 'all'"),
        ({"kinases": "best"}, "kinases is 'best', expected True, False or 'all'"),
        ({"kinases": "all", "top_kinases": 0}, "top_kinases is 0, expected an integer of 1 or more"),
        ({"kinases": True, "top_kinases": 1}, "top_kinases limits the list of kinases='all'"),
    ],
)
def test_wrong_arguments(predict, options, message):
    with pytest.raises(ValueError, match=message):
        predict(SEQUENCE, **options)


def test_a_model_without_a_head(tiny_folder):
    model, tokenizer = load_model(str(tiny_folder))
    with pytest.raises(ValueError, match="this model tells no families of kinases"):
        model.pipeline(tokenizer)(SEQUENCE, kinases=True)
    with pytest.raises(ValueError, match="this model tells no families of kinases"):
        model.pipeline(tokenizer, kinases="all")
