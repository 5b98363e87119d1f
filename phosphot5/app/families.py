"""Families of kinases as a strip of cells: a row for each family, a column for each called site.

A cell is the darker (on a dark page, the lighter) the more probable its family is; the most probable one of a site has
a frame as well, so that nothing is told by colour alone. Colours come from the style sheet of the page.
"""

from collections.abc import Collection
from html import escape
from typing import Any

from phosphot5.app.scoring import Scored

__all__ = ["draw_families"]

CELL_WIDTH, CELL_HEIGHT, AXIS, NAMES = 38, 17, 20, 78
"""Pixels: a cell, the names of the sites above them, the names of the families beside them."""
FAMILIES = 12
"""Families of the strip: the most probable one of each site and, up to this number, those that come next."""
NAMED_SITES = 8
"""Sites whose family the label names, for those who do not see the strip."""
STEPS = (0, 0.25, 0.5, 0.75, 1)
"""Probabilities of the key."""


def draw_families(scored: Scored, singles: Collection[str]) -> str:
    """Draw the families of kinases at the sites that have them.

    Parameters
    ----------
    scored : Scored
        The protein and its rows; those of the sites to show have the key ``kinases``.
    singles : collection of str
        Families that are no groups, the only ones to show.

    Returns
    -------
    str
        HTML; empty if there is nothing to show.
    """
    levels = {
        _site(row): {
            entry["family"]: entry["family_probability"]
            for entry in row["kinases"]
            if entry["family"] in singles
        }
        for row in scored.rows
        if row.get("kinases")
    }
    highest: dict[str, float] = {}
    for of_site in levels.values():
        for name, level in of_site.items():
            highest[name] = max(level, highest.get(name, 0))
    if not highest:
        return ""
    best = {site: max(of_site, key=of_site.__getitem__) for site, of_site in levels.items() if of_site}
    framed = set(best.values())
    others = sorted(highest.keys() - framed, key=lambda name: (-highest[name], name))
    names = sorted(framed.union(others[: max(0, FAMILIES - len(framed))]))
    named = ", ".join(
        f"{site} {name} {levels[site][name]:.2f}" for site, name in list(best.items())[:NAMED_SITES]
    )
    more = f" and {len(best) - NAMED_SITES} more" if len(best) > NAMED_SITES else ""
    label = f"Families of kinases at the called sites of {scored.protein.id}: {named}{more}."
    height = AXIS + CELL_HEIGHT * len(names)
    beside = "".join(
        f'<text x="{NAMES - 6}" y="{AXIS + CELL_HEIGHT * row + 13}" text-anchor="end">{escape(name)}</text>'
        for row, name in enumerate(names)
    )
    columns = "".join(
        _column(at, site, levels[site], names, best.get(site)) for at, site in enumerate(levels)
    )
    return (
        f"{_key()}{_left_out(scored, len(levels), len(names), len(highest))}"
        f'<div class="p5-heat"><svg width="{NAMES}" height="{height}" aria-hidden="true">{beside}</svg>'
        '<div class="p5-scroll" tabindex="0" role="region" aria-label="Families of kinases"><svg role="img" '
        f'aria-label="{escape(label)}" width="{CELL_WIDTH * len(levels)}" height="{height}">{columns}</svg></div></div>'
    )


def _site(row: dict[str, Any]) -> str:
    return f"{row['residue']}{row['position']}"


def _column(at: int, site: str, levels: dict[str, float], names: list[str], best: str | None) -> str:
    """Draw the cells of one site under its name; a family that phosphorylates other residues has none."""
    left = CELL_WIDTH * at
    parts = [f'<text x="{left + CELL_WIDTH / 2:g}" y="13" text-anchor="middle">{site}</text>']
    for row, name in enumerate(names):
        if name in levels:
            frame = ' class="p5-best"' if name == best else ""
            parts.append(
                f'<rect{frame} x="{left + 2}" y="{AXIS + CELL_HEIGHT * row + 2}" width="{CELL_WIDTH - 4}" '
                f'height="{CELL_HEIGHT - 4}" fill-opacity="{levels[name]:.2f}">'
                f"<title>{escape(f'{site}: {name} {levels[name]:.4f}')}</title></rect>"
            )
    return "".join(parts)


def _left_out(scored: Scored, sites: int, families: int, all_families: int) -> str:
    """Say which sites and families the strip leaves out."""
    called = sum(row["call"] != "-" for row in scored.rows)
    told = [f"the {sites} most probable of {called:,} called sites"] if sites < called else []
    if families < all_families:
        told.append(f"{families} of {all_families} families, the most probable ones")
    text = f"Shown: {'; '.join(told)}. <code>phosphot5 predict --kinases all</code> lists all."
    return f'<p class="p5-note">{text}</p>' if told else ""


def _key() -> str:
    """Explain the cells."""
    cells = "".join(
        f'<li><svg width="20" height="14" aria-hidden="true"><rect x="1" y="1" width="18" height="12" '
        f'fill-opacity="{step}"/></svg> {step:g}</li>'
        for step in STEPS
    )
    return (
        '<p class="p5-note">Families of kinases at called sites: probability of the family, given that the site is '
        "phosphorylated; the most probable one is framed.</p>"
        f'<ul class="p5-legend p5-heat-key" aria-label="Key to the families">{cells}</ul>'
    )
