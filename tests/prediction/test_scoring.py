"""Scoring many proteins: known sites, batches, threads, order."""

import copy
import threading

import numpy as np
import pytest
import torch

from phosphot5.data import Protein, SiteState
from phosphot5.measure import score_labelled_sites
from phosphot5.prediction import scoring as inference
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import predict_sites, score_proteins


@pytest.fixture(scope="module")
def model(tiny_folder):
    model = load_model(str(tiny_folder))[0]
    torch.manual_seed(0)
    with torch.no_grad():  # what a trained model has learnt and a new one has not
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


@pytest.fixture
def proteins():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 60, 20)
    letters = list("ACDEFGHIKLMNPQRSTVWYSTY")
    return [Protein(id=f"p{i}", sequence="".join(rng.choice(letters, n))) for i, n in enumerate(lengths)]


def scores_of(model, proteins, **options):
    scored = list(score_proteins(model, proteins, **options))
    assert [protein.id for protein, _ in scored] == [protein.id for protein in proteins]
    return [scores for _, scores in scored]


def equal(one, other):
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


def test_scores_stand_at_sites(model, proteins):
    for protein, scores in zip(proteins, scores_of(model, proteins), strict=True):
        assert scores.dtype == np.float32
        assert [not nan for nan in np.isnan(scores)] == [residue in "STY" for residue in protein.sequence]


def test_no_proteins(model):
    assert list(score_proteins(model, [])) == []


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_and_groups_do_not_change_a_bit(model, proteins, monkeypatch, threads):
    one = scores_of(model, proteins, threads=1)
    monkeypatch.setattr(inference, "PROTEINS_AHEAD", 3)
    assert equal(one, scores_of(model, proteins, threads=threads))


@pytest.mark.parametrize("attention", ["window", "full"])
def test_packed_and_padded_batches_give_the_same_scores(model, proteins, monkeypatch, attention):
    monkeypatch.setattr(model.config, "attention", attention)
    shapes = []
    score = model.score_sites
    monkeypatch.setattr(
        model, "score_sites", lambda ids, *given: shapes.append(ids.shape) or score(ids, *given)
    )
    alone, batched = scores_of(model, proteins), scores_of(model, proteins, tokens_per_batch=200)
    for one, other in zip(alone, batched, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    batches = shapes[len(proteins) :]
    assert len(batches) < len(proteins)
    assert all(rows * tokens <= 200 for rows, tokens in batches)
    assert all(rows == 1 for rows, _ in batches) is (attention == "window")


def test_bfloat16_on_a_cpu_meets_few_shapes(model, proteins, monkeypatch):
    half = copy.deepcopy(model).to(torch.bfloat16)
    lengths = set()
    score = half.score_sites
    monkeypatch.setattr(
        half, "score_sites", lambda ids, *given: lengths.add(ids.shape[1]) or score(ids, *given)
    )
    for exact, rounded in zip(scores_of(model, proteins), scores_of(half, proteins), strict=True):
        np.testing.assert_allclose(exact, rounded, atol=0.05)
    assert lengths == {64}


def test_no_batch_reaches_into_the_next_group(model, proteins, monkeypatch):
    """Groups are the parts that `phosphot5 predict` writes, so a resumed run forms the same batches."""
    seen = []

    def watched(model, encoded, **options):
        seen.append(sorted(len(ids) - 1 for ids in encoded))
        return score(model, encoded, **options)

    score = inference._score
    monkeypatch.setattr(inference, "_score", watched)
    monkeypatch.setattr(inference, "PROTEINS_AHEAD", 4)
    scores_of(model, proteins, tokens_per_batch=10_000, threads=1)
    lengths = [len(protein) for protein in proteins]
    assert seen == [sorted(lengths[i : i + 4]) for i in range(0, 20, 4)]


def test_threads_of_torch_stay_as_they_are(model, proteins):
    before = torch.get_num_threads()
    seen = []
    scores_of(model, proteins, threads=3)
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert (torch.get_num_threads(), seen) == (before, [before])


def test_scoring_can_be_left_early(model, proteins):
    before = threading.active_count()
    scored = score_proteins(model, proteins, threads=2)
    next(scored)
    scored.close()
    assert threading.active_count() == before


def marked(sequence, **sites):
    states = bytearray(len(sequence))
    for name, state in sites.items():
        states[int(name[1:]) - 1] = state
    return Protein(id="a", sequence=sequence, states=bytes(states))


def test_known_sites_are_shown_and_change_the_others(model):
    bare = marked("MSTAYAASPSPSPK")
    known = marked("MSTAYAASPSPSPK", s2=SiteState.POSITIVE, s8=SiteState.NEGATIVE)
    (plain,), (given,) = scores_of(model, [bare]), scores_of(model, [known], show_known=True)
    assert equal(scores_of(model, [known]), [plain])
    assert np.isnan(given[1])
    assert not np.isnan(given[[2, 4, 7, 9, 11]]).any()
    assert (plain[[2, 4, 7]] != given[[2, 4, 7]]).all()
    only_negative = marked("MSTAYAASPSPSPK", s8=SiteState.NEGATIVE)
    assert equal(scores_of(model, [only_negative], show_known=True), [plain])


def test_rows_tell_known_sites_from_scored_ones(model):
    ((_, rows),) = predict_sites(model, [marked("MSTAYAAS", t3=SiteState.POSITIVE)])
    assert [(row["position"], row["residue"], row["status"]) for row in rows] == [
        (2, "S", "scored"),
        (3, "T", "known"),
        (5, "Y", "scored"),
        (8, "S", "scored"),
    ]
    assert [row["probability"] is None for row in rows] == [False, True, False, False]


def test_labelled_sites_are_scored_without_being_shown(model):
    protein = marked("MSTAYAASPSPSPK", s2=SiteState.POSITIVE, s8=SiteState.NEGATIVE)
    sites = score_labelled_sites(model, [protein]).measured()
    (plain,) = scores_of(model, [marked("MSTAYAASPSPSPK")])
    assert sites.probability.tolist() == plain[[1, 7]].tolist()
    assert sites.truth.tolist() == [True, False]
    assert sites.residues.tolist() == ["S", "S"]
