"""Peer tables: reading, every way they can be wrong, and comparing on common sites only."""

import gzip

import numpy as np
import pytest

from phosphot5.data import Protein, parse
from phosphot5.errors import InputFileError, InputFormatError, PhosphoT5Error
from phosphot5.evaluation.bootstrap import paired_difference
from phosphot5.evaluation.peers import Peer, compare, read_peers
from phosphot5.evaluation.sites import LabelledSites, evaluate_sites

HEADER = "accession\tposition\tresidue\tlabel\tone\ttwo\n"


@pytest.fixture
def sites():
    texts = {"P1": "MS#AT@Y", "sp|P2|NAME": "M-S@S#"}
    proteins = [Protein(id=name, **vars(parse(text, "hash"))) for name, text in texts.items()]
    return LabelledSites.from_proteins(proteins)


@pytest.fixture
def write(tmp_path):
    def run(text):
        path = tmp_path / "peer.tsv"
        path.write_text(text)
        return path

    return run


def many_sites(count: int = 600) -> LabelledSites:
    rng = np.random.default_rng(0)
    states = rng.choice([0, 1, 2], count, p=[0.1, 0.3, 0.6]).astype(np.uint8)
    return LabelledSites(
        probability=rng.beta(2 + (states == 1), 2, count).astype(np.float32),
        states=states,
        residues=rng.choice(list("STY"), count),
        protein=rng.integers(20, size=count),
        position=np.arange(1, count + 1),
        proteins=tuple(f"p{i}" for i in range(20)),
    )


def peer_of(scores: np.ndarray, name: str = "other") -> Peer:
    return Peer(name, "peer.tsv", scores, rows=700, elsewhere=100)


def test_each_score_column_is_a_peer(sites, write):
    text = HEADER + "P1\t2\tS\t1\t0.5\t7\nP2\t3\tS\t0\t\t-2\nP9\t1\tY\t1\t1\t1\nP1\t5\tY\t0\tNA\tnan\n"
    one, two = read_peers(write(text), sites)
    assert (one.name, two.name) == ("one", "two")
    assert (one.rows, one.elsewhere) == (4, 1)
    np.testing.assert_array_equal(one.scores, [0.5, np.nan, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(two.scores, [7, np.nan, np.nan, -2, np.nan])


def test_gzip_other_names_of_columns_and_of_sites(sites, tmp_path):
    path = tmp_path / "peer.tsv.gz"
    path.write_bytes(gzip.compress(b"score\tUniProt ID\tsite\n0.5\ttr|P1|X\tS2\n"))
    (peer,) = read_peers(path, sites)
    assert peer.name == "score"
    assert peer.scores[0] == 0.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found an empty file, expected a table with a header"),
        ("position\tone\n", "line 1: found the columns 'position', 'one', expected one with the accession"),
        ("accession\tone\n", "line 1: found the columns 'accession', 'one', expected one with the position"),
        ("accession\tposition\tlabel\n", "line 1: found no score column, expected one or more"),
        (
            "accession\tposition\ta\ta\n",
            "found the score columns 'a', 'a', expected one or more, each with its own",
        ),
        (HEADER + "P1\t2\n", "line 2: found 2 columns, expected 6 as in the header"),
        (
            HEADER + "P1\t0\tS\t1\t1\t1\n",
            "line 2, record P1, position 0: found a score, expected one of S, T, Y",
        ),
        (
            HEADER + "P1\t3\tA\t1\t1\t1\n",
            "line 2, record P1, position 3: found a score, expected one of S, T, Y",
        ),
        (
            HEADER + "P1\t99\tS\t1\t1\t1\n",
            "record P1, position 99: found a score, expected one of S, T, Y there",
        ),
        (HEADER + "P1\tx\tS\t1\t1\t1\n", "line 2, record P1: found 'x', expected a site such as 15"),
        (
            HEADER + "P1\t2\tT\t1\t1\t1\n",
            "position 2: found residue 'T', expected 'S' as in our sequence; check",
        ),
        (
            HEADER + "P1\t2\tS\tyes\t1\t1\n",
            "position 2: found label 'yes', expected 1 for phosphorylated or 0",
        ),
        (
            HEADER + "P1\t2\tS\t0\t1\t1\n",
            "position 2: found label 0, expected 1 as in our labels; compare on",
        ),
        (
            HEADER + "P1\t4\tT\t1\t1\t1\n",
            "position 4: found label 1, expected 0 as in our labels; compare on",
        ),
        (
            HEADER + "P1\t2\tS\t1\t1\t1\n\nP1\t2\tS\t1\t1\t1\n",
            "line 4, record P1, position 2: found a second row for this site, the first in line 2, expected each",
        ),
        (
            HEADER + "P1\t2\tS\t1\t1\thigh\n",
            "line 2, record P1, position 2: found 'high' in column 'two', expected a finite number, or nothing; remove",
        ),
        (
            HEADER + "P1\t2\tS\t1\tinf\t1\n",
            "position 2: found 'inf' in column 'one', expected a finite number",
        ),
    ],
)
def test_a_wrong_table_is_refused_and_says_where(sites, write, text, message):
    path = write(text)
    with pytest.raises(InputFormatError) as caught:
        read_peers(path, sites)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_missing_table_is_named(sites, tmp_path):
    with pytest.raises(InputFileError, match=r"gone\.tsv: no such file"):
        read_peers(tmp_path / "gone.tsv", sites)


