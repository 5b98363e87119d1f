"""Inference Endpoints: the exported folder answers requests as the Hugging Face inference toolkit asks them."""

import json

import pytest

from phosphot5.data import Protein, SiteState
from phosphot5.modeling_phosphot5.handler import MAX_PROTEINS, MAX_RESIDUES
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import predict_sites

SEQUENCE = "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLS"

TOOLKIT = """
import importlib.util, json
folder, given = sys.argv[1:3]
spec = importlib.util.spec_from_file_location("handler.EndpointHandler", folder + "/handler.py")
sys.path.insert(0, folder)
sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
handler = module.EndpointHandler(folder) if given == "path" else module.EndpointHandler()
answers = {}
for name, body in json.load(sys.stdin).items():
    try:
        answers[name] = [200, handler(body)]
    except Exception as error:
        answers[name] = [400, {"error": str(error)}]
json.dump(answers, sys.stdout, allow_nan=False)
"""
"""What the toolkit does: handler.py by its path, the folder as argument, 400 and the message for any exception."""

REQUESTS = {
    "sequence": {"inputs": SEQUENCE},
    "one in a list": {"inputs": [SEQUENCE]},
    "object": {"inputs": {"id": "P04637", "sequence": SEQUENCE, "known": [15]}, "parameters": None},
    "several": {"inputs": [SEQUENCE, {"id": "b", "sequence": "AAST"}, "AAA"], "parameters": {}},
    "none": {"inputs": []},
    "best": {"inputs": [SEQUENCE, "AAST"], "parameters": {"top_k": 1, "threshold": 0}},
    "above": {"inputs": SEQUENCE, "parameters": {"threshold": 1.0}},
    "called": {"inputs": SEQUENCE, "parameters": {"return_all_scores": False}},
}
BAD = {
    "nothing": ({}, 'the request has no "inputs"; expected {"inputs": ..., "parameters": {...}}'),
    "a list": ([SEQUENCE], 'the request has no "inputs"; expected {"inputs": ..., "parameters": {...}}'),
    "null": (
        {"inputs": None},
        "item 1: found None, expected a protein sequence or a dict with 'sequence' and, ",
    ),
    "another key": (
        {"inputs": SEQUENCE, "top_k": 1},
        "unknown key 'top_k'",
    ),
    "parameters": ({"inputs": SEQUENCE, "parameters": [1]}, "parameters is [1], expected an object"),
    "parameter": (
        {"inputs": SEQUENCE, "parameters": {"num_workers": 8}},
        "unknown parameter 'num_workers'; choose from top_k, threshold, return_all_scores",
    ),
    "value": (
        {"inputs": SEQUENCE, "parameters": {"top_k": "3"}},
        "top_k is '3', expected an integer of 1 or more",
    ),
    "residue": (
        {"inputs": ["AAS", {"id": "p", "sequence": "MS1"}]},
        "item 2, protein 'p', position 3: found '1', expected a residue letter A-Z",
    ),
    "known": (
        {"inputs": {"sequence": "AAS", "known": [2]}},
        "item 1, known position 2: found 'A', expected one of S, T, Y",
    ),
    "a file": ({"inputs": "/etc/hostname"}, "item 1, position 1: found '/', expected a residue letter A-Z"),
    "a FASTA file": ({"inputs": "/x.fasta"}, "item 1: found the file name '/x.fasta', expected a sequence; "),
    "many": (
        {"inputs": ["AS"] * (MAX_PROTEINS + 1)},
        "1,001 proteins in one request; split it",
    ),
    "long": (
        {"inputs": ["S" * (MAX_RESIDUES - 1), {"sequence": "AS"}]},
        "500,001 residues in one request; split it",
    ),
    "all kinases of many": (
        {"inputs": "A" * 50_001, "parameters": {"kinases": "all"}},
        "50,001 residues in one request; split it into requests of at most 50,000",
    ),
    "kinases": (
        {"inputs": SEQUENCE, "parameters": {"kinases": True}},
        "this model tells no families of kinases; use one whose configuration has kinase_families",
    ),
}


@pytest.fixture(scope="module")
def answers(stranger, exported_folder):
    requests = REQUESTS | {name: body for name, (body, _) in BAD.items()}
    done = stranger(TOOLKIT, exported_folder, "path", given=json.dumps(requests))
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def expected(exported_folder):
    """Rows as `phosphot5 predict` makes them."""
    model = load_model(str(exported_folder))[0]
    states = bytearray(len(SEQUENCE))
    states[14] = SiteState.POSITIVE
    proteins = [
        Protein(id="P04637", sequence=SEQUENCE),
        Protein(id="P04637", sequence=SEQUENCE, states=bytes(states)),
        Protein(id="b", sequence="AAST"),
    ]
    return [rows for _, rows in predict_sites(model, proteins)]


def test_one_protein_gets_its_rows_and_a_list_a_list(answers, expected):
    nameless = [row | {"protein": ""} for row in expected[0]]
    assert answers["sequence"] == [200, nameless]
    assert answers["one in a list"] == [200, [nameless]]
    assert answers["object"] == [200, expected[1]]
    assert answers["several"] == [200, [nameless, expected[2], []]]
    assert answers["none"] == [200, []]


def test_parameters_select(answers, expected):
    best = [max(expected[i], key=lambda row: row["probability"]) | {"protein": ""} for i in (0, 2)]
    assert answers["best"] == [200, [[row] for row in best]]
    assert answers["above"] == [200, []]
    called = [row["position"] for row in expected[0] if row["call"] != "-"]
    assert [row["position"] for row in answers["called"][1]] == called


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_answered_by_its_error(answers, name):
    status, answer = answers[name]
    assert status == 400
    assert list(answer) == ["error"]
    assert answer["error"].startswith(BAD[name][1])


def test_without_a_path_it_serves_the_folder_it_is_in(stranger, exported_folder, answers):
    done = stranger(TOOLKIT, exported_folder, "nothing", given=json.dumps({"sequence": REQUESTS["sequence"]}))
    assert json.loads(done.stdout) == {"sequence": answers["sequence"]}, done.stderr[-3000:]
