"""benchmarks/learned/motif_variants.py: which sites and which residues it takes."""

import numpy as np

from benchmarks.learned.motif_variants import Key, Sites, other_offset, replaced
from phosphot5.data import Protein, SiteState


def labelled(name, text):
    """Make a protein of letters, ``#`` behind positive and ``@`` behind negative sites."""
    sequence, states = "", []
    for letter in text:
        if letter in "#@":
            states[-1] = SiteState.POSITIVE if letter == "#" else SiteState.NEGATIVE
        else:
            sequence += letter
            states.append(SiteState.UNKNOWN)
    return Protein(id=name, sequence=sequence, states=bytes(states))


def test_sites_have_the_key_residue_and_are_phosphorylated():
    proteins = [labelled("a", "AS#PAS@PAS#AASPA"), labelled("b", "RS#PRT#PRY#P"), labelled("c", "KSK")]
    sites = Sites(proteins)
    found = sites.with_key(Key("ST", 1, "P"), 10)
    assert sorted(sites.protein[found].tolist()) == [0, 1]  # one of a protein
    assert all(sites.truth[found])
    for index in found:
        sequence = proteins[sites.protein[index]].sequence
        assert sequence[sites.residue[index]] in "ST"
        assert sequence[sites.residue[index] + 1] == "P"


def test_residue_to_compare_with_is_no_site_and_no_alanine():
    protein = labelled("a", "AASTYS#PKSTA")
    found = {other_offset(protein, 5, Key("ST", 1, "P"), np.random.default_rng(seed)) for seed in range(20)}
    assert found == {2}
    assert other_offset(labelled("b", "AS#PA"), 1, Key("ST", 1, "P"), np.random.default_rng(0)) is None


def test_replaced():
    variant = replaced(labelled("a", "MS#PK"), 2)
    assert (variant.text, variant.changed.sequence) == ("P3A", "MSAK")
