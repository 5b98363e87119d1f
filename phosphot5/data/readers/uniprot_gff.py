"""UniProtKB features as GFF3."""

from collections.abc import Iterator

from phosphot5.data.gff import read_features
from phosphot5.data.readers.intake import Claim, Entry, Intake, grouped
from phosphot5.data.uniprot import is_modified_residue, phosphorylated_residue
from phosphot5.errors import InputFormatError

__all__ = ["read_uniprot_gff"]


def read_uniprot_gff(intake: Intake) -> Iterator[Entry]:
    """Read the phosphorylated residues of a GFF3 file as UniProtKB gives it; it has no sequences.

    Parameters
    ----------
    intake : Intake
        The file, plain or gzip.

    Raises
    ------
    InputFormatError
        If a line has too few columns, or at the first place that is no position (unless bad ones are skipped).
    """
    return grouped(_claims(intake))


def _claims(intake: Intake) -> Iterator[tuple[str, Claim]]:
    for feature in read_features(intake.path):
        if not is_modified_residue(feature.kind):
            continue
        note = feature.attributes.get("Note", "")
        position = 0
        if phosphorylated_residue(note):
            try:
                position = feature.position(intake.path)
            except InputFormatError as error:
                intake.refuse(error)
                continue
        evidence = " ".join(feature.attributes.values())
        if claim := intake.modified_residue(note, evidence, position, feature.line):
            yield feature.protein, claim
