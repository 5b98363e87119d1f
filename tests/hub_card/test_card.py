"""The model card: whole text, valid metadata, and no number that the record does not hold."""

import json
import re
from pathlib import Path

import pytest
import yaml
from huggingface_hub import InferenceClient, ModelCard, ModelCardData, parse_eval_result_entries

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import render_card, write_card
from phosphot5.hub_card.card import EVAL_RESULTS_FILE
from phosphot5.hub_card.card_tables import CALL_RATES, EXAMPLE_COLUMNS, calibration_rows
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS, COLUMNS
from phosphot5.record.facts import (
    EXAMPLE_SEQUENCE,
    Cost,
    DataFile,
    EarlierTraining,
    Example,
    Hardware,
    Licence,
    PeerResult,
)
from phosphot5.record.run_record import RunRecord

GOLDEN = Path(__file__).with_name("golden_card.md")
CONFIG = {
    "model_type": "phosphot5",
    "phosphot5_version": "0.1.0",
    "num_layers": 4,
    "num_decoder_layers": 2,
    "d_model": 128,
    "attention": "window",
    "window": 32,
    "calibration": {
        "Y": {"slope": 0.5, "intercept": 0.25},
        "S": {"slope": 1.0, "neighbours": 0.25, "protein": -0.125, "intercept": 0.0, "threshold": 0.3},
    },
    "fpr_table": {"S": {"fpr": [0.005, 0.015, 0.1], "probability": [0.95, 0.85, 0.4]}},
}


def skeleton(card: str) -> list[str]:
    """Front matter, headings, tables and code of a card line by line; of its prose only the numbers."""
    kept, block = [], None
    for line in card.splitlines():
        fence = next((mark for mark in ("---", "```") if line.startswith(mark)), None)
        if fence and block in (None, fence):
            block = None if block else fence
        whole = fence or block or line.startswith(("#", "|", "!", "<"))
        kept.append(line if whole else " ".join(re.findall(r"\d[\d.,]*", line)))
    return [line for line in kept if line]


def full_record() -> RunRecord:
    return RunRecord(
        command=["phosphot5", "train", "recipes/small.yaml", "--run_name", "first try"],
        arguments={"learning_rate": 0.002, "recipe": "small.yaml", "class_weights": {"S": 1, "T": 2}},
        seed=42,
        versions={"python": "3.11.9", "phosphot5": "0.1.0", "torch": "2.13.0"},
        git_commit="0123456789abcdef0123456789abcdef01234567",
        hardware=Hardware("AMD EPYC 9965", 2, 25_769_803_776, None),
        started="2026-11-22T10:00:00+00:00",
        finished="2026-11-22T11:02:03+00:00",
        base_model="org/phosphot5-small",
        earlier=[
            EarlierTraining(
                ["phosphot5", "train", "small"],
                7,
                "f" * 40,
                "2026-11-21T09:00:00+00:00",
                Cost(tokens=1_000_000, steps=500, seconds=600, peak_memory_bytes=1 << 30, flops=1e14),
                [DataFile("scop3p/train.fasta.gz", "train", "d" * 64, 9216, 74211, 810004)],
            ),
            EarlierTraining(
                ["phosphot5", "train", "a|b.yaml"], 8, None, None, Cost(tokens=2_000_000, steps=1000)
            ),
        ],
        parameters=1_500_000,
        data=[
            DataFile("multisource/train_fold0.fasta.gz", "train", "a" * 64, 1107, 14830, 81483),
            DataFile("musitedeep/Y_train.fasta.gz", "train", "b" * 64, 4773, 8371, 82947, "MIT"),
        ],
        splits={"valid": "c" * 64},
        ledger={
            "train": {"records_read": 5880, "proteins": 5871},
            "valid": {"proteins": 968, "sequences_also_in_train": 2},
        },
        resumed=[
            {"at": "2026-11-22T10:20:00+00:00", "step": 500, "changed": {}},
            {"at": "2026-11-22T10:40:00+00:00", "step": 900, "changed": {"learning_rate": [0.004, 0.002]}},
        ],
        metrics={
            "multisource/valid": {
                "st_auroc": 0.80149,
                "st_auroc_low": 0.79,
                "st_auroc_high": 0.812,
                "st_ap": 0.467,
                "st_prevalence": 0.17312,
                "st_sites": 83135,
                "st_ece": 0.00812,
                "st_ece_low": 0.009,
                "st_ece_high": 0.02,
                "st_ece_uncalibrated": 0.14,
                "y_auroc": None,
                "expected_calibration_error": 0.0123456789,
            },
            "scop3p/valid": {"y_ap": 0.39},
        },
        peers=[
            PeerResult(
                "OneTool",
                "multisource/valid",
                {"st_auroc": 0.75, "st_auroc_low": 0.74, "st_auroc_high": 0.76},
            ),
            PeerResult("Two|Tools", "multisource/valid", {"st_ap": 0.5, "y_mcc": 0.2}, published=True),
        ],
        example=Example(
            EXAMPLE_SEQUENCE,
            [
                {"protein": "1", "position": 6, "residue": "S", "probability": 0.5, "fpr": 0.04}
                | {"call": "medium", "window": "__MEEPQSDPSVEPP", "status": "scored"},
                {"protein": "1", "position": 9, "residue": "S", "probability": 0.25, "fpr": None}
                | {"call": "-", "window": "EPQSDPSVEPPLSQE", "status": "scored"},
            ],
        ),
        cost=Cost(tokens=12_345_678, steps=2000, seconds=3723.4, peak_memory_bytes=3 << 30, flops=1.234e15),
    )


