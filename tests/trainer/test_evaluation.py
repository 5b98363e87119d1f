"""Evaluation: exact loss per label, metrics over the whole set, and what goes into the calibration."""

import numpy as np
import pytest
import torch
from trainer_runs import EXACT, PLAIN, Run, make_dataset

from phosphot5.data import Protein, SiteState
from phosphot5.evaluation.metrics import site_metrics
from phosphot5.modeling_phosphot5.decoding_phosphot5 import phospho_partner
from phosphot5.modeling_phosphot5.loss_phosphot5 import focal_cross_entropy
from phosphot5.prediction.scoring import score_proteins
from phosphot5.trainer import PhosphositeCollator
from phosphot5.trainer.calibration import WEIGHTS

NOISY = {"dropout_rate": 0.3, "noise_std": 1.0, "prefix_mask_prob": 0.0}


def trainer_of(folder, model: dict = EXACT, **arguments):
    return Run(str(folder), PLAIN | arguments, model).trainer()


def whole_batch(dataset) -> dict[str, torch.Tensor]:
    return PhosphositeCollator()([dataset[i] for i in range(len(dataset))])


def scores(metrics: dict[str, float]) -> dict[str, float]:
    slow = ("runtime", "samples_per_second", "steps_per_second")
    return {name: value for name, value in metrics.items() if not name.endswith(slow)}


def test_the_loss_is_the_mean_over_all_labels(tmp_path) -> None:
    """By hand: two-way focal loss at labelled sites plus the weighted loss over all tokens, per label."""
    trainer = trainer_of(tmp_path)
    model, batch = trainer.model.eval(), whole_batch(trainer.eval_dataset)
    with torch.no_grad():
        logits = model(**batch).logits
    config = model.config
    labelled = batch["labels"] != -100
    logits, labels, ids = logits[labelled], batch["labels"][labelled], batch["input_ids"][labelled]
    partner = phospho_partner(config.site_token_ids, config.vocab_size, torch.device("cpu"))
    site = partner[ids] >= 0
    pair = torch.stack([logits[site, ids[site]], logits[site, partner[ids[site]]]], dim=1)
    settings = config.focal_gamma, config.label_smoothing
    loss = focal_cross_entropy(pair, (labels != ids)[site].long(), *settings).sum()
    loss += config.copy_weight * focal_cross_entropy(logits, labels, *settings).sum()
    assert trainer.evaluate()["eval_loss"] == pytest.approx(loss.item() / len(labels), rel=1e-5)
    assert trainer.evaluate()["eval_loss"] == pytest.approx(model(**batch).loss.item(), rel=1e-5)


def test_evaluation_has_neither_noise_nor_dropout_nor_conditional_rows(tmp_path) -> None:
    one, two = (scores(trainer_of(tmp_path, model).evaluate()) for model in (NOISY, EXACT))
    assert one == two


@pytest.mark.parametrize("budget", [1, 60, 150])
def test_the_size_of_batches_does_not_matter(tmp_path, budget: int) -> None:
    small, large = (trainer_of(tmp_path, eval_tokens_per_batch=n) for n in (budget, 100_000))
    assert len(small.get_eval_dataloader()) > len(large.get_eval_dataloader()) == 1
    assert scores(small.evaluate()) == pytest.approx(scores(large.evaluate()), rel=1e-5)


def test_metrics_are_those_of_the_models_scores_on_all_labelled_sites(tmp_path) -> None:
    trainer = trainer_of(tmp_path, eval_tokens_per_batch=64)
    found = trainer.evaluate()
    model, batch = trainer.model.eval(), whole_batch(trainer.eval_dataset)
    log_odds = model.site_logits(batch["input_ids"], batch["attention_mask"])
    at = ~log_odds.isnan() & (batch["labels"] != -100)
    residues = np.array(["S" if i == 7 else "T" if i == 11 else "Y" for i in batch["input_ids"][at].tolist()])
    truth = (batch["labels"] != batch["input_ids"])[at].numpy()
    expected = site_metrics(log_odds[at].numpy(), truth, residues)
    assert {name: found[f"eval_{name}"] for name in expected} == pytest.approx(expected, rel=1e-5)
    assert found["eval_st_sites"] + found["eval_y_sites"] == int(at.sum())


def test_prediction_returns_log_odds_and_truth(tmp_path) -> None:
    trainer = trainer_of(tmp_path)
    output = trainer.predict(make_dataset(12, seed=5))
    assert output.predictions.shape == output.label_ids.shape
    assert output.metrics["test_st_sites"] + output.metrics["test_y_sites"] == len(output.predictions)


def test_calibration_is_stored_and_measured_in_float32(tmp_path) -> None:
    run = Run(str(tmp_path), {"tokens_per_batch": 200, "max_steps": 2, "learning_rate": 1e-2}, EXACT)
    trainer = run.trainer()
    trainer.eval_dataset = make_dataset(60, seed=2)
    trainer.train()
    coarse = trainer.evaluate()["eval_loss"]
    metrics = trainer.evaluate_as_predicted()
    batch = whole_batch(trainer.eval_dataset)
    with torch.no_grad():
        exact = trainer.model(**batch).loss.item()
    assert metrics["eval_loss"] == pytest.approx(exact, rel=1e-5)
    assert coarse != pytest.approx(exact, rel=1e-6)  # bfloat16


def test_calibration_is_fitted_to_whole_proteins(tmp_path) -> None:
    """A protein beyond the longest training segment is calibrated by the scores that its prediction has."""
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("AKSTYGS"), 70 * (number + 1))) for number in range(12)]
    trainer = trainer_of(tmp_path)
    trainer.model.eval()
    proteins = []
    for protein, score in score_proteins(trainer.model, [Protein(id=text, sequence=text) for text in texts]):
        noisy = score + rng.normal(0, np.nanstd(score), len(score))
        labels = np.where(noisy > np.nanmean(score), SiteState.POSITIVE, SiteState.NEGATIVE)
        states = np.where(np.isnan(score), SiteState.UNKNOWN, labels).astype(np.uint8)
        proteins.append(Protein(id=protein.id, sequence=protein.sequence, states=states.tobytes()))
    scores, truth, residues = trainer.calibrate(proteins)
    model = trainer.model
    assert set(model.config.calibration) == set(model.config.fpr_table) == set("STY")
    line = model.config.calibration
    weights = {r: np.array([line[r][name] for name in WEIGHTS if name in line[r]]) for r in "STY"}
    expected = [
        1 / (1 + np.exp(-(weights[r] @ column[: len(weights[r])] + line[r]["intercept"])))
        for r, column in zip(residues, scores.T, strict=True)
    ]
    found = [
        float(score)
        for protein, row in score_proteins(model, proteins)
        for score, state in zip(row, protein.states, strict=True)
        if state in (SiteState.POSITIVE, SiteState.NEGATIVE)
    ]
    assert len(found) == len(truth)
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
def test_two_processes_evaluate_as_one_does(tmp_path, in_two_processes) -> None:
    plan = {"arguments": PLAIN | {"eval_strategy": "steps", "eval_steps": 1, "max_steps": 1}, "model": EXACT}
    sizes = {"per_device_train_batch_size": 4, "eval_tokens_per_batch": 80}
    plan["arguments"] |= sizes
    (two,) = in_two_processes([plan | {"folder": str(tmp_path / "two")}])
    plan["arguments"]["per_device_train_batch_size"] = 8
    one = Run(folder=str(tmp_path / "one"), **plan)()
    assert scores(two["metrics"][0]) == pytest.approx(scores(one["metrics"][0]) | {"epoch": 1 / 3}, rel=1e-4)
