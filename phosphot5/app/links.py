"""Links to what databases say about a protein, for visitors to follow; the page itself asks none of them."""

from html import escape

from phosphot5.data import Protein
from phosphot5.data.identifiers import identity
from phosphot5.data.public.entries import is_accession

__all__ = ["entry_links"]

DATABASES = {
    "UniProt": "https://www.uniprot.org/uniprotkb/{accession}/entry",
    "PhosphoSitePlus": "https://www.phosphosite.org/uniprotAccAction?id={accession}",
    "AlphaFold DB": "https://alphafold.ebi.ac.uk/entry/{canonical}",
}
"""Address of an entry by the name of the database; structures are those of the canonical sequence."""


def entry_links(protein: Protein) -> str:
    """Return links to the entries of a protein, as HTML; nothing if its name has no accession of UniProt.

    Parameters
    ----------
    protein : Protein
        Named ``P04637`` or, for instance, ``sp|P04637|P53_HUMAN``.
    """
    accession = identity(protein.header).key
    if not is_accession(accession):
        return ""
    names = {"accession": accession.upper(), "canonical": accession.upper().partition("-")[0]}
    links = [
        f'<a href="{escape(address.format(**names))}" target="_blank" rel="noopener noreferrer">{name}</a>'
        for name, address in DATABASES.items()
    ]
    return f'<p class="p5-links">{names["accession"]} in: {" ".join(links)}</p>'
