"""Families of kinases where the package is not installed: the pipeline and the endpoint give the rows of predict."""

import json

import pytest

from phosphot5.export import export_model
from phosphot5.prediction.loading import load_model

SEQUENCE = "MEEPQSDPSVEPPLSQETFSDYWKLLPENNVLS"

PIPELINE = """
import json
from transformers import pipeline
predict = pipeline("phosphosite-prediction", model=sys.argv[1], trust_remote_code=True, kinases=True)
given = json.load(sys.stdin)
json.dump([predict(given), predict(given, kinases="all", top_kinases=2)], sys.stdout)
"""
ENDPOINT = """
import json
sys.path.insert(0, sys.argv[1])
from handler import EndpointHandler
handler = EndpointHandler(sys.argv[1])
given = json.load(sys.stdin)
parameters = [{"kinases": True}, {"kinases": "all", "top_kinases": 2}]
json.dump([handler({"inputs": given, "parameters": some}) for some in parameters], sys.stdout)
"""


@pytest.fixture(scope="module")
def folder(kinase_folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("export") / "kinases"
    export_model(str(kinase_folder), target)
    return target


@pytest.mark.parametrize("code", [PIPELINE, ENDPOINT])
def test_rows_without_the_package(code, folder, stranger):
    model, tokenizer = load_model(str(folder))
    given = [SEQUENCE, {"id": "b", "sequence": "AASTY", "known": [3]}]
    done = stranger(code, folder, given=json.dumps(given))
    assert done.returncode == 0, done.stderr[-3000:]
    predict = model.pipeline(tokenizer)
    best, two = json.loads(done.stdout)
    assert best == predict(given, kinases=True)
    assert two == predict(given, kinases="all", top_kinases=2)