def bare_record() -> RunRecord:
    return RunRecord(
        command=["train.py"],
        arguments={},
        seed=1,
        versions={},
        git_commit=None,
        hardware=Hardware("processor", 1, None, None),
        started="2026-11-22T10:00:00+00:00",
    )


def front_matter(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def test_whole_card():
    card = render_card(full_record(), CONFIG, "org/phosphot5", "org/sites", ["reliability.png"])
    assert skeleton(card) == skeleton(GOLDEN.read_text(encoding="utf-8"))


def test_only_a_model_without_families_of_kinases_denies_them():
    families = {"kinase_families": {"PKA": {"residues": "ST", "sites": 50}}}
    assert "or by which kinase." in render_card(full_record(), CONFIG, None)
    card = render_card(full_record(), CONFIG | families, None)
    assert "in which cell, or at what occupancy." in card
    assert "by which kinase" not in card


def test_the_calls_are_those_of_the_model():
    assert CALL_RATES == CALLS
    assert set(EXAMPLE_COLUMNS) <= set(COLUMNS)


def test_what_a_call_needs_is_read_off_the_table_of_rates():
    s, y = calibration_rows(CONFIG)
    assert s == ["S", "0.900", "0.665", "0.400", "0.300", "1.000", "0.250", "-0.125", "0.000"]
    assert y == ["Y", "-", "-", "-", "-", "0.500", "-", "-", "0.250"]


def test_scores_on_a_data_set_of_the_hub_are_as_the_hub_reads_them(folder):
    write_card(folder, "org/phosphot5", "org/sites")
    data = ModelCard.load(folder / "README.md", ignore_metadata_errors=False).data
    assert data.datasets == ["org/sites"]
    assert {result.dataset_type for result in data.eval_results} == {"org/sites"}
    entries = parse_eval_result_entries(yaml.safe_load((folder / EVAL_RESULTS_FILE).read_text()))
    found = {(entry.dataset_id, entry.task_id, entry.notes): entry.value for entry in entries}
    assert found == {
        ("org/sites", "multisource_valid_st_auroc", "S/T AUROC on multisource/valid"): 0.8015,
        ("org/sites", "multisource_valid_st_ap", "S/T AP on multisource/valid"): 0.467,
        ("org/sites", "scop3p_valid_y_ap", "Y AP on scop3p/valid"): 0.39,
    }


def test_only_pictures_that_are_there_are_shown(folder):
    assert "![" not in write_card(folder).read_text(encoding="utf-8")
    (folder / "learning_curve.png").write_bytes(b"")
    assert write_card(folder).read_text(encoding="utf-8").count("](learning_curve.png)") == 1


def test_metadata_is_what_the_hub_reads():
    card = render_card(full_record(), CONFIG, "org/phosphot5")
    data = ModelCard(card, ignore_metadata_errors=False).data
    assert isinstance(data, ModelCardData)
    assert data.license == "other"
    assert data.license_name == "non-commercial-research"
    assert data.license_link == "LICENSE.md"
    assert data.base_model == "org/phosphot5-small"
    assert data.library_name == "transformers"
    found = {(r.dataset_name, r.metric_name): r.metric_value for r in data.eval_results}
    assert found == {
        ("multisource/valid", "S/T AUROC"): 0.8015,
        ("multisource/valid", "S/T AP"): 0.467,
        ("scop3p/valid", "Y AP"): 0.39,
    }
    assert data.to_dict() == front_matter(card)


def test_pipeline_tag_is_a_task_the_hub_serves():
    tag = front_matter(render_card(bare_record(), CONFIG, None))["pipeline_tag"]
    assert hasattr(InferenceClient, tag.replace("-", "_"))


def test_nothing_measured_gives_no_number():
    card = render_card(bare_record(), {"model_type": "phosphot5"}, None)
    assert "model-index" not in front_matter(card)
    results = card.partition("## Results")[2].partition("## Training")[0]
    assert results.strip() == "Not measured."
    cost = card.partition("### Cost")[2].partition("<details>")[0]
    assert not re.search(r"\d", cost.replace("processor, 1 core", ""))
    assert cost.count("not measured") == 6
    assert "Started from random weights." in card
    assert "no commit recorded" in card
    assert "did not finish" in card
    assert "Probabilities are not calibrated" in card
    assert 'from_pretrained("path/to/this-folder"' in card


def test_peers_are_shown_with_their_own_set_only():
    record = full_record()
    record.peers = [PeerResult("OneTool", "scop3p/valid", {"y_ap": 0.35})]
    first, _, second = render_card(record, CONFIG, None).partition("### scop3p/valid")
    assert "OneTool" not in first
    assert "| OneTool | - | - | - | - | 0.350 | - |\n| this model | - | - | - | - | 0.390 | - |" in second


def test_other_licence_is_followed():
    record = bare_record()
    record.licence = Licence(
        "apache-2.0", "Apache-2.0", "They may be used for any purpose.", "All data allow it."
    )
    card = render_card(record, CONFIG, None)
    assert front_matter(card)["license"] == "apache-2.0"
    assert "license_link" not in front_matter(card)
    assert "under `apache-2.0`. They may be used for any purpose. All data allow it." in card


def test_table_cells_cannot_break_the_table():
    record = bare_record()
    record.arguments["pattern"] = "a|b\nc"
    assert "| `pattern` | `a\\|b c` |" in render_card(record, CONFIG, None)


def test_local_base_model_stays_out_of_the_metadata():
    record = bare_record()
    record.base_model = "bundled"
    card = render_card(record, CONFIG, None)
    assert "base_model" not in front_matter(card)
    assert "Started from the weights of `bundled`." in card


@pytest.fixture
def folder(tmp_path):
    full_record().save(tmp_path / "run_record.json")
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def test_write_card(folder):
    (folder / "reliability.png").write_bytes(b"")
    assert write_card(folder, "org/phosphot5", "org/sites") == folder / "README.md"
    assert skeleton((folder / "README.md").read_text(encoding="utf-8")) == skeleton(
        GOLDEN.read_text(encoding="utf-8")
    )
    assert "non-commercial research only" in (folder / "LICENSE.md").read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == {
        ".eval_results",
        "LICENSE.md",
        "README.md",
        "config.json",
        "reliability.png",
        "run_record.json",
    }


def test_write_card_again_gives_the_same_bytes(folder):
    first = write_card(folder).read_bytes()
    assert write_card(folder).read_bytes() == first


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("run_record.json", None, "run_record.json: not found; `phosphot5 train`"),
        ("run_record.json", "{", "is no valid JSON"),
        ("config.json", None, "is not a model folder"),
        ("config.json", "[1", "is no valid JSON"),
        ("config.json", '{"model_type": "t5"}', "model_type is 't5', expected 'phosphot5'"),
    ],
)
def test_missing_or_unreadable_file(folder, name, text, message):
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text)
    with pytest.raises(PhosphoT5Error, match=message):
        write_card(folder)
    assert not (folder / "README.md").exists()


def test_folder_that_cannot_be_written(folder, monkeypatch):
    (folder / "README.md").mkdir()
    with pytest.raises(PhosphoT5Error, match="README.md: not a file"):
        write_card(folder)


def test_groups_stand_in_one_table():
    record = bare_record()
    figures = {
        "st_auroc": 0.8,
        "st_auroc_low": 0.79,
        "st_auroc_high": 0.81,
        "st_ap": 0.5,
        "st_prevalence": 0.17,
    }
    record.metrics = {
        "human": figures,
        "other_vertebrates": figures | {"y_auroc": 0.7},
        "curated": {"y_ap": 0.4},
    }
    card = render_card(record, {}, "org/name")
    assert "| human | 0.800 [0.790-0.810] | 0.500 | 0.170 | - | - | - |" in card
    assert "| other vertebrates | 0.800 [0.790-0.810] | 0.500 | 0.170 | 0.700 | - | - |" in card
    assert "| curated | - | - | - | - | 0.400 | - |" in card
    del record.metrics["curated"]
    assert "Groups of validation proteins" not in render_card(record, {}, "org/name")
