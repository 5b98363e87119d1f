"""The proteins that the benchmarks of the bundled model look at."""

from collections.abc import Iterator

from _environment import ROOT

from phosphot5.data import Protein, read_fasta
from phosphot5.trainer.recipe import load_recipe


def validation_proteins() -> Iterator[Protein]:
    """Yield the validation proteins of the recipe ``small``, with their labels."""
    for file in load_recipe(ROOT / "recipes" / "small.yaml").data.valid:
        yield from read_fasta(file.path, notation="hash")
