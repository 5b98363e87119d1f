"""What axe-core finds on the page, and twenty visitors at once, in headless Chromium."""

import pytest
from page_actions import run, take_example

pytestmark = pytest.mark.slow
VISITORS = 20


@pytest.fixture(scope="module")
def url(serve, kinase_folder):
    with serve(str(kinase_folder)) as address:
        yield address


@pytest.fixture(scope="module")
def findings():
    """Look for what WCAG and good practice call serious."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-core comes with axe-playwright-python"
    ).Axe()

    def look(page) -> list[str]:
        found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        return [
            f"{finding['id']}: {node['html'][:200]}"
            for finding in found
            if finding["impact"] in ("serious", "critical")
            for node in finding["nodes"]
        ]

    return look


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_the_way(visit, findings, scheme, width):
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 900})
    assert findings(page) == []
    run(page, ">a\nMSPEKTYSPSASPRRASV\n>b\nMSTYSSPEK")
    page.get_by_role("img", name="Score track of a").wait_for()
    page.locator(".p5-sequence [data-site='8']").click()
    page.get_by_role("button", name="Mark as known").click()
    page.get_by_role("button", name="Score again").click()
    page.locator(".p5-detail").filter(has_text="S8: given as known").wait_for()
    assert findings(page) == []
    run(page, "MSPEK1")
    page.get_by_role("alert").wait_for()
    assert findings(page) == []
    page.get_by_role("tab", name="Compare two variants").click()
    take_example(page, "Example: P47S in words", "Compare")
    page.get_by_role("img", name="Scores of A point up").wait_for()
    page.locator("tbody tr:visible").first.click()
    assert findings(page) == []


def test_twenty_at_once_are_served_in_turn(visit):
    pages = [visit(viewport={"width": 500, "height": 400}) for _ in range(VISITORS)]
    heavy = "".join(f">h{number}\n{'MSPEKTYSPSASPRRASV' * 40}\n" for number in range(7))
    for page in pages:
        page.evaluate(
            "() => { window.told = []; new MutationObserver(() => document.querySelectorAll('.p5-status')"
            ".forEach(e => told.push(e.textContent))).observe(document.body, {childList: true, subtree: true}) }"
        )
        page.get_by_role("textbox", name="Proteins: FASTA, one sequence").fill(heavy)
    for page in pages:
        page.evaluate("document.querySelector('#p5-score').click()")
    for page in pages:
        page.get_by_role("img", name="Score track of h0").wait_for(timeout=120_000)
        assert page.get_by_role("alert").count() == 0
    told = {text for page in pages for text in page.evaluate("told")}
    assert any("before you" in text for text in told)


def test_visitors_who_leave_do_not_hold_up_the_others(visit, browser, url):
    heavy = "".join(f">h{number}\n{'MSPEKTYSPSASPRRASV' * 40}\n" for number in range(7))
    for _ in range(5):
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)
        run(page, heavy)
        page.wait_for_timeout(100)
        context.close()
    page = visit()
    run(page, ">last\nMSPEKTYS")
    page.get_by_role("img", name="Score track of last").wait_for(timeout=60_000)
