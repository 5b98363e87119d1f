"""The head for kinases: fitted to frozen states, told apart on proteins that it was not fitted to, and saved."""

import random
from pathlib import Path

import pytest
import torch

from phosphot5.cli.main import main
from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.prediction.loading import load_model
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

FILLER = "ADEFGHIKLMNQV"


@pytest.fixture(scope="module")
def substrates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Proteins with RRAS, which PKA likes, STPK, which CDK1 likes, and S elsewhere."""
    folder, draw = tmp_path_factory.mktemp("substrates"), random.Random(0)
    fasta, rows, new = [], [], []
    for number in range(60):
        parts = ["".join(draw.choices(FILLER, k=30)) for _ in range(5)]
        sequence = parts[0] + "RRAS" + parts[1] + "TPKK" + parts[2] + "S" + parts[3] + "GGS" + parts[4]
        fasta.append(f">sp|Q{number:04}|X_HUMAN A protein\n{sequence}\n")
        rows += [
            f"Q{number:04}\t{sequence.index('RRAS') + 4}\tPRKACA\t",
            f"Q{number:04}\t{sequence.index('TPKK') + 1}\t\tCDK",
        ]
        new.append(f"Q{number:04}\t{sequence.index('GGS') + 3}\t\tNOVEL")
    head = "protein\tposition\tkinase\tfamily\n"
    (folder / "proteins.fasta").write_text("".join(fasta))
    (folder / "table.tsv").write_text(head + "\n".join(rows) + "\n")
    (folder / "new.tsv").write_text(head + "\n".join(new[:30]) + "\n")
    torch.manual_seed(0)
    model = PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny"))
    model.save_pretrained(folder / "model")
    PhosphoT5Tokenizer().save_pretrained(folder / "model")
    RunRecord.start(["test"], {}, 0).save(folder / "model" / RECORD_FILE)
    return folder


def fit(folder: Path, model: Path, table: str, output: Path) -> int:
    fasta = str(folder / "proteins.fasta")
    return main(
        [
            "finetune",
            "--kinases",
            str(folder / table),
            "--fasta",
            fasta,
            "--model",
            str(model),
            "-o",
            str(output),
        ]
    )


@pytest.mark.slow
def test_families_are_told_apart_and_a_new_one_is_added(substrates, tmp_path: Path, capsys) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert fit(substrates, substrates / "model", "table.tsv", first) == 0
    assert "PKA: 60 sites; AUROC " in capsys.readouterr().out
    record = RunRecord.load(first / RECORD_FILE)
    assert set(record.kinases) == {"AGC", "PKA", "CMGC", "CDK"}
    assert record.kinases["PKA"]["kinases_auroc"] > 0.95
    assert record.kinases["PKA"]["substrates_auroc"] > 0.9
    assert record.kinase_fits[0].command[:2] == ["phosphot5", "finetune"]
    assert [file.role for file in record.data] == ["kinases", "kinases"]
    model = load_model(str(first))[0]
    assert model.config.kinase_families["PKA"]["sites"] == 60
    assert set(model.config.kinase_fpr_table) == {"AGC", "PKA", "CMGC", "CDK"}
    before = load_model(str(substrates / "model"))[0].state_dict()
    after = model.state_dict()
    assert all(torch.equal(after[name], weight) for name, weight in before.items())

    assert fit(substrates, first, "new.tsv", second) == 0
    added = load_model(str(second))[0]
    assert list(added.config.kinase_families) == ["AGC", "CDK", "CMGC", "NOVEL", "PKA"]
    ids = PhosphoT5Tokenizer()("MGGSRRASTPKKAY", return_tensors="pt")["input_ids"]
    old, new = model.score_kinases(ids), added.score_kinases(ids)
    torch.testing.assert_close(new[..., [0, 1, 2, 3, 4, 6]], old, equal_nan=True)
    assert new[0, 3, 5] > new[0, 7, 5]  # GGS more than RRAS
    assert added.config.kinase_fpr_table["PKA"] == model.config.kinase_fpr_table["PKA"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kinases", "table.tsv"], "--kinases needs the sequences of its proteins"),
        (["mine.fasta", "--kinases", "table.tsv"], "--kinases goes without labelled proteins"),
        ([], "no labelled proteins; name a file, or a table"),
    ],
)
def test_arguments_that_do_not_fit_are_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys
) -> None:
    assert main(["finetune", *arguments, "-o", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err


def test_too_few_sites_are_one_line(substrates, tmp_path: Path, capsys) -> None:
    command = [
        "finetune",
        "--kinases",
        str(substrates / "table.tsv"),
        "--fasta",
        str(substrates / "proteins.fasta"),
    ]
    command += ["--model", str(substrates / "model"), "-o", str(tmp_path / "out"), "--min-sites", "100"]
    assert main(command) == 1
    assert "no family of kinases has 100 sites; the most, 60, are of" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
