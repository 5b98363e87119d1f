"""Scores of labelled proteins, ready to be measured."""

from collections.abc import Iterable

from phosphot5.data import Protein
from phosphot5.evaluation.sites import LabelledSites
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.prediction.scoring import score_proteins

__all__ = ["score_labelled_sites"]


def score_labelled_sites(
    model: PhosphoT5ForConditionalGeneration, proteins: Iterable[Protein], threads: int | None = None
) -> LabelledSites:
    """Score the sites of labelled proteins; no label is shown to the model.

    Parameters
    ----------
    model, proteins, threads
        As for :func:`~phosphot5.prediction.scoring.predict_sites`.

    Returns
    -------
    LabelledSites
        Every S, T and Y, labelled or not, ready for
        :func:`~phosphot5.evaluation.sites.evaluate_sites`.
    """
    proteins = list(proteins)
    return LabelledSites.from_proteins(proteins).scored(score_proteins(model, proteins, threads=threads))
