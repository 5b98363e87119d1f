"""The measurement on the test set, on made-up data: same figures as `evaluate`, once per release."""

import json
import shutil

import numpy as np
import pytest

from phosphot5 import __version__
from phosphot5.cli.main import main
from phosphot5.data import read_fasta
from phosphot5.evaluation.metrics import site_metrics
from phosphot5.hub_card import render_card
from phosphot5.measure import score_labelled_sites
from phosphot5.prediction.loading import load_model
from phosphot5.record.run_record import RECORD_FILE, RunRecord

RESAMPLES = 20


@pytest.fixture
def script(benchmarks):
    return benchmarks("benchmarks.accuracy.test")


@pytest.fixture
def result(script, made_up_data, tiny_folder, tmp_path):
    measured = script.measure(str(tiny_folder), made_up_data, tmp_path / "pictures", RESAMPLES)
    return json.loads(json.dumps(script.describe() | measured))


@pytest.fixture
def sites(made_up_data, tiny_folder):
    path = made_up_data / "phosphosites" / "multisource" / "test.fasta.gz"
    return score_labelled_sites(load_model(str(tiny_folder))[0], read_fasta(path, notation="hash"))


def test_figures_are_those_of_evaluate(script, result, made_up_data, tiny_folder, tmp_path):
    arguments = ["--peer", str(made_up_data / script.PEERS), "--resamples", str(RESAMPLES)]
    test_set, folder = str(made_up_data / script.SITES), tmp_path / "evaluation"
    assert main(["evaluate", str(tiny_folder), test_set, *arguments, "-o", str(folder), "--quiet"]) == 0
    found = json.loads((folder / "evaluation.json").read_text())
    assert result["all"] == {name: found[name] for name in result["all"]}
    assert result["model"]["files"] == found["model"]["files"]
    assert [one["name"] for one in result["all"]["peers"]] == ["deeppsp", "musitedeep_cnn"]
    for name in ("roc", "pr", "reliability", "scores"):
        assert (tmp_path / "pictures" / f"{name}.png").read_bytes() == (folder / f"{name}.png").read_bytes()


def test_files_are_fingerprinted_and_named_without_folders_of_the_machine(result, tmp_path):
    assert {len(digest) for digest in result["files"].values()} == {64}
    assert len(result["files"]) == 6
    assert str(tmp_path.parent) not in json.dumps(result["files"])


def test_strict_subsets_count_st_and_y_by_their_own_lists(result, sites):
    part = result["strict"]["strict30_local"]
    known = sites.measured()
    listed = np.where(known.residues == "Y", known.protein >= 10, True)
    expected = site_metrics(known.probability[listed], known.truth[listed], known.residues[listed])
    for name in ("st_auroc", "st_ap", "st_sites", "y_auroc", "y_ap", "y_sites", "y_prevalence"):
        assert part["measured"][name] == pytest.approx(expected[name])
    assert part["measured"]["st_auroc"] == result["all"]["measured"]["st_auroc"]
    assert part["proteins"] == {"st": 30, "y": 20}
    gap = part["peers"][0]["difference"]["y_ap"]
    assert gap["difference"] == pytest.approx(part["measured"]["y_ap"] - part["peers"][0]["peer"]["y_ap"])
    assert gap["low"] <= gap["difference"] <= gap["high"]


def test_a_list_of_other_proteins_is_refused(script, made_up_data, tiny_folder, tmp_path):
    data = shutil.copytree(made_up_data, tmp_path / "data")
    (data / "peers" / "multisource_Y_test_strict30_local.txt").write_text("Q99999\n")
    with pytest.raises(SystemExit, match="1 proteins are not in the test set, the first Q99999"):
        script.measure(str(tiny_folder), data, tmp_path, RESAMPLES)


def test_length_bins_hold_every_site_once(result, sites):
    short, long = result["by_length"]
    assert (short["residues"], long["residues"]) == ("1-250", "251-500")
    assert short["proteins"] == long["proteins"] == 15
    assert set(short["scores"]) == {"phosphot5", "deeppsp", "musitedeep_cnn"}
    counts = [
        one["scores"][tool][f"{key}_sites"] for one in (short, long) for tool in ("deeppsp",) for key in "sty"
    ]
    assert sum(counts) == len(sites.measured())


def test_calibration_of_a_perfect_line_is_one_and_zero(benchmarks, sites):
    from dataclasses import replace

    rng = np.random.default_rng(0)
    size = 20_000
    probability = rng.beta(1, 3, size).astype(np.float32)
    drawn = replace(
        sites,
        probability=probability,
        states=np.where(rng.random(size) < probability, 1, 2).astype(np.uint8),
        residues=rng.choice(list("STY"), size),
        protein=np.zeros(size, np.int64),
        position=np.arange(size),
    )
    if drawn.truth.mean() > 0.5:
        pytest.fail("1 is no longer the state of positives")
    found = benchmarks("benchmarks.accuracy.strata").calibration(drawn)
    assert set(found) == {"st", "s", "t", "y"}
    for line in found.values():
        assert line["slope"] == pytest.approx(1, abs=0.1)
        assert line["intercept"] == pytest.approx(0, abs=0.15)
        assert line["ece"] < 0.03


