"""Tables of proteins: the rows of the command, in any process, and errors that name row and identifier."""

import json
import pickle
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phosphot5.cli.main import main
from phosphot5.data import read_fasta
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.modeling_phosphot5.sites_phosphot5 import COLUMNS
from phosphot5.prediction import Scorer, runtime, scorer

ROOT = Path(__file__).parents[2]
FASTA = ROOT / "examples" / "proteins.fasta"


@pytest.fixture(autouse=True)
def no_accelerator(monkeypatch):
    monkeypatch.setattr(runtime, "_accelerator_possible", lambda: False)


@pytest.fixture
def proteins() -> pd.DataFrame:
    read = [(protein.id, protein.sequence) for protein in read_fasta(FASTA)]
    return pd.DataFrame([*read, ("gaps", "MS-TY..S*"), ("no-site", "MKA")], columns=["id", "sequence"])


def rows_of_the_command(proteins: pd.DataFrame, folder: Path, *options: str) -> pd.DataFrame:
    fasta = folder / "proteins.fasta"
    fasta.write_text("".join(f">{row.id}\n{row.sequence}\n" for row in proteins.itertuples()))
    assert main(["predict", str(fasta), "-o", str(folder / "sites.jsonl"), *options]) == 0
    return pd.DataFrame(map(json.loads, (folder / "sites.jsonl").read_text().splitlines()))


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["auto", "onnx", "torch"])
def test_rows_are_those_of_the_command(proteins, tmp_path, name):
    found = Scorer(runtime=name, threads=2)(proteins)
    assert list(found) == list(COLUMNS)
    assert_equal(found, rows_of_the_command(proteins, tmp_path, "--runtime", name))


def test_a_model_folder_is_found_from_any_working_folder(proteins, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tiny_folder.parent)
    by_name = Scorer(model=tiny_folder.name)
    expected = rows_of_the_command(proteins, tmp_path, "--model", tiny_folder.name)
    monkeypatch.chdir(tmp_path)
    assert_equal(by_name(proteins), expected)


def test_a_mapping_gives_a_mapping(proteins):
    columns = {name: proteins[name].to_numpy() for name in proteins}
    found, expected = Scorer()(columns), Scorer()(proteins)
    assert all(isinstance(values, np.ndarray) for values in found.values())
    assert_equal(pd.DataFrame(found), expected)


