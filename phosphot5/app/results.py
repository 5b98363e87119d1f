"""What a visitor gets to see, as HTML: one protein, the ranking of all, a comparison; `page.js` brings it to life."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from phosphot5.app.comparison import COLUMNS as DIFFERENCE_COLUMNS
from phosphot5.app.comparison import Comparison
from phosphot5.app.families import draw_families
from phosphot5.app.links import entry_links
from phosphot5.app.scoring import Scored, best_rows
from phosphot5.app.sequence import draw_sequence, summary_text
from phosphot5.app.track import NAMED_CHANGES, Thresholds, draw_mirrored, draw_track, legend
from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5.families_phosphot5 import KINASE_COLUMNS
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS, COLUMNS

__all__ = ["draw_comparison", "draw_error", "draw_ranking", "draw_result", "draw_status", "found_text"]

RANKED = 2_000
"""Sites of the ranking, the best of all proteins."""
SITE_COLUMNS = (*(name for name in COLUMNS if name != "protein"), *KINASE_COLUMNS)
"""Columns of the table of a protein; those of kinases may be missing."""
RANKING_COLUMNS = (
    "protein",
    "position",
    "residue",
    "probability",
    "fpr",
    "call",
    "kinase",
    "kinase_probability",
)


def draw_result(
    found: Sequence[Scored],
    number: int,
    table: Thresholds,
    families: Collection[str],
    chosen: int | None = None,
) -> str:
    """Draw track, table, sequence and families of a protein.

    Parameters
    ----------
    found : sequence of Scored
        All proteins of the run.
    number : int
        Which one to draw, 0-based.
    table : dict or None
        Of `Scorer.table`.
    families : collection of str
        Families of kinases to show.
    chosen : int, optional
        Position of the site to point at.
    """
    entry = found[number]
    known = any(row["status"] == "known" for row in entry.rows)
    protein = entry.protein
    columns = [name for name in SITE_COLUMNS if not entry.rows or name in entry.rows[0]]
    if not known:
        columns.remove("status")
    data = {
        "id": protein.id,
        "columns": columns,
        "rows": [[row[name] for name in columns] for row in entry.rows],
        "by": "probability",
        "single": len(found) == 1,
        "known": True,
        "chosen": chosen,
    }
    described = (
        f'<p class="p5-note"><bdi>{escape(protein.description)}</bdi></p>' if protein.description else ""
    )
    sites = draw_track(entry, table)
    if entry.rows:
        sites = _picture(legend(known) + sites, protein.id) + _table("Sites", data, level=3)
    return (
        f'<div class="p5-result"><h2><bdi>{escape(protein.id)}</bdi></h2>{described}{entry_links(protein)}{sites}'
        f'<h3>Sequence</h3>{draw_sequence(entry)}<div class="p5-families">{draw_families(entry, families)}</div></div>'
    )


def draw_ranking(found: Sequence[Scored]) -> str:
    """Draw the table of the best sites of several proteins; nothing for a single one."""
    if len(found) < 2:
        return ""
    rows = [(number, row) for number, entry in enumerate(found) for row in best_rows(entry.rows)]
    rows.sort(key=lambda ranked: -ranked[1]["probability"])
    columns = [name for name in RANKING_COLUMNS if not rows or name in rows[0][1]]
    data = {
        "columns": columns,
        "proteins": [[entry.protein.id, entry.protein.description] for entry in found],
        "rows": [[number, *(row[name] for name in columns[1:])] for number, row in rows[:RANKED]],
        "by": "probability",
    }
    cut = f" The {RANKED:,} best of {len(rows):,} sites; the files have all." if len(rows) > RANKED else ""
    note = f'<p class="p5-note">A row leads to its protein and site.{cut}</p>'
    return f'<div class="p5-result p5-ranking">{_table("Best sites of all proteins", data, note)}</div>'


def draw_comparison(comparison: Comparison, table: Thresholds) -> str:
    """Draw two variants, one upwards and one downwards, and the table of their sites."""
    label = f"Scores of A point up, those of B down. {comparison.summary}"
    changes = comparison.changes
    picture = draw_mirrored(*comparison.marks, len(comparison.pairs), table, label, changes)
    columns = [*DIFFERENCE_COLUMNS, "order", "names"]
    data = {
        "columns": DIFFERENCE_COLUMNS,
        "rows": [[row[name] for name in columns] for row in comparison.table()],
        "by": None,
        "titles": {"probability": "Probability A", "call": "Call A"},
    }
    if not data["rows"]:
        return f'<div class="p5-result">{picture}</div>'
    note = "A points up, B down; positions are columns of their alignment."
    if len(changes) > NAMED_CHANGES:
        note += (
            f" {len(changes)} differences are too many to name in the picture; point at a line to read one."
        )
    explained = (
        '<p class="p5-note">Log2 odds ratio: 1 if the odds of phosphorylation double in B, -1 if they halve; from '
        "there a site is called changed. Distance: residues from the nearest difference.</p>"
    )
    return (
        f'<div class="p5-result">{_picture(legend() + _note(note) + picture, "A and B")}'
        f"{_table('Sites of A and B', data, explained)}</div>"
    )


def found_text(found: Sequence[Scored]) -> str:
    """Say in a line what was scored."""
    if len(found) == 1:
        return f"{found[0].protein.id}: {summary_text(found[0])}"
    residues, sites = sum(len(entry.protein) for entry in found), sum(len(entry.rows) for entry in found)
    return (
        f"{len(found)} proteins with {residues:,} residues and {sites:,} sites; the files list all of them."
    )


def draw_status(text: str) -> str:
    """Write what was done, announced to those who do not see it."""
    return f'<p role="status" class="p5-status">{escape(text)}</p>'


def draw_error(error: PhosphoT5Error) -> str:
    """Write what is wrong."""
    return f'<p role="alert" class="p5-error"><b>Not scored.</b> {escape(str(error))}</p>'


def _note(text: str) -> str:
    return f'<p class="p5-note">{escape(text)}</p>'


def _picture(content: str, name: str) -> str:
    """Frame a track, with buttons to save it and room for the site that is pointed at."""
    buttons = "".join(
        f'<button type="button" class="p5-button" data-picture="{ending}">Save as {ending.upper()}</button>'
        for ending in ("svg", "png")
    )
    return (
        f'<div class="p5-figure" data-title="{escape(name)}">{content}</div>'
        f'<div class="p5-tools"><div class="p5-detail"><p role="status">Click a site, or go from site to site with the '
        f'arrow keys.</p></div><div class="p5-save" role="group" aria-label="Picture">{buttons}</div></div>'
    )


def _table(title: str, data: Mapping[str, Any], note: str = "", level: int = 2) -> str:
    """Write the frame of a table under a heading, and its data, which the page's script reads."""
    calls = "".join(f'<option value="{at}">{text}</option>' for at, text in enumerate(_call_names()))
    name = title.lower().replace(" ", "-")
    return (
        f'<section class="p5-sites" aria-labelledby="p5-{name}"><div class="bar">'
        f'<h{level} id="p5-{name}">{title}</h{level}><p class="count" role="status"></p></div>{note}'
        '<form class="p5-filters" role="search"><label class="wide">Search <input type="search" autocomplete="off" '
        f'spellcheck="false" placeholder="S15, kinase, window"></label>'
        f"<label>Call <select>{calls}</select></label></form>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table: {title}"><table><thead><tr></tr></thead>'
        f'<tbody></tbody></table></div><nav aria-label="Pages: {title}"></nav>'
        f'<div hidden class="p5-data">{escape(json.dumps(data))}</div></section>'
    )


def _call_names() -> Iterable[str]:
    """Name what the filter of calls lets through, from everything to the strictest."""
    weaker = [*CALLS][::-1]
    return ["all sites", *(f"{call} or better" for call in weaker[:-1]), weaker[-1]]
