"""UniProtKB features as GFF3."""

from collections.abc import Iterator

from phosphot5.data.files.gff import read_features
from phosphot5.data.sources.read_context import Entry, ReadContext, SiteLabel, grouped
from phosphot5.data.uniprot import evidence_codes, is_modified_residue, phosphorylated_residue
from phosphot5.errors import InputFormatError

__all__ = ["read_uniprot_gff"]


def read_uniprot_gff(context: ReadContext) -> Iterator[Entry]:
    """Read the phosphorylated residues of a GFF3 file as UniProtKB gives it; it has no sequences.

    Parameters
    ----------
    context : ReadContext
        The file, plain or gzip.

    Raises
    ------
    InputFormatError
        If a line has too few columns, or at the first place that is no position (unless bad ones are skipped).
    """
    return grouped(_claims(context))


def _claims(context: ReadContext) -> Iterator[tuple[str, SiteLabel]]:
    qualified = _has_qualifiers(context.path)
    features = (feature for feature in read_features(context.path) if is_modified_residue(feature.kind))
    for feature in context.account.each(features):
        if reason := context.excluded(feature.protein):
            context.leave_out(reason)
            continue
        note = feature.attributes.get("Note", "")
        position = 0
        if phosphorylated_residue(note):
            try:
                position = feature.position(context.path)
            except InputFormatError as error:
                context.refuse(error)
                continue
        evidence = " ".join(feature.attributes.values())
        if claim := context.modified_residue(note, evidence, position, feature.line, qualified=qualified):
            yield feature.protein, claim


def _has_qualifiers(path: str) -> bool:
    """Tell a release before 2014-10: some features have a status such as ``By similarity``, none an evidence code."""
    qualified = False
    for feature in read_features(path):
        if evidence_codes(" ".join(feature.attributes.values())):
            return False
        qualified = qualified or "Status" in feature.attributes
    return qualified
