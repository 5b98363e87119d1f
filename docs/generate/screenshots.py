"""Redo the pictures of the web page: ``python docs/generate/screenshots.py``; needs Chromium and the extra ``dev``.

The page is served with the bundled model and photographed in light and dark, wide and as narrow as a phone.
"""

from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from phosphot5.app.page import open_page
from phosphot5.app.scoring import Scorer

CHROMIUM = "/usr/bin/chromium"
TARGET = Path(__file__).parents[1] / "images" / "app"
COLOURS = 128


def start(page: Page, example: str, button: str) -> None:
    """Choose an example and start it as soon as it stands in the box."""
    page.get_by_role("button", name=example).click()
    page.wait_for_function("[...document.querySelectorAll('textarea')].some(e => e.offsetParent && e.value)")
    page.get_by_role("button", name=button, exact=True).click()


def score(page: Page) -> None:
    """Score p53."""
    start(page, "Example: p53 (P04637)", "Score")
    page.get_by_role("img", name="Score track of P04637").wait_for()


def compare(page: Page) -> None:
    """Compare p53 with a variant."""
    page.get_by_role("tab", name="Compare two variants").click()
    start(page, "Example: p53 and its variant", "Compare")
    page.get_by_role("img", name="Scores of A point up").wait_for()


SHOTS = {
    "desktop": (score, 1280, 2080, "light", 1),
    "phone": (score, 390, 1960, "dark", 1.5),
    "compare": (compare, 1280, 1500, "light", 1),
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
            path = TARGET / f"{name}.png"
            page.screenshot(path=path)
            Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)
        browser.close()
    served.close()


if __name__ == "__main__":
    main()
