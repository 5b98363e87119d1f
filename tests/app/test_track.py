"""Tracks and sequences: well-formed, escaped, with a shape for every call and thresholds that fit the calls."""

import re
import xml.etree.ElementTree as ET

import pytest

from phosphot5.app.scoring import Scored
from phosphot5.app.sequence import draw_sequence
from phosphot5.app.track import RESIDUES, draw_track, legend
from phosphot5.data import Protein, parse
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS, false_positive_rate, site_call, site_rows
from phosphot5.prediction.loading import load_model
from phosphot5.record.thresholds import probability_at

TABLE = {r: {"fpr": [0.002, 0.02, 0.2, 1.0], "probability": [0.9, 0.6, 0.3, 0.0]} for r in "STY"}


def scored(text: str, scores: list[float], name: str = "x") -> Scored:
    protein = Protein(id=name, **vars(parse(text, "plain")))
    probabilities = iter(scores)
    values = [next(probabilities) if letter in "STY" else float("nan") for letter in protein.sequence]
    positions = [protein.given_position(i + 1) for i in range(len(protein))]
    return Scored(protein, site_rows(name, protein.sequence, values, TABLE, positions))


def svgs(html: str) -> list[ET.Element]:
    return list(ET.fromstring(f"<root>{html}</root>").iter("svg"))


def test_track_shows_every_site_with_its_own_shape():
    entry = scored("MSPTAYKS", [0.95, 0.55, 0.4, 0.01])
    html = draw_track(entry, TABLE)
    titles = [title.text for title in ET.fromstring(html).iter("title")]
    assert titles == [
        "S8: probability 0.0100, false-positive rate 0.9733, call -",
        "S2: probability 0.9500, false-positive rate 0.0020, call high",
        "T4: probability 0.5500, false-positive rate 0.0500, call medium",
        "Y6: probability 0.4000, false-positive rate 0.1400, call -",
    ]
    (picture,) = [svg for svg in svgs(html) if svg.get("role") == "img"]
    assert picture.get("aria-label") == (
        "Score track of x. 8 residues, 4 serines, threonines and tyrosines; called 1 high, 1 medium, 0 low. "
        "Highest: S2 0.95, T4 0.55, Y6 0.40."
    )
    shapes = {group.get("class"): group.find("svg/path").get("d") for group in picture.iter("g")}
    assert len(set(shapes.values())) == len(shapes) == 3


def test_lanes_are_only_of_residues_that_are_there():
    html = draw_track(scored("MSPKS", [0.5, 0.5]), TABLE)
    assert [name for name in RESIDUES.values() if name in html] == ["Serine"]
    assert "No serine, threonine or tyrosine" in draw_track(scored("MPK", []), TABLE)


def test_without_a_table_there_are_no_thresholds():
    entry = scored("MSP", [0.5])
    assert draw_track(entry, TABLE).count("p5-line") == 3
    assert "p5-line" not in draw_track(entry, None)


@pytest.mark.parametrize("residue", "STY")
def test_thresholds_are_where_the_calls_change(residue):
    table = load_model("bundled")[0].config.fpr_table_of()[residue]
    for call, rate in CALLS.items():
        level = probability_at(table, rate)
        assert site_call(false_positive_rate(level + 0.005, table)) == call
        assert site_call(false_positive_rate(level - 0.005, table)) != call
    assert probability_at(table, table["fpr"][0] / 2) is None


def test_long_proteins_scroll_and_titin_stays_bounded():
    narrow = draw_track(scored("MS" * 50, [0.5] * 50), TABLE)
    long = draw_track(scored("MS" * 17_500, [0.5] * 17_500), TABLE)
    assert "min-width:50px" in narrow
    assert "min-width:12000px" in long
    ends = re.findall(r'text-anchor="end">([\d,]+)</text>', long)
    assert "35000" in ends


def test_sequence_is_numbered_in_tens_as_it_was_given():
    entry = scored("MSPEK-TAYKSAAAS", [0.95, 0.55, 0.4, 0.01, 0.5])
    root = ET.fromstring(draw_sequence(entry))
    groups = root.findall("div/span")
    assert ["".join(group.itertext()) for group in groups] == ["11MSPEKTAYKS", "AAAS"]
    assert [(site.text, site.get("class")) for site in root.iter("b")] == [
        ("S", "p5-high"),
        ("T", "p5-medium"),
        ("Y", "p5-none"),
        ("S", "p5-none"),
        ("S", "p5-low"),
    ]
    assert [site.get("title").partition(":")[0] for site in root.iter("b")] == [
        "S2",
        "T7",
        "Y9",
        "S11",
        "S15",
    ]


def test_names_cannot_be_markup():
    entry = scored("MSP", [0.5], '"><script>alert(1)</script>')
    for html in (draw_track(entry, TABLE), draw_sequence(entry)):
        assert "<script" not in html
        assert ET.fromstring(html) is not None


def test_legend_names_every_call():
    words = [" ".join("".join(item.itertext()).split()) for item in ET.fromstring(legend()).iter("li")]
    assert words == [
        "S high: 1% false positives",
        "S medium: 5% false positives",
        "S low: 10% false positives",
        "S not called",
    ]
