"""The scored sites of labelled proteins: which count, where they stand, and their metrics."""

import numpy as np
import pytest

from phosphot5.data import Protein, SiteState, parse
from phosphot5.evaluation.bootstrap import bootstrap, measure
from phosphot5.evaluation.sites import LabelledSites, evaluate_sites

U, P, N = SiteState.UNKNOWN, SiteState.POSITIVE, SiteState.NEGATIVE


def protein(name: str, marked: str) -> Protein:
    """Read a protein in hash notation, gaps allowed."""
    return Protein(id=name, **vars(parse(marked, "hash")))


def scored(proteins: list[Protein]) -> LabelledSites:
    """Every residue scores a hundredth of its index in all sequences put together."""
    ends = np.cumsum([0, *map(len, proteins)])
    pairs = zip(proteins, ends, strict=False)
    return LabelledSites.from_proteins(proteins).scored(
        (p, (start + np.arange(len(p))) / 100) for p, start in pairs
    )


def random_sites(count: int = 500, proteins: int = 20) -> LabelledSites:
    rng = np.random.default_rng(0)
    states = rng.choice([U, P, N], count, p=[0.1, 0.3, 0.6]).astype(np.uint8)
    return LabelledSites(
        probability=rng.beta(2, 2, count).astype(np.float32),
        states=states,
        residues=rng.choice(list("STY"), count),
        protein=np.sort(rng.integers(proteins, size=count)),
        position=np.arange(1, count + 1),
        proteins=tuple(f"p{i}" for i in range(proteins)),
    )


def test_every_site_is_taken_with_its_place():
    sites = scored([protein("a", "MS#AT"), protein("none", "AAG"), protein("b", "Y@S")])
    assert sites.residues.tolist() == ["S", "T", "Y", "S"]
    assert sites.states.tolist() == [P, U, N, U]
    assert sites.truth.tolist() == [True, False, False, False]
    assert sites.protein.tolist() == [0, 0, 2, 2]
    assert sites.position.tolist() == [2, 4, 1, 2]
    assert sites.proteins == ("a", "none", "b")
    assert sites.probability.tolist() == pytest.approx([0.01, 0.03, 0.07, 0.08])
    assert len(sites) == 4


def test_positions_are_those_of_the_given_sequence():
    sites = LabelledSites.from_proteins([protein("a", "M-S#-.T")])
    assert sites.position.tolist() == [3, 6]
    assert np.isnan(sites.probability).all()


def test_no_proteins():
    sites = LabelledSites.from_proteins([])
    assert (len(sites), sites.proteins, sites.residues.tolist()) == (0, (), [])
    assert len(sites.unlabelled_as_negative()) == len(sites.measured()) == 0


def test_scores_of_other_proteins_are_refused():
    one, other = protein("a", "MS#AT"), protein("b", "MSSAT")
    with pytest.raises(ValueError, match="3 scores for 2 sites"):
        LabelledSites.from_proteins([one]).scored([(other, np.zeros(5))])


def test_measured_sites_are_the_labelled_ones():
    sites = scored([protein("a", "MS#ATY@"), protein("b", "SS@")]).measured()
    assert sites.states.tolist() == [P, N, N]
    assert sites.position.tolist() == [2, 5, 2]
    assert sites.probability.tolist() == pytest.approx([0.01, 0.04, 0.06])


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("S#STY", [P, N, N]),  # S and T were looked at, Y was not
        ("T@SY", [N, N]),
        ("STY#", [P]),
        ("S@TY#Y", [N, N, P, N]),
        ("STY", []),
    ],
)
def test_unlabelled_sites_count_where_their_class_is_labelled(marked, expected):
    sites = LabelledSites.from_proteins(
        [protein("other", "S#T@Y#"), protein("a", marked)]
    ).unlabelled_as_negative()
    assert sites.states[sites.protein == 1].tolist() == expected
    assert sites.states[sites.protein == 0].tolist() == [P, N, P]


def test_metrics_are_those_of_the_measured_sites_with_their_bounds():
    sites = random_sites()
    thresholds = {"S": 0.5, "T": 0.4, "Y": 0.6}
    result = evaluate_sites(sites, thresholds, resamples=30, seed=2)
    known = sites.measured()
    arrays = (known.probability.astype(float), known.truth, known.residues)
    plain = measure(*arrays, thresholds)
    assert {name: result[name] for name in plain} == plain
    bounds = bootstrap(*arrays, known.protein, 30, 2, thresholds)
    assert {(result[f"{name}_low"], result[f"{name}_high"]) for name in bounds} == set(bounds.values())
    assert len(result) == len(plain) + 2 * len(bounds)
    assert all(isinstance(value, (int, float)) for value in result.values())


def test_one_protein_has_metrics_without_bounds():
    result = evaluate_sites(random_sites(proteins=1))
    assert "st_auroc" in result
    assert not any(name.endswith(("_low", "_high")) for name in result)


def test_sites_without_scores_are_refused():
    with pytest.raises(ValueError, match="2 of 2 scores are not finite"):
        evaluate_sites(LabelledSites.from_proteins([protein("a", "S#S@")]))
