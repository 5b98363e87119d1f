"""What known sites bring, by group, on made-up data."""

import pytest

from phosphot5.data import SiteState
from phosphot5.prediction.loading import load_model
from phosphot5.trainer.dataset import LabelledFile


@pytest.fixture
def script(benchmarks):
    return benchmarks("benchmarks.accuracy.known_sites")


@pytest.fixture
def labelled(tmp_path):
    """Two groups of 30 proteins with two or four positive S, and one with a single one."""
    lines = []
    for number in range(60):
        group, tail = ("plants", "Y#AY@S#KS#") if number % 2 else ("yeasts", "A")
        code = f"{number:06b}".translate({48: "K", 49: "R"})  # no sequence twice
        lines.append(f">p{number} group={group}\nMS#AT@KS#A{tail}{code}\n")
    path = tmp_path / "set.fasta"
    path.write_text("".join([*lines, ">single group=plants\nMS#AT@\n"]))
    return LabelledFile(str(path), label_source="mass-spec")


def test_proteins_of_a_group_are_drawn_once_and_for_all(script, labelled):
    everything = script.groups_with_two_sites(labelled, 1000)
    assert {group: len(proteins) for group, proteins in everything.items()} == {"yeasts": 30, "plants": 30}
    drawn = script.groups_with_two_sites(labelled, 7)
    assert drawn == script.groups_with_two_sites(labelled, 7)
    for group, proteins in drawn.items():
        assert len(proteins) == 7
        assert [p for p in everything[group] if p in proteins] == proteins  # in their order


def test_half_of_the_positives_is_shown(script, labelled):
    (protein, *_) = script.groups_with_two_sites(labelled, 1000)["plants"]
    shown = script.show_half(protein, [0, 0])
    assert (protein.states.count(SiteState.POSITIVE), shown.states.count(SiteState.POSITIVE)) == (5, 2)
    assert script.show_half(protein, [0, 0]) == shown


def test_classes_with_enough_positives_are_measured(script, labelled, tiny_folder):
    model = load_model(str(tiny_folder))[0]
    groups = script.groups_with_two_sites(labelled, 1000)
    found = script.measure(model, groups["plants"], labelled.label_source)
    assert (found["proteins"], found["shown_sites"], found["draws"]) == (30, 60, 3)
    assert set(found["gain"]) >= {"st_ap", "st_auroc"}
    for metric, gain in found["gain"].items():
        parts = [found[part][metric]["mean"] for part in ("conditional", "marginal")]
        assert gain["mean"] == pytest.approx(parts[0] - parts[1])
    few = script.measure(model, groups["yeasts"][:15], labelled.label_source)
    assert few["gain"] == few["marginal"] == {}


def test_every_choosing_set_is_read_with_its_kind_of_label(script, tmp_path):
    found = script.files(tmp_path, tmp_path / "curated_Y_dev.fasta.gz")
    assert {name: (file.label_source, file.residues) for name, file in found.items()} == {
        "multisource/valid.fasta.gz": ("mass-spec", "STY"),
        "species/dev.fasta.gz": ("mass-spec", "STY"),
        "musitedeep/ST_dev.fasta.gz": ("curated", "STY"),
        "curated_Y_dev.fasta.gz": ("curated", "Y"),
    }
    assert found[script.HUMAN].path == str(tmp_path / "phosphosites" / script.HUMAN)


def test_the_page_has_a_row_for_each_group_and_class(benchmarks):
    tables = benchmarks("docs.generate.accuracy_tables")
    old = tables.load("known_sites")
    human = {key: old[key] for key in ("proteins", "marginal", "conditional", "gain")}
    few = human | {"gain": {}}
    lines = tables._known_by_group(
        human | {"groups": {"species/dev.fasta.gz": {"other_vertebrates": few, "yeasts": human}}}
    )
    rows = [line for line in lines if line.startswith("| ")][2:]
    assert [row.split(" | ")[:2] for row in rows] == [
        [f"| {title}", kind]
        for title in ("human (`multisource/valid`)", "yeasts (`species/dev`)")
        for kind in ("S/T", "Y")
    ]
    before, after = (f"{human[part]['st_ap']['mean']:.3f}" for part in ("marginal", "conditional"))
    assert rows[0].endswith(f"| {before} | {after} |")
