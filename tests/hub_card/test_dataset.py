"""A split on the Hub: Parquet with splits and features that `datasets` loads, and a card that tells how it was made."""

import json
from pathlib import Path

import pytest
import yaml
from datasets import load_dataset
from huggingface_hub import DatasetCard

from phosphot5.cli.main import main
from phosphot5.data import Ledger, Protein, parse, read_labelled, write_labelled
from phosphot5.data.homology.split_folder import SPLIT_FILE, Split, SplitOptions

REPO = "org/sites"


@pytest.fixture
def split(tmp_path: Path, no_mmseqs: None) -> Path:
    """A split of 40 proteins into train, valid and test."""
    source = tmp_path / "secret" / "in.fasta"
    source.parent.mkdir()
    letters = "ACDEFGHIKL"
    named = ((f"{a}{b}", f"{a}{b}S#T@Y#{'K' * 5}S") for a in letters for b in letters[:4])
    write_labelled([Protein(id=name, **vars(parse(text, "hash"))) for name, text in named], source)
    ledger = Ledger()
    made = Split(list(read_labelled(source, ledger)), SplitOptions({"train": 0.8, "valid": 0.1, "test": 0.1}))
    made.measure()
    made.write(tmp_path / "split", [str(source)], ledger)
    return tmp_path / "split"


def push(split: Path, *options: str) -> int:
    return main(["data", "push", str(split), REPO, "--license", "cc-by-4.0", *options])


def test_it_loads_from_the_hub_as_it_was(local_hub, split: Path, tmp_path: Path, capsys) -> None:
    assert push(split) == 0
    head = local_hub.repo(REPO, "dataset").branches["main"]
    assert capsys.readouterr().out == f"published: {local_hub.endpoint}/datasets/{REPO}/commit/{head.oid}\n"
    loaded = load_dataset(REPO, cache_dir=str(tmp_path / "cache"))
    for part, name in (("train", "train"), ("valid", "validation"), ("test", "test")):
        proteins = list(read_labelled(split / f"{part}.fasta.gz"))
        assert loaded[name]["protein"] == [protein.id for protein in proteins]
        for row, protein in zip(loaded[name], proteins, strict=True):
            assert row["sequence"] == protein.sequence
            found = [(site["position"], site["residue"], site["state"]) for site in row["sites"]]
            assert found == [(3, "S", "positive"), (4, "T", "negative"), (5, "Y", "positive")]


def test_what_is_published_trains_without_conversion(local_hub, split: Path, tmp_path: Path) -> None:
    push(split)
    file = tmp_path / "train.parquet"
    file.write_bytes(local_hub.repo(REPO, "dataset").branches["main"].files["data/train.parquet"].data)
    published, made = (list(read_labelled(path)) for path in (file, split / "train.fasta.gz"))
    assert [(p.id, p.sequence, p.states) for p in published] == [(p.id, p.sequence, p.states) for p in made]


def test_the_card_is_valid_and_tells_how_it_was_made(local_hub, split: Path) -> None:
    push(split)
    files = local_hub.repo(REPO, "dataset").branches["main"].files
    card = DatasetCard(files["README.md"].data.decode(), ignore_metadata_errors=False)
    card.validate()
    about = yaml.safe_load(files["README.md"].data.decode().split("---\n")[1])
    assert about["license"] == "cc-by-4.0"
    assert [entry["split"] for entry in about["configs"][0]["data_files"]] == ["train", "validation", "test"]
    record = json.loads((split / SPLIT_FILE).read_text())
    sizes = {entry["name"]: entry["num_examples"] for entry in about["dataset_info"]["splits"]}
    assert sizes == {
        {"valid": "validation"}.get(name, name): part["proteins"] for name, part in record["parts"].items()
    }
    for part in record["parts"].values():
        assert f"| {part['proteins']:,} |" in card.text
        assert part["sha256_of_ids"] in card.text
    assert f"| secret/in.fasta | `{record['inputs'][0]['sha256']}` |" in card.text
    assert "Proteins of 30 % identity over 80 % of both" in card.text


def test_no_path_of_the_machine_is_published(local_hub, split: Path) -> None:
    push(split)
    for name, file in local_hub.repo(REPO, "dataset").branches["main"].files.items():
        assert str(split.parent).encode() not in file.data, name


def test_a_second_push_changes_nothing_and_another_split_leaves_no_old_part(
    local_hub, split: Path, capsys
) -> None:
    push(split)
    push(split)
    assert "nothing changed" in capsys.readouterr().out
    record = json.loads((split / SPLIT_FILE).read_text())
    del record["parts"]["test"]
    (split / SPLIT_FILE).write_text(json.dumps(record))
    push(split)
    files = local_hub.repo(REPO, "dataset").branches["main"].files
    assert [name for name in files if name.startswith("data/")] == [
        "data/train.parquet",
        "data/validation.parquet",
    ]


def test_dry_run_lists_and_sends_nothing(local_hub, split: Path, capsys) -> None:
    assert push(split, "--dry-run", "--revision", "candidate") == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{split} -> {REPO} (dataset), candidate: 5 files, ")
    assert [line.split()[-1] for line in rest] == [
        "README.md",
        *(f"data/{name}.parquet" for name in ("test", "train", "validation")),
        SPLIT_FILE,
    ]
    assert local_hub.requests == []


def test_a_part_that_was_changed_is_refused(local_hub, split: Path, capsys) -> None:
    proteins = list(read_labelled(split / "test.fasta.gz"))
    write_labelled(proteins[1:], split / "test.fasta.gz", overwrite=True)
    assert push(split) == 1
    told = capsys.readouterr().err
    assert (
        f"{split / 'test.fasta.gz'}: changed since the split: {len(proteins) - 1} proteins with the fingerprint"
        in told
    )
    assert local_hub.requests == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "split.json: not found; give a folder written by `phosphot5 data split`"),
        ("{", "split.json: is no valid JSON ("),
        ("{}", "split.json: lists no parts of a split"),
    ],
)
def test_a_folder_that_is_no_split_is_refused(local_hub, split: Path, text, message: str, capsys) -> None:
    (split / SPLIT_FILE).unlink()
    if text is not None:
        (split / SPLIT_FILE).write_text(text)
    assert push(split) == 1
    assert message in capsys.readouterr().err
    assert local_hub.requests == []
