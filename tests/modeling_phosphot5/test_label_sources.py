"""Kinds of label: what the model is told, where it is told, and what a model without kinds says."""

import json

import numpy as np
import pytest
import torch

from phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration, PhosphoT5Tokenizer
from phosphot5.data import Protein
from phosphot5.modeling_phosphot5.masking_phosphot5 import forget_label_sources
from phosphot5.prediction.scoring import predict_sites, score_proteins
from phosphot5.trainer.start import with_adapters

SEQUENCE = "MSTAYRKSPSTY"
KINDS = ["mass-spec", "curated"]
LINE = {"slope": 1.0, "intercept": 0.0}
RATES = {"fpr": [0.01, 1.0], "probability": [0.9, 0.0]}


def make_model(**config) -> PhosphoT5ForConditionalGeneration:
    torch.manual_seed(0)
    return PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny", **config)).eval()


@pytest.fixture
def model() -> PhosphoT5ForConditionalGeneration:
    """Two kinds of label, whose vectors and calibrations differ."""
    made = make_model(
        label_sources=KINDS,
        label_source="mass-spec",
        calibration={kind: {"S": LINE | {"intercept": float(i)}} for i, kind in enumerate(KINDS)},
        fpr_table={"curated": {"S": RATES}},
    )
    torch.nn.init.normal_(made.encoder.label_sources)
    return made


@pytest.fixture
def ids() -> torch.Tensor:
    return PhosphoT5Tokenizer()(SEQUENCE, return_tensors="pt")["input_ids"]


@pytest.fixture
def adapted(model) -> PhosphoT5ForConditionalGeneration:
    """The same model with trained adapters for one of the kinds."""
    made = with_adapters(model, {"curated": 4}).eval()
    for adapter in made.encoder.adapters:
        torch.nn.init.normal_(adapter.up.weight)
    return made


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.equal(one.nan_to_num(-1), other.nan_to_num(-1))


def test_kinds_score_differently_and_the_default_is_the_configurations(model, ids):
    scores = {kind: model.site_logits(ids, label_source=kind) for kind in (*KINDS, "unspecified")}
    assert same(model.site_logits(ids), scores["mass-spec"])
    assert len({tuple(odds[0].nan_to_num(9).tolist()) for odds in scores.values()}) == 3
    model.config.label_source = "curated"
    assert same(model.site_logits(ids), scores["curated"])


def test_calibration_follows_the_kind(model, ids):
    at_s = ids == 7
    for number, kind in enumerate(KINDS):
        odds = model.site_logits(ids, label_source=kind)[at_s]
        torch.testing.assert_close(
            model.score_sites(ids, label_source=kind)[at_s], torch.sigmoid(odds + number)
        )
    assert same(
        model.score_sites(ids, label_source="unspecified"),
        model.site_logits(ids, label_source="unspecified").sigmoid(),
    )


def test_annotation_and_generation_take_the_kind(model, ids):
    texts = {kind: model.annotate(ids, label_source=kind, threshold=0.3).tolist() for kind in KINDS}
    model.config.label_source = "curated"
    assert model.annotate(ids, threshold=0.3).tolist() == texts["curated"]
    assert model.generate(ids, constrained=True).shape[0] == 1


def test_adapters_change_the_scores_of_their_kind_only(model, adapted, ids):
    for kind in (None, "unspecified", "mass-spec"):
        assert same(adapted.site_logits(ids, label_source=kind), model.site_logits(ids, label_source=kind))
    assert not same(
        adapted.site_logits(ids, label_source="curated"), model.site_logits(ids, label_source="curated")
    )
    adapted.config.label_source = "curated"
    assert same(adapted.site_logits(ids), adapted.site_logits(ids, label_source="curated"))


def test_adapters_cost_other_kinds_nothing(adapted, ids):
    def must_not_run(*args):
        raise AssertionError

    before = adapted.site_logits(ids)
    for adapter in adapted.encoder.adapters:
        adapter.register_forward_hook(must_not_run)
    assert same(adapted.site_logits(ids), before)
    with pytest.raises(AssertionError):
        adapted.site_logits(ids, label_source="curated")


def test_each_kind_has_units_of_its_own(model, ids):
    units = {"mass-spec": 3, "curated": 2}
    both = with_adapters(model, units).eval()
    for adapter in both.encoder.adapters:
        torch.nn.init.normal_(adapter.up.weight)
    before = {kind: both.site_logits(ids, label_source=kind) for kind in KINDS}
    for adapter in both.encoder.adapters:
        torch.nn.init.zeros_(adapter.up.weight[:, 2:])  # by name, as in the file: two of curated come first
    assert same(both.site_logits(ids, label_source="curated"), before["curated"])
    assert same(
        both.site_logits(ids, label_source="mass-spec"), model.site_logits(ids, label_source="mass-spec")
    )