def test_tables_are_scored_one_after_the_other(proteins):
    tables = (proteins[start : start + 3] for start in range(0, len(proteins), 3))
    found = list(Scorer().map(tables))
    assert len(found) == -(-len(proteins) // 3)
    assert_equal(pd.concat(found, ignore_index=True), Scorer()(proteins))


def test_a_table_without_sites_has_the_same_types(proteins):
    full, empty = Scorer()(proteins), Scorer()(proteins[proteins["id"] == "no-site"])
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert len(Scorer()(proteins[:0])) == 0


def test_the_schema_names_the_columns_in_their_order():
    types = dict(re.findall(r"`(\w+)` (\w+)", Scorer.schema))
    assert tuple(types) == COLUMNS
    assert {name: kind for name, kind in types.items() if kind != "string"} == {
        "position": "bigint",
        "probability": "double",
        "fpr": "double",
    }


def test_residues_are_chosen(proteins):
    everything, tyrosines = Scorer()(proteins), Scorer(residues="Y")(proteins)
    expected = everything[everything["residue"] == "Y"].reset_index(drop=True)
    assert_equal(tyrosines, expected)


def test_missing_rates_are_nan(tiny_folder, tmp_path, proteins):
    shutil.copytree(tiny_folder, tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    (tmp_path / "model" / "config.json").write_text(json.dumps(config | {"fpr_table": None}))
    assert Scorer(model=str(tmp_path / "model"))(proteins)["fpr"].isna().all()


@pytest.mark.parametrize("kinases", [True, "all"])
def test_kinases_are_those_of_the_command(proteins, kinase_folder, tmp_path, kinases):
    options = ["--kinases", "all"] if kinases == "all" else ["--kinases"]
    score = Scorer(model=str(kinase_folder), kinases=kinases)
    expected = rows_of_the_command(proteins, tmp_path, "--model", str(kinase_folder), *options)
    found = score(proteins)
    assert_equal(found, expected)
    types = dict(re.findall(r"`(\w+)` (\w+)", score.schema))
    assert list(types) == list(found)
    assert {name for name, kind in types.items() if kind == "double"} == {
        name for name, kind in found.dtypes.items() if kind == np.float64
    }
    assert pickle.loads(pickle.dumps(score)).schema == score.schema != Scorer.schema
    assert score(proteins[:0]).dtypes.to_dict() == found.dtypes.to_dict()
    columns = {name: proteins[name].to_numpy() for name in proteins}
    assert_equal(pd.DataFrame(score(columns)), expected)


def test_a_missing_kinase_is_missing(proteins, kinase_folder, tmp_path):
    shutil.copytree(kinase_folder, tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    config["kinase_families"]["SRC"]["residues"] = "ST"
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    found = Scorer(model=str(tmp_path / "model"), kinases=True)(proteins)
    assert found["kinase"].isna().equals(found["residue"] == "Y")
    assert found["kinase_probability"].isna().equals(found["residue"] == "Y")


def test_a_model_without_a_head_for_kinases(proteins, tiny_folder):
    with pytest.raises(PhosphoT5Error, match="model: this model tells no families of kinases"):
        Scorer(model=str(tiny_folder), kinases=True)(proteins)


def test_kinds_of_label_are_passed_on(proteins):
    with pytest.raises(PhosphoT5Error, match="no-such-kind"):
        Scorer(label_source="no-such-kind")(proteins)


def test_the_model_is_no_part_of_the_pickle(proteins):
    used = Scorer()
    expected = used(proteins)
    sent = pickle.dumps(used)
    assert len(sent) < 1000
    code = (
        "import pickle, sys\n"
        "table = {'id': ['a'], 'sequence': ['MSTY']}\n"
        "found = pickle.loads(bytes.fromhex(sys.argv[1]))(table)\n"
        "print(found['probability'].tolist(), 'torch' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, sent.hex()], capture_output=True, text=True, check=True
    )
    alone = used({"id": ["a"], "sequence": ["MSTY"]})["probability"].tolist()
    assert done.stdout == f"{alone} False False\n"
    assert_equal(pickle.loads(sent)(proteins), expected)


@pytest.mark.parametrize("name", ["onnx", "torch"])
def test_a_process_loads_the_model_once(name, monkeypatch):
    loaded = []
    for kind in ("GraphRuntime", "TorchRuntime"):
        made = getattr(scorer, kind)
        monkeypatch.setattr(scorer, kind, lambda *given, made=made: loaded.append(made) or made(*given))
    original = Scorer(runtime=name)
    assert loaded == []  # and not before it is needed
    copies = [pickle.loads(pickle.dumps(original)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda copy: copy({"id": ["a"], "sequence": ["MSTY"]}), copies))
    assert len(loaded) == 1


def test_a_new_scorer_reads_the_folder_again(tiny_folder, tmp_path, proteins):
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    before = Scorer(model=str(folder))(proteins)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"calibration": None}))
    assert not Scorer(model=str(folder))(proteins)["probability"].equals(before["probability"])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("a", "MS"), ("b", "MS1Y")],
            r"row 2, record b, position 3: found '1', expected a residue letter A-Z",
        ),
        (
            [("a", "MS#Y")],
            r"row 1, record a, position 3: found '#', .*; if sites are marked, remove the marks",
        ),
        ([("a", "")], "row 1, record a: found no residues, expected at least one"),
        ([("a b", "MS")], "row 1, record a b: found identifier 'a b', expected one word without white space"),
        ([("a", "MS"), (None, "MS")], "row 2: found None in column id, expected text"),
        ([("a", "MS"), ("b", None)], "row 2, record b: found None in column sequence, expected text"),
        ([(7, "MS")], "row 1: found 7 in column id, expected text; convert numbers to str and remove rows"),
    ],
)
@pytest.mark.parametrize("kind", ["frame", "mapping"])
def test_errors_name_row_and_identifier(rows, message, kind):
    columns = dict(zip(("id", "sequence"), map(list, zip(*rows, strict=True)), strict=True))
    table = pd.DataFrame(columns, dtype=object) if kind == "frame" else columns
    with pytest.raises(InputFormatError, match=message) as caught:
        Scorer()(table)
    # as engines send it from a worker
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": [], "sequence": []}, "found the columns name, sequence, expected a column id; rename one"),
        (pd.DataFrame({"id": ["a"]}), "found the columns id, expected a column sequence"),
        ({}, r"found no columns, expected a column id"),
        (
            {"id": ["a", "b"], "sequence": ["MS"]},
            "the table has 2 values in column id and 1 in column sequence",
        ),
        ([("a", "MS")], "a table of type list; give a pandas DataFrame or a mapping of columns"),
    ],
)
def test_tables_of_another_form_are_refused(table, message):
    with pytest.raises(PhosphoT5Error, match=message):
        Scorer()(table)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"runtime": "tensorflow"}, "runtime is 'tensorflow'; use one of auto, onnx, torch"),
        ({"residues": "STK"}, "residues is 'STK'; use letters of STY"),
        ({"residues": ""}, "residues is ''; use letters of STY"),
        ({"threads": 0}, "threads is 0; use at least 1"),
        ({"kinases": "best"}, "kinases is 'best'; use True, False or 'all'"),
    ],
)
def test_settings_are_checked_before_anything_is_sent(settings, message):
    with pytest.raises(ValueError, match=message):
        Scorer(**settings)


def test_a_model_that_is_not_there_is_named(proteins):
    with pytest.raises(PhosphoT5Error, match="no-such-folder"):
        Scorer(model="no-such-folder")(proteins)
