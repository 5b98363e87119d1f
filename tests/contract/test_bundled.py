"""The bundled model: small, self-explaining, and as good as the figures that README quotes."""

import json
from pathlib import Path

import numpy as np
import pytest

from phosphot5 import PhosphoT5Tokenizer
from phosphot5.bundled import bundled_folder
from phosphot5.data import read_fasta
from phosphot5.evaluation.sites import evaluate_sites
from phosphot5.hub_card import PICTURES, render_card
from phosphot5.measure import score_labelled_sites
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.runtime import find_graph
from phosphot5.prediction.scoring import predict_sites, score_proteins
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.trainer.dataset import LabelledFile

ROOT = Path(__file__).parents[2]
VALID = ROOT.parent / "shared" / "data" / "phosphosites" / "multisource" / "valid.fasta.gz"
FLOORS = {"st_auroc": 0.76, "st_ap": 0.38}
"""What a logistic regression on one-hot windows does not reach."""


@pytest.fixture(scope="module")
def model():
    return load_model("bundled")[0]


@pytest.fixture(scope="module")
def published():
    return json.loads((ROOT / "benchmarks" / "results" / "validation.json").read_text())


def test_files_and_size():
    files = {path.name: path.stat().st_size for path in bundled_folder().iterdir() if path.is_file()}
    assert set(files) == {
        *("__init__.py", "config.json", "generation_config.json", "model.safetensors"),
        *("tokenizer_config.json", "vocab.json", RECORD_FILE, *PICTURES),
    }
    assert {path.name for path in (bundled_folder() / "onnx").iterdir()} == {"model.onnx"}
    assert sum(files.values()) < 16e6


def test_the_graph_is_that_of_this_model():
    assert find_graph("bundled", device="cpu", runtime="onnx").label_source == "mass-spec"


def test_configuration_is_complete(model):
    config = model.config
    assert config.vocab_size == len(PhosphoT5Tokenizer())
    assert config.use_cache
    for residue in "STY":
        for kind in (None, "mass-spec", "curated", "unspecified"):
            assert config.calibration_of(kind)[residue]["slope"] > 0
            assert 0 < config.calibration_of(kind)[residue]["threshold"] < 1
            table = config.fpr_table_of(kind)[residue]
            assert np.all(np.diff(table["fpr"]) > 0)
            assert np.all(np.diff(table["probability"]) <= 0)


def test_families_of_kinases_are_complete(model):
    config = model.config
    assert {"PKA", "PKC", "CK2", "CDK", "MAPK", "SRC", "AGC", "TK"} <= set(config.kinase_families)
    assert min(about["sites"] for about in config.kinase_families.values()) >= 50
    for kind in (None, "mass-spec", "curated"):
        assert set(config.kinase_fpr_table_of(kind)) == set(config.kinase_families)
    record = RunRecord.load(bundled_folder() / RECORD_FILE)
    assert set(record.kinases) == set(config.kinase_families)
    assert not record.kinase_fits[-1].git_commit.endswith("-dirty")


def test_record_and_card_tell_where_it_comes_from(model):
    record = RunRecord.load(bundled_folder() / RECORD_FILE)
    assert record.command[:2] == ["phosphot5", "train"]
    assert record.git_commit
    assert not record.git_commit.endswith("-dirty")
    assert record.parameters == model.num_parameters()
    assert record.licence.name == "non-commercial-research"
    assert record.ledger["train"]["tokens"] > 75 * 10**5
    assert record.cost.tokens > 10**7
    assert record.cost.flops > 0
    card = render_card(record, model.config.to_dict(), "org/phosphot5")
    for group in ("human", "plants", "curated"):
        assert f"{record.metrics[group]['st_auroc']:.3f}" in card


def test_record_is_published_among_the_results():
    record = (bundled_folder() / RECORD_FILE).read_text()
    assert (ROOT / "benchmarks" / "results" / "bundled_run_record.json").read_text() == record


def test_probabilities_are_calibrated():
    metrics = RunRecord.load(bundled_folder() / RECORD_FILE).metrics["human"]
    for group in ("st", "y"):
        assert metrics[f"{group}_ece"] < 0.03
        assert metrics[f"{group}_ap_low"] < metrics[f"{group}_ap"] < metrics[f"{group}_ap_high"]


def test_half_of_the_sites_everybody_knows_are_called(model):
    """Textbook sites, hard ones such as the degron of beta-catenin included; chance would call one in ten."""
    known = {
        "P04637": [15, 20, 37, 46, 315, 392],
        "P10636": [519, 548, 713, 721],
        "P35222": [33, 37, 41, 45, 552, 675],
        "P00533": [693, 1016, 1092, 1172, 1197],
        "P46527": [10, 187],
    }
    calls = []
    for protein, rows in predict_sites(model, read_fasta(str(ROOT / "examples" / "proteins.fasta"))):
        calls += [row["call"] for row in rows if row["position"] in known.get(protein.id, ())]
    assert len(calls) == sum(map(len, known.values()))
    assert sum(call != "-" for call in calls) >= len(calls) / 2


def test_published_figures_beat_the_baseline(published):
    ours, baseline = published["phosphot5"], published["one_hot_logistic_regression"]
    for metric, floor in FLOORS.items():
        assert ours[metric] >= floor
    for metric in ("st_auroc", "st_ap", "y_auroc", "y_ap"):
        assert ours[metric] > baseline[metric]


def test_published_gain_of_known_sites():
    published = json.loads((ROOT / "benchmarks" / "results" / "known_sites.json").read_text())
    assert published["gain"]["st_ap"]["min"] >= 0.05
    assert published["gain"]["y_ap"]["min"] > 0


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(not VALID.exists(), reason=f"the phosphosite data are not at {VALID.parents[1]}")
def test_known_sites_help_this_model(model, monkeypatch):
    """Half of the positive sites given, the other half ranks higher; the published figures are of more proteins."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.accuracy.known_sites import draw, groups_with_two_sites

    proteins = groups_with_two_sites(LabelledFile(str(VALID)), 250)[""]
    marginal = [scores for _, scores in score_proteins(model, proteins)]
    figures = draw(model, proteins, marginal, seed=0)
    assert figures["conditional"]["st_ap"] - figures["marginal"]["st_ap"] > 0.03


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(not VALID.exists(), reason=f"the phosphosite data are not at {VALID.parents[1]}")
def test_published_figures_are_those_of_this_model(model, published):
    """The record's too: what a training writes down is what `evaluate` finds."""
    sites = score_labelled_sites(model, read_fasta(str(VALID), notation="hash"))
    thresholds = {residue: line["threshold"] for residue, line in model.config.calibration_of().items()}
    metrics = evaluate_sites(sites, thresholds, resamples=200)
    recorded = RunRecord.load(bundled_folder() / RECORD_FILE).metrics["human"]
    for metric in ("st_auroc", "st_ap", "st_mcc", "st_ece", "y_auroc", "y_ap", "y_mcc", "y_ece"):
        assert metrics[metric] == pytest.approx(published["phosphot5"][metric], abs=1e-4)
        assert metrics[metric] == pytest.approx(recorded[metric], abs=1e-4)