def test_only_labelled_sites_that_both_score_are_compared():
    sites = many_sites()
    rng = np.random.default_rng(1)
    scores = np.where(rng.random(600) < 0.2, np.nan, rng.random(600))
    result = compare(sites, peer_of(scores), None, 20, 5)
    labelled, has = sites.states != 0, ~np.isnan(scores)
    assert result["name"] == "other"
    assert result["sites"] == (labelled & has).sum()
    assert result["without_score"] == (labelled & ~has).sum()
    assert result["unlabelled"] == (~labelled & has).sum()
    assert (result["proteins"], result["elsewhere"]) == (20, 100)
    common = sites.at(labelled & has)
    assert result["model"] == evaluate_sites(common, None, 20, 5)
    gaps = paired_difference(
        common.probability.astype(float),
        scores[labelled & has],
        common.truth,
        common.residues,
        common.protein,
        20,
        5,
    )
    assert result["difference"] == {name: vars(gap) for name, gap in gaps.items()}
    assert result["difference"]["st_ap"]["difference"] == result["model"]["st_ap"] - result["peer"]["st_ap"]


def test_thresholds_of_the_model_are_not_those_of_the_peer():
    sites = many_sites()
    scores = sites.probability.astype(float)
    same = compare(sites, peer_of(scores), None, 5, 0)
    assert {gap["difference"] for gap in same["difference"].values()} == {0}
    fixed = compare(sites, peer_of(scores), {"S": 0.9, "T": 0.9, "Y": 0.9}, 5, 0)
    assert fixed["peer"] == same["peer"]
    assert fixed["difference"]["st_mcc"]["difference"] < 0
    assert fixed["difference"]["st_auroc"]["difference"] == 0


def test_scores_that_are_no_probabilities_have_no_calibration_to_compare():
    sites = many_sites()
    result = compare(sites, peer_of(np.random.default_rng(0).normal(size=600)), None, 5, 0)
    assert "st_brier" in result["model"]
    assert not any(
        "brier" in name or "ece" in name for part in ("peer", "difference") for name in result[part]
    )


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        (lambda sites: sites.protein < 0, "no residue class has both positive and negative"),
        (lambda sites: sites.states == 1, "no residue class has both positive and negative"),
        (lambda sites: sites.protein == 3, "at least 2 proteins, not of 1"),
    ],
)
def test_too_few_common_sites_are_refused(keep, reason):
    sites = many_sites()
    scores = np.where(keep(sites), 0.5, np.nan)
    with pytest.raises(PhosphoT5Error, match=reason) as caught:
        compare(sites, peer_of(scores), None, 5, 0)
    common = int((keep(sites) & (sites.states != 0)).sum())
    total = int((sites.states != 0).sum())
    assert f"peer.tsv, column 'other': cannot be compared on the {common} of {total} labelled" in str(
        caught.value
    )
