"""Scores of labelled proteins, ready to be measured."""

from collections.abc import Iterable

import numpy as np

from phosphot5.data import Protein
from phosphot5.evaluation.sites import LabelledSites
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.prediction.scoring import score_proteins

__all__ = ["score_labelled_sites"]


def score_labelled_sites(
    model: PhosphoT5ForConditionalGeneration, proteins: Iterable[Protein], threads: int | None = None
) -> LabelledSites:
    """Score the sites of labelled proteins, each as one of its kind of label; no label is shown to the model.

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
    kinds = [getattr(protein, "label_source", "") for protein in proteins]
    scored: dict[int, tuple[Protein, np.ndarray]] = {}
    for kind in dict.fromkeys(kinds):
        places = [place for place, named in enumerate(kinds) if named == kind]
        members = (proteins[place] for place in places)
        scores = score_proteins(model, members, threads=threads, label_source=kind or None)
        scored |= dict(zip(places, scores, strict=True))
    in_order = (scored[place] for place in range(len(proteins)))
    return LabelledSites.from_proteins(proteins).scored(in_order)
