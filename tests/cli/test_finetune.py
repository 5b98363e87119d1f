"""Fine-tuning from the command line: from a UniProtKB entry to predictions, without a line of Python."""

import json
from pathlib import Path

import pytest

from phosphot5.cli.main import main
from phosphot5.record.run_record import RunRecord

QUICK = ("training.max_steps=2", "training.tokens_per_batch=2048", "training.eval_strategy=no")
NO_CHECKPOINTS = ("training.save_strategy=no", "training.load_best_model_at_end=false")


def entry(number: int, sequence: str, sites: dict[int, str]) -> str:
    """Compose a UniProtKB entry with phosphosites that were seen in experiments."""
    names = {"S": "Phosphoserine", "T": "Phosphothreonine", "Y": "Phosphotyrosine"}
    features = "".join(
        f'FT   MOD_RES         {position}\nFT                   /note="{names[sequence[position - 1]]}"\n'
        f'FT                   /evidence="{evidence}"\n'
        for position, evidence in sites.items()
    )
    rows = [sequence[i : i + 60] for i in range(0, len(sequence), 60)]
    lines = "".join(
        "     " + " ".join(row[i : i + 10] for i in range(0, len(row), 10)) + "\n" for row in rows
    )
    return (
        f"ID   TEST{number}_HUMAN            Reviewed;         {len(sequence)} AA.\n"
        f"AC   Q9999{number};\n"
        "DT   01-JAN-2020, integrated into UniProtKB/Swiss-Prot.\n"
        "DE   RecName: Full=Test protein;\n"
        "OS   Homo sapiens (Human).\n"
        "OC   Eukaryota.\n"
        "OX   NCBI_TaxID=9606;\n"
        "PE   1: Evidence at protein level;\n"
        f"{features}"
        f"SQ   SEQUENCE   {len(sequence)} AA;  10000 MW;  0123456789ABCDEF CRC64;\n"
        f"{lines}//\n"
    )


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    """Five entries, each with a sequence of its own and two experimental sites; one has a predicted one too."""
    import random

    random.seed(3)
    text = ""
    for number in range(5):
        letters = random.choices("ACDEFGHIKLMNPQRVW", k=90)
        for place in (9, 29, 49, 69):
            letters[place] = "S"
        sites = {10: "ECO:0000269|PubMed:1", 50: "ECO:0007744|PubMed:2"}
        if number == 0:
            sites[30] = "ECO:0000250|UniProtKB:P00000"
        text += entry(number, "".join(letters), sites)
    path = tmp_path / "entries.txt"
    path.write_text(text)
    return path


@pytest.mark.slow
def test_from_uniprot_entries_to_predictions(
    entries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO")
    assert main(["data", "convert", "entries.txt", "-o", "mine.fasta", "--unlabelled", "negative"]) == 0
    text = (tmp_path / "mine.fasta").read_text()
    assert (text.count("S#"), text.count("S@")) == (10, 9)  # what was only predicted stays unknown
    assert main(["finetune", "mine.fasta", "-o", "tuned", *QUICK, *NO_CHECKPOINTS]) == 0
    record = RunRecord.load(tmp_path / "tuned/run_record.json")
    assert record.base_model == "bundled"
    assert {(file.role, file.name) for file in record.data} == {
        ("train", "data/train.fasta.gz"),
        ("valid", "data/valid.fasta.gz"),
    }
    split = json.loads((tmp_path / "tuned/data/split.json").read_text())
    assert split["parts"]["train"]["proteins"] + split["parts"]["valid"]["proteins"] == 5
    assert "too few validation sites to calibrate S (mass-spec): kept as it was" in caplog.text
    (tmp_path / "new.fasta").write_text(">x\nMASPSTEYKR\n")
    assert main(["predict", "new.fasta", "--model", "tuned", "-o", "sites.tsv"]) == 0
    assert len((tmp_path / "sites.tsv").read_text().splitlines()) == 1 + 4


@pytest.mark.slow
def test_validation_files_can_be_given(
    entries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["data", "convert", "entries.txt", "-o", "mine.parquet", "--unlabelled", "negative"]) == 0
    valid = Path(__file__).parents[2] / "examples/synthetic_valid.fasta"
    command = ["finetune", "mine.parquet", "-o", "tuned", "--valid", str(valid), *QUICK, *NO_CHECKPOINTS]
    assert main(command) == 0
    record = RunRecord.load(tmp_path / "tuned/run_record.json")
    assert [file.name for file in record.data][1] == "examples/synthetic_valid.fasta"
    assert not (tmp_path / "tuned/data").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (">a\nMS#S@K\n", "only 1 cluster for 2 parts; give more proteins"),
        (
            ">a\nMKKS#AAAAAK\n>b\nMRRWWWWS#WWLL\n",
            "data.valid: no residue class (S/T or Y) has both positive and negative sites (found 1 and 0)",
        ),
    ],
)
def test_too_little_to_learn_from_is_told(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.fasta").write_text(text)
    assert main(["finetune", "mine.fasta", "-o", "tuned"]) == 1
    assert told in capsys.readouterr().err
    assert not (tmp_path / "tuned/model.safetensors").exists()


def test_a_folder_with_a_model_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "tuned").mkdir()
    (tmp_path / "tuned/run_record.json").write_text("{}")
    assert main(["finetune", "none.fasta", "-o", str(tmp_path / "tuned")]) == 1
    assert "tuned: already contains a training; resume it, remove it" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "tuned").iterdir()] == ["run_record.json"]
