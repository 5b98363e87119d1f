"""Redo the pictures of the web page: ``python docs/generate/screenshots.py``; needs Chromium and the extra ``dev``.

The page is served with the bundled model and photographed in light and dark, wide and as narrow as a phone, and so is
the report of ``phosphot5 predict`` on the example proteins.
"""

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from phosphot5.app.page import open_page
from phosphot5.app.scoring import Scorer
from phosphot5.cli.main import main as phosphot5

CHROMIUM = "/usr/bin/chromium"
TARGET = Path(__file__).parents[1] / "images" / "app"
PROTEINS = Path(__file__).parents[2] / "examples" / "proteins.fasta"
COLOURS = 256


def start(page: Page, example: str, button: str) -> None:
    """Choose an example and start it as soon as it stands in the box."""
    page.get_by_role("button", name=example).click()
    page.wait_for_function("[...document.querySelectorAll('textarea')].some(e => e.offsetParent && e.value)")
    page.get_by_role("button", name=button, exact=True).click()


def score(page: Page) -> None:
    """Score p53 and point at its serine 15."""
    start(page, "Example: p53 (P04637)", "Score")
    page.get_by_role("img", name="Score track of P04637").wait_for()
    page.locator(".p5-sequence [data-site='15']").click()
    page.evaluate("scrollTo(0, 0)")


def rank(page: Page) -> None:
    """Score the examples, go to a site of tau from the ranking, and score again with it known."""
    page.get_by_role("textbox", name="Proteins: FASTA").fill(PROTEINS.read_text(encoding="utf-8"))
    page.get_by_role("button", name="Score", exact=True).click()
    page.locator(".p5-ranking tbody button").first.click()
    page.get_by_role("button", name="Mark as known").click()
    page.get_by_role("button", name="Score again").click()
    page.locator(".p5-detail").filter(has_text="given as known").wait_for()
    page.evaluate("document.querySelector('.p5-status').scrollIntoView()")


def compare(page: Page) -> None:
    """Compare p53 with a variant in words, and point at the serine beside the change."""
    page.get_by_role("tab", name="Compare two variants").click()
    start(page, "Example: P47S in words", "Compare")
    page.get_by_role("img", name="Scores of A point up").wait_for()
    page.locator("tbody tr:visible").nth(1).click()
    page.evaluate("scrollTo(0, 0)")


def show_report(page: Page) -> None:
    """Write the report of the examples, open it and look at p53."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        phosphot5(["predict", str(PROTEINS), "--kinases", "-o", str(report), "--quiet"])
        page.goto(report.as_uri())
    page.get_by_label("Search").fill("P04637")
    page.get_by_label("Call").select_option(label="medium or better")
    page.locator("#count").filter(has_text="10 of").wait_for()


def photograph(page: Page, name: str) -> None:
    """Take a picture with few colours, which is small."""
    path = TARGET / f"{name}.png"
    page.screenshot(path=path)
    Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)


SHOTS = {
    "desktop": (score, 1280, 2080, "light", 1),
    "ranking": (rank, 1280, 1400, "dark", 1),
    "phone": (score, 390, 2300, "dark", 1.5),
    "compare": (compare, 1280, 1640, "light", 1),
}
"""What is done, width and height of the window, colour scheme, pixels to a pixel."""


def main() -> None:
    """Take all pictures."""
    served = open_page(Scorer(), "127.0.0.1")
    TARGET.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (act, width, height, scheme, scale) in SHOTS.items():
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=scale
            )
            page.goto(served.local_url)
            act(page)
            page.wait_for_timeout(1000)
            photograph(page, name)
        page = browser.new_page(viewport={"width": 1280, "height": 1130})
        show_report(page)
        photograph(page, "report")
        browser.close()
    served.close()


if __name__ == "__main__":
    main()
