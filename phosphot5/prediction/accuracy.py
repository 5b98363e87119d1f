"""Which measured accuracy applies to the proteins that were scored: lines for the summary of ``phosphot5 predict``."""

from collections.abc import Mapping

from phosphot5.data import Protein
from phosphot5.data.species import GROUPS, group_of, named_species
from phosphot5.record.metric_names import enough_positives
from phosphot5.wording import counted

__all__ = ["accuracy_lines", "species_counts"]

Figures = Mapping[str, float | None]

OTHER = "other_species"
"""Counts the proteins of a species that is named and in no group."""
CURATED = "curated"
"""Kind of label whose figures apply to every species."""
CURATED_GROUPS = {"st": "curated", "y": "curated_tyrosines"}
"""Class to the group of its validation proteins with curated labels."""
CLASSES = {"st": "S and T", "y": "Y"}
"""Classes that the lines have, and how they are named there."""


def species_counts(protein: Protein) -> dict[str, int]:
    """Count one protein by the group of the species that its header names; nothing if it names none."""
    species = named_species(protein.header)
    return {group_of(species) or OTHER: 1} if species else {}


def accuracy_lines(
    counts: Mapping[str, int],
    metrics: Mapping[str, Figures],
    label_source: str | None = None,
    given: str | None = None,
) -> list[str]:
    """Say which figures apply to which proteins.

    Parameters
    ----------
    counts : mapping of str to int
        ``proteins`` that were scored, and sums of :func:`species_counts`.
    metrics : mapping
        Those of the model's run record: name of a set, and behind a comma its group, to metric to value.
    label_source : str, optional
        Kind of label that was asked for.
    given : str, optional
        Group of the proteins whose header names no species, an entry of
        :data:`~phosphot5.data.species.GROUPS`.

    Returns
    -------
    list of str
        A line for each group that is there, and one for the proteins without figures. Empty if there are no
        proteins, or the model has no figures by group and no group was given.
    """
    if not counts["proteins"]:
        return []
    # the first of several sets counts: a training measures its validation proteins before anything else
    groups = {name.rpartition(", ")[2]: figures for name, figures in reversed(list(metrics.items()))}
    if label_source == CURATED:
        text = _shown({key: groups.get(group, {}) for key, group in CURATED_GROUPS.items()})
        proteins = counted(counts["proteins"], "protein")
        lines = [f"{proteins}: on validation proteins with curated labels, {text}"] if text else []
    else:
        texts = {group: _shown(dict.fromkeys(CLASSES, groups.get(group, {}))) for group in GROUPS}
        known = {group: text for group, text in texts.items() if text}
        lines = _lines_by_group(counts, known, given) if known else []
    return lines or (["--species: this model has no figures by group"] if given else [])


def _lines_by_group(counts: Mapping[str, int], known: Mapping[str, str], given: str | None) -> list[str]:
    """Make a line for each group that is there and has figures, and one for all other proteins."""
    numbers = {group: counts.get(group, 0) for group in GROUPS}
    if given:
        numbers[given] += counts["proteins"] - sum(numbers.values()) - counts.get(OTHER, 0)
    lines = [
        f"{counted(numbers[group], f'{GROUPS[group]} protein')}: on validation proteins of this group, {text}"
        for group, text in known.items()
        if numbers[group]
    ]
    rest = counts["proteins"] - sum(numbers[group] for group in known)
    if rest:
        proteins = counted(rest, "protein")
        lines.append(f"{proteins} of a species that is not named or was not measured: no figures apply")
    return lines


def _shown(figures: Mapping[str, Figures]) -> str:
    """Put AUROC and AP of each measured class into words; empty if none was measured.

    Parameters
    ----------
    figures : mapping
        Class to the metrics of its validation proteins.
    """
    parts: list[str] = []
    for key, residues in CLASSES.items():
        auroc, ap = (figures[key].get(f"{key}_{metric}") for metric in ("auroc", "ap"))
        if auroc is not None and ap is not None and enough_positives(figures[key], key):
            first, second = ("", "") if parts else ("AUROC ", "AP ")
            parts.append(f"{first}{auroc:.3f} and {second}{ap:.3f} for {residues}")
    return ", ".join(parts) + (" only" if len(parts) == 1 else "")
