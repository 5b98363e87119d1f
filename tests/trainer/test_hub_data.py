"""Trainings on data sets of the Hub: fetched, and recorded by id and commit."""

from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from phosphot5.cli.main import main
from phosphot5.data import read_labelled, write_labelled
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.trainer import run
from phosphot5.trainer.dataset import LabelledFile, merge_proteins
from phosphot5.trainer.recipe import RecipeError, load_recipe

ROOT = Path(__file__).parents[2]
REPO = "org/sites"
ADDRESS = f"hf://datasets/{REPO}"
SHORT = (
    "model.d_model=16",
    "model.d_ff=24",
    "model.num_heads=2",
    "data.max_length=100",
    "training.tokens_per_batch=2048",
    "training.max_steps=1",
)


@pytest.fixture
def published(local_hub, tmp_path, monkeypatch) -> str:
    """The rule-made examples as a data set; its commit."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    api = HfApi(endpoint=local_hub.endpoint, token=local_hub.token)
    api.create_repo(REPO, repo_type="dataset")
    folder = tmp_path / "published"
    (folder / "data").mkdir(parents=True)
    for split, name in (("train", "train"), ("valid", "validation")):
        proteins = read_labelled(ROOT / "examples" / f"synthetic_{split}.fasta")
        write_labelled(proteins, folder / "data" / f"{name}.parquet")
    return api.upload_folder(folder_path=folder, repo_id=REPO, repo_type="dataset").oid


def test_a_recipe_takes_the_split_of_its_role(tmp_path):
    data = load_recipe(
        "tiny", [f"data.train=[{ADDRESS}]", f"data.valid=[{{path: {ADDRESS}, residues: Y}}]"]
    ).data
    assert data.train == [LabelledFile(f"{ADDRESS}/train")]
    assert data.valid == [LabelledFile(f"{ADDRESS}/validation", "Y")]
    named = load_recipe("tiny", [f"data.valid=[{ADDRESS}@v1/test, {ADDRESS}/a.parquet, a.fasta]"]).data
    assert [file.path for file in named.valid] == [f"{ADDRESS}@v1/test", f"{ADDRESS}/a.parquet", "a.fasta"]


def test_an_address_of_another_form_stops_a_recipe():
    with pytest.raises(PhosphoT5Error, match="hf://org/sites: not the address of a data set"):
        load_recipe("tiny", ["data.train=[hf://org/sites]"])
    with pytest.raises(RecipeError, match="unknown key"):
        load_recipe("tiny", [f"data.train=[{{path: {ADDRESS}, split: test}}]"])


def test_a_training_records_id_and_commit(published, tmp_path):
    where = f"training.output_dir={tmp_path / 'out'}"
    given = (f"data.train=[{ADDRESS}]", f"data.valid=[{{path: {ADDRESS}, licence: cc-by-4.0}}]")
    record = run.train(load_recipe("tiny", [*SHORT, *given, where]), ["phosphot5", "train"])
    assert [(file.name, file.role, file.licence) for file in record.data] == [
        (f"{ADDRESS}@{published}/data/train.parquet", "train", "not stated"),
        (f"{ADDRESS}@{published}/data/validation.parquet", "valid", "cc-by-4.0"),
    ]
    local = [LabelledFile(str(tmp_path / "published" / "data" / "train.parquet"))]
    assert [(file.records, file.positives) for file in record.data][0] == (
        merge_proteins(local)[1][0].proteins,
        merge_proteins(local)[1][0].positives,
    )
    assert list(record.metrics) == ["sites/validation"]
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert f"| {ADDRESS}@{published}/data/train.parquet | train |" in card
    assert str(tmp_path) not in (tmp_path / "out" / RECORD_FILE).read_text(encoding="utf-8")


def test_errors_of_the_proteins_name_the_data_set(local_hub, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    api = HfApi(endpoint=local_hub.endpoint, token=local_hub.token)
    api.create_repo(REPO, repo_type="dataset")
    done = api.upload_file(
        path_or_fileobj=b">a\nMS#1\n", path_in_repo="train.fasta", repo_id=REPO, repo_type="dataset"
    )
    with pytest.raises(InputFormatError) as caught:
        merge_proteins([LabelledFile(ADDRESS)])
    assert str(caught.value).startswith(
        f"{ADDRESS}@{done.oid}/train.fasta, line 2, record a, position 4: found '1'"
    )


def test_a_data_set_that_is_not_there_stops_the_command_in_one_line(local_hub, tmp_path, capsys):
    where = f"training.output_dir={tmp_path / 'out'}"
    assert main(["train", "tiny", "data.train=[hf://datasets/org/nothing]", where, "--quiet"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "hf://datasets/org/nothing/train: the Hub has no such data set, or it is private" in line


@pytest.mark.slow
def test_finetune_takes_a_data_set(published, tmp_path, tiny_folder):
    options = ["--valid", ADDRESS, "--model", str(tiny_folder), "--quiet", "training.max_steps=1"]
    assert main(["finetune", ADDRESS, "-o", str(tmp_path / "out"), *options]) == 0
    names = [file.name for file in RunRecord.load(tmp_path / "out" / RECORD_FILE).data]
    assert names == [f"{ADDRESS}@{published}/data/{split}.parquet" for split in ("train", "validation")]


@pytest.mark.slow
def test_finetune_splits_a_data_set(published, tmp_path, tiny_folder, no_mmseqs):
    options = ["--model", str(tiny_folder), "--quiet", "training.max_steps=1"]
    assert main(["finetune", ADDRESS, "-o", str(tmp_path / "out"), *options]) == 0
    split = (tmp_path / "out" / "data" / "split.json").read_text(encoding="utf-8")
    assert f"datasets--org--sites/snapshots/{published}/data/train.parquet" in split
