"""What the page says beside its results, and its example of a variant."""

from phosphot5 import __version__
from phosphot5.app.downloads import WEAKEST_CALL
from phosphot5.app.scoring import EXAMPLES, Limits, Scorer, example_text

__all__ = [
    "HEADER",
    "KINDS_TEXT",
    "OLD",
    "VARIANT",
    "about_text",
    "example_pair",
    "limits_text",
    "proteins_label",
]

OLD = '<p role="alert" class="p5-error">Results are kept for an hour; score again to see more of them.</p>'
VARIANT = ("P47S", 47, "S")
"""The example of a variant of p53: its name, its position and what stands there."""
HEADER = """<header class="p5-header"><h1>PhosphoT5</h1>
<p>Which serines, threonines and tyrosines of a protein get phosphorylated?</p></header>"""
KINDS_TEXT = "mass-spec: as mass spectrometry of whole proteomes finds them; curated: as UniProtKB lists them"
ABOUT = """
- **probability** is calibrated on validation proteins, for each residue. **fpr** is the share of validation negatives
  of that residue that score at least as high; **call** is `high` at 1 %, `medium` at 5 %, `low` at 10 % of them.
- GFF3 and ProForma list the sites called `{weakest}` or better, TSV and CSV list all; the files are those of
  `phosphot5 predict`, with the same values.
- A high score at an unmeasured site may be right. Scores say nothing about when or where a site is
  phosphorylated. Not for clinical decisions.
- Your proteins are scored on the machine that serves this page; files are deleted after an hour;
  {hosts}.

Model: `{model}`, PhosphoT5 {version}. The bundled weights are for non-commercial research.
"""
ABOUT_KINASES = """
- **kinase** is the most probable family of kinases, given that the site is phosphorylated, and **kinase_probability**
  its probability; **kinase_fpr** is the share of the other S and T (or Y) of known substrates that score at least as
  high for this family. TSV, CSV and GFF3 are those of `phosphot5 predict --kinases`.
"""


def about_text(scorer: Scorer, uniprot: str | None) -> str:
    """Explain the numbers, in Markdown."""
    about = ABOUT_KINASES.rstrip() + ABOUT if scorer.families else ABOUT
    asked = "this server asks UniProt for the sequences of accessions and nobody else for anything"
    return about.format(
        model=scorer.name,
        version=__version__,
        weakest=WEAKEST_CALL,
        hosts=asked if uniprot else "this server asks nobody for anything",
    )


def proteins_label(uniprot: str | None) -> str:
    """Name the field of proteins."""
    return f"Proteins: FASTA, one sequence{', or accessions of UniProt' if uniprot else ''}"


def limits_text(limits: Limits, uniprot: str | None) -> str:
    """Say how much may be given, and what becomes of accessions."""
    asked = (
        " Sequences of accessions, such as P04637, are fetched from UniProt by this server."
        if uniprot
        else ""
    )
    return f"At most {limits.proteins:,} proteins and {limits.residues:,} residues at a time.{asked}"


def example_pair() -> list[str]:
    """Return p53, and the variant that is known to be phosphorylated less at the serine beside it."""
    name, position, residue = VARIANT
    header, *lines = example_text(EXAMPLES["p53"]).splitlines()
    sequence = "".join(lines)
    changed = sequence[: position - 1] + residue + sequence[position:]
    folded = [changed[start : start + 60] for start in range(0, len(changed), 60)]
    accession = EXAMPLES["p53"]
    return ["\n".join([header, *lines]), "\n".join([f">{accession}_{name} p53 with {name}", *folded])]
