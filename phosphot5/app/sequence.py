"""The sequence in numbered groups of ten as UniProt shows it, sites marked by call."""

from html import escape
from typing import Any

from phosphot5.app.scoring import Scored
from phosphot5.data.nucleotides import NUCLEOTIDES_NOTE, looks_like_nucleotides

__all__ = ["CALL_CLASSES", "draw_sequence", "shown_call", "site_text", "summary_text"]

GROUP = 10
CALL_CLASSES = {
    "high": "p5-high",
    "medium": "p5-medium",
    "low": "p5-low",
    "known": "p5-known",
    "-": "p5-none",
}
"""Class in the style sheet of each call and of known sites; each has a shape or a line beside its colour."""


def draw_sequence(scored: Scored) -> str:
    """Write a protein as HTML.

    Parameters
    ----------
    scored : Scored
        The protein and its rows.

    Returns
    -------
    str
        Groups of ten residues, each under the position of its last one in the sequence as given.
    """
    protein = scored.protein
    rows = {row["position"]: row for row in scored.rows}
    groups = []
    for start in range(0, len(protein), GROUP):
        part = protein.sequence[start : start + GROUP]
        positions = [protein.given_position(start + i + 1) for i in range(len(part))]
        letters = "".join(
            _letter(letter, rows.get(position)) for letter, position in zip(part, positions, strict=True)
        )
        number = positions[-1] if len(part) == GROUP else ""
        groups.append(f"<span><i>{number}</i>{letters}</span>")
    label = escape(f"Sequence of {protein.id}. {summary_text(scored)}")
    note = ""
    if looks_like_nucleotides(protein.sequence):
        warning = f"{protein.id}: {NUCLEOTIDES_NOTE}, scored as if they were residues; translate them first."
        note = f"<p><b>{escape(warning)}</b></p>"
    return (
        f'{note}<div class="p5-walk" tabindex="0" role="group" aria-label="Sequence: arrow keys go from site to site">'
        f'<div class="p5-sequence" role="img" aria-label="{label}">{"".join(groups)}</div></div>'
    )


def shown_call(row: dict[str, Any]) -> str:
    """Return a key of `CALL_CLASSES`: the call of a site, or that it is known."""
    return "known" if row["status"] == "known" else str(row["call"])


def site_text(row: dict[str, Any]) -> str:
    """Say in one line what is known about a site.

    Parameters
    ----------
    row : dict
        Of a site table.
    """
    if row["status"] == "known":
        return f"{row['residue']}{row['position']}: given as known"
    fpr = "" if row["fpr"] is None else f", false-positive rate {row['fpr']:.4f}, call {row['call']}"
    kinase = "" if row.get("kinase") is None else f", {row['kinase']} {row['kinase_probability']:.4f}"
    return f"{row['residue']}{row['position']}: probability {row['probability']:.4f}{fpr}{kinase}"


def summary_text(scored: Scored) -> str:
    """Say how long a protein is and how many of its sites are called how.

    Parameters
    ----------
    scored : Scored
        The protein and its rows.
    """
    calls = [shown_call(row) for row in scored.rows]
    counts = [f"{calls.count(call)} {call}" for call in ("high", "medium", "low")]
    known = f"; given as known {calls.count('known')}" if "known" in calls else ""
    return (
        f"{len(scored.protein):,} residues, {len(scored.rows):,} serines, threonines and tyrosines; "
        f"called {', '.join(counts)}{known}."
    )


def _letter(letter: str, row: dict[str, Any] | None) -> str:
    if row is None:
        return letter
    return (
        f'<b class="{CALL_CLASSES[shown_call(row)]}" data-site="{row["position"]}" '
        f'title="{escape(site_text(row))}">{letter}</b>'
    )
