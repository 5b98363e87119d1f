"""Tables of docs/learned.md: what learned.py measured, in numbers."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from docs.generate.learned_pictures import enrichments
from docs.generate.tables import load, source, table

FIGURES = ("prevalence", "mean_probability", "auroc", "ap")


@cache
def _result() -> Mapping[str, Any]:
    return load("learned")


def logos() -> str:
    """Return the enriched residues of the highest scores beside those of phosphorylated sites."""
    header = ["residue", "highest scores", "phosphorylated among them", "most enriched among them"]
    header += ["most enriched among phosphorylated sites", "correlation", "two halves of the data"]
    rows = [
        [
            residue,
            f"{row['top']:,} of {row['measured']:,}",
            f"{row['top_phosphorylated'] / row['top']:.0%} (all: {row['phosphorylated'] / row['measured']:.0%})",
            ", ".join(row["strongest_top"]) or "-",
            ", ".join(row["strongest_phosphorylated"]) or "-",
            f"{row['correlation']:.2f}",
            f"{row['agreement_of_halves']:.2f}",
        ]
        for residue, row in _result()["residues"].items()
    ]
    return "\n".join(table(header, rows))


def classes() -> str:
    """Return sites and scores of each motif class."""
    header = ["class", "measured sites", "share of them", "of phosphorylated", "of the highest scores"]
    header += ["phosphorylated", "mean probability", "AUROC", "AP"]
    whole = {f"share_of_{name}": 1.0 for name in ("measured", "phosphorylated", "top")}
    rows = [
        [
            f"{kind}, {name}",
            f"{row['sites']:,}",
            *(f"{row[share]:.1%}" for share in whole),
            *(f"{row[key]:.3f}" if key in row else "-" for key in FIGURES),
        ]
        for kind, found in _result()["classes"].items()
        for name, row in ({"all": _result()["overall"][kind] | whole} | found).items()
    ]
    return "\n".join(table(header, rows))


def motifs() -> str:
    """Return the enrichment of each known motif."""
    found = [(name, row) for kind in _result()["motifs"].values() for name, row in kind.items()]
    pairs = [pair for _, row in found if (pair := enrichments(row))]
    header = ["motif", "known for", "measured sites", "phosphorylated", "mean probability"]
    header += ["AUROC within", "enriched among phosphorylated", "among highest scores"]
    rows = [
        [
            f"`{name}`",
            row["known_for"],
            f"{row['sites']:,}",
            *(f"{row[key]:.3f}" if key in row else "-" for key in FIGURES[:3]),
            *([f"{2**x:.2f}x" for x in pair] if (pair := enrichments(row)) else ["-", "-"]),
        ]
        for name, row in found
    ]
    same = sum((x > 0) == (y > 0) for x, y in pairs)
    note = f"{same} of {len(pairs)} motifs are enriched in both, or depleted in both."
    return "\n".join([*table(header, rows), "", note])


def mutations() -> str:
    """Return the sites mutated in silico, the letters that raise their scores, and how near the changes are."""
    found = _result()["mutations"]
    count = ", ".join(f"{number} {residue}" for residue, number in found["sites"].items())
    letters = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in found["strongest"].items())
    agree = "; ".join(
        f"{kind} {value:.2f}" for kind, value in found["correlation_with_phosphorylated"].items()
    )
    reaches = list(next(iter(found["share_within"].values())))
    rows = [
        [residue, *(f"{shares[reach]:.0%}" for reach in reaches)]
        for residue, shares in found["share_within"].items()
    ]
    lines = [
        f"Mutated: {count}, one site of a protein, in segments of {found['segment_residues']} residues. Log2-odds in "
        f"the segment and in the whole protein correlate with {found['correlation_with_whole_protein']:.2f}.",
        "",
        f"Letters that raise the score most, in this order: {letters}. Correlation with the log2 enrichment around "
        f"phosphorylated sites, over all letters and places: {agree}.",
        "",
        f"Share of the sum of all changes within {found['segment_residues'] // 2} residues:",
        "",
        *table(["residue", *(f"within {reach}" for reach in reaches)], rows),
        "",
        source(_result()),
    ]
    return "\n".join(lines)
