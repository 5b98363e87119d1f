"""Metrics of phosphosite predictions for Hugging Face `evaluate`, those of ``phosphot5.evaluation``."""

import datasets
import evaluate
import numpy as np

from phosphot5.evaluation.metrics import probability_metrics, site_metrics

_DESCRIPTION = """\
How well scores tell phosphorylated serines, threonines and tyrosines from measured negatives: AUROC, average
precision, precision at recall, sensitivity at specificity, MCC and F1, and for probabilities Brier score and expected
calibration error, each for S and T together (st), S (s), T (t) and Y (y).
"""

_INPUTS = """\
Args:
    predictions (list of float): a score of each site, higher for phosphorylated.
    references (list of int): 1 for phosphorylated, 0 for measured and not phosphorylated.
    residues (list of str): S, T or Y.
    thresholds (dict of str to float, optional): S, T and Y to the lowest score that calls a site phosphorylated,
        chosen on other sites. Without it MCC and F1 are at each class's best threshold on these very sites.

Returns:
    dict of str to float: st_auroc, st_ap, st_mcc, ...; st_brier and st_ece, ... if all scores lie within 0 and 1.
    Classes without both positives and negatives are left out.

Examples:
    >>> import evaluate
    >>> metric = evaluate.load("metrics/phosphosite")
    >>> result = metric.compute(
    ...     predictions=[0.9, 0.2, 0.6, 0.7], references=[1, 0, 1, 0], residues=["S", "S", "T", "T"]
    ... )
    >>> round(result["st_auroc"], 3), round(result["st_ap"], 3)
    (0.75, 0.833)
"""


class Phosphosite(evaluate.Metric):
    """Site metrics, also in batches: ``add_batch(predictions=..., references=..., residues=...)``."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features(
                {
                    "predictions": datasets.Value("float64"),
                    "references": datasets.Value("int32"),
                    "residues": datasets.Value("string"),
                }
            ),
        )

    def _compute(
        self,
        predictions: list[float],
        references: list[int],
        residues: list[str],
        thresholds: dict[str, float] | None = None,
    ) -> dict[str, float]:
        scores, labels, letters = np.asarray(predictions), np.asarray(references), np.asarray(residues)
        if wrong := sorted(set(labels.tolist()) - {0, 1}):
            raise ValueError(f"found the reference {wrong[0]}, expected 1 for phosphorylated or 0")
        if wrong := sorted(set(letters.tolist()) - set("STY")):
            raise ValueError(f"found the residue {wrong[0]!r}, expected S, T or Y")
        sites = (scores, labels == 1, letters)
        metrics = site_metrics(*sites, thresholds)
        if ((scores >= 0) & (scores <= 1)).all():
            metrics |= probability_metrics(*sites)
        return metrics
