"""Families of kinases on the page of a model that tells them, in headless Chromium."""

import re

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(serve, kinase_folder):
    with serve(str(kinase_folder)) as address:
        yield address


def score(page, text: str) -> None:
    page.get_by_role("textbox", name="Proteins: FASTA, one sequence").fill(text)
    page.get_by_role("button", name="Score", exact=True).click()
    page.get_by_role("img", name="Families of kinases at the called sites").wait_for()


def test_table_and_strip_show_families(visit, tmp_path):
    page = visit()
    score(page, ">p\nMSPKTASRY")
    headers = [text.strip() for text in page.get_by_role("columnheader").all_inner_texts()]
    assert headers[-3:] == ["Kinase", "Kinase prob.", "Kinase FPR"]
    cells = (
        page.locator("tbody tr", has_text="Y").filter(has_text="SRC").first.locator("td").all_inner_texts()
    )
    assert (cells[1].strip(), cells[6].strip()) == ("Y", "SRC")
    assert page.locator(".p5-heat rect.p5-best").count() > 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Download TSV").click()
    download.value.save_as(tmp_path / "sites.tsv")
    assert "\tkinase\tkinase_probability\tkinase_fpr\n" in (tmp_path / "sites.tsv").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_scrolls_the_strip_alone(visit, scheme):
    page = visit(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    score(page, ">p\n" + "MSPKTASRY" * 30)
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0
    heat, ground = (
        [float(number) for number in re.findall(r"[\d.]+", page.evaluate(code))[:3]]
        for code in (
            "getComputedStyle(document.querySelector('.p5-heat rect')).fill",
            "getComputedStyle(document.body).backgroundColor",
        )
    )
    assert (sum(heat) < sum(ground)) == (scheme == "light")
    assert abs(sum(heat) - sum(ground)) > 300  # from one to the other there is room for all probabilities
