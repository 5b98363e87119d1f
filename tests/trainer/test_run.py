"""A whole training: recipe in, model folder with calibration, code, record and card out."""

import json
import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import CURVE_FILE, RELIABILITY_FILE, card
from phosphot5.modeling_phosphot5.configuration_phosphot5 import VERSION
from phosphot5.prediction.loading import load_model
from phosphot5.record.facts import EXAMPLE_SEQUENCE
from phosphot5.record.fingerprints import sha256_of_ids
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.trainer import run
from phosphot5.trainer.recipe import load_recipe

ROOT = Path(__file__).parents[2]
SMALL = ("model.d_model=16", "model.d_ff=24", "model.num_heads=2", "data.max_length=100")
SHORT = ("training.tokens_per_batch=2048", "training.max_steps=3", "training.eval_strategy=steps")
EVERY_STEP = (*SHORT, "training.save_strategy=steps", "training.eval_steps=1", "training.save_steps=1")
COMMAND = ["/somewhere/bin/phosphot5", "train", "recipes/tiny.yaml"]


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The tiny recipe, shortened, with an output folder of its own."""
    monkeypatch.chdir(ROOT)

    def make(*overrides: str, folder: str = "out"):
        where = f"training.output_dir={tmp_path / folder}"
        return load_recipe("recipes/tiny.yaml", [*SMALL, *EVERY_STEP, where, *overrides])

    return make


def test_the_output_folder_is_complete(recipe, tmp_path: Path) -> None:
    record = run.train(recipe(), COMMAND)
    folder = tmp_path / "out"
    assert RunRecord.load(folder / RECORD_FILE) == record
    config = json.loads((folder / "config.json").read_text())
    assert set(config["calibration"] or {}) == set(config["fpr_table"] or {}) <= set("STY")
    assert "AutoModelForSeq2SeqLM" in config["auto_map"]
    for name in (
        "model.safetensors",
        "vocab.json",
        "tokenizer_config.json",
        "modeling_phosphot5.py",
        "handler.py",
        "requirements.txt",
        "README.md",
        CURVE_FILE,
        RELIABILITY_FILE,
    ):
        assert (folder / name).is_file(), name
    assert "PhosphoT5" in (folder / "README.md").read_text()
    model, tokenizer = load_model(str(folder))
    assert model.score_sites(**tokenizer("MSPKYE", return_tensors="pt"))[0, 1] > 0


def test_the_record_shows_what_the_pipeline_of_the_saved_model_says(recipe, tmp_path: Path) -> None:
    record = run.train(recipe(), COMMAND)
    model, tokenizer = load_model(str(tmp_path / "out"))
    assert record.example.sequence == EXAMPLE_SEQUENCE
    assert record.example.sites == model.pipeline(tokenizer)(EXAMPLE_SEQUENCE)
    assert record.ledger["valid"]["sequences_also_in_train"] == 0


def test_a_folder_that_it_starts_from_does_not_pass_for_a_repository(recipe, tmp_path: Path) -> None:
    first = run.train(recipe(), COMMAND)
    assert first.earlier == []
    started = recipe(f"model.start_from={tmp_path / 'out'}", folder="next")
    record = run.train(started, COMMAND)
    assert record.base_model == "out"
    assert [(part.command, part.seed, part.cost) for part in record.earlier] == [
        (first.command, first.seed, first.cost)
    ]
    assert record.earlier[0].data == first.data
    assert RunRecord.load(tmp_path / "next" / RECORD_FILE) == record
    assert "base_model" not in (tmp_path / "next" / "README.md").read_text().split("---\n")[1]


def test_the_record_tells_kinds_of_label_groups_and_numbers(recipe) -> None:
    train = "{path: examples/synthetic_train.fasta, label_source: mass-spec, group: made-up}"
    record = run.train(
        recipe(
            "model.label_sources=[mass-spec, curated]",
            "model.label_source=mass-spec",
            f"data.train=[{train}]",
            "data.balance=0.5",
            "data.group_weights={made-up: 1.5}",
        ),
        COMMAND,
    )
    train, valid = record.data
    assert (train.label_source, train.group, valid.label_source, valid.group) == (
        "mass-spec",
        "made-up",
        "",
        "",
    )
    assert record.arguments["model.label_sources"] == ["mass-spec", "curated"]
    assert record.arguments["data.balance"] == 0.5
    assert record.arguments["data.group_weights"] == {"made-up": 1.5}
    assert record.arguments["training.bf16"] in (True, False)


def test_a_group_with_few_positives_has_no_figures(recipe, tmp_path: Path) -> None:
    (tmp_path / "few.fasta").write_text(">few\nMS#PS@KKLS@RPY#PEYY@\n")
    many = "{path: examples/synthetic_valid.fasta, group: many}"
    few = f"{{path: {tmp_path}/few.fasta, group: few}}"
    record = run.train(recipe(f"data.valid=[{many}, {few}]"), COMMAND)
    assert {"st_auroc", "st_auroc_low", "y_ap"} <= set(record.metrics["many"])
    classes = {"st": (3, 1 / 3), "s": (3, 1 / 3), "y": (2, 1 / 2)}
    counted = {f"{key}_sites": sites for key, (sites, _) in classes.items()}
    shares = {f"{key}_prevalence": pytest.approx(share, abs=1e-6) for key, (_, share) in classes.items()}
    assert record.metrics["few"] == counted | shares


def test_the_record_tells_command_data_and_cost(recipe) -> None:
    record = run.train(recipe("training.noise_iterations=1"), COMMAND)
    assert record.command == ["phosphot5", *COMMAND[1:]]
    assert record.arguments["training.max_steps"] == 3
    assert record.arguments["model.d_model"] == 16
    assert (record.seed, record.finished is not None) == (1, True)
    train, valid = record.data
    assert (train.name, train.role, valid.role) == ("examples/synthetic_train.fasta", "train", "valid")
    text = (ROOT / "examples/synthetic_train.fasta").read_text()
    names = [line[1:].split()[0] for line in text.splitlines() if line.startswith(">")]
    residues = "".join(line for line in text.splitlines() if not line.startswith(">"))
    assert (train.records, train.positives, train.negatives) == (
        len(names),
        residues.count("#"),
        residues.count("@"),
    )
    assert record.splits["train"] == sha256_of_ids(names)
    assert record.splits["train"] != record.splits["valid"]
    (metrics,) = record.metrics.values()
    assert {"st_ap", "y_ap", "mean_ap", "loss", "st_ece", "st_ece_uncalibrated"} <= set(metrics)
    assert metrics["st_ap_low"] <= metrics["st_ap"] <= metrics["st_ap_high"]
    assert not any("runtime" in name or "epoch" in name for name in metrics)
    assert record.ledger["train"]["records_read"] == len(names)
    assert record.ledger["train"]["segments"] >= record.ledger["train"]["proteins"] == len(names)
    assert record.cost.steps == 3
    parameters = record.parameters - 32 * 16  # without the embeddings; position biases are left out too
    assert record.cost.flops == pytest.approx(6 * record.cost.tokens * parameters, rel=0.05)
    assert 0 < record.cost.tokens < len(residues)
    assert record.licence.identifier == "apache-2.0"


def test_saved_models_generate_with_a_cache(recipe, tmp_path: Path) -> None:
    run.train(recipe(), COMMAND)
    folder = tmp_path / "out"
    for path in (folder, folder / "checkpoint-3"):
        for name in ("config.json", "generation_config.json"):
            assert json.loads((path / name).read_text()).get("use_cache", True) is True, (path, name)


def test_code_files_are_there_when_training_begins(
    recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StopError(Exception):
        """Stands for a machine that is switched off."""

    def stop(*args, **kwargs) -> None:
        raise StopError

    monkeypatch.setattr(run.PhosphoT5Trainer, "training_step", stop)
    with pytest.raises(StopError):
        run.train(recipe(), COMMAND)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    own = {path.name for path in (ROOT / "modeling_phosphot5").glob("*_phosphot5.py")}
    assert own | {"config.json", "tokenization_phosphot5.py", "tokenizer_config.json"} <= written
    assert "AutoModelForSeq2SeqLM" in json.loads((tmp_path / "out/config.json").read_text())["auto_map"]


def test_the_best_checkpoint_is_restored(recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter([0.2, 0.9, 0.5, 0.4, 0.3])
    monkeypatch.setattr("phosphot5.trainer.trainer.group_metrics", lambda *args: {"mean_ap": next(given)})
    run.train(recipe("training.save_total_limit=5", "training.learning_rate=0.1"), COMMAND)
    saved = [load_file(tmp_path / "out" / f"checkpoint-{n}" / "model.safetensors") for n in (2, 3)]
    final = load_file(tmp_path / "out" / "model.safetensors")
    assert all(torch.equal(final[name], value) for name, value in saved[0].items())
    assert not all(torch.equal(final[name], value) for name, value in saved[1].items())


@pytest.mark.parametrize(("patience", "steps"), [(2, 4), (3, 5), (0, 8)])
def test_training_stops_after_evaluations_without_improvement(
    recipe, monkeypatch: pytest.MonkeyPatch, patience: int, steps: int
) -> None:
    given = iter([0.5, 0.6, *[0.6] * 20])
    monkeypatch.setattr("phosphot5.trainer.trainer.group_metrics", lambda *args: {"mean_ap": next(given)})
    record = run.train(
        recipe("training.max_steps=8", f"training.early_stopping_patience={patience}"), COMMAND
    )
    assert record.cost.steps == steps


def test_a_card_that_cannot_be_written_is_no_loss(
    recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args) -> None:
        raise KeyError("no such number")

    monkeypatch.setattr(card, "render_card", fail)
    with caplog.at_level(logging.WARNING, "phosphot5.trainer"):
        run.train(recipe(), COMMAND)
    assert "no such number" in caplog.text
    assert (tmp_path / "out" / RECORD_FILE).is_file()
    assert (tmp_path / "out" / "model.safetensors").is_file()
    assert not (tmp_path / "out" / "README.md").exists()


@pytest.mark.filterwarnings("ignore:Cannot enable progress bars")  # forbidden in tests; transformers tries
def test_a_recipe_can_push_what_it_trains(recipe, tmp_path: Path, local_hub) -> None:
    push = ("push_to_hub=true", "hub_model_id=org/mine", "hub_private_repo=true", "hub_strategy=end")
    run.train(recipe(*(f"training.{option}" for option in push)), COMMAND)
    repo = local_hub.repo("org/mine")
    (commit,) = (commit for commit in repo.commits.values() if commit.parent is not None)
    assert (commit.title, repo.private, repo.tags[f"v{VERSION}"]) == ("Model save", True, commit)
    for path in (tmp_path / "out").glob("*.*"):
        assert path.suffix == ".bin" or commit.files[path.name].data == path.read_bytes(), path.name


def test_a_folder_that_holds_a_training_is_left_alone(recipe) -> None:
    run.train(recipe(), COMMAND)
    with pytest.raises(
        PhosphoT5Error, match="out: already contains a training; resume it, remove it or give another"
    ):
        run.train(recipe(), COMMAND)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("data.valid=[]", "has no data.valid"),
        ("training.output_dir=''", "has no training.output_dir"),
        ("training.fp16=true", "fp16 is refused"),
        ("training.hub_token=hf_secret", "training.hub_token: found an access token in the recipe"),
        ("training.save_strategy=sometimes", "training arguments: sometimes is not a valid"),
        ("training.report_to=clearml", "training: ClearMLCallback requires 'clearml' to be installed"),
        ("model.preset=huge", "model: unknown preset 'huge'"),
        ("model.window=0", "model: window is 0"),
        ("model.start_from=nowhere/none", "nowhere/none: cannot be loaded"),
    ],
)
def test_what_cannot_be_trained_is_refused(recipe, override: str, told: str) -> None:
    with pytest.raises(PhosphoT5Error, match=told):
        run.train(recipe(override), COMMAND)


def test_a_training_can_start_from_a_model(recipe, tmp_path: Path) -> None:
    run.train(recipe(), COMMAND)
    start = str(tmp_path / "out")
    recipe = recipe(f"model.start_from={start}", "training.learning_rate=0.0", folder="second")
    for key in ("d_model", "d_ff", "num_heads"):
        del recipe.model[key]
    run.train(recipe, COMMAND)
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in ("out", "second"))
    assert all(torch.equal(first[name], value) for name, value in second.items())


@pytest.mark.slow
def test_two_processes_train_from_the_command_line(torchrun, tmp_path: Path) -> None:
    files = [f"data.{name}=[{ROOT}/examples/synthetic_{name}.fasta]" for name in ("train", "valid")]
    result = torchrun(
        *("-m", "phosphot5", "train", str(ROOT / "recipes/tiny.yaml"), "training.output_dir=out"),
        *(*SMALL, *EVERY_STEP, *files, "training.tokens_per_batch=1024"),
    )
    record = RunRecord.load(tmp_path / "out" / RECORD_FILE)
    assert record.cost.steps == 3
    assert (tmp_path / "out" / "README.md").is_file()
    assert "destroy_process_group() was not called" not in result.stderr
    load_model(str(tmp_path / "out"))


@pytest.mark.slow
def test_the_tiny_recipe_learns_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    record = run.train(load_recipe("tiny", [f"training.output_dir={tmp_path / 'tiny'}"]), COMMAND)
    (metrics,) = record.metrics.values()
    assert metrics["st_ap"] > 0.9
    assert metrics["y_ap"] > 0.95
    config = json.loads((tmp_path / "tiny" / "config.json").read_text())
    assert set(config["fpr_table"]) == set("STY")
