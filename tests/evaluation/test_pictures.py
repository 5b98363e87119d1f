"""Pictures are drawn from any data, say what they show, and leave matplotlib's state alone."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, roc_auc_score

from phosphot5.evaluation import pictures
from phosphot5.evaluation.pictures import (
    learning_curve,
    precision_recall,
    reliability,
    roc,
    score_distributions,
)
from phosphot5.evaluation.sites import LabelledSites

HISTORY = [
    {"loss": 0.5, "learning_rate": 1e-3, "step": 10, "epoch": 0.1},
    {"eval_loss": 0.4, "eval_st_ap": 0.3, "eval_y_ap": 0.25, "eval_st_auroc": 0.7, "step": 20},
    {"loss": 0.3, "step": 30},
    {"eval_loss": 0.35, "eval_st_ap": 0.4, "eval_y_ap": 0.2, "eval_st_auroc": 0.75, "step": 40},
    {"eval_loss": 0.30, "eval_st_ap": 0.35, "eval_y_ap": 0.1, "eval_st_auroc": 0.76, "step": 60},
    {"train_runtime": 12.0, "train_loss": 0.4, "step": 60},
]


@pytest.fixture
def drawn(monkeypatch):
    """Keep the figures that are saved."""
    figures = []
    save = pictures._save
    monkeypatch.setattr(pictures, "_save", lambda figure, path: (figures.append(figure), save(figure, path)))
    return figures


def sites(count: int = 400, letters: str = "STY") -> LabelledSites:
    rng = np.random.default_rng(0)
    states = rng.choice([0, 1, 2], count, p=[0.1, 0.3, 0.6]).astype(np.uint8)
    return LabelledSites(
        probability=rng.beta(1 + 2 * (states == 1), 3, count).astype(np.float32),
        states=states,
        residues=rng.choice(list(letters), count),
        protein=np.zeros(count, dtype=int),
        position=np.arange(count),
        proteins=("p",),
    )


def legends(figure: Figure) -> list[list[str]]:
    return [
        [text.get_text() for text in axes.get_legend().get_texts()] if axes.get_legend() else []
        for axes in figure.axes
    ]


def is_png(path) -> bool:
    return path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_curves_name_scorers_and_areas(tmp_path, drawn):
    known = sites().measured()
    scores = {"PhosphoT5": known.probability} | {f"peer {i}": known.probability**i for i in range(2, 9)}
    roc(scores, known.truth, known.residues, tmp_path / "roc.png")
    precision_recall(scores, known.truth, known.residues, tmp_path / "pr.png")
    assert is_png(tmp_path / "roc.png")
    assert is_png(tmp_path / "pr.png")
    for number, letters in enumerate(("ST", "Y")):
        at = np.isin(known.residues, list(letters))
        truth, score = known.truth[at], known.probability[at]
        area, precision = roc_auc_score(truth, score), average_precision_score(truth, score)
        assert legends(drawn[0])[number][0] == f"PhosphoT5, AUROC {area:.3f}"
        assert legends(drawn[1])[number][0] == f"PhosphoT5, AP {precision:.3f}"
        assert legends(drawn[0])[number][-1] == "chance"
        assert legends(drawn[1])[number][-1] == f"prevalence {truth.mean():.3f}"
        assert len(legends(drawn[0])[number]) == 9
        assert drawn[0].axes[number].get_title().endswith(f"{at.sum()} sites, {truth.sum()} positive")
        # the area under the drawn steps is the average precision
        line = drawn[1].axes[number].lines[0]
        recall, height = line.get_xdata(), line.get_ydata()
        assert line.get_drawstyle() == "steps-post"
        assert -np.sum(np.diff(recall) * height[:-1]) == pytest.approx(precision)


def test_bins_of_the_reliability_curve(tmp_path, drawn):
    known = sites(3000).measured()
    reliability(known.probability, known.truth, known.residues, tmp_path / "r.png")
    assert is_png(tmp_path / "r.png")
    at = known.residues == "Y"
    line = drawn[0].axes[1].containers[0].lines[0]
    assert line.get_ydata().mean() == pytest.approx(known.truth[at].mean(), abs=0.01)
    assert legends(drawn[0])[1][1] == f"15 bins of about {at.sum() // 15} sites"


def test_distributions_of_all_three_states_and_thresholds(tmp_path, drawn):
    score_distributions(sites(), {"S": 0.5, "T": 0.25, "Y": 0.125}, tmp_path / "s.png")
    assert is_png(tmp_path / "s.png")
    left, right = legends(drawn[0])
    assert [text.partition(" (")[0] for text in left[:3]] == ["positive", "measured negative", "not labelled"]
    assert left[3:] == ["threshold S 0.50", "threshold T 0.25"]
    assert right[3:] == ["threshold Y 0.12"]
    score_distributions(sites().measured(), {"ST": 0.5}, tmp_path / "s.png")
    assert [len(texts) for texts in legends(drawn[1])] == [3, 2]
    assert legends(drawn[1])[0][2] == "threshold S/T 0.50"


def test_a_class_without_both_kinds_says_so(tmp_path, drawn):
    only = sites(letters="ST")
    known = only.measured()
    roc({"PhosphoT5": known.probability}, known.truth, known.residues, tmp_path / "a.png")
    precision_recall({"PhosphoT5": known.probability}, known.truth, known.residues, tmp_path / "b.png")
    reliability(known.probability, known.truth, known.residues, tmp_path / "c.png")
    score_distributions(only, {}, tmp_path / "d.png")
    for figure in drawn:
        assert [text.get_text() for text in figure.axes[1].texts] == [
            "no positive and negative sites to compare"
        ]
        assert not figure.axes[0].texts


def test_learning_curve_marks_the_best_step(tmp_path, drawn):
    learning_curve(HISTORY, tmp_path / "l.png")
    assert is_png(tmp_path / "l.png")
    left, right = legends(drawn[0])
    assert left == ["training", "validation", "best, step 40"]
    assert right == ["AP, S/T", "AP, Y", "AUROC, S/T", "best, step 40"]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], [[], []]),
        ([{"loss": 1.0, "step": 1}], [["training"], []]),
        ([{"loss": 1.0}, {"eval_st_ap": 0.5}], [[], []]),
        (
            [{"eval_loss": 2.0, "step": 5}, {"eval_loss": 1.0, "step": 6}],
            [["validation", "best, step 6"], ["best, step 6"]],
        ),
        ([{"eval_y_ap": 0.5, "step": 7}], [["best, step 7"], ["AP, Y", "best, step 7"]]),
        ([{"loss": float("nan"), "step": 7}], [["training"], []]),
    ],
)
def test_learning_curve_takes_what_there_is(tmp_path, drawn, history, expected):
    learning_curve(history, tmp_path / "l.png")
    assert is_png(tmp_path / "l.png")
    assert legends(drawn[0]) == expected


def test_global_state_of_matplotlib_is_left_alone(tmp_path):
    code = (
        "import sys; from phosphot5.evaluation.pictures import learning_curve\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import matplotlib\n"
        # reading the backend would choose one
        "settings = lambda: {k: matplotlib.rcParams[k] for k in matplotlib.rcParams if k != 'backend'}\n"
        "before = settings()\n"
        f"learning_curve([{{'loss': 1.0, 'step': 1}}], {str(tmp_path / 'l.png')!r})\n"
        "assert settings() == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
