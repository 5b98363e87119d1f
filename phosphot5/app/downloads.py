"""Files to take away, as ``phosphot5 predict`` writes them."""

from collections.abc import Iterable
from pathlib import Path

from phosphot5.app.scoring import Scored
from phosphot5.output import atomic_text
from phosphot5.prediction.formats import FORMATS

__all__ = ["DOWNLOADS", "WEAKEST_CALL", "write_downloads"]

DOWNLOADS = {"TSV": "tsv", "CSV": "csv", "GFF3": "gff3", "ProForma": "proforma"}
"""Name on the button and format of every file."""
WITH_KINASES = ("tsv", "csv", "gff3")
"""Formats that have a place for kinases."""
WEAKEST_CALL = "medium"
"""Weakest call that GFF3 and ProForma show, the default of the command line."""


def write_downloads(scored: Iterable[Scored], folder: Path, kinases: bool = False) -> list[Path]:
    """Write all proteins in every format.

    Parameters
    ----------
    scored : iterable of Scored
        What was scored.
    folder : Path
        Where to; holds none of the files yet.
    kinases : bool
        Write the best family of kinases of each site where the format has a place for it.

    Returns
    -------
    list of Path
        One file for each of `DOWNLOADS`, in their order.
    """
    scored = list(scored)
    paths = []
    for name in DOWNLOADS.values():
        output_format = FORMATS[name].with_kinases(kinases and name in WITH_KINASES)
        paths.append(folder / f"phosphot5{output_format.suffixes[0]}")
        with atomic_text(paths[-1]) as handle:
            handle.write(output_format.header)
            for entry in scored:
                output_format.write(handle, entry.protein, entry.rows, WEAKEST_CALL)
    return paths
