"""Take the key residue of a motif away, and see whether the score of the site drops, as a motif model says it should.

    python benchmarks/learned/motif_variants.py [MODEL] [--quick]

For phosphorylated sites of the validation proteins that have a residue which kinases look for (P at +1, for instance),
that residue is replaced by alanine, as ``phosphot5 variants`` does it; so is, for comparison, another residue at most
seven away. Sites themselves stay, and no S, T or Y comes or goes. Beside the model: a motif model, log2 of how much
more frequent a residue is around phosphorylated sites of these proteins than around all measured ones. Reads the
phosphosite data beside the checkout; writes ``results/motif_variants.json``, with ``--quick`` nothing.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from phosphot5.data import Protein, SiteState
from phosphot5.prediction.runtime import GraphRuntime, Runtime, TorchRuntime, find_graph
from phosphot5.variants.changes import Edit
from phosphot5.variants.comparison import log2_odds_ratio
from phosphot5.variants.scoring import compare
from phosphot5.variants.wild_types import Variant

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, save, validation_proteins
from benchmarks.learned import logos

SITES, QUICK = 100, 4
"""Sites of each motif, one of a protein; in a quick run."""
LONGEST = 2000
"""Residues of the longest protein that is taken: every variant is scored as a whole protein."""
NEW = "A"
"""What the residues are replaced by."""


class Key(NamedTuple):
    """A residue that kinases look for: around which sites, where, and which letters."""

    kind: str
    offset: int
    letters: str


KEYS = (
    *(Key("ST", 1, "P"), Key("ST", -3, "RK"), Key("ST", -2, "RK"), Key("ST", -1, "DE")),
    *(Key("ST", 1, "DE"), Key("ST", 3, "DE")),
    *(Key("Y", -1, "DE"), Key("Y", 1, "DE"), Key("Y", 3, "P")),
)


class Sites:
    """Measured sites of proteins: residue, state and window of each."""

    def __init__(self, proteins: list[Protein]) -> None:
        self.proteins = proteins
        states = [np.frombuffer(protein.states, dtype=np.uint8) for protein in proteins]
        places = [np.flatnonzero(one != SiteState.UNKNOWN) for one in states]
        self.protein = np.repeat(np.arange(len(proteins)), [len(one) for one in places])
        self.residue = np.concatenate(places)
        self.truth = np.concatenate([s[p] == SiteState.POSITIVE for s, p in zip(states, places, strict=True)])
        self.letter = np.array(
            [proteins[p].sequence[r] for p, r in zip(self.protein, self.residue, strict=True)]
        )
        self.cut = logos.windows(proteins, self.protein, self.residue)

    def motif_model(self, kind: str) -> np.ndarray:
        """Return log2 enrichments around phosphorylated sites, float64 of shape (20, 2 * HALF)."""
        at = np.isin(self.letter, list(kind))
        return logos.log_odds(self.cut[at & self.truth], self.cut[at])

    def with_key(self, key: Key, count: int) -> np.ndarray:
        """Return random phosphorylated sites that have a residue, at most one of a protein."""
        has = logos.has(self.cut, key.letters, key.offset)
        found = np.flatnonzero(np.isin(self.letter, list(key.kind)) & self.truth & has)
        order = np.random.default_rng(0).permutation(found)
        first = {int(self.protein[index]): int(index) for index in order[::-1]}
        return np.array([index for index in order if first[int(self.protein[index])] == index][:count])


def replaced(protein: Protein, index: int) -> Variant:
    """Return the variant with alanine at a residue, 0-based."""
    return Variant(
        protein, f"{protein.sequence[index]}{index + 1}{NEW}", Edit(index + 1, 1, NEW, aligned=True)
    )


def other_offset(protein: Protein, site: int, key: Key, rng: np.random.Generator) -> int | None:
    """Return a random offset to compare with: no key residue, no S, T or Y, not alanine already."""
    free = [
        offset
        for offset in logos.OFFSETS
        if offset != key.offset
        and 0 <= site + offset < len(protein)
        and protein.sequence[site + offset] not in ("S", "T", "Y", NEW)
    ]
    return int(rng.choice(free)) if free else None


def figures(runtime: Runtime, sites: Sites, key: Key, count: int) -> dict[str, Any]:
    """Measure one key residue."""
    rng, enrichment = np.random.default_rng(0), sites.motif_model(key.kind)
    variants, wanted, by_motif = [], [], []
    for index in sites.with_key(key, count):
        protein, site = sites.proteins[sites.protein[index]], int(sites.residue[index])
        other = other_offset(protein, site, key, rng)
        if other is None:
            continue
        column = logos.OFFSETS.index(key.offset)
        old = logos.AMINO_ACIDS.index(protein.sequence[site + key.offset])
        by_motif.append(enrichment[logos.AMINO_ACIDS.index(NEW), column] - enrichment[old, column])
        variants += [replaced(protein, site + key.offset), replaced(protein, site + other)]
        wanted += [site + 1] * 2
    found = [
        log2_odds_ratio(comparison.before.probabilities[site], comparison.after.probabilities[site])
        for comparison, site in zip(compare(runtime, variants, threads=1), wanted, strict=True)
    ]
    changes = np.array(found).reshape(-1, 2)
    return {
        "around": key.kind,
        "offset": key.offset,
        "letters": key.letters,
        "sites": len(changes),
        "share_that_drop": round(float((changes[:, 0] < 0).mean()), 4),
        "mean_change": round(float(changes[:, 0].mean()), 4),
        "quartiles": [round(float(value), 4) for value in np.quantile(changes[:, 0], (0.25, 0.5, 0.75))],
        "mean_change_elsewhere": round(float(changes[:, 1].mean()), 4),
        "share_that_drop_elsewhere": round(float((changes[:, 1] < 0).mean()), 4),
        "motif_model": round(float(np.mean(by_motif)), 4),
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--quick", action="store_true", help="few sites; show the result, write nothing")
    args = parser.parse_args()
    graph = find_graph(args.model, device="cpu")
    runtime = GraphRuntime(graph) if graph else TorchRuntime(args.model, None, None, "cpu", "float32")
    proteins = [
        Protein(id=one.id, sequence=one.sequence, states=one.states)
        for one in validation_proteins()
        if len(one) <= LONGEST
    ]
    sites = Sites(proteins)
    keys = [figures(runtime, sites, key, QUICK if args.quick else SITES) for key in KEYS]
    result = describe() | {
        "set": "multisource/valid, phosphorylated sites",
        "model": args.model,
        "proteins": len(proteins),
        "longest": LONGEST,
        "keys": keys,
    }
    sys.stdout.write(f"{json.dumps(result, indent=2) if args.quick else save('motif_variants', result)}\n")


if __name__ == "__main__":
    main()
