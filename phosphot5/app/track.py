"""Score tracks as SVG: a lane for each of S, T and Y with its thresholds, one protein or two mirrored.

Places along the sequence are percentages and everything else is pixels, so that a track fills any width without
its letters growing or shrinking. Colours come from the style sheet of the page; each call also has a shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from phosphot5.app.scoring import Scored, best_rows
from phosphot5.app.sequence import CALL_CLASSES, shown_call, site_text, summary_text
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS
from phosphot5.record.thresholds import probability_at

__all__ = ["Mark", "draw_mirrored", "draw_track", "legend"]

RESIDUES = {"S": "Serine", "T": "Threonine", "Y": "Tyrosine"}
TITLE, LANE, HALF_LANE, GAP, AXIS = 24, 92, 74, 12, 22
"""Pixels: above a lane, a lane, each half of a mirrored one, below it, and the axis of positions."""
NARROWEST, WIDEST = 0.5, 12_000
"""Pixels of one residue below which the track scrolls sideways, and of the whole track at most."""
LABEL_STEP = 11
SHAPES = {
    "high": "M0-5.5 5.5 0 0 5.5-5.5 0Z",
    "medium": "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z",
    "low": "M-3.2 0A3.2 3.2 0 1 1 3.2 0A3.2 3.2 0 1 1-3.2 0Z",
    "known": "M-5-4.5 5-4.5 0 4.5Z",
    "-": "M-1.5 0A1.5 1.5 0 1 1 1.5 0A1.5 1.5 0 1 1-1.5 0Z",
}
"""Outline of each call: diamond, disc, ring (the style sheet leaves it hollow), dot; of known sites: triangle."""
NAMED_CHANGES = 8
"""Changes between two variants that are named in the picture; of more only the lines are drawn."""

Thresholds = dict[str, dict[str, list[float]]] | None


@dataclass(frozen=True)
class Mark:
    """One site: its column (1-based), its residue, what it scored (None if known), and what to say about it."""

    column: int
    residue: str
    probability: float | None
    call: str
    text: str


def draw_track(scored: Scored, table: Thresholds) -> str:
    """Draw the scores of a protein.

    Parameters
    ----------
    scored : Scored
        The protein and its rows.
    table : dict or None
        The model's ``fpr_table``; without it there are no thresholds.

    Returns
    -------
    str
        HTML.
    """
    marks = [
        Mark(row["position"], row["residue"], row["probability"], shown_call(row), site_text(row))
        for row in scored.rows
    ]
    best = best_rows(scored.rows)[:3]
    named = ", ".join(f"{row['residue']}{row['position']} {row['probability']:.2f}" for row in best)
    label = f"Score track of {scored.protein.id}. {summary_text(scored)} Highest: {named or 'none'}."
    columns = scored.protein.given_position(len(scored.protein))
    return _picture([marks], columns, table, label, [])


def draw_mirrored(
    marks: Sequence[Mark],
    others: Sequence[Mark],
    columns: int,
    table: Thresholds,
    label: str,
    changes: Sequence[tuple[int, str]],
) -> str:
    """Draw two aligned proteins, one upwards and one downwards.

    Parameters
    ----------
    marks, others : sequence of Mark
        Sites of the first and the second.
    columns : int
        Columns of the alignment.
    table : dict or None
        As for `draw_track`.
    label : str
        What the picture shows, for those who do not see it.
    changes : sequence of tuple of int and str
        Columns (1-based) at which the two differ, and how.

    Returns
    -------
    str
        HTML.
    """
    return _picture([marks, others], columns, table, label, changes)


def legend(known: bool = False) -> str:
    """Return the key to shapes and colours, for track and sequence, as HTML; ``known``: with that of known sites."""
    words = {call: f"{call}: {rate:.0%} false positives" for call, rate in CALLS.items()}
    words |= {"-": "not called"} | ({"known": "given as known"} if known else {})
    items = [
        f'<li><svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true" class="{CALL_CLASSES[call]}">'
        f'<path d="{SHAPES[call]}"/></svg><b class="{CALL_CLASSES[call]}">S</b> {text}</li>'
        for call, text in words.items()
    ]
    return f'<ul class="p5-legend" aria-label="Key">{"".join(items)}</ul>'


def _picture(
    sides: Sequence[Sequence[Mark]],
    columns: int,
    table: Thresholds,
    label: str,
    changes: Sequence[tuple[int, str]],
) -> str:
    """Put lanes, scale and threshold names side by side; the lanes alone scroll if they must."""
    present = [residue for residue in RESIDUES if any(m.residue == residue for side in sides for m in side)]
    if not present:
        return '<p class="p5-note">No serine, threonine or tyrosine to score.</p>'
    above, below = (LANE, 0) if len(sides) == 1 else (HALF_LANE, HALF_LANE)
    lanes, scale, names = [], [], []
    top = TITLE if changes else 0
    for residue in present:
        base = top + TITLE + above
        levels = _levels((table or {}).get(residue))
        lanes.append(f'<text x="2" y="{top + 14}">{RESIDUES[residue]} ({residue})</text>')
        for side, height, letter in zip(sides, (-above, below), "AB", strict=False):
            mine = [mark for mark in side if mark.residue == residue]
            lanes += _lane(mine, columns, base, height, levels)
            scale += _scale(base, height, letter if below else "")
            names += _names(base, height, levels)
        top = base + below + GAP
    lanes += [*_axis(columns, top), *_changed(changes, columns, top)]
    width = min(WIDEST, round(NARROWEST * columns))
    height = top + AXIS
    return (
        f'<div class="p5-track"><svg width="26" height="{height}" aria-hidden="true">{"".join(scale)}</svg>'
        f'<div class="p5-scroll p5-walk" tabindex="0" role="region" '
        f'aria-label="Score track: arrow keys go from site to site"><svg role="img" '
        f'aria-label="{escape(label)}" width="100%" height="{height}" style="min-width:{width}px">'
        f"{''.join(lanes)}</svg></div>"
        f'<svg width="84" height="{height}" aria-hidden="true">{"".join(names)}</svg></div>'
    )


def _x(column: float, columns: int) -> str:
    return f"{3 + 94 * (column - 0.5) / columns:.3f}%"


def _levels(table: dict[str, list[float]] | None) -> dict[str, float]:
    """Return the probability from which a residue earns each call."""
    levels = {call: probability_at(table, rate) for call, rate in CALLS.items()} if table else {}
    return {call: level for call, level in levels.items() if level is not None}


def _lane(marks: list[Mark], columns: int, base: int, height: int, levels: dict[str, float]) -> list[str]:
    """Draw sites upwards (negative height) or downwards from a base line, the best in front."""
    parts = [f'<line class="p5-base" x1="0" x2="100%" y1="{base}" y2="{base}"/>']
    for call, level in levels.items():
        y = f"{base + height * level:.1f}"
        parts.append(f'<line class="p5-line {CALL_CLASSES[call]}" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
    for mark in sorted(marks, key=_height):
        x, y = _x(mark.column, columns), f"{base + height * _height(mark):.1f}"
        parts.append(
            f'<g class="{CALL_CLASSES[mark.call]}" data-site="{mark.column}"><title>{escape(mark.text)}</title>'
            f'<line x1="{x}" x2="{x}" y1="{base}" y2="{y}"/>'
            f'<svg x="{x}" y="{y}" overflow="visible"><path d="{SHAPES[mark.call]}"/></svg></g>'
        )
    return parts


def _height(mark: Mark) -> float:
    """Return how far up a mark is; known sites stand above all."""
    return 1.0 if mark.probability is None else mark.probability


def _scale(base: int, height: int, name: str) -> list[str]:
    """Write probabilities, and between them the name of a mirrored half."""
    return [
        f'<text x="22" y="{base + height * value + 4:.1f}" text-anchor="end">{text}</text>'
        for value, text in (
            (0, "0"),
            (0.5, "0.5"),
            (1, "1"),
            (0.75, f'<tspan class="p5-name">{name}</tspan>'),
        )
    ]


def _names(base: int, height: int, levels: dict[str, float]) -> list[str]:
    """Write the thresholds beside their lines, moved apart where these are close."""
    parts, last = [], None
    for call, level in sorted(levels.items(), key=lambda item: height * item[1]):
        y = base + height * level + 4
        y = y if last is None else max(y, last + LABEL_STEP)
        parts.append(f'<text x="4" y="{y:.1f}" class="{CALL_CLASSES[call]}">{call} {level:.2f}</text>')
        last = y
    return parts


def _axis(columns: int, top: int) -> list[str]:
    """Write positions in round steps, and the last one."""
    step = next(
        (s * 10**power for power in range(6) for s in (1, 2, 5) if columns / (s * 10**power) <= 8), columns
    )
    places = sorted({1, *range(step, columns - step + 1, step), columns})
    return [
        f'<line class="p5-base" x1="{_x(place, columns)}" x2="{_x(place, columns)}" y1="{top - 4}" y2="{top}"/>'
        f'<text x="{_x(place, columns)}" y="{top + 14}" text-anchor="{_anchor(place, columns)}">{place}</text>'
        for place in places
    ]


def _anchor(column: int, columns: int) -> str:
    share = column / columns
    return "start" if share < 0.04 else "end" if share > 0.96 else "middle"


def _changed(changes: Sequence[tuple[int, str]], columns: int, bottom: int) -> list[str]:
    """Draw a line where the variants differ, and say how unless there are many."""
    parts = []
    for column, text in changes:
        x = _x(column, columns)
        name = (
            f'<text x="{x}" y="14" text-anchor="{_anchor(column, columns)}">{escape(text)}</text>'
            if len(changes) <= NAMED_CHANGES
            else ""
        )
        parts.append(
            f'<g class="p5-change"><title>{escape(text)}</title>'
            f'<line x1="{x}" x2="{x}" y1="18" y2="{bottom - 4}"/>{name}</g>'
        )
    return parts
