"""The metric for Hugging Face `evaluate`: loads offline and gives what `phosphot5.evaluation` gives."""

import doctest
import re
from pathlib import Path

import evaluate
import numpy as np
import pytest

from phosphot5.evaluation.metrics import probability_metrics, site_metrics

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "metrics" / "phosphosite"


@pytest.fixture
def metric(tmp_path):
    return evaluate.load(str(FOLDER), cache_dir=str(tmp_path))


def sites(count: int = 300):
    rng = np.random.default_rng(0)
    truth = rng.random(count) < 0.3
    return rng.beta(2 + truth, 2), truth, rng.choice(list("STY"), count)


def columns(scores, truth, residues) -> dict[str, list]:
    return {
        "predictions": scores.tolist(),
        "references": truth.astype(int).tolist(),
        "residues": residues.tolist(),
    }


def test_batches_give_the_metrics_of_the_package(metric):
    arrays = sites()
    for start in range(0, 300, 77):
        metric.add_batch(**columns(*(values[start : start + 77] for values in arrays)))
    assert metric.compute() == site_metrics(*arrays) | probability_metrics(*arrays)


def test_thresholds_are_passed_on(metric):
    arrays, thresholds = sites(), {"S": 0.5, "T": 0.6, "Y": 0.7}
    expected = site_metrics(*arrays, thresholds) | probability_metrics(*arrays)
    assert metric.compute(**columns(*arrays), thresholds=thresholds) == expected


def test_scores_that_are_no_probabilities(metric):
    scores, truth, residues = sites()
    assert metric.compute(**columns(scores * 3, truth, residues)) == site_metrics(scores * 3, truth, residues)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"references": [1, 2]}, "found the reference 2, expected 1 for phosphorylated or 0"),
        ({"residues": ["S", "K"]}, "found the residue 'K', expected S, T or Y"),
        ({"predictions": [0.1, float("nan")]}, "1 of 2 scores are not finite"),
    ],
)
def test_wrong_values_are_refused(metric, change, message):
    given = {"predictions": [0.9, 0.1], "references": [1, 0], "residues": ["S", "S"]} | change
    with pytest.raises(ValueError, match=message):
        metric.compute(**given)


def test_example_of_the_metric_runs(metric, monkeypatch):
    monkeypatch.chdir(ROOT)
    example = doctest.DocTestParser().get_doctest(metric.inputs_description, {}, "metric", None, 0)
    result = doctest.DocTestRunner().run(example)
    assert result.attempted == 4
    assert result.failed == 0


def test_example_of_the_card_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    text = (FOLDER / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert f"prints `{capsys.readouterr().out.strip()}`" in text
