"""One evaluation as a whole: thresholds, both readings, notes, tables."""

import numpy as np
import pytest

from phosphot5.evaluation.metrics import site_metrics
from phosphot5.evaluation.peers import Peer
from phosphot5.evaluation.results import Evaluation, stored_thresholds
from phosphot5.evaluation.sites import LabelledSites, evaluate_sites
from phosphot5.evaluation.table import FURTHER, comparison_table, metrics_table
from phosphot5.record.metric_names import HEADLINE

LINE = {"slope": 1.0, "intercept": 0.0}
STORED = {residue: LINE | {"threshold": t} for residue, t in (("S", 0.5), ("T", 0.25), ("Y", 0.75))}


def sites(count: int = 600, proteins: int = 20, letters: str = "STY", unknown: float = 0.1) -> LabelledSites:
    rng = np.random.default_rng(0)
    states = rng.choice([0, 1, 2], count, p=[unknown, 0.3, 0.7 - unknown]).astype(np.uint8)
    return LabelledSites(
        probability=rng.beta(2 + (states == 1), 2, count).astype(np.float32),
        states=states,
        residues=rng.choice(list(letters), count),
        protein=rng.integers(proteins, size=count),
        position=np.arange(1, count + 1),
        proteins=tuple(f"p{i}" for i in range(proteins)),
    )


def evaluation(given: LabelledSites | None = None, calibration=STORED, peers=()) -> Evaluation:
    return Evaluation.from_sites(
        sites() if given is None else given, calibration, peers, resamples=20, seed=1
    )


@pytest.mark.parametrize(
    ("calibration", "letters", "expected"),
    [
        (STORED, "STY", {"S": 0.5, "T": 0.25, "Y": 0.75}),
        ({"S": STORED["S"], "T": STORED["T"]}, "ST", {"S": 0.5, "T": 0.25}),
        ({"S": STORED["S"], "T": STORED["T"], "Y": LINE}, "STY", None),
        ({"S": LINE}, "S", None),
        (None, "S", None),
    ],
)
def test_stored_thresholds_count_if_no_residue_lacks_one(calibration, letters, expected):
    assert stored_thresholds(calibration, np.array(list(letters))) == expected


def test_stored_thresholds_are_used():
    made = evaluation()
    assert made.thresholds_used == {"S": 0.5, "T": 0.25, "Y": 0.75}
    assert made.measured == evaluate_sites(sites(), made.thresholds, 20, 1)
    assert (
        made.notes()[0] == "MCC and F1 are at the thresholds stored in the model: S 0.500, T 0.250, Y 0.750."
    )
    assert made.as_dict()["thresholds"] == {"source": "model", "values": made.thresholds_used}


def test_without_stored_thresholds_the_best_ones_are_used_and_named():
    made = evaluation(calibration=dict.fromkeys("STY", LINE))
    known = sites().measured()
    metrics = site_metrics(known.probability.astype(float), known.truth, known.residues)
    assert made.measured["st_mcc"] == metrics["st_mcc"]
    assert set(made.thresholds_used) == {"ST", "S", "T", "Y"}
    shared = {residue: made.thresholds_used["ST"] for residue in "ST"} | {"Y": made.thresholds_used["Y"]}
    by_hand = site_metrics(known.probability, known.truth, known.residues, shared)
    assert by_hand["st_mcc"] == pytest.approx(metrics["st_mcc"])
    assert by_hand["y_f1"] == pytest.approx(metrics["y_f1"])
    assert "and therefore optimistic (S/T 0." in made.notes()[0]
    assert made.as_dict()["thresholds"]["source"] == "best on these sites"


def test_missing_calibration_is_said():
    assert (
        "no calibration for S, T, Y: these probabilities are uncalibrated."
        in evaluation(calibration=None).text()
    )
    partly = {"S": STORED["S"], "T": STORED["T"]}
    assert "no calibration for Y: these probabilities" in evaluation(calibration=partly).text()
    assert "uncalibrated" not in evaluation().text()


def test_both_readings_of_unlabelled_sites():
    made = evaluation()
    wider = made.unlabelled_as_negative
    unlabelled = int((sites().states == 0).sum())
    both = [{key: part[f"{key}_sites"] for key in ("st", "y")} for part in (made.measured, wider)]
    assert sum(both[1].values()) - sum(both[0].values()) == unlabelled
    assert wider["st_prevalence"] < made.measured["st_prevalence"]
    assert wider["st_brier"] != made.measured["st_brier"]
    assert "with unlabelled sites counted as negatives" in made.text()
    assert (
        made.as_dict()["sites"]["S"]["unknown"] == ((sites().states == 0) & (sites().residues == "S")).sum()
    )


