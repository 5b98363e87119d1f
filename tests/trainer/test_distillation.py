"""Teachers: whose scores they are, which sites they are targets of, and how they come into a training."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional as F  # noqa: N812
from trainer_runs import EXACT, PARTNER, PLAIN, Run, make_dataset, make_model

from phosphot5.bundled import bundled_folder
from phosphot5.data import Protein
from phosphot5.errors import PhosphoT5Error
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import score_proteins
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer
from phosphot5.trainer import PhosphositeCollator, distillation, run
from phosphot5.trainer.distillation import TEACHER_FILE, Teacher, teacher_scores
from phosphot5.trainer.recipe import load_recipe

ROOT = Path(__file__).parents[2]
PROTEINS = [Protein(id="A", sequence="MSPKTEYVRS"), Protein(id="B", sequence="GGYSK")]
UNSMOOTHED = EXACT | {"focal_gamma": 0.0, "label_smoothing": 0.0, "copy_weight": 0.0}


@pytest.fixture
def saved(tmp_path: Path):
    """Save a small model with weights of its own under a name."""

    def save(name: str, seed: int, **overrides: float) -> Teacher:
        model = make_model(seed, **overrides)
        with torch.no_grad():
            model.shared.weight *= 3  # or all scores lie near a half
        model.save_pretrained(tmp_path / name)
        PhosphoT5Tokenizer().save_pretrained(tmp_path / name)
        return Teacher(str(tmp_path / name))

    return save


def test_the_target_is_the_mean_of_the_teachers_log_odds(saved, tmp_path: Path) -> None:
    teachers = [saved("one", 1), saved("two", 2)]
    file = tmp_path / "kept" / "scores.npz"
    found = teacher_scores(PROTEINS, teachers, file)
    odds = []
    for teacher in teachers:
        scores = [scores for _, scores in score_proteins(load_model(teacher.model)[0], PROTEINS)]
        odds.append([np.log(p / (1 - p)) for p in scores])
    assert max(np.nanmax(np.abs(a - b)) for a, b in zip(*odds, strict=True)) > 0.1
    for target, one, other, protein in zip(found, *odds, PROTEINS, strict=True):
        assert target.dtype == np.float32
        np.testing.assert_allclose(target[:-1], 1 / (1 + np.exp(-(one + other) / 2)), rtol=1e-4)
        assert np.isnan(target).tolist() == [*(letter not in "STY" for letter in protein.sequence), True]


def test_a_teacher_may_teach_some_residues(saved, tmp_path: Path) -> None:
    one, other = (saved(name, seed) for seed, name in enumerate(("one", "other")))
    both, first, second = (
        np.concatenate(teacher_scores(PROTEINS, teachers, tmp_path / TEACHER_FILE))
        for teachers in ([Teacher(one.model, "S"), Teacher(other.model, "ST")], [one], [other])
    )
    letters = np.array(list("\n".join([*(protein.sequence for protein in PROTEINS), ""])))
    assert np.isnan(both[~np.isin(letters, list("ST"))]).all()
    np.testing.assert_array_equal(both[letters == "T"], second[letters == "T"])
    serines = (np.log(p / (1 - p))[letters == "S"] for p in (first, second))
    np.testing.assert_allclose(both[letters == "S"], 1 / (1 + np.exp(-sum(serines) / 2)), rtol=1e-4)


def test_a_teacher_may_be_saved_in_bfloat16(saved, tmp_path: Path) -> None:
    teacher = saved("one", 1)
    model = load_model(teacher.model)[0].bfloat16()
    model.save_pretrained(tmp_path / "half")
    PhosphoT5Tokenizer().save_pretrained(tmp_path / "half")
    file = tmp_path / TEACHER_FILE
    found, expected = (
        np.concatenate(teacher_scores(PROTEINS, [Teacher(name)], file))
        for name in (str(tmp_path / "half"), teacher.model)
    )
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_scores_are_kept_for_the_same_teachers_and_proteins(saved, tmp_path: Path, monkeypatch) -> None:
    one, other, file = saved("one", 1), saved("other", 2), tmp_path / TEACHER_FILE
    asked = []
    stock = distillation.score_proteins
    monkeypatch.setattr(distillation, "score_proteins", lambda *args: asked.append(1) or stock(*args))
    first = teacher_scores(PROTEINS, [one], file)
    again = teacher_scores(PROTEINS, [one], file)
    assert len(asked) == 1
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(teacher_scores(PROTEINS, [other], file)[0], first[0], equal_nan=True)
    teacher_scores(PROTEINS[:1], [other], file)
    teacher_scores(PROTEINS[:1], [Teacher(other.model, "ST")], file)
    assert len(asked) == 4
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [TEACHER_FILE]


def batch_with_teacher() -> dict[str, torch.Tensor]:
    """Six proteins in a batch, each site with a drawn probability."""
    samples = []
    for row in (make_dataset(6)[number] for number in range(6)):
        sites = np.isin(row["input_ids"], list(PARTNER))
        drawn = np.random.default_rng(len(sites)).random(len(sites), dtype=np.float32)
        samples.append(row | {"teacher": np.where(sites, drawn, np.nan)})
    return PhosphositeCollator()(samples)


def loss(
    folder: Path, batch: dict, weight: float, model: dict = UNSMOOTHED, **arguments: float
) -> torch.Tensor:
    trainer = Run(str(folder), PLAIN | arguments | {"teacher_weight": weight}, model).trainer()
    return trainer.compute_loss(trainer.model.train(), dict(batch))


def test_the_loss_is_a_mixture(tmp_path: Path) -> None:
    batch = batch_with_teacher()
    trainer = Run(str(tmp_path), PLAIN, UNSMOOTHED).trainer()
    ids, labels, teacher = batch["input_ids"], batch["labels"], batch["teacher"]
    bare = {name: values for name, values in batch.items() if name != "teacher"}
    logits = trainer.model.train()(**bare).logits
    at = ~teacher.isnan()
    partner = torch.tensor([PARTNER[i] for i in ids[at].tolist()])
    odds = logits[at].gather(1, partner[:, None])[:, 0] - logits[at].gather(1, ids[at][:, None])[:, 0]
    known, truth = labels[at] != -100, (labels[at] == partner).float()
    assert 0 < known.sum() < len(known)
    by_label = F.binary_cross_entropy_with_logits(odds[known], truth[known], reduction="sum")
    by_teacher = F.binary_cross_entropy_with_logits(odds, teacher[at], reduction="sum")
    items = (labels != -100).sum()
    for weight in (0.0, 0.3, 1.0):
        expected = ((1 - weight) * by_label + weight * by_teacher) / items
        torch.testing.assert_close(loss(tmp_path, batch, weight), expected)


def test_a_teacher_that_says_the_labels_changes_nothing(tmp_path: Path) -> None:
    batch = batch_with_teacher()
    known = ~batch["teacher"].isnan() & (batch["labels"] != -100)
    truth = (batch["labels"] != batch["input_ids"]).float()
    batch["teacher"] = torch.where(known, truth, float("nan"))
    torch.testing.assert_close(loss(tmp_path, batch, 1.0), loss(tmp_path, batch, 0.0))


@pytest.mark.parametrize("shown", [{"prefix_mask_prob": 0.0}, {"known_site_prob": 1.0}])
def test_proteins_whose_sites_are_shown_go_by_their_labels(tmp_path: Path, shown: dict) -> None:
    batch = batch_with_teacher()
    positive = (batch["labels"] != batch["input_ids"]) & (batch["labels"] != -100)
    told = positive.any(1) | ("prefix_mask_prob" in shown)
    assert told.any()
    model = UNSMOOTHED | shown
    differs = []
    for row in range(len(told)):
        alone = {name: values[row : row + 1] for name, values in batch.items()}
        losses = []
        for weight in (0.0, 1.0):
            torch.manual_seed(0)
            losses.append(loss(tmp_path, alone, weight, model).item())
        differs.append(losses[0] != losses[1])
    assert differs == (~told).tolist()


def test_passes_in_turn_and_together_have_one_gradient(tmp_path: Path) -> None:
    found = []
    for batching in ("together", "in_turn"):
        given = {"noise_iterations": 2, "noise_batching": batching}
        trainer = Run(str(tmp_path), PLAIN | given, EXACT).trainer()
        value = trainer.training_step(trainer.model, batch_with_teacher(), None)
        found.append((value, trainer.model.shared.weight.grad))
    torch.testing.assert_close(*found)


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Train the tiny recipe for four steps in a folder below the test's own."""
    monkeypatch.chdir(ROOT)
    small = ("model.d_model=16", "model.d_ff=24", "model.num_heads=2", "data.max_length=100")
    short = (
        "tokens_per_batch=2048",
        "max_steps=4",
        "eval_strategy=no",
        "save_strategy=steps",
        "save_steps=2",
    )

    def start(*overrides: str, folder: str = "out", resume: bool = False) -> RunRecord:
        given = [f"training.{setting}" for setting in (*short, "load_best_model_at_end=false")]
        where = f"training.output_dir={tmp_path / folder}"
        recipe = load_recipe("tiny", [*small, *given, where, *overrides])
        return run.train(recipe, ["phosphot5", "train", "tiny"], resume)

    return start


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same(one: dict, other: dict) -> bool:
    return all(torch.equal(one[name], value) for name, value in other.items())


