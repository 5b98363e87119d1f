"""The page, served by a process of its own, and a window of Chromium to visit it with."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))
SERVE = """
import sys
from phosphot5.app.page import open_page
from phosphot5.app.scoring import Limits, Scorer
scorer = Scorer(sys.argv[1], limits=Limits(proteins=7, residues=6_000))
page = open_page(scorer, "127.0.0.1", uniprot=sys.argv[2] or None)
print(page.local_url, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def serve() -> Callable[..., AbstractContextManager[str]]:
    """Serve the page with a model, and with the address of what stands in for UniProt, if any; gives its address."""
    pytest.importorskip("gradio", reason="the page needs gradio")

    @contextmanager
    def served(model: str, uniprot: str = "") -> Iterator[str]:
        command = [sys.executable, "-c", SERVE, model, uniprot]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            yield process.stdout.readline().strip()
            process.stdin.close()

    return served


@pytest.fixture
def visit(browser, url):
    """Open the page in a window of its own; whatever it asks of other hosts fails the test, as do its errors."""
    contexts, foreign, errors = [], [], []

    def open_window(**options):
        context = browser.new_context(accept_downloads=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("request", lambda request: foreign.append(request.url) if is_foreign(request.url) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.get_by_role("tab", name="Compare two variants").wait_for()
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert (foreign, errors) == ([], [])


def is_foreign(address: str) -> bool:
    return urlsplit(address).scheme in ("http", "https") and urlsplit(address).hostname != "127.0.0.1"