def test_no_second_reading_where_nothing_is_unlabelled():
    made = evaluation(sites(unknown=0.0))
    assert made.unlabelled_as_negative is None
    assert "unlabelled" not in made.text()


def test_unlabelled_sites_that_count_nowhere_are_said():
    given = sites(unknown=0.0)
    states = np.where((given.residues == "Y") & (given.protein < 3), 0, given.states).astype(np.uint8)
    hidden = int((states == 0).sum())
    given = LabelledSites(**vars(given) | {"states": states})
    assert (
        f"{hidden} unlabelled sites ignored: no labelled site of the same class in the"
        in evaluation(given).text()
    )


def test_a_calibration_error_below_its_interval_is_explained():
    rng = np.random.default_rng(0)
    given = sites(20_000, 400, unknown=0.0)
    probability = rng.random(20_000)
    states = np.where(rng.random(20_000) < probability, 1, 2).astype(np.uint8)
    given = LabelledSites(**vars(given) | {"states": states, "probability": probability.astype(np.float32)})
    note = "Resampling adds noise to the ECE"
    assert note in evaluation(given).text()
    assert note not in evaluation().text()


def test_one_protein_has_no_intervals():
    made = evaluation(sites(proteins=1))
    assert "no intervals, as all sites are of one protein" in made.text()
    assert "95 %" not in made.text()


def test_peers_are_compared_and_drawn_on_common_sites(tmp_path, monkeypatch):
    given = sites()
    scores = np.where(np.arange(600) % 7 == 0, np.nan, given.probability.astype(float) ** 2)
    made = evaluation(given, peers=[Peer("square", "peer.tsv", scores, 600, 5)])
    (one,) = made.comparisons
    assert one["difference"]["st_auroc"]["difference"] == 0
    lacking = int((np.isnan(scores) & (given.states != 0)).sum())
    assert f"Against square: {one['sites']} labelled sites in 20 proteins" in made.text()
    assert f"it has no score for {lacking} labelled sites" in made.text()
    assert "and 5 in other proteins" in made.text()
    assert "of a peer are at its best threshold on these same sites" in made.text()
    seen = {}
    monkeypatch.setattr(
        "phosphot5.evaluation.results.roc", lambda *args: seen.update(zip("abcd", args, strict=True))
    )
    made.draw(tmp_path)
    assert {name: len(values) for name, values in seen["a"].items()} == dict.fromkeys(
        ("PhosphoT5", "square"), one["sites"]
    )
    assert {path.name for path in tmp_path.iterdir()} == {"pr.png", "reliability.png", "scores.png"}


def test_table_of_metrics():
    metrics = {"st_sites": 83135, "st_prevalence": 0.1734, "y_sites": 10, "y_prevalence": 0.5, "y_auroc": 0.6}
    metrics |= {"st_auroc": 0.7821, "st_auroc_low": 0.7716, "st_auroc_high": 0.7909}
    assert metrics_table(metrics, {"auroc": "AUROC", "ap": "AP"}).split("\n") == [
        "     sites  positive        AUROC           AP",
        "S/T  83,135    17.3%        0.782            -",
        "                      0.772-0.791             ",
        "Y        10    50.0%        0.600            -",
    ]


def test_tables_have_a_column_for_each_metric():
    made = evaluation()
    for columns in (HEADLINE, FURTHER):
        lines = metrics_table(made.measured, columns).split("\n")
        assert len(lines) == 9
        assert {len(line) for line in lines} == {len(lines[0])}
        assert all(line.count("-") == len(columns) for line in lines[2::2])


def test_table_of_a_comparison():
    gap = {"difference": 0.05, "low": -0.01, "high": 0.1, "above_zero": 0.985}
    comparison = {"name": "a_very_long_peer_name", "model": {"y_ap": 0.35}, "peer": {"y_ap": 0.3}}
    assert comparison_table(comparison | {"difference": {"y_ap": gap, "mean_ap": gap}}).split("\n") == [
        "                      model  a_very_long_~     difference  95 % interval     above zero",
        "Y   AP                0.350          0.300         +0.050  -0.010 +0.100          98.5%",
    ]
