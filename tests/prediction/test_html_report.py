"""The report: one file that asks for nothing else, shows text as text, and can be searched, sorted and read."""

import base64
import json
import re
from hashlib import sha256

import pytest

from phosphot5.cli.main import main
from phosphot5.data import Protein
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows
from phosphot5.prediction.about import About
from phosphot5.prediction.html_report import report_line, write_report

NAMES = ["<script>alert(1)</script>", "\"&'", "</script><!--", "{{proteins}}", "\u03b2\u202e", "plain"]
TABLE = {residue: {"fpr": [0.01, 0.05, 0.2], "probability": [0.9, 0.6, 0.3]} for residue in "STY"}
PHONE = {"width": 390, "height": 844}


def report(path, names=NAMES, description="x < y & <b>z</b> {{ style }}"):
    """Write a report of proteins with the same four sites, and of one without any."""
    nan = float("nan")
    lines = []
    for name in names:
        protein = Protein(id=name, description=description, sequence="MSTYKS")
        rows = site_rows(name, protein.sequence, [nan, 0.95, 0.62, nan, nan, 0.3], TABLE, known=[3])
        lines.append(report_line(protein, rows))
    lines.append(report_line(Protein(id="bare", sequence="MK"), []))
    thresholds = {residue: {"high": 0.9, "medium": 0.6, "low": 0.5} for residue in "STY"}
    facts = {"version": "PhosphoT5 1", "model": "<i>mine</i>", "input": "<b>in</b> {{ script }}.fasta"}
    write_report(lines, path, About(facts, thresholds))
    return path


