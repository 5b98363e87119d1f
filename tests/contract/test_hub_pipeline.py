"""The pipeline where the package is not installed: same rows, and again after it was saved or pushed by itself."""

import json
from pathlib import Path

import pytest

from phosphot5.data import read_fasta
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import predict_sites

EXAMPLES = Path(__file__).parents[2] / "examples" / "proteins.fasta"

CODE = """
import json
from transformers import pipeline
name, fasta = sys.argv[1:3]
trust = {"trust_remote_code": True}
predict = pipeline("phosphosite-prediction", model=name, top_k=3, batch_size=4, **trust)
again = {"folder": predict.save_pretrained, "hub": predict.push_to_hub}
if len(sys.argv) > 3:
    again[sys.argv[3]](sys.argv[4])
try:
    predict(["AAS", "1"])
except ValueError as error:
    message = str(error)
result = {"best": predict(fasta), "all": predict(fasta, top_k=None), "error": message}
json.dump(result | {"device": str(predict.device), "type": type(predict).__module__}, sys.stdout)
"""


@pytest.fixture(scope="module")
def rows(exported_folder):
    model = load_model(str(exported_folder))[0]
    return [rows for _, rows in predict_sites(model, read_fasta(EXAMPLES))]


@pytest.fixture
def found(stranger):
    def run(*arguments, **environment):
        done = stranger(CODE, *arguments, **environment)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    return run


def test_rows_of_a_fasta_file(found, exported_folder, rows, tmp_path):
    first = found(exported_folder, EXAMPLES, "folder", tmp_path / "again")
    assert first["all"] == rows
    assert first["best"] == [sorted(some, key=lambda row: -row["probability"])[:3] for some in rows]
    assert first["error"] == "item 2, position 1: found '1', expected a residue letter A-Z"
    assert first["type"].startswith("transformers_modules.")
    second = found(tmp_path / "again", EXAMPLES)
    assert second | {"type": None} == first | {"type": None}


def test_saved_where_the_package_is_installed(found, exported_folder, rows, tmp_path):
    from phosphot5 import load_model

    model, tokenizer = load_model(str(exported_folder))
    model.pipeline(tokenizer, top_k=1).save_pretrained(tmp_path / "saved")
    assert found(tmp_path / "saved", EXAMPLES)["all"] == rows


@pytest.mark.slow
def test_pushed_by_itself_and_pulled(found, exported_folder, rows, tmp_path, local_hub):
    found(exported_folder, EXAMPLES, "hub", "org/by-itself")
    pulled = found("org/by-itself", EXAMPLES, HF_HOME=str(tmp_path / "fresh-cache"))
    assert pulled["all"] == rows
