"""What visitors of the page do and see, for the tests that drive it."""


def text_box(page):
    return page.get_by_role("textbox", name="Proteins: FASTA, one sequence")


def run(page, text: str) -> None:
    text_box(page).fill(text)
    page.get_by_role("button", name="Score", exact=True).click()


def take_example(page, name: str, button: str) -> None:
    """Choose an example and start it as soon as it stands in the box."""
    page.get_by_role("button", name=name).click()
    page.wait_for_function("[...document.querySelectorAll('textarea')].some(e => e.offsetParent && e.value)")
    page.get_by_role("button", name=button, exact=True).click()


def table_rows(page, kind: str = ".p5-result:not(.p5-ranking)") -> list[list[str]]:
    """Return the rows of the table that is on the screen, as texts."""
    rows = page.locator(f"{kind}:visible tbody tr").all()
    return [[cell.strip() for cell in row.locator("td").all_inner_texts()] for row in rows]
