"""Parts of docs/variants.md: known variants as the bundled model scores them, and what motif_variants.py measured."""

from collections import Counter

from benchmarks.common import ROOT
from docs.generate.tables import load, source, table
from phosphot5.data.sequences import read_sequences
from phosphot5.prediction.runtime import TorchRuntime
from phosphot5.variants.requests import read_requests
from phosphot5.variants.scoring import compare
from phosphot5.variants.wild_types import WildTypes

SHOWN = (
    *("protein", "variant", "change", "position", "residue", "variant_residue", "distance"),
    *("probability", "variant_probability", "log2_odds_ratio", "call", "variant_call"),
)


def variants() -> str:
    """Return the sites that the variants of the examples change."""
    examples = ROOT / "examples"
    wild_types = WildTypes(read_sequences(examples / "proteins.fasta"))
    known = [wild_types.variant(one) for one in read_requests([str(examples / "variants.txt")], Counter())]
    runtime = TorchRuntime("bundled", None, None, "cpu", "float32")
    rows = [row for comparison in compare(runtime, known, threads=1) for row in comparison.rows(1.0)]
    cells = [["" if row[name] is None else str(row[name]) for name in SHOWN] for row in rows]
    return "\n".join(table([name.replace("_", " ") for name in SHOWN], cells))


def motif_variants() -> str:
    """Return what becomes of sites without the key residue of their motif."""
    header = ["sites", "residue taken away", "how many", "score drops", "mean log2 odds ratio", "quartiles"]
    header += ["another residue taken away", "motif model"]
    rows = [
        [
            "S/T" if row["around"] == "ST" else row["around"],
            f"{'/'.join(row['letters'])} at {row['offset']:+d}",
            str(row["sites"]),
            f"{row['share_that_drop']:.0%}",
            f"{row['mean_change']:.2f}",
            f"{row['quartiles'][0]:.2f} to {row['quartiles'][2]:.2f}",
            f"{row['mean_change_elsewhere']:.2f}",
            f"{row['motif_model']:.2f}",
        ]
        for row in load("motif_variants")["keys"]
    ]
    return "\n".join([*table(header, rows), "", source(load("motif_variants"))])
