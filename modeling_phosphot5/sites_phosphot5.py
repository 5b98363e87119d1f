"""From probabilities to false-positive rates, calls and the rows of a site table."""

import math
from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import Any

__all__ = [
    "CALLS",
    "COLUMNS",
    "false_positive_rate",
    "select_rows",
    "site_call",
    "site_rows",
]

COLUMNS = ("protein", "position", "residue", "probability", "fpr", "call", "window", "status")
"""Columns of a site table, in this order, in every format."""
CALLS = {"high": 0.01, "medium": 0.05, "low": 0.10}
"""Name of each call and the highest false-positive rate that earns it, strictest first."""
DIGITS = 4
"""Decimals of probabilities and false-positive rates."""
FLANK = 7
"""Residues to either side of the site in the 15-residue window."""
RARE = str.maketrans("BJOUZ", "XXXXX")
"""Letters that kinase libraries do not know."""


def site_rows(
    protein: str,
    sequence: str,
    probabilities: Sequence[float],
    fpr_table: dict[str, dict[str, list[float]]] | None,
    positions: Sequence[int] | None = None,
    known: Collection[int] = (),
    sites: Collection[str] = "STY",
) -> list[dict[str, Any]]:
    """Make the rows of one protein, in sequence order.

    Parameters
    ----------
    protein : str
        Name of the protein.
    sequence : str
        Residues in capital letters.
    probabilities : sequence of float of length len(sequence)
        From ``score_sites``; NaN where there is no site.
    fpr_table : dict or None
        ``config.fpr_table``.
    positions : sequence of int of length len(sequence), optional
        1-based position of every residue in the sequence as it was given; by default 1, 2, 3, ...
    known : collection of int
        0-based residues that were given to the model as phosphorylated; whatever their probabilities, they
        are not scored.
    sites : collection of str
        Residues that can be phosphorylated.

    Returns
    -------
    list of dict
        Keys :data:`COLUMNS`. ``position`` is 1-based; ``fpr`` is None where no table is known for the residue;
        ``window`` has 15 letters, the site in the middle, ``_`` beyond the ends and ``X`` for B, J, O, U and Z;
        ``status`` is ``scored``, or ``known`` with ``probability`` and ``fpr`` None and the call ``-``.

    Raises
    ------
    ValueError
        If a site that is not known has no finite score, or another residue has one: names protein and position.
    """
    given = frozenset(known)
    padded = "_" * FLANK + sequence.translate(RARE) + "_" * FLANK
    rows = []
    for index, probability in enumerate(probabilities):
        shown, fpr, status = None, None, "known"
        if index not in given:
            is_site = sequence[index] in sites
            if not is_site and math.isnan(probability):
                continue
            if not is_site or not math.isfinite(probability):
                raise ValueError(
                    f"protein {protein!r}, position {index + 1} ({sequence[index]}): the model's score is "
                    f"{probability}, expected a number at each of {', '.join(sites)} and none elsewhere; "
                    "its weights or calibration are damaged"
                )
            fpr = false_positive_rate(probability, (fpr_table or {}).get(sequence[index]))
            shown, status = round(probability, DIGITS), "scored"
        values = (
            protein,
            index + 1 if positions is None else positions[index],
            sequence[index],
            shown,
            fpr,
            site_call(fpr),
            padded[index : index + 2 * FLANK + 1],
            status,
        )
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def select_rows(
    rows: list[dict[str, Any]], top_k: int | None, threshold: float | None, only_called: bool
) -> list[dict[str, Any]]:
    """Select among the rows of one protein; without any condition all are returned as they are.

    Parameters
    ----------
    rows : list of dict
        From :func:`site_rows`.
    top_k : int or None
        How many rows of highest probability, best first; equal ones in sequence order.
    threshold : float or None
        Lowest probability.
    only_called : bool
        Leave out rows whose call is ``-``.

    Returns
    -------
    list of dict
        Known sites, which have no probability, meet no condition.
    """
    if top_k is None and threshold is None and not only_called:
        return rows
    lowest = 0.0 if threshold is None else threshold
    chosen = [row for row in rows if row["status"] == "scored" and row["probability"] >= lowest]
    if only_called:
        chosen = [row for row in chosen if row["call"] != "-"]
    return chosen if top_k is None else sorted(chosen, key=lambda row: -row["probability"])[:top_k]


def false_positive_rate(probability: float, table: dict[str, list[float]] | None) -> float | None:
    """Share of validated negatives that score at least as high.

    Parameters
    ----------
    probability : float
        Calibrated probability of a site.
    table : dict or None
        ``fpr`` ascending and ``probability`` descending, for the residue of the site.

    Returns
    -------
    float or None
        Interpolated between the table's entries; None without a table.
    """
    if table is None:
        return None
    rates, levels = table["fpr"], table["probability"]
    index = bisect_right(
        levels, -probability, key=lambda level: -level
    )  # levels before it are at least as high
    if index == 0:
        rate = rates[0]
    elif index == len(levels):
        rate = rates[-1]
    else:
        part = (levels[index - 1] - probability) / (levels[index - 1] - levels[index])
        rate = rates[index - 1] + part * (rates[index] - rates[index - 1])
    return round(rate, DIGITS)


def site_call(fpr: float | None) -> str:
    """Name the strictest call that a false-positive rate earns, ``-`` for none.

    Parameters
    ----------
    fpr : float or None
        From :func:`false_positive_rate`.
    """
    if fpr is not None:
        for call, limit in CALLS.items():
            if fpr <= limit:
                return call
    return "-"
