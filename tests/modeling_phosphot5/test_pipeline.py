"""The pipeline: what it takes, what it gives, known sites; without the package: tests/contract/test_hub_pipeline.py."""

import copy
import threading
from pathlib import Path

import pytest
import torch
from transformers.pipelines.pt_utils import KeyDataset

from phosphot5.data import read_fasta
from phosphot5.modeling_phosphot5.pipeline_phosphot5 import batch_scores
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import predict_sites

EXAMPLES = Path(__file__).parents[2] / "examples" / "proteins.fasta"

SEQUENCE = "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLS"
SITES = [6, 9, 15, 18, 20, 33]


@pytest.fixture(scope="module")
def loaded(tiny_folder):
    return load_model(str(tiny_folder))


@pytest.fixture(scope="module")
def predict(loaded):
    model, tokenizer = loaded
    return model.pipeline(tokenizer)


@pytest.fixture(scope="module")
def examples():
    return list(read_fasta(EXAMPLES))[::2]


def given(protein):
    return {"id": protein.id, "sequence": protein.sequence}


def places(rows):
    return [(row["position"], row["residue"]) for row in rows]


def test_rows_are_those_of_predict(predict, loaded, examples):
    expected = [rows for _, rows in predict_sites(loaded[0], examples)]
    assert predict([given(protein) for protein in examples]) == expected
    assert predict(given(examples[0])) == expected[0]
    assert predict(examples[0].sequence) == [row | {"protein": ""} for row in expected[0]]


def test_a_fasta_file_gives_the_rows_of_predict(predict, loaded, tmp_path):
    text = ">a one\nMS-T\nSY*\n>b\nAAA\n>a\nxxs\n"
    for name in ("some.fasta", "other"):
        (tmp_path / name).write_text(text)
        expected = [rows for _, rows in predict_sites(loaded[0], read_fasta(tmp_path / name))]
        assert predict(str(tmp_path / name)) == predict(tmp_path / name) == expected
    assert [row["position"] for row in expected[0]] == [2, 4, 5, 6]
    assert [places(rows) for rows in expected[1:]] == [[], [(3, "S")]]


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_a_batch_changes_no_bit_on_a_cpu(predict, loaded, examples, size, monkeypatch):
    scores, score = {}, loaded[0].score_sites

    def watched(ids, mask, label_source):
        result = score(ids, mask, label_source)
        scores.setdefault(tuple(ids[0].tolist()), set()).add(result.numpy().tobytes())
        return result

    monkeypatch.setattr(loaded[0], "score_sites", watched)
    proteins = [given(protein) for protein in examples] + ["AAST", {"sequence": SEQUENCE, "known": [6, 20]}]
    alone = [predict(protein) for protein in proteins]
    assert predict(proteins, batch_size=size) == alone
    assert list(predict((protein for protein in proteins), batch_size=size)) == alone
    assert [len(values) for values in scores.values()] == [1] * len(proteins)


def test_a_cpu_gives_each_protein_one_thread(predict, loaded, monkeypatch):
    seen, score = [], loaded[0].score_sites
    expected = predict([SEQUENCE, "AAST"])

    def watched(*inputs, **options):
        seen.append(torch.get_num_threads())
        return score(*inputs, **options)

    monkeypatch.setattr(loaded[0], "score_sites", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert predict([SEQUENCE, "AAST"], batch_size=2) == expected
        thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 1, 3]