@pytest.mark.parametrize("with_units", [False, True])
def test_packed_proteins_each_have_their_kind(model, adapted, ids, with_units):
    model = adapted if with_units else model
    length = ids.shape[1]
    row, mask = torch.cat([ids, ids], 1), torch.cat([torch.ones_like(ids), torch.full_like(ids, 2)], 1)
    kinds = torch.cat([torch.full_like(ids, 1), torch.full_like(ids, 2)], 1)
    packed = model.encoder(row, mask, label_sources=kinds).last_hidden_state
    for number, part in ((1, slice(0, length)), (2, slice(length, None))):
        alone = model.encoder(ids, label_sources=number).last_hidden_state
        torch.testing.assert_close(packed[:, part], alone, atol=1e-5, rtol=0)


def test_a_pipeline_and_the_batches_of_predict_take_the_kind(model):
    predict = model.pipeline(PhosphoT5Tokenizer())
    default, curated = predict(SEQUENCE), predict(SEQUENCE, label_source="curated")
    assert default != curated
    assert default[0]["fpr"] is None
    assert curated[0]["fpr"] is not None
    protein = Protein(sequence=SEQUENCE, id="protein", states=bytes(len(SEQUENCE)))
    ((_, rows),) = predict_sites(model, [protein], label_source="curated")
    assert [row["probability"] for row in rows] == [row["probability"] for row in curated]
    ((_, scores),) = score_proteins(model, [protein])
    assert [x for x in scores.round(4) if np.isfinite(x)] == pytest.approx(
        [row["probability"] for row in default], abs=1e-4
    )
    with pytest.raises(
        ValueError, match="label_source is 'msx', expected 'unspecified' or 'mass-spec' or 'cur"
    ):
        predict(SEQUENCE, label_source="msx")


@pytest.mark.parametrize("with_units", [False, True])
def test_kinds_travel_with_the_folder(model, adapted, ids, tmp_path, with_units):
    model = adapted if with_units else model
    model.save_pretrained(tmp_path)
    loaded = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path).eval()
    for kind in (None, *KINDS):
        assert same(loaded.score_sites(ids, label_source=kind), model.score_sites(ids, label_source=kind))
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["label_sources"], config["label_source"]) == (KINDS, "mass-spec")


def test_kinds_added_to_a_model_change_nothing_at_first(ids):
    model = make_model(calibration={"S": LINE}, fpr_table={"S": RATES})
    torch.nn.init.normal_(model.encoder.given_sites)
    before = model.score_sites(ids)
    model.add_label_sources(KINDS)
    for kind in (None, "unspecified", *KINDS):
        assert same(model.score_sites(ids, label_source=kind), before)
        assert model.config.fpr_table_of(kind) == {"S": RATES}
    with pytest.raises(ValueError, match="label_sources are .* already"):
        model.add_label_sources(["others"])


def test_a_model_without_kinds_says_so(ids):
    with pytest.raises(ValueError, match="'curated', expected none, because this model does not tell kinds"):
        make_model().score_sites(ids, label_source="curated")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"label_sources": "curated"}, "label_sources is 'curated', expected a list of names"),
        ({"label_sources": ["a", "a"]}, "expected different names, none of them 'unspecified'"),
        ({"label_sources": ["unspecified"]}, "expected different names"),
        ({"label_sources": KINDS, "label_source": "x"}, "label_source is 'x', expected"),
        ({"label_source": "curated"}, "label_source is 'curated', expected none"),
        ({"label_source_drop": 2}, "label_source_drop is 2, expected a number from 0 to 1"),
        (
            {"label_sources": KINDS, "label_source_adapters": {"x": 4}},
            "label_source_adapters is {'x': 4}, expected an entry for some of the label_sources",
        ),
        (
            {"label_source_adapters": ["curated"]},
            r"label_source_adapters is \['curated'\], expected an entry",
        ),
        (
            {"label_sources": KINDS, "label_source_adapters": {"curated": 0}},
            "label_source_adapters of curated is 0, expected an integer from 1 to 1,000,000",
        ),
        (
            {"label_sources": KINDS, "calibration": {"S": LINE}},
            "calibration is .* expected an entry for kinds",
        ),
        (
            {"label_sources": KINDS, "calibration": {"curated": {"S": {"slope": 1}}}},
            r"calibration \(curated\) of S is",
        ),
    ],
)
def test_wrong_configurations(values, message):
    with pytest.raises(ValueError, match=message):
        PhosphoT5Config.preset("tiny", **values)


def test_training_leaves_the_kind_of_some_proteins_unspecified():
    proteins = torch.arange(1, 2001).repeat_interleave(2)[None]
    kinds = torch.ones_like(proteins)
    kept = forget_label_sources(kinds, proteins, 0.3)
    assert torch.equal(kept[0, ::2], kept[0, 1::2])  # whole proteins
    assert 0.25 < 1 - kept.float().mean() < 0.35
    assert torch.equal(forget_label_sources(kinds, proteins, 0.0), kinds)


def test_the_vector_of_a_kind_learns_from_its_proteins_only(model, ids):
    model.train()
    model.config.label_source_drop = 0.0
    kinds = torch.full_like(ids, 2)
    model(input_ids=ids, labels=ids, label_sources=kinds).loss.backward()
    gradient = model.encoder.label_sources.grad
    assert gradient[1].abs().sum() > 0
    assert gradient[0].abs().sum() == 0
