"""How long the web page takes to load in Chromium on this machine: ``python benchmarks/speed/page.py``.

From the request to the first moment at which the field for proteins can be filled, without a cache.
"""

import argparse
import statistics
import sys
import time

from playwright.sync_api import sync_playwright

from phosphot5.app.page import open_page
from phosphot5.app.scoring import Scorer

CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    """Load the page several times and print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=9, help="how often the page is loaded (default: 9)")
    args = parser.parse_args()
    served = open_page(Scorer(), "127.0.0.1")
    seconds = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(args.times):
            context = browser.new_context()
            page = context.new_page()
            begin = time.perf_counter()
            page.goto(served.local_url, wait_until="commit")
            page.get_by_role("textbox", name="Proteins: FASTA").fill("MSPEKTYS")
            seconds.append(time.perf_counter() - begin)
            context.close()
        browser.close()
    served.close()
    median = statistics.median(seconds)
    sys.stdout.write(f"{args.times} loads: median {median:.2f} s, slowest {max(seconds):.2f} s\n")


if __name__ == "__main__":
    main()
