"""Two made-up proteins, and the labels that files give them."""

from phosphot5.data import SiteState
from phosphot5.data.convert import Converter, ConvertOptions
from phosphot5.data.sequences import read_sequences
from phosphot5.data.sources import detect_format
from phosphot5.errors import PhosphoT5Error

ONE = "MGSLPKTAEYVRSDSPGRLKWTPK"
"""S at 3, 13, 15; T at 7, 22; Y at 10."""
TWO = "MAEKVDSTGRPLYEDKTAEYVRGG"
"""S at 7; T at 8, 17; Y at 13, 20. TAEYVR is in both proteins."""
FASTA = f">sp|Q11111|ONE_TEST Made-up one OS=Homo sapiens\n{ONE}\n>sp|Q22222|TWO_TEST Made-up two\n{TWO}\n"
MARKS = {SiteState.POSITIVE: "", SiteState.NEGATIVE: "-"}


def labels_of(path, fasta=None, form=None, **options):
    """Convert a file; return the labels by accession, ``S3 T7-`` (``-`` negative), and why what is left out."""
    sequences = read_sequences(fasta) if fasta else None
    converter = Converter(ConvertOptions(**options), sequences)
    converter.add(str(path), form or detect_format(str(path)))
    try:
        proteins = converter.finish()
    except PhosphoT5Error as error:
        if not str(error).startswith("no labelled protein"):
            raise
        proteins = []
    found = {
        protein.id.split("|")[1] if "|" in protein.id else protein.id: " ".join(
            f"{site.residue}{site.position}{MARKS[site.state]}"
            for site in protein.sites(SiteState.POSITIVE, SiteState.NEGATIVE)
        )
        for protein in proteins
    }
    return found, dict(converter.sites.left_out)
