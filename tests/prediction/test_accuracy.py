"""Which figures of a run record are shown for which proteins."""

from collections import Counter

import pytest

from phosphot5.data import Protein
from phosphot5.data.species import GROUPS
from phosphot5.prediction.accuracy import accuracy_lines, species_counts


def figures(**classes):
    """Return metrics as a record has them: class to AUROC, AP and, if it is not 100, number of positives."""
    return {
        f"{key}_{name}": value
        for key, (auroc, ap, *positives) in classes.items()
        for name, value in {
            "auroc": auroc,
            "ap": ap,
            "sites": 1000,
            "prevalence": (positives or [100])[0] / 1000,
        }.items()
    }


SETS = "multisource/valid.fasta.gz + species/dev.fasta.gz"
METRICS = {
    f"{SETS}, human": figures(st=(0.8231, 0.5629), y=(0.7739, 0.4563)),
    f"{SETS}, mammals": figures(st=(0.75, 0.4), y=(0.9, 0.9, 19)),
    f"{SETS}, yeasts": figures(st=(0.7, 0.3, 3), y=(0.6, 0.2)),
    f"{SETS}, plants": figures(st=(0.7, 0.3, 3)),
    f"{SETS}, curated": figures(st=(0.86, 0.276), y=(0.5, 0.1, 2)),
    f"{SETS}, curated_tyrosines": figures(st=(0.5, 0.1), y=(0.81, 0.31)),
    "multisource/test, human": figures(st=(0.1, 0.1), y=(0.1, 0.1)),
}
HUMAN = (
    "human proteins: on validation proteins of this group, AUROC 0.823 and AP 0.563 for S and T, "
    "0.774 and 0.456 for Y"
)
NO_FIGURES = "of a species that is not named or was not measured: no figures apply"


def counts_of(*headers):
    proteins = [Protein(id=f"p{i}", description=header, sequence="MS") for i, header in enumerate(headers)]
    return sum((Counter(species_counts(protein)) for protein in proteins), Counter(proteins=len(proteins)))


def test_a_line_for_each_group_and_one_for_the_rest():
    counts = counts_of("OX=9606", "OS=Homo sapiens", "OX=10090", "OX=4932", "OX=3702", "OX=83333", "")
    assert accuracy_lines(counts, METRICS) == [
        f"2 {HUMAN}",
        "1 mammalian protein: on validation proteins of this group, AUROC 0.750 and AP 0.400 for S and T only",
        "1 yeast or mould protein: on validation proteins of this group, AUROC 0.600 and AP 0.200 for Y only",
        f"3 proteins {NO_FIGURES}",
    ]


def test_what_headers_say_wins_over_what_is_given():
    counts = counts_of("", "OX=10090", "OX=83333", "OS=Homo sapiens")
    lines = accuracy_lines(counts, METRICS, given="human")
    assert lines[0] == f"2 {HUMAN}"
    assert lines[1].startswith("1 mammalian protein: ")
    assert lines[2:] == [f"1 protein {NO_FIGURES}"]
    assert accuracy_lines(counts_of("", ""), METRICS, given="plants") == [f"2 proteins {NO_FIGURES}"]


@pytest.mark.parametrize("given", [None, "human"])
def test_curated_figures_apply_to_every_species(given):
    assert accuracy_lines(counts_of("OX=9606", "OX=83333", ""), METRICS, "curated", given) == [
        "3 proteins: on validation proteins with curated labels, AUROC 0.860 and AP 0.276 for S and T, "
        "0.810 and 0.310 for Y"
    ]
    assert accuracy_lines(counts_of("OX=9606"), METRICS, "mass-spec", given) == [
        f"1 {HUMAN.replace('proteins', 'protein', 1)}"
    ]


@pytest.mark.parametrize(
    ("metrics", "label_source"),
    [
        ({}, None),
        ({"multisource/valid.fasta.gz": figures(st=(0.8, 0.5))}, None),
        ({"mine/valid.fasta.gz, mine": figures(st=(0.8, 0.5))}, None),
        ({f"{SETS}, human": figures(st=(0.8, 0.5))}, "curated"),
        ({f"{SETS}, human": {"st_auroc": None, "st_ap": None, "st_sites": 9, "st_prevalence": None}}, None),
    ],
)
def test_without_figures_by_group_only_a_species_that_was_given_gets_an_answer(metrics, label_source):
    assert accuracy_lines(counts_of("OX=9606"), metrics, label_source) == []
    assert accuracy_lines(counts_of("OX=9606"), metrics, label_source, "human") == [
        "--species: this model has no figures by group"
    ]


@pytest.mark.parametrize("label_source", [None, "curated"])
def test_a_share_without_proteins_has_no_lines(label_source):
    assert accuracy_lines(Counter(), METRICS, label_source, "human") == []


def test_at_most_eight_lines():
    metrics = {f"valid, {group}": figures(st=(0.8, 0.5), y=(0.7, 0.4)) for group in GROUPS}
    counts = Counter(dict.fromkeys(GROUPS, 1), proteins=9)
    assert len(accuracy_lines(counts, metrics)) == 8
