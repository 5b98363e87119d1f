"""Groups of proteins and kinds of label in training: data set, balance, metrics, calibration."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.errors import PhosphoT5Error
from phosphot5.evaluation.metrics import group_metrics, site_metrics
from phosphot5.measure import score_labelled_sites
from phosphot5.trainer.balance import balanced
from phosphot5.trainer.calibration import calibrate
from phosphot5.trainer.collator import PhosphositeCollator
from phosphot5.trainer.dataset import LabelledFile, TrainingProtein, build_dataset, kinds_of_label
from phosphot5.trainer.recipe import DataRecipe, Recipe
from phosphot5.trainer.run import read_sets

KINDS = ["mass-spec", "curated"]


@pytest.fixture
def files(tmp_path):
    """Three files; the first and the last hold the same protein, with labels of different kinds."""
    texts = {
        "human": ">a\nMS#AT@K\n",
        "species": ">b group=plants\nMY#AS@K\n>c group=yeasts\nMS#AAAAAAY@K\n",
        "curated": ">a\nMS@AT@K\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.fasta").write_text(text)
    return [
        LabelledFile(str(tmp_path / "human.fasta"), label_source="mass-spec", group="human"),
        LabelledFile(str(tmp_path / "species.fasta"), label_source="mass-spec"),
        LabelledFile(str(tmp_path / "curated.fasta"), label_source="curated", group="curated"),
    ]


def config(**values) -> PhosphoT5Config:
    return PhosphoT5Config.preset("tiny", label_sources=KINDS, label_source="mass-spec", **values)


def test_a_sequence_with_labels_of_two_kinds_is_two_proteins(files):
    made = build_dataset(files, label_sources=kinds_of_label(config()))
    rows = made.dataset
    assert list(rows["protein"]) == ["a", "b", "c", "a"]
    assert list(rows["label_source"]) == [1, 1, 1, 2]
    names = rows.features["group"].names
    assert [names[number] for number in rows["group"]] == ["human", "plants", "yeasts", "curated"]
    assert [protein.group for protein in made.proteins] == ["human", "plants", "yeasts", "curated"]


def test_files_without_a_kind_are_of_the_models_default(files, tmp_path):
    plain = [LabelledFile(file.path) for file in files]
    assert list(build_dataset(plain, label_sources=kinds_of_label(config())).dataset["label_source"]) == [
        1,
        1,
        1,
    ]
    assert list(build_dataset(plain).dataset["label_source"]) == [0, 0, 0]


def test_an_unknown_kind_is_refused(files):
    with pytest.raises(
        ValueError, match="human.fasta: label_source is 'mass-spec', but the model knows none"
    ):
        build_dataset(files)


def test_a_batch_says_whose_label_each_token_has(files):
    rows = build_dataset(files, label_sources=kinds_of_label(config())).dataset
    batch = PhosphositeCollator(packed=True, multiple=40)([rows[0], rows[3]])
    assert batch["label_sources"].tolist() == [[1] * 6 + [2] * 6 + [0] * 28]
    assert len(set(batch["groups"][0, :6].tolist())) == 1


def test_balance_repeats_small_groups(files):
    rows = build_dataset(files, label_sources=kinds_of_label(config())).dataset
    lengths = dict(zip(list(rows["protein"])[1:3], list(rows["length"])[1:3], strict=True))
    assert lengths == {"b": 6, "c": 11}
    many = rows.select([0] * 6 + [1] * 600 + [2] * 6)
    counts = np.bincount(np.asarray(balanced(many, 0.5, seed=1)["group"]), minlength=5)
    names = many.features["group"].names
    assert counts[names.index("plants")] == 600
    assert counts[names.index("human")] == pytest.approx(60, abs=6)  # of a hundredth of the size, 10 times
    assert counts[names.index("yeasts")] == pytest.approx(6 * (3600 / 66) ** 0.5, abs=6)
    assert len(balanced(many, 1.0, seed=1)) == len(many)
    assert list(balanced(many, 0.5, seed=1)["protein"]) == list(balanced(many, 0.5, seed=1)["protein"])
    weighted = np.bincount(np.asarray(balanced(many, 0.5, 1, {"human": 2.5})["group"]), minlength=5)
    assert weighted[names.index("plants")] == 600
    assert weighted[names.index("human")] == pytest.approx(150, abs=6)
    with pytest.raises(
        ValueError, match="group_weights names the group 'mice', which no training protein has"
    ):
        balanced(many, 1.0, 1, {"mice": 2})
    with pytest.raises(ValueError, match="needs groups"):
        balanced(many.remove_columns("group"), 0.5, seed=1)


def test_a_calibration_needs_a_file(files):
    recipe = Recipe(data=DataRecipe(train=files, valid=[replace(file, calibrate=False) for file in files]))
    with pytest.raises(PhosphoT5Error, match="data.valid: .*; give other or more proteins"):
        read_sets(recipe, kinds_of_label(config()))


def test_means_give_every_group_the_same_weight():
    rng = np.random.default_rng(0)
    residues = np.array(list("SSSSY") * 400)
    groups = np.repeat([0, 1], 1000)
    truth = rng.random(2000) < 0.3
    truth[(groups == 1) & (residues == "Y")] = False  # without positive Y
    scores = truth + rng.normal(size=2000) * np.where(groups == 0, 0.5, 3)
    found = group_metrics(scores, truth, residues, groups, ["easy", "hard", "absent"])
    easy, hard = (
        site_metrics(scores[groups == g], truth[groups == g], residues[groups == g]) for g in (0, 1)
    )
    assert found["easy_st_auroc"] == easy["st_auroc"]
    assert "hard_y_ap" not in found
    assert found["mean_ap"] == pytest.approx(((easy["st_ap"] + easy["y_ap"]) / 2 + hard["st_ap"]) / 2)
    assert found["st_ap"] == site_metrics(scores, truth, residues)["st_ap"]
    alone = group_metrics(scores, truth, residues, np.zeros(2000, int), [])
    assert alone["mean_ap"] == site_metrics(scores, truth, residues)["mean_ap"]


def test_each_kind_is_calibrated_to_its_own_proteins():
    torch.manual_seed(0)
    model = PhosphoT5ForConditionalGeneration(config()).eval()
    torch.nn.init.normal_(model.encoder.label_sources)
    rng = np.random.default_rng(0)
    proteins = []
    for number in range(60):
        sequence = "".join(rng.choice(list("STYAKRDE"), 40))
        kind = KINDS[number % 2]
        share = 0.5 if kind == "mass-spec" else 0.1
        states = [(2 if rng.random() > share else 1) if letter in "STY" else 0 for letter in sequence]
        proteins.append(
            TrainingProtein(sequence=sequence, states=bytes(states), id=f"p{number}", label_source=kind)
        )
    scores, truth, residues = calibrate(model, proteins)
    labelled = sum(np.count_nonzero(np.frombuffer(protein.states, np.uint8)) for protein in proteins)
    assert scores.shape == (3, labelled)
    assert len(truth) == len(residues) == labelled
    assert set(model.config.calibration or {}) <= {"unspecified", *KINDS}
    model.config.check()
    sites = score_labelled_sites(model, proteins)
    by_kind = {kind: np.array([protein.label_source == kind for protein in proteins]) for kind in KINDS}
    alone = score_labelled_sites(model, [p for p in proteins if p.label_source == "curated"])
    of_curated = np.isin(sites.protein, np.flatnonzero(by_kind["curated"]))
    np.testing.assert_array_equal(sites.probability[of_curated], alone.probability)