def test_a_recipe_names_teachers(train, tmp_path: Path) -> None:
    train(folder="alone")
    first = RunRecord.load(tmp_path / "alone" / RECORD_FILE)
    record = train(
        f"data.teachers=[{{model: bundled, residues: ST}}, {tmp_path / 'alone'}]",
        "training.teacher_weight=0.5",
    )
    assert not same(weights(tmp_path / "alone"), weights(tmp_path / "out"))
    assert record.arguments["data.teachers"] == ["bundled (ST)", "alone (STY)"]
    assert record.arguments["training.teacher_weight"] == 0.5
    bundled = RunRecord.load(bundled_folder() / RECORD_FILE)
    commands = [training.command for training in record.earlier]
    assert commands == [*(training.command for training in bundled.earlier), bundled.command, first.command]
    card = (tmp_path / "out" / "README.md").read_text()
    assert "it learnt from the scores that `bundled (ST)` and `alone (STY)` gave the sites" in card
    assert not (tmp_path / "out" / TEACHER_FILE).exists()


def test_a_resumed_training_reads_the_scores(train, tmp_path: Path, monkeypatch, caplog) -> None:
    teacher = "data.teachers=[bundled]"
    train(teacher, folder="whole")
    stock = run.PhosphoT5Trainer.training_step

    def stop(self, *args, **kwargs):
        if self.state.global_step == 2:
            raise KeyboardInterrupt
        return stock(self, *args, **kwargs)

    monkeypatch.setattr(run.PhosphoT5Trainer, "training_step", stop)
    with pytest.raises(KeyboardInterrupt):
        train(teacher)
    assert (tmp_path / "out" / TEACHER_FILE).is_file()
    monkeypatch.setattr(run.PhosphoT5Trainer, "training_step", stock)
    monkeypatch.setattr(distillation, "score_proteins", None)  # must not be asked again
    with caplog.at_level("INFO", "phosphot5"):
        train(teacher, resume=True)
    assert "scores of the teachers read from" in caplog.text
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "out"))


def test_a_teacher_that_is_missing_is_named(train, tmp_path: Path) -> None:
    with pytest.raises(PhosphoT5Error, match="nowhere/none: cannot be loaded as a model"):
        train("data.teachers=[nowhere/none]")
    assert not (tmp_path / "out" / RECORD_FILE).exists()


@pytest.mark.slow
def test_two_processes_have_teachers(torchrun, tmp_path: Path) -> None:
    files = [f"data.{name}=[{ROOT}/examples/synthetic_{name}.fasta]" for name in ("train", "valid")]
    small = ("model.d_model=16", "model.d_ff=24", "model.num_heads=2", "data.max_length=100")
    short = ("training.max_steps=2", "training.tokens_per_batch=1024", "training.output_dir=out")
    torchrun(
        *("-m", "phosphot5", "train", str(ROOT / "recipes/tiny.yaml"), "data.teachers=[bundled]"),
        *(*small, *short, *files),
    )
    record = RunRecord.load(tmp_path / "out" / RECORD_FILE)
    assert (record.cost.steps, record.arguments["data.teachers"]) == (2, ["bundled (STY)"])
    assert not (tmp_path / "out" / TEACHER_FILE).exists()
