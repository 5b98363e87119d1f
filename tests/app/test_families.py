"""Families of kinases on the page: the strip, what is kept of the families, files and titles."""

import re
import xml.etree.ElementTree as ET

import pytest

from phosphot5.app.downloads import write_downloads
from phosphot5.app.families import FAMILIES as ROWS
from phosphot5.app.families import draw_families
from phosphot5.app.scoring import FAMILIES_OF, Scored, Scorer
from phosphot5.app.sequence import draw_sequence
from phosphot5.cli.main import main
from phosphot5.data import Protein
from phosphot5.modeling_phosphot5.families_phosphot5 import FamilyTable
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows

FAMILIES = {
    "AGC": {"residues": "ST", "members": ["AKT1", "PRKACA"], "sites": 5},
    "PKA": {"residues": "ST", "members": ["PRKACA"], "sites": 4},
    "<CK2>": {"residues": "ST", "members": ["CSNK2A1"], "sites": 4},
    "SRC": {"residues": "Y", "members": ["SRC"], "sites": 3},
}
SINGLES = ("PKA", "<CK2>", "SRC")
NAN = float("nan")


@pytest.fixture(scope="module")
def scorer(kinase_folder):
    return Scorer(str(kinase_folder))


@pytest.fixture
def entry() -> Scored:
    rows = site_rows("<b>", "SY", [0.9, 0.2], None)
    FamilyTable(FAMILIES, None).add_to(
        rows, [[0.5, 0.95, 0.8, 0.25, NAN], [0.5, NAN, NAN, NAN, 0.6]], every=True
    )
    return Scored(Protein(id="<b>", sequence="SY"), rows)


def strip(html: str) -> ET.Element:
    root = ET.fromstring(f"<root>{html}</root>")
    (picture,) = [svg for svg in root.iter("svg") if svg.get("role") == "img"]
    return picture


def test_every_family_that_fits_has_a_cell_and_the_best_one_a_frame(entry):
    html = draw_families(entry, SINGLES)
    cells = {cell.find("title").text: cell for cell in strip(html).iter("rect")}
    assert list(cells) == ["S1: <CK2> 0.2500", "S1: PKA 0.8000", "Y2: SRC 0.6000"]
    assert [cell.get("fill-opacity") for cell in cells.values()] == ["0.25", "0.80", "0.60"]
    assert [cell.get("class") for cell in cells.values()] == [None, "p5-best", "p5-best"]
    assert strip(html).get("aria-label") == (
        "Families of kinases at the called sites of <b>: S1 PKA 0.80, Y2 SRC 0.60."
    )


def test_the_strip_has_the_most_probable_families_and_the_best_of_each_site():
    families = {
        f"F{number:02}": {"residues": "ST", "members": [f"G{number}"], "sites": 1} for number in range(30)
    }
    rows = site_rows("p", "SS", [0.9, 0.9], None)
    levels = [[0.5, *(number / 30 for number in range(30))], [0.5, 0.1, *[0.05] * 29]]
    FamilyTable(families, None).add_to(rows, levels, every=True)
    html = draw_families(Scored(Protein(id="p", sequence="SS"), rows), list(families))
    expected = ["F00", *(f"F{number}" for number in range(31 - ROWS, 30))]
    assert re.findall(r">(F\d\d)</text>", html) == expected


def test_without_families_there_is_no_strip():
    rows = site_rows("p", "SY", [0.9, 0.2], None)
    assert draw_families(Scored(Protein(id="p", sequence="SY"), rows), SINGLES) == ""


def test_families_are_kept_of_the_sites_that_are_shown(scorer):
    ((few,), _) = scorer.score("MSPTSY")
    called = [row["position"] for row in few.rows if row["call"] != "-"]
    shown = [row["position"] for row in few.rows if "kinases" in row]
    assert shown == (called or [max(few.rows, key=lambda row: row["probability"])["position"]])
    ((many,), _) = scorer.score("MSPKTASRY" * 60)
    shown = [row for row in many.rows if "kinases" in row]
    assert 0 < len(shown) <= FAMILIES_OF
    assert all("kinase" in row for row in many.rows)
    assert "kinase" not in scorer.score_pair("MSPTSY", "MSPTAY")[0].rows[0]


def test_the_title_of_a_site_names_its_family(scorer):
    ((entry,), _) = scorer.score("MSPTSY")
    assert ", SRC 0." in draw_sequence(entry)


def test_files_are_those_of_the_command(scorer, kinase_folder, tmp_path):
    fasta = tmp_path / "in.fasta"
    fasta.write_text(">a\nMSPKTASRY\n>b\nMKA\n")
    for path in write_downloads(scorer.score(fasta.read_text())[0], tmp_path, kinases=True):
        again = tmp_path / f"again{path.suffix}"
        options = [] if path.suffix == ".proforma" else ["--kinases"]
        settings = ["--model", str(kinase_folder), "--device", "cpu", "--runtime", "torch", "--quiet"]
        assert main(["predict", str(fasta), "-o", str(again), *settings, *options]) == 0
        assert path.read_bytes() == again.read_bytes(), path.name
