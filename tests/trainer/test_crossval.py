"""Cross-validation: complete, out of fold, resumable, and what it refuses."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from phosphot5.data.labelled import read_labelled
from phosphot5.errors import PhosphoT5Error
from phosphot5.prediction.loading import load_model
from phosphot5.record.run_record import RunRecord
from phosphot5.trainer import crossval
from phosphot5.trainer.crossval import CrossValidation
from phosphot5.trainer.recipe import Recipe, load_recipe

ROOT = Path(__file__).parents[2]
COMMAND = ["/somewhere/phosphot5", "crossval", "tiny"]
SMALL = ("model.d_model=16", "model.d_ff=24", "model.num_heads=2", "training.tokens_per_batch=2048")
SHORT = ("training.max_steps=6", "training.learning_rate=0.02", "data.train=[]", "training.eval_strategy=no")
WHOLE = ("training.save_strategy=no", "training.load_best_model_at_end=false")


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The tiny recipe, shortened, on the 60 validation proteins, with an output folder of its own."""
    monkeypatch.chdir(ROOT)

    def make(*overrides: str) -> Recipe:
        where = f"training.output_dir={tmp_path / 'cv'}"
        return load_recipe("tiny", [*SMALL, *SHORT, *WHOLE, where, *overrides])

    return make


@pytest.mark.slow
def test_every_protein_is_predicted_by_a_model_that_has_not_seen_it(recipe, tmp_path: Path) -> None:
    summary = CrossValidation(recipe(), folds=3).run(COMMAND)
    folder = tmp_path / "cv"
    given = {protein.id: protein for protein in read_labelled(ROOT / "examples/synthetic_valid.fasta")}
    folds = {}
    for fold in range(3):
        names = {protein.id for protein in read_labelled(folder / f"folds/fold{fold}.fasta.gz")}
        folds[fold] = names
        record = RunRecord.load(folder / f"fold{fold}" / "run_record.json")
        read = {(file.role, Path(file.name).name) for file in record.data}
        assert read == {
            ("train", f"fold{(fold + 2) % 3}.fasta.gz"),
            ("valid", f"fold{(fold + 1) % 3}.fasta.gz"),
        }
    assert sum(map(len, folds.values())) == len(given) == len(set.union(*folds.values()))
    with open(folder / crossval.PREDICTIONS_FILE) as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert {(row["protein"], int(row["position"]), row["residue"]) for row in rows} == {
        (name, site.position, site.residue) for name, protein in given.items() for site in protein.sites()
    }
    assert all(row["protein"] in folds[int(row["fold"])] for row in rows)
    first = rows[0]
    model, tokenizer = load_model(str(folder / f"fold{first['fold']}"))
    inputs = tokenizer(given[first["protein"]].sequence, return_tensors="pt")
    expected = model.score_sites(**inputs)[0, int(first["position"]) - 1].item()
    assert float(first["probability"]) == pytest.approx(expected, abs=2e-6)

    assert json.loads((folder / crossval.SUMMARY_FILE).read_text()) == json.loads(json.dumps(summary))
    assert summary["command"][0] == "phosphot5"
    ap = []
    for fold in range(3):
        own = [r for r in rows if r["fold"] == str(fold) and r["state"] != "unknown" and r["residue"] in "ST"]
        truth = [row["state"] == "positive" for row in own]
        ap.append(average_precision_score(truth, [float(row["probability"]) for row in own]))
    assert [fold["st_ap"] for fold in summary["folds"]] == pytest.approx(ap, abs=1e-4)
    assert summary["mean"]["st_ap"] == pytest.approx(np.mean(ap), abs=1e-4)
    assert summary["sd"]["st_ap"] == pytest.approx(np.std(ap, ddof=1), abs=1e-4)


@pytest.mark.slow
def test_finished_folds_are_kept_when_resumed(
    recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    stock = crossval.train

    def train(recipe: Recipe, *args, **kwargs) -> RunRecord:
        trained.append(Path(recipe.training["output_dir"]).name)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return stock(recipe, *args, **kwargs)

    monkeypatch.setattr(crossval, "train", train)
    with pytest.raises(KeyboardInterrupt):
        CrossValidation(recipe(), folds=3).run(COMMAND)
    with pytest.raises(PhosphoT5Error, match="cv: already contains a cross-validation; resume it, remove it"):
        CrossValidation(recipe(), folds=3).run(COMMAND)
    for other in ({"folds": 4}, {"folds": 3, "identity": 0.5}, {"folds": 3, "seed": 2}):
        with pytest.raises(PhosphoT5Error, match="its folds do not match these files and options; remove"):
            CrossValidation(recipe(), **other).run(COMMAND, resume=True)
    summary = CrossValidation(recipe(), folds=3).run(COMMAND, resume=True)
    assert trained == ["fold0", "fold1", "fold1", "fold2"]
    assert len(summary["folds"]) == 3


@pytest.mark.parametrize("given", ["model.start_from=bundled", "training.seed=3"])
def test_models_that_may_know_the_proteins_are_named(
    recipe, given: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class StopError(Exception):
        """Ends the cross-validation before it begins."""

    def stop(*args) -> None:
        raise StopError

    monkeypatch.setattr(CrossValidation, "_prepare", stop)
    with pytest.raises(StopError):
        CrossValidation(recipe(given), folds=3).run(COMMAND)
    assert ("bundled may have been trained on proteins of these folds" in caplog.text) == ("bundled" in given)


def test_what_cannot_be_cross_validated_is_refused(recipe) -> None:
    with pytest.raises(PhosphoT5Error, match="folds is 2, expected at least 3"):
        CrossValidation(recipe(), folds=2)
    with pytest.raises(PhosphoT5Error, match="has no data.train"):
        CrossValidation(recipe("data.valid=[]"))
    with pytest.raises(PhosphoT5Error, match="has no training.output_dir"):
        CrossValidation(recipe("training.output_dir=''"))
