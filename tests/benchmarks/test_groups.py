"""The measurement by groups, on made-up data."""

import numpy as np
import pytest

from phosphot5.data import SiteState
from phosphot5.evaluation.metrics import site_metrics
from phosphot5.evaluation.sites import LabelledSites
from phosphot5.measure import score_labelled_sites
from phosphot5.prediction.loading import load_model
from phosphot5.trainer.dataset import LabelledFile, merge_proteins


@pytest.fixture
def script(benchmarks):
    return benchmarks("benchmarks.accuracy.groups")


@pytest.fixture
def labelled(tmp_path):
    """Two groups of 30 proteins; the second has no Y."""
    lines = []
    for number in range(60):
        group, tail = ("plants", "Y#AY@") if number % 2 else ("yeasts", "A")
        code = f"{number:06b}".translate({48: "K", 49: "R"})  # no sequence twice
        lines.append(f">p{number} group={group}\nMS#AT@KS@A{tail}{code}\n")
    path = tmp_path / "set.fasta"
    path.write_text("".join(lines))
    return LabelledFile(str(path), label_source="mass-spec")


def test_groups_are_measured_apart(script, labelled, tiny_folder):
    model = load_model(str(tiny_folder))[0]
    found = script.measure_set(model, labelled, None, 20)
    assert {group: figures["proteins"] for group, figures in found.items()} == {"yeasts": 30, "plants": 30}
    assert ("y" in found["plants"], "y" in found["yeasts"]) == (True, False)
    proteins = [p for p in merge_proteins([labelled])[0] if p.group == "plants"]
    proteins = [type(p)(**{**vars(p), "label_source": ""}) for p in proteins]
    sites = score_labelled_sites(model, proteins).measured()
    expected = site_metrics(sites.probability, sites.truth, sites.residues)
    for key in ("st", "y"):
        for name in ("auroc", "ap"):
            assert found["plants"][key][name] == pytest.approx(expected[f"{key}_{name}"], abs=1e-4)
    means = script.macro(found)
    assert means["st_ap"] == pytest.approx(
        (found["plants"]["st"]["ap"] + found["yeasts"]["st"]["ap"]) / 2, abs=1e-4
    )
    assert means["y_ap"] == found["plants"]["y"]["ap"]


def test_a_peer_is_measured_on_the_same_sites(script, labelled, tiny_folder, tmp_path):
    table = tmp_path / "peer.tsv"
    rows = [f"p{number}\t2\t0.9\np{number}\t4\t0.1\np{number}\t6\t0.2\n" for number in range(60)]
    table.write_text("accession\tposition\tpeer\n" + "".join(rows))
    found = script.measure_set(load_model(str(tiny_folder))[0], labelled, table, 20)
    for group in ("plants", "yeasts"):
        assert found[group]["peers"]["peer"]["st"]["auroc"] == 1.0
    assert "y" not in found["plants"]["peers"]["peer"]


def test_shares_called_at_five_percent(script):
    """Of four S one positive and one negative reach the level of 5 %; T has no table."""
    sites = LabelledSites(
        probability=np.array([0.9, 0.3, 0.8, 0.2, 0.9], np.float32),
        states=np.array([*[SiteState.POSITIVE] * 2, *[SiteState.NEGATIVE] * 3], np.uint8),
        residues=np.array(["S", "S", "S", "S", "T"]),
        protein=np.zeros(5, np.int64),
        position=np.arange(1, 6),
        proteins=("p",),
    )
    found = script.called(sites, {"S": {"fpr": [0.01, 0.05, 1.0], "probability": [0.95, 0.8, 0.0]}})
    assert found == {"st": {"called_positives": 0.5, "called_negatives": 0.5}, "y": {}}
