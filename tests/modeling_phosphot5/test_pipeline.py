"""The pipeline: known sites as its users give them; its other promises are in tests/contract/test_hub_folder.py."""

import pytest
import torch

from phosphot5.loading import load_model

SEQUENCE = "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLS"
SITES = [6, 9, 15, 18, 20, 33]


@pytest.fixture(scope="module")
def loaded(tiny_folder):
    return load_model(str(tiny_folder))


@pytest.fixture(scope="module")
def predict(loaded):
    model, tokenizer = loaded
    return model.pipeline(tokenizer)


def test_known_sites_come_out_as_known_rows(predict):
    rows = predict({"id": "P04637", "sequence": SEQUENCE, "known": [15, 33, 15]})
    assert [row["position"] for row in rows] == SITES
    known = [row for row in rows if row["status"] == "known"]
    assert [(row["position"], row["probability"], row["fpr"], row["call"]) for row in known] == [
        (15, None, None, "-"),
        (33, None, None, "-"),
    ]
    assert {row["protein"] for row in rows} == {"P04637"}


def test_the_others_are_scored_given_phosphorylated_tokens(predict, loaded):
    model, tokenizer = loaded
    ids = tokenizer(SEQUENCE, return_tensors="pt")["input_ids"]
    ids[0, 14], ids[0, 17] = 29, 30
    scores = model.score_sites(ids)[0]
    rows = predict({"sequence": SEQUENCE, "known": [18, 15]})
    scored = {row["position"]: row["probability"] for row in rows if row["status"] == "scored"}
    assert scored == {p: round(scores[p - 1].item(), 4) for p in SITES if p not in (15, 18)}


@pytest.mark.parametrize("known", [None, [], ()])
def test_nothing_known_is_as_without(predict, known):
    assert predict({"sequence": SEQUENCE, "known": known}) == predict({"sequence": SEQUENCE})


def test_batches_keep_each_proteins_known_sites(predict):
    proteins = [
        {"id": "a", "sequence": SEQUENCE, "known": [6, 20]},
        {"id": "b", "sequence": SEQUENCE[:10]},
        {"id": "c", "sequence": "AAST", "known": [4]},
    ]
    batched = predict(proteins, batch_size=2)
    for protein, rows in zip(proteins, batched, strict=True):
        alone = predict(protein)
        assert [(r["protein"], r["position"], r["status"]) for r in rows] == [
            (r["protein"], r["position"], r["status"]) for r in alone
        ]
        values = [[r["probability"] for r in some if r["status"] == "scored"] for some in (rows, alone)]
        torch.testing.assert_close(torch.tensor(values[0]), torch.tensor(values[1]), atol=1.5e-4, rtol=0)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ([34], "protein 'p': found known position 34, expected an integer from 1 to 33"),
        ([0], "protein 'p': found known position 0, expected an integer from 1 to 33"),
        (["S15"], "protein 'p': found known position 'S15', expected an integer from 1 to 33"),
        ([True], "protein 'p': found known position True, expected an integer from 1 to 33"),
        ([6, 5], "protein 'p', known position 5: found 'Q', expected one of S, T, Y"),
        (15, "protein 'p': found known 15, expected a list of positions"),
    ],
)
def test_what_cannot_be_known_is_an_error(predict, known, message):
    with pytest.raises(ValueError, match="^" + message + "$"):
        predict({"id": "p", "sequence": SEQUENCE, "known": known})
