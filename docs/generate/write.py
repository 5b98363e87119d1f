"""Write the generated parts of README.md and docs/*.md from ``benchmarks/results`` and the bundled model.

    python docs/generate/write.py [--draw]

A part stands between ``<!-- begin: NAME -->`` and ``<!-- end: NAME -->``. ``tests/contract/test_docs.py`` fails when
one of them is out of date. With ``--draw`` the pictures of docs/learned.md are drawn again, too.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import ROOT
from docs.generate.accuracy_tables import calibration, headline, known_sites, leakage, test, validation
from docs.generate.example_tables import best, example, examples
from docs.generate.experiment_tables import ablation, search
from docs.generate.kinase_tables import deeppsp, families, families_by_homology, families_by_sites
from docs.generate.learned_pictures import draw
from docs.generate.learned_tables import classes, logos, motifs, mutations
from docs.generate.record_tables import parts, sources
from docs.generate.release_tables import curated_species, groups, releases
from docs.generate.speed_tables import (
    compatibility,
    decoding,
    length,
    precision,
    predict,
    runtimes,
    scoring,
    startup,
    training,
)
from docs.generate.tables import load
from docs.generate.variant_tables import motif_variants, variants

PARTS: dict[str, Callable[[], str]] = {
    part.__name__: part
    for part in (
        *(
            best,
            example,
            headline,
            known_sites,
            test,
            validation,
            groups,
            releases,
            curated_species,
            calibration,
            leakage,
        ),
        *(examples, ablation, search, deeppsp, families, families_by_homology, families_by_sites),
        *(
            predict,
            runtimes,
            compatibility,
            decoding,
            length,
            precision,
            scoring,
            startup,
            training,
            parts,
            sources,
        ),
        *(logos, classes, motifs, mutations),
        *(variants, motif_variants),
    )
}
MARKED = re.compile(r"(<!-- begin: (\w+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)


def documents() -> dict[Path, str]:
    """Return every file with generated parts, and its text with all of them made anew.

    Raises
    ------
    SystemExit
        If a part is in no file or in several.
    """
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))}
    found = [match[2] for text in texts.values() for match in MARKED.finditer(text)]
    if sorted(found) != sorted(PARTS):
        raise SystemExit(
            f"generated parts of README.md and docs: found {sorted(found)}, expected {sorted(PARTS)}"
        )
    made = {
        path: MARKED.sub(lambda m: f"{m[1]}{PARTS[m[2]]()}\n{m[3]}", text) for path, text in texts.items()
    }
    return {path: text for path, text in made.items() if MARKED.search(text)}


def main() -> None:
    """Rewrite the files."""
    if "--draw" in sys.argv[1:]:
        draw(load("learned"))
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
