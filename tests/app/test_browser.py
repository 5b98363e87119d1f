"""The page in headless Chromium, as visitors use it: mouse, keyboard, telephone, light and dark, mistakes."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from page_actions import run, table_rows, take_example

from phosphot5.cli.main import main
from phosphot5.data import read_fasta
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import predict_sites

ROOT = Path(__file__).parents[2]
PHONE = {"width": 390, "height": 844}
P53_TRACK = "Score track of P04637"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(serve):
    """Address of the page with the bundled model."""
    with serve("bundled") as address:
        yield address


@cache
def p53_rows(variant: str = "") -> list[dict]:
    """What `phosphot5 predict` says of the sites of p53 or of a variant such as P47S, best first."""
    p53 = next(p for p in read_fasta(ROOT / "examples" / "proteins.fasta") if p.id == "P04637")
    if variant:
        at = int(variant[1:-1])
        p53 = replace(p53, sequence=p53.sequence[: at - 1] + variant[-1] + p53.sequence[at:])
    ((_, rows),) = predict_sites(load_model("bundled")[0], [p53])
    return sorted(rows, key=lambda row: -row["probability"])


def overflow(page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_p53_is_scored_shown_and_downloaded(visit, tmp_path):
    page = visit()
    run(page, (ROOT / "examples" / "proteins.fasta").read_text().partition("\n>")[0])
    page.get_by_role("img", name=P53_TRACK).wait_for()
    assert (
        "P04637: 393 residues, 69 serines, threonines and tyrosines"
        in page.locator(".p5-status:visible").inner_text()
    )
    expected = tmp_path / "expected.tsv"
    source = tmp_path / "p53.fasta"
    source.write_text((ROOT / "examples" / "proteins.fasta").read_text().partition("\n>")[0])
    assert main(["predict", str(source), "-o", str(expected), "--device", "cpu", "--quiet"]) == 0
    ser15 = next(line.split("\t") for line in expected.read_text().splitlines() if "\t15\tS\t" in line)
    row = next(row for row in table_rows(page) if row[0] == "15")
    assert row[1] == "S"
    assert float(row[2]) == float(ser15[3])
    for name, suffix in (("TSV", ".tsv"), ("CSV", ".csv"), ("GFF3", ".gff3"), ("ProForma", ".proforma")):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {name}").click()
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
        assert saved.name == f"phosphot5{suffix}"
        arguments = [
            "predict",
            str(source),
            "-o",
            str(tmp_path / f"again{suffix}"),
            "--device",
            "cpu",
            "--runtime",
            "torch",  # as the page; another runtime may differ in a last digit
            "--quiet",
        ]
        told = load_model("bundled")[0].config.kinase_families and suffix != ".proforma"
        assert main([*arguments, *(["--kinases"] if told else [])]) == 0
        assert saved.read_bytes() == (tmp_path / f"again{suffix}").read_bytes()


def test_table_is_sorted_searched_and_filtered(visit):
    page = visit()
    take_example(page, "Example: p53 (P04637)", "Score")
    page.get_by_role("img", name=P53_TRACK).wait_for()
    best = [str(row["position"]) for row in p53_rows()]
    assert [row[0] for row in table_rows(page)] == best[:10]
    header = page.get_by_role("columnheader", name="Probability")
    header.get_by_role("button").press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert [row[0] for row in table_rows(page)][:3] == best[::-1][:3]
    page.get_by_role("button", name="Position").press("Enter")
    assert [row[0] for row in table_rows(page)][:3] == ["6", "9", "15"]
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Page 2 of 7").wait_for()
    count = page.locator(".count:visible")
    page.get_by_label("Search").fill("s15")
    count.filter(has_text="1 of 69 sites").wait_for()
    assert [row[0] for row in table_rows(page)] == ["15"]
    page.get_by_label("Search").fill("")
    page.get_by_role("combobox", name="Call").select_option(label="high")
    high = sum(row["call"] == "high" for row in p53_rows())
    count.filter(has_text=f"{high} of 69 sites").wait_for()
    assert {row[4] for row in table_rows(page)} == {"high"}


def test_mistake_is_explained_and_nothing_stale_stays(visit):
    page = visit()
    run(page, ">good\nMSPEKTYS")
    page.get_by_role("img", name="Score track of good").wait_for()
    run(page, ">bad\nMSPEK\nTY9S")
    page.get_by_role("alert").wait_for()
    alert = page.get_by_role("alert").inner_text()
    assert "line 3, record bad, position 8: found '9', expected a residue letter" in alert
    assert page.get_by_role("img", name="Score track").count() == 0
    assert page.locator("table").count() == 0
    assert page.get_by_role("button", name="Download TSV").count() == 0
    run(page, "S" * 6001)
    page.get_by_text("6,001 residues are too many for this page, which takes 6,000").wait_for()
    run(page, ">a\nMS\n" * 8)
    page.get_by_text("8 proteins are too many for this page, which takes 7").wait_for()
    run(page, ">good\nMSPEKTYS")
    page.get_by_role("img", name="Score track of good").wait_for()
    assert page.get_by_role("alert").count() == 0


def test_names_of_proteins_are_no_markup(visit):
    page = visit()
    run(page, ">x<img/src=1/onerror=document.title='owned'>${document.title='owned'}{{7*7}}\nMSPEKTYS")
    page.get_by_role("img", name="Score track of x<img").wait_for()
    assert "{{7*7}}" in page.locator(".p5-status:visible").inner_text()
    assert page.title() == "PhosphoT5"


def test_upload_fills_the_box_and_one_of_several_proteins_is_chosen(visit, tmp_path):
    page = visit()
    upload = page.locator("input[type=file]:not([webkitdirectory])").first
    upload.set_input_files(ROOT / "examples" / "proteins.fasta")
    page.wait_for_function("document.querySelector('textarea').value.includes('P63104')")
    page.get_by_role("button", name="Score", exact=True).click()
    page.get_by_role("img", name=P53_TRACK).wait_for()
    assert "6 proteins with" in page.locator(".p5-status:visible").inner_text()
    page.get_by_label("Protein", exact=True).click()
    page.get_by_role("option", name="5. P46527").click()
    page.get_by_role("img", name="Score track of P46527").wait_for()
    assert page.get_by_role("heading", name="P46527").count() == 1
    (tmp_path / "wrong.fasta").write_bytes(b"\x1f\x8b rest")
    upload.set_input_files(tmp_path / "wrong.fasta")
    page.get_by_text("wrong.fasta: compressed data; decompress it").wait_for()
    assert page.get_by_role("img", name="Score track").count() == 0


def test_two_variants_are_compared(visit):
    page = visit()
    page.get_by_role("tab", name="Compare two variants").click()
    take_example(page, "Example: p53 and its variant P47S", "Compare")
    page.get_by_role("img", name="Scores of A point up").wait_for()
    assert (
        "Differences of B from A: P47S. Sites gained: 1, lost: 0"
        in page.locator(".p5-status:visible").inner_text()
    )
    gained, *others = table_rows(page)
    assert gained[:2] == ["P47 \u2192 S47", "gained"]
    first, second = ({str(row["position"]): row for row in p53_rows(name)} for name in ("", "P47S"))
    assert gained[4] == f"{second['47']['probability']:.4f}"
    assert others
    for row in others:
        a, b = (side[row[0][1:]] for side in (first, second))
        assert [row[3], row[4]] == [f"{site['probability']:.4f}" for site in (a, b)]
        assert [row[6], row[7]] == [a["call"], b["call"]]
    page.get_by_role("textbox", name="Variant B: FASTA").fill("MS1")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("variant B: record variant_B, position 3: found '1'").wait_for()
    assert page.get_by_role("img", name="Scores of A point up").count() == 0


def test_keyboard_alone_is_enough(visit):
    page = visit()
    names = []
    for _ in range(40):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("(document.activeElement.innerText || document.activeElement.tagName).trim()")
        )
        if names[-1] == "Example: p53 (P04637)":
            break
    assert "Score proteins" in names
    assert names.index("TEXTAREA") < names.index("Score") < names.index("Upload FASTA") < len(names) - 1
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('textarea').value.startsWith('>P04637')")
    while page.evaluate("document.activeElement.rows") != 7:
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Enter")
    page.get_by_role("img", name=P53_TRACK).wait_for()
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"
            )
        )
    assert "Score track: arrow keys go from site to site" in reached
    assert {"Download TSV", "Download CSV", "Save as SVG"} <= {name.strip() for name in reached if name}


def test_every_control_has_a_name(visit):
    page = visit()
    take_example(page, "Example: tau", "Score")
    page.get_by_role("img", name="Score track of P10636").wait_for()
    unnamed = page.evaluate(
        """[...document.querySelectorAll('button, input, textarea, select, [role=button]')]
        .filter(e => e.offsetParent && e.type !== 'file' && !(e.innerText.trim() || e.getAttribute('aria-label')
            || e.title || e.placeholder || (e.labels && e.labels.length && e.labels[0].innerText.trim())))
        .map(e => e.outerHTML.slice(0, 200))"""
    )
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_telephone_scrolls_down_only(visit, scheme):
    page = visit(viewport=PHONE, color_scheme=scheme, device_scale_factor=2, has_touch=True)
    assert overflow(page) == 0
    take_example(page, "Example: tau (P10636)", "Score")
    page.get_by_role("img", name="Score track of P10636").wait_for()
    assert overflow(page) == 0
    page.get_by_role("tab", name="Compare two variants").click()
    take_example(page, "Example: p53 and its variant", "Compare")
    page.get_by_role("img", name="Scores of A point up").wait_for()
    assert overflow(page) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_their_ground(visit, scheme):
    """WCAG's contrast of 4.5 for the letters of every call."""
    page = visit(color_scheme=scheme)
    take_example(page, "Example: p53 (P04637)", "Score")
    page.get_by_role("img", name=P53_TRACK).wait_for()
    ground = rgb(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    seen = set()
    for call in ("high", "medium", "low", "none"):
        letter = page.locator(f".p5-sequence .p5-{call}").first
        style = letter.evaluate("e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]")
        behind = ground if style[1] == "rgba(0, 0, 0, 0)" else rgb(style[1])
        assert contrast(rgb(style[0]), behind) >= 4.5, call
        seen.add(tuple(style))
    assert len(seen) == 4
    assert (luminance(ground) < 0.2) == (scheme == "dark")


def rgb(css: str) -> list[float]:
    return [float(number) for number in re.findall(r"[\d.]+", css)[:3]]


def luminance(colour: list[float]) -> float:
    parts = [value / 255 for value in colour]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in parts]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(colour: list[float], other: list[float]) -> float:
    low, high = sorted((luminance(colour), luminance(other)))
    return (high + 0.05) / (low + 0.05)
