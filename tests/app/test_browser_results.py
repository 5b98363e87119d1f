"""Ranking, known sites, links, pictures and changes in words, as visitors use them, in headless Chromium."""

import csv
import re
import threading
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from page_actions import run, table_rows, take_example, text_box

from phosphot5.cli.main import main

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"

pytestmark = pytest.mark.slow


class Entries(BaseHTTPRequestHandler):
    """Answers as UniProt does for one entry."""

    def do_GET(self):
        found = self.path == "/uniprotkb/P04637.fasta"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(b">sp|P04637|P53_HUMAN of here\nMSPEKTYSAASPRRASV\n" if found else b"")

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def url(serve):
    """Address of the page with the bundled model and a stand-in for UniProt."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Entries) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with serve("bundled", f"http://127.0.0.1:{server.server_port}") as address:
            yield address
        server.shutdown()


@pytest.fixture
def examples(visit):
    page = visit()
    run(page, (ROOT / "examples" / "proteins.fasta").read_text())
    page.get_by_role("img", name="Score track of P04637").wait_for()
    return page


def chosen(page) -> set[str]:
    """Return the sites that are pointed at in track, sequence and table."""
    marks = page.locator(".p5-result:visible .p5-chosen")
    found = {mark.get_attribute("data-site") for mark in marks.all()}
    places = page.locator(".p5-track .p5-chosen").count(), page.locator(".p5-sequence .p5-chosen").count()
    assert places == (1, 1)
    rows = page.locator(".p5-result:not(.p5-ranking) tr[aria-current] td").first
    return found | {rows.inner_text().strip()}


def detail(page) -> str:
    return page.locator(".p5-detail [role=status]:visible").inner_text()


def test_ranking_leads_to_protein_and_site(examples):
    page = examples
    rows = table_rows(page, ".p5-ranking")
    levels = [float(row[3]) for row in rows]
    assert len(rows) == 10
    assert levels == sorted(levels, reverse=True)
    page.locator(".p5-ranking").get_by_label("Search").fill("P46527")
    page.locator(".p5-ranking .count").filter(has_text="of 565 sites").wait_for()
    protein, position, residue = table_rows(page, ".p5-ranking")[0][:3]
    assert protein == "P46527"
    page.locator(".p5-ranking tbody button").first.press("Enter")
    page.get_by_role("img", name="Score track of P46527").wait_for()
    assert page.get_by_label("Protein", exact=True).input_value().endswith("P46527")
    assert chosen(page) == {position}
    assert detail(page).startswith(f"{residue}{position}: probability")


def test_track_table_and_sequence_point_at_the_same_site(visit):
    page = visit()
    take_example(page, "Example: p53 (P04637)", "Score")
    track = page.get_by_role("img", name="Score track of P04637")
    track.wait_for()
    page.locator(".p5-track [data-site='37'] path").click(force=True)
    assert chosen(page) == {"37"}
    assert page.locator("tr[aria-current]").evaluate(
        "e => e.getBoundingClientRect().bottom < innerHeight + 1 && e.getBoundingClientRect().top > -1"
    )
    page.locator(".p5-sequence [data-site='392']").click()
    assert chosen(page) == {"392"}
    page.locator("tbody tr").first.click()
    assert chosen(page) == {"315"}
    page.get_by_role("region", name="Score track").focus()
    page.keyboard.press("ArrowLeft")
    assert chosen(page) == {"314"}
    assert detail(page).startswith("S314: probability")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.innerText").strip() == "314"
    page.get_by_role("group", name="Sequence").focus()
    page.keyboard.press("ArrowRight")
    assert chosen(page) == {"315"}


def test_known_sites_by_click_and_by_text(examples):
    page = examples
    field = page.get_by_role("textbox", name="Known sites")
    page.locator(".p5-sequence [data-site='15']").click()
    page.get_by_role("button", name="Mark as known").click()
    assert field.input_value() == "P04637 S15"
    page.locator(".p5-sequence [data-site='18']").click()
    page.get_by_role("button", name="Mark as known").click()
    assert field.input_value() == "P04637 S15, T18"
    page.get_by_role("button", name="Score again").click()
    page.locator(".p5-status").filter(has_text="6 proteins").wait_for()
    page.locator(".p5-track g.p5-known").nth(1).wait_for()
    assert detail(page) == "T18: given as known"
    known = [row for row in table_rows(page) if row[6] == "known"] or table_rows(page)
    page.get_by_label("Search").last.fill("s15")
    page.locator(".count").last.filter(has_text="1 of 69").wait_for()
    (known,) = table_rows(page)
    assert known[:4] == ["15", "S", "", ""]
    page.locator(".p5-sequence [data-site='18']").click()
    page.get_by_role("button", name="No longer known").click()
    assert field.input_value() == "P04637 S15"
    field.fill("P04637 S16")
    page.get_by_role("button", name="Score", exact=True).click()
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "record P04637, position 16: found 'Q' in the sequence, expected 'S'" in alert.inner_text()


def test_accession_in_place_of_a_sequence(visit):
    page = visit()
    assert "fetched from UniProt by this server" in page.locator("body").inner_text()
    run(page, "P04637")
    page.get_by_role("img", name="Score track of sp|P04637|P53_HUMAN").wait_for()
    assert text_box(page).input_value().startswith(">sp|P04637|P53_HUMAN of here")
    links = {link.inner_text(): link.get_attribute("href") for link in page.locator(".p5-links a").all()}
    assert list(links) == ["UniProt", "PhosphoSitePlus", "AlphaFold DB"]
    assert all("P04637" in address for address in links.values())
    run(page, "P04637 Q00987")
    page.get_by_text("Q00987: UniProt has no sequence under this accession; check it").wait_for()
    assert text_box(page).input_value() == "P04637 Q00987"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_need_nothing_else(visit, scheme, tmp_path):
    page = visit(color_scheme=scheme)
    take_example(page, "Example: p53 (P04637)", "Score")
    page.get_by_role("img", name="Score track of P04637").wait_for()
    for ending in ("svg", "png"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save as {ending.upper()}").click()
        assert download.value.suggested_filename == f"phosphot5_P04637.{ending}"
        download.value.save_as(tmp_path / f"track.{ending}")
    text = (tmp_path / "track.svg").read_text()
    assert not re.search(r"var\(|class=|style=|https?://(?!www\.w3\.org)", text)
    root = ET.fromstring(text)
    words = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert words[0] == "P04637: probability of phosphorylation"
    assert {"Position", "393", "Serine (S)", "high: 1% false positives"} <= set(words)
    assert root.find(f"{SVG}rect").get("fill") == "#ffffff"
    marks = [path for path in root.iter(f"{SVG}path") if path.get("fill") == "rgb(154, 60, 0)"]
    assert len(marks) == 7  # six sites called high, and the key: the same on a dark page
    from PIL import Image

    with Image.open(tmp_path / "track.png") as picture:
        assert picture.width == 2 * int(root.get("width"))
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 10


def test_changes_in_words(visit, tmp_path):
    """The figures are those of ``phosphot5 variants``, whatever the model is."""
    table = tmp_path / "variants.tsv"
    proteins = ROOT / "examples" / "proteins.fasta"
    assert main(["variants", "P04637:p.Pro47Ser", "--fasta", str(proteins), "-o", str(table)]) == 0
    with table.open(newline="") as handle:
        ratios = {row["position"]: row["log2_odds_ratio"] for row in csv.DictReader(handle, delimiter="\t")}
    page = visit()
    page.get_by_role("tab", name="Compare two variants").click()
    take_example(page, "Example: P47S in words", "Compare")
    page.get_by_role("img", name="Scores of A point up").wait_for()
    gained, changed = table_rows(page)[:2]
    assert gained[:2] == ["P47 \u2192 S47", "gained"]
    assert (changed[:3], changed[5]) == (["S46", "changed", "-1"], ratios["46"])
    page.locator("tbody tr").nth(1).click()
    assert page.locator(".p5-track .p5-chosen").count() == 2
    assert f"log2 odds ratio {ratios['46']}, changed" in detail(page)
    page.get_by_role("textbox", name="Or, in place of variant B").fill("P46S")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("change P46S: another residue in the protein: S at 46, not P").wait_for()
    assert page.get_by_role("img", name="Scores of A point up").count() == 0
