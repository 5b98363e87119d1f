"""The report: one HTML file with a summary, a table to search and sort, and a picture of each protein."""

import base64
import json
import re
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from phosphot5.data import Protein
from phosphot5.modeling_phosphot5.families_phosphot5 import KINASE_COLUMNS
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS, COLUMNS
from phosphot5.prediction.about import About

__all__ = ["MOST_SITES", "report_line", "site_table", "write_report"]

MOST_SITES = 200_000
"""Sites of a report: what a browser still sorts and searches at once, some 3,000 proteins."""
_SITE_COLUMNS = (*COLUMNS[1:], *KINASE_COLUMNS)
"""Values of a site in the data of the page, in this order; those of kinases may be missing."""
_PLACE = re.compile(r"\{\{ (\w+) \}\}")
"""Where a text goes in the page."""


def report_line(protein: Protein, rows: list[dict[str, Any]]) -> str:
    """Return a protein and its sites as a line of JSON.

    Parameters
    ----------
    protein : Protein
        The protein.
    rows : list of dict
        Rows of its site table, with or without the best family of kinases.
    """
    sites = [[row[name] for name in _SITE_COLUMNS if name in row] for row in rows]
    length = protein.given_position(len(protein))
    return json.dumps([protein.id, protein.description, length, sites], separators=(",", ":")) + "\n"


def write_report(lines: Iterable[str], path: Path, about: About) -> None:
    """Write the report.

    The file needs nothing else: its policy of content forbids the browser to load anything. Text of the input is
    data of the page and never markup.

    Parameters
    ----------
    lines : iterable of str
        From :func:`report_line`.
    path : Path
        The file.
    about : About
        What made the predictions.
    """
    style, script = (site_table(ending) + _packaged(f"html_report.{ending}") for ending in ("css", "js"))
    policy = f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    facts = {"facts": about.facts, "thresholds": about.thresholds, "calls": CALLS, "columns": _SITE_COLUMNS}
    texts = {
        "policy": policy,
        "title": escape(about.facts["input"]),
        "style": style,
        "script": script,
        "about": _data(json.dumps(facts)),
    }
    before, after = (
        _PLACE.sub(lambda match: texts[match[1]], half)
        for half in _packaged("html_report.html").split("{{ proteins }}")
    )
    with open(path, "w", encoding="utf-8", newline="\n") as handle:
        handle.write(before)
        for number, line in enumerate(lines):
            handle.write((",\n" if number else "") + _data(line.rstrip("\n")))
        handle.write(after)


def site_table(ending: str) -> str:
    """Return the style sheet (``css``) or the script (``js``) of the table of sites, which the web page has as well."""
    return _packaged(f"site_table.{ending}")


def _packaged(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Return how a policy of content names an inline style or script."""
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


def _data(text: str) -> str:
    """Write JSON so that no text in it ends the element that holds it."""
    return text.replace("<", "\\u003c")