def test_once_per_release(script, tmp_path):
    path = tmp_path / "test.json"
    ours, other = ({"model.safetensors": digit * 64} for digit in "01")
    script.refuse_a_second_model(path, ours)
    path.write_text(json.dumps({"release": __version__, "model": {"files": ours}}))
    script.refuse_a_second_model(path, ours)
    script.refuse_a_second_model(path, other, release="99.0")
    with pytest.raises(SystemExit, match="measured once per release.*set the version in setup.cfg"):
        script.refuse_a_second_model(path, other)


def test_main_refuses_before_anything_is_read(script, tiny_folder, tmp_path, monkeypatch):
    path = tmp_path / "test.json"
    path.write_text(json.dumps({"release": __version__, "model": {"files": {}}}))
    monkeypatch.setattr(script, "RESULT", path)
    with pytest.raises(SystemExit, match="measured once per release"):
        script.main(["--model", str(tiny_folder), "--data", str(tmp_path / "missing")])


def test_record_takes_the_figures_and_the_card_shows_them(script, result, tiny_folder, tmp_path):
    model = shutil.copytree(tiny_folder, tmp_path / "model")
    path, copy = tmp_path / "test.json", tmp_path / "copy.json"
    path.write_text(json.dumps(result))
    script.record(path, model, copy)
    once = copy.read_bytes()
    script.record(path, model, copy)
    assert (model / RECORD_FILE).read_bytes() == copy.read_bytes() == once
    record = RunRecord.load(copy)
    assert record.metrics == {script.SET: result["all"]["measured"]}
    assert [(file.name, file.role, file.records) for file in record.data] == [
        ("multisource/test.fasta.gz", "test", 30)
    ]
    assert [peer.published for peer in record.peers] == [False, False, True, True]
    assert "st_mcc" not in record.peers[0].metrics
    card = render_card(record, json.loads((model / "config.json").read_text()), None)
    peer = result["all"]["peers"][0]["peer"]
    assert f"| DeepPSP | {peer['st_auroc']:.3f} [" in card
    assert "| LMPhosSite (ProtT5), as published | - | - | 0.390 | - | - | 0.298 |" in card


def test_figures_of_another_model_are_not_recorded(script, result, tiny_folder, tmp_path):
    path = tmp_path / "test.json"
    path.write_text(json.dumps(result | {"model": {"files": {}}}))
    with pytest.raises(SystemExit, match="is of another model than"):
        script.record(path, tiny_folder, tmp_path / "copy.json")
    assert not (tmp_path / "copy.json").exists()


@pytest.fixture
def tables(benchmarks, tmp_path, monkeypatch):
    """The module of the tables, reading results from an empty folder."""
    module = benchmarks("docs.generate.accuracy_tables")  # before common changes, or it would keep the change
    for changed in (benchmarks("benchmarks.common"), module):
        monkeypatch.setattr(changed, "RESULTS", tmp_path)
    return module


def test_pages_say_when_nothing_was_measured(tables):
    assert tables.headline() == tables.test() == tables.NOT_YET


def test_readme_and_page_show_the_figures(tables, result, tmp_path):
    (tmp_path / "test.json").write_text(json.dumps(result))
    ours, peer = result["all"]["measured"], result["all"]["peers"][1]
    page = tables.test()
    for text in (tables.headline(), page):
        assert f"| PhosphoT5, bundled | {ours['st_auroc']:.3f} [{ours['st_auroc_low']:.3f}-" in text
        assert f"| MusiteDeep, ten CNNs | {peer['peer']['st_auroc']:.3f} [" in text
        assert "| CaLMPhosKAN (ProtT5 + CaLM), as published | - | 0.530 | - | 0.420 |" in text
    assert f"| random scores | 0.500 | {ours['st_prevalence']:.3f} | 0.500 |" in tables.headline()
    gap = peer["difference"]["st_auroc"]["difference"]
    assert f"| minus MusiteDeep, ten CNNs | {gap:+.3f} [" in page
    assert "LMPhosSite (ProtT5) published 0.390 and 0.298" in page
    short = result["by_length"][0]["scores"]["deeppsp"]
    assert f"| 1-250 | 15 | {short['st_sites']:,}, {short['st_prevalence']:.3f} |" in page
    assert f"| Y | {result['calibration']['y']['ece']:.3f} |" in page
    assert page.count("\n### ") == 7


def test_tables_are_whole(tables, result, tmp_path):
    """Every row of a table has as many cells as its header."""
    (tmp_path / "test.json").write_text(json.dumps(result))
    for block in (tables.headline() + "\n\n" + tables.test()).split("\n\n"):
        widths = {line.count(" | ") for line in block.splitlines() if line.startswith("| ")}
        assert len(widths) <= 1, block