@pytest.mark.parametrize("attention", ["window", "full"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_proteins_scored_together_score_the_same(loaded, attention, side, monkeypatch):
    """What an accelerator does with a batch."""
    model, tokenizer = loaded
    monkeypatch.setattr(model.config, "attention", attention)
    monkeypatch.setattr(tokenizer, "padding_side", side)
    shapes, score = [], model.score_sites
    monkeypatch.setattr(model, "score_sites", lambda *a, **b: shapes.append(a[0].shape) or score(*a, **b))
    batch = tokenizer([SEQUENCE, "AAST", SEQUENCE[:20]], return_tensors="pt", padding=True)
    tensors = batch["input_ids"], batch["attention_mask"]
    alone = batch_scores(model, *tensors, together=False)
    together = batch_scores(model, *tensors, together=True)
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0, equal_nan=True)
    assert shapes == [(1, 34), (1, 5), (1, 21), (1, 60) if attention == "window" else (3, 34)]


def test_a_list_gives_lists_and_an_iterable_an_iterator(predict):
    assert predict([]) == []
    assert predict([SEQUENCE]) == [predict(SEQUENCE)]
    assert predict((SEQUENCE, "AAA")) == [predict(SEQUENCE), []]
    column = KeyDataset([{"sequence": SEQUENCE}, {"sequence": "AAA"}], "sequence")
    for iterable in (iter([SEQUENCE, "AAA"]), dict.fromkeys([SEQUENCE, "AAA"]).keys(), column):
        found = predict(iterable)
        assert not isinstance(found, list)
        assert list(found) == [predict(SEQUENCE), []]


def test_an_iterable_is_read_as_it_is_needed(predict):
    taken = []
    found = iter(predict(taken.append(n) or "AS" for n in range(100)))
    next(found)
    next(found)
    assert len(taken) < 5


def test_white_space_case_and_gaps(predict):
    assert predict(" meepq SDPSV\nepplsqetf--sdlwkllp.ennvls* ") == [
        row | {"position": position}
        for row, position in zip(predict(SEQUENCE), [6, 9, 15, 18, 22, 36], strict=True)
    ]


def test_the_best_sites(predict):
    rows = predict(SEQUENCE)
    ranked = sorted(rows, key=lambda row: row["probability"], reverse=True)
    assert predict(SEQUENCE, top_k=2) == ranked[:2]
    assert predict(SEQUENCE, top_k=99) == ranked
    assert [len(rows) for rows in predict([SEQUENCE, "AAST", "AAA"], top_k=3)] == [3, 2, 0]


def test_sites_above_a_threshold(predict):
    rows = predict(SEQUENCE)
    level = sorted(row["probability"] for row in rows)[2]
    kept = [row for row in rows if row["probability"] >= level]
    assert predict(SEQUENCE, threshold=level) == kept
    assert len(kept) < len(rows)
    assert predict(SEQUENCE, threshold=level, top_k=1) == predict(SEQUENCE, top_k=1)
    assert predict(SEQUENCE, threshold=1) == []


def test_called_sites_only(predict, monkeypatch):
    levels = sorted((row["probability"] for row in predict(SEQUENCE)), reverse=True)
    table = {"fpr": [0.01, 0.1, 0.5], "probability": [0.99, levels[2], 0.0]}
    monkeypatch.setattr(predict.model.config, "fpr_table", dict.fromkeys("STY", table))
    rows = predict(SEQUENCE, return_all_scores=True)
    called = [row for row in rows if row["call"] != "-"]
    assert 0 < len(called) < len(rows)
    assert predict(SEQUENCE, return_all_scores=False) == called


def test_known_sites_are_not_selected(predict):
    protein = {"sequence": SEQUENCE, "known": [15]}
    assert [row["position"] for row in predict(protein, threshold=0.0)] == [6, 9, 18, 20, 33]
    assert {row["status"] for row in predict(protein, top_k=9)} == {"scored"}


def test_options_of_the_pipeline_give_way_to_those_of_a_call(loaded):
    model, tokenizer = loaded
    predict = model.pipeline(tokenizer, top_k=2, batch_size=3)
    assert len(predict(SEQUENCE)) == 2
    assert len(predict(SEQUENCE, top_k=4)) == 4
    assert [row["position"] for row in predict(SEQUENCE, top_k=None)] == SITES


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_k": 0}, "top_k is 0, expected an integer of 1 or more"),
        ({"top_k": True}, "top_k is True, expected an integer of 1 or more"),
        ({"threshold": 50}, "threshold is 50, expected a probability from 0 to 1"),
        ({"threshold": float("nan")}, "threshold is nan, expected a probability from 0 to 1"),
        ({"threshold": "0.5"}, "threshold is '0.5', expected a probability from 0 to 1"),
        ({"return_all_scores": None}, "return_all_scores is None, expected True or False"),
        (
            {"topk": 3},
            "unknown argument 'topk'; choose from top_k, threshold, return_all_scores, label_source, kinases, "
            "top_kinases and those of every pipeline",
        ),
    ],
)
def test_wrong_options(predict, loaded, options, message):
    for make in (lambda: predict(SEQUENCE, **options), lambda: loaded[0].pipeline(loaded[1], **options)):
        with pytest.raises((ValueError, TypeError)) as caught:
            make()
        assert str(caught.value) == message


def test_a_model_that_calls_nothing_says_so(loaded):
    model = copy.deepcopy(loaded[0])
    model.config.fpr_table = None
    with pytest.raises(ValueError, match="has no table of false-positive rates and calls no site"):
        model.pipeline(loaded[1], return_all_scores=False)


def test_all_of_a_list_is_checked_before_any_is_scored(predict, monkeypatch):
    monkeypatch.setattr(predict.model, "score_sites", None)
    with pytest.raises(
        ValueError, match=r"^item 3, protein 'p', position 2: found '1', expected a residue letter A-Z$"
    ):
        predict([SEQUENCE, "AAS", {"id": "p", "sequence": "S1"}])


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