def test_it_asks_for_nothing_and_runs_what_it_brought(tmp_path):
    page = report(tmp_path / "report.html").read_text()
    assert "http://www.w3.org/2000/svg" in page  # the name of SVG, which nobody fetches
    assert not re.search(
        r"https?://(?!www\.w3\.org/2000/svg)|\bsrc=|url\(|@import|<link|fetch\(|XMLHttp", page
    )
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    for element in ("style", "script"):
        (content,) = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
        digest = base64.b64encode(sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")


def test_text_of_the_input_is_data(tmp_path):
    page = report(tmp_path / "report.html").read_text()
    (data,) = re.findall(r'id="protein-data">(.*?)</script>', page, re.DOTALL)
    proteins = json.loads(data)
    assert [(name, length, len(sites)) for name, _, length, sites in proteins] == [
        *((name, 6, 4) for name in NAMES),
        ("bare", 2, 0),
    ]
    assert proteins[0][1] == "x < y & <b>z</b> {{ style }}"
    assert proteins[0][3][2] == [4, "Y", None, None, "-", "____MSTYKS_____", "known"]
    assert page.count("<script") == page.count("</script>") == 3
    assert "<title>Phosphosites: &lt;b&gt;in&lt;/b&gt; {{ script }}.fasta</title>" in page


def test_the_command_writes_it(tmp_path, kinase_folder):
    (tmp_path / "in.fasta").write_text("".join(f">{name}\nMSTYK\n" for name in NAMES))
    command = [
        "predict",
        str(tmp_path / "in.fasta"),
        "-o",
        str(tmp_path / "o.html"),
        "--model",
        str(kinase_folder),
    ]
    assert main([*command, "--kinases", "--quiet"]) == 0
    (data,) = re.findall(r'id="protein-data">(.*?)</script>', (tmp_path / "o.html").read_text(), re.DOTALL)
    assert [(name, [len(site) for site in sites]) for name, _, _, sites in json.loads(data)] == [
        (name, [10] * 3) for name in NAMES
    ]


@pytest.fixture
def visit(browser):
    """Open a report without a network; whatever it asks for fails the test, as do its errors."""
    contexts, foreign, errors = [], [], []

    def open_window(path, **options):
        contexts.append(browser.new_context(offline=True, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda request: foreign.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.on("dialog", lambda dialog: errors.append(dialog.message))
        page.goto(path.as_uri())
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert all(url.startswith("file://") and url.endswith("report.html") for url in foreign)
    assert errors == []


def shown(page):
    """Return the cells of the table."""
    rows = page.locator("#rows tr").all()
    return [[cell.strip() for cell in row.locator("td").all_inner_texts()] for row in rows]


@pytest.mark.slow
def test_names_show_as_text(visit, tmp_path):
    page = visit(report(tmp_path / "report.html"))
    assert {row[0] for row in shown(page)} == set(NAMES)
    assert page.locator("h3").all_inner_texts() == [*NAMES, "bare"]
    assert page.locator(".described").all_inner_texts() == ["x < y & <b>z</b> {{ style }}"] * len(NAMES)
    assert page.locator(".input").inner_text() == "<b>in</b> {{ script }}.fasta"
    assert "<i>mine</i>" in page.locator("#about").inner_text()
    assert page.locator("main b").filter(has_text="z").count() == 0


@pytest.mark.slow
def test_it_is_searched_filtered_and_sorted(visit, tmp_path):
    page = visit(report(tmp_path / "report.html"))
    assert page.locator("#count").inner_text() == "24 sites"
    names, counts = (page.locator(f"#summary {part}").all_inner_texts() for part in ("dt", "dd"))
    assert dict(zip(names, counts, strict=True)) == {
        "proteins": "7",
        "sites": "24",
        "called high": "6",
        "called medium": "6",
        "called low": "0",
        "known sites": "6",
        "proteins without S, T or Y": "1",
    }
    count = page.locator("#count")
    page.get_by_label("Search").fill("plain")
    count.filter(has_text="4 of 24 sites").wait_for()
    assert [row[:4] for row in shown(page)] == [
        ["plain", "2", "S", "0.9500"],
        ["plain", "3", "T", "0.6200"],
        ["plain", "6", "S", "0.3000"],
        ["plain", "4", "Y", ""],
    ]
    page.get_by_role("button", name="Position").press("Enter")
    assert [row[1] for row in shown(page)] == ["2", "3", "4", "6"]
    assert page.locator('th[aria-sort="ascending"]').inner_text().startswith("Position")
    page.get_by_role("button", name="Position").press("Enter")
    assert [row[1] for row in shown(page)] == ["6", "4", "3", "2"]
    page.get_by_label("Call").select_option(label="medium or better")
    count.filter(has_text="3 of 24 sites").wait_for()
    assert [row[1] for row in shown(page)] == ["4", "3", "2"]
    page.get_by_label("Probability from").fill("0.9")
    count.filter(has_text="2 of 24 sites").wait_for()
    page.get_by_role("button", name="Clear").click()
    count.filter(has_text=re.compile("^24 sites$")).wait_for()
    page.get_by_label("Search").fill("t3 \"&'")
    count.filter(has_text="1 of 24 sites").wait_for()
    page.get_by_label("Search").fill("nothing")
    count.filter(has_text="0 of 24 sites").wait_for()
    assert shown(page) == [["No site fits the filters."]]


@pytest.mark.slow
def test_every_protein_has_a_picture(visit, tmp_path):
    page = visit(report(tmp_path / "report.html", [f"p{number}" for number in range(12)]))
    first = page.get_by_role("img", name="Sites of p0: position against probability.")
    label = first.get_attribute("aria-label")
    assert label.endswith(
        "6 residues, 4 sites: 1 high, 1 medium, 1 known. Highest: S2 0.95, T3 0.62, S6 0.30."
    )
    assert first.locator("g title").all_text_contents() == [
        "S6: probability 0.3000, FPR 0.2000",
        "T3: probability 0.6200, FPR 0.0473, medium",
        "S2: probability 0.9500, FPR 0.0100, high",
        "Y4: known",
    ]
    assert sorted(first.locator("text:not(.scale)").all_text_contents()) == ["S2", "T3", "Y4"]
    assert page.locator("article").count() == 10
    page.get_by_label("Pages of proteins").get_by_role("button", name="Next").click()
    assert page.locator("h3").all_inner_texts() == ["p10", "p11", "bare"]
    assert page.locator("article").last.inner_text().endswith("2 residues, without S, T or Y")
    page.get_by_role("button", name="p7").first.press("Enter")
    assert page.locator("h3").all_inner_texts() == ["p7"]
    assert page.evaluate("document.activeElement.tagName") == "ARTICLE"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}])
def test_it_fits_the_window_and_the_colour_scheme(visit, tmp_path, scheme, size):
    page = visit(report(tmp_path / "report.html", ["p" * 300, *NAMES]), viewport=size, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(re.findall(r"\d+", ground)[0])
    assert red > 200 if scheme == "light" else red < 50


@pytest.mark.slow
def test_the_longest_report_stays_quick(visit, tmp_path):
    page = visit(report(tmp_path / "report.html", [f"p{number}" for number in range(50_000)]))
    assert page.locator("#count").inner_text() == "200,000 sites"
    for name in ("Protein", "Position"):
        page.get_by_role("button", name=name, exact=True).click()
    page.get_by_label("Search").fill("p49999 s2")
    page.locator("#count").filter(has_text="1 of 200,000 sites").wait_for()
