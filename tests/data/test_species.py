"""The species of a protein: what headers name, which group it is in, and names that a user gives."""

import gzip
import re
from collections import defaultdict
from pathlib import Path

import pytest

from phosphot5.data.species import _SPECIES, GROUPS, given_group, group_of, named_species
from phosphot5.errors import PhosphoT5Error

DATA = Path(__file__).parents[3] / "shared" / "data" / "phosphosites" / "species"


@pytest.mark.parametrize(
    ("header", "species"),
    [
        ("sp|P04637|P53_HUMAN Cellular tumor antigen p53 OS=Homo sapiens OX=9606 GN=TP53 PE=1 SV=4", "9606"),
        ("sp|P04637|P53_HUMAN Cellular tumor antigen p53 OS=Homo sapiens GN=TP53 PE=1 SV=4", "Homo sapiens"),
        ("P04637 OS=Homo sapiens", "Homo sapiens"),
        (
            "P38631 OS=Saccharomyces cerevisiae (strain ATCC 204508 / S288c) GN=FKS1",
            "Saccharomyces cerevisiae",
        ),
        ("sp|P04637|P53_HUMAN", "HUMAN"),
        ("sp|P04637-2|P53_HUMAN Isoform 2 of Cellular tumor antigen p53", "HUMAN"),
        ("tr|A0A024R1R8|A0A024R1R8_HUMAN HCG2014768", "HUMAN"),
        ("sp|P0A6Y8|DNAK_ECOLI", "ECOLI"),
        ("A0A067F0Y6 labelled=ST split=train OX=CITSI species=CITSI group=plants cluster=3629", "CITSI"),
        ("P04637 P53_HUMAN OS=Homo sapiens OX=9606,10090", "9606"),
        ("sp|P04637|P53_HUMAN OX= OS=Mus musculus", "Mus musculus"),
        ("P04637 cellular tumor antigen p53", ""),
        ("my_HUMAN", ""),
        ("NP_000537.3 cellular tumor antigen p53 isoform a [Homo sapiens]", "Homo sapiens"),
        ("NP_010069.1 Sec7p [Saccharomyces cerevisiae S288C]", "Saccharomyces cerevisiae"),
        ("XP_1.1 protein [Oryza sativa subsp. japonica]", "Oryza sativa subsp. japonica"),
        ("WP_1.1 chaperone DnaK [Escherichia coli K-12]", "Escherichia coli K-12"),
        ("p1 kinase [EC 2.7.11.1]", ""),
        ("p1 kinase [Homo sapiens] fragment", ""),
        ("p BOX=9606 PHOS=Homo sapiens", ""),
        ("B1 protein OS=Saccharomyces cerevisiae (strain X) OX=1234567 GN=B", "Saccharomyces cerevisiae"),
        ("sp|Q1|ABC_YEAS7 protein OX=1234567", "YEAS7"),
        ("B2 protein OS=Homo neanderthalensis OX=63221", "63221"),
    ],
)
def test_headers_name_species(header, species):
    assert named_species(header) == species


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("9606", "human"),
        ("homo sapiens", "human"),
        ("Mouse", "mammals"),
        ("DANRE", "other_vertebrates"),
        ("6239", "insects_and_worms"),
        ("559292", "yeasts"),
        ("oryza sativa subsp. japonica", "plants"),
        ("PLAF7", "protists"),
        ("83333", None),
        ("", None),
    ],
)
def test_species_are_in_groups(name, group):
    assert group_of(name) == group


def test_table_is_consistent():
    assert list(_SPECIES) == list(GROUPS)
    groups, ids = defaultdict(set), defaultdict(set)
    for group, rows in _SPECIES.items():
        for row in rows.strip().splitlines():
            taxon, mnemonic, name = row.split(maxsplit=2)
            assert re.fullmatch(r"\d+", taxon), row
            assert re.fullmatch(r"[A-Z][A-Z0-9]{2,4}", mnemonic), row
            assert re.fullmatch(r"[A-Z][a-z]+( [a-z]+\.?)+", name), row
            for word in (taxon, mnemonic, name):
                groups[word].add(group)
            ids[taxon].add(mnemonic)
    assert all(len(found) == 1 for found in groups.values())
    assert {taxon for taxon, found in ids.items() if len(found) > 1} == {"242507"}  # MAGO7 became PYRO7


@pytest.mark.parametrize("group", GROUPS)
def test_groups_can_be_given(group):
    assert given_group(group) == group


def test_species_can_be_given_and_unknown_ones_are_one_clear_error():
    assert given_group("Arabidopsis thaliana") == "plants"
    with pytest.raises(PhosphoT5Error) as caught:
        given_group("Qapla' batlh\nje")
    assert str(caught.value) == (
        "--species Qapla' batlh je: no such species is known; give a taxon id, a scientific name, a mnemonic of "
        "UniProt such as MOUSE, or a group: human, mammals, other_vertebrates, insects_and_worms, yeasts, plants, "
        "protists"
    )


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data is missing")
def test_table_agrees_with_the_species_sets():
    """But for a yeast that the sets count as an insect, a worm that they count as a plant, and few proteins."""
    proteins, missing, differing = 0, 0, set()
    for part in ("train", "dev"):
        with gzip.open(DATA / f"{part}.fasta.gz", "rt") as lines:
            for line in filter(lambda line: line.startswith(">"), lines):
                species, group = re.search(r"species=(\S+) group=(\S+)", line).groups()
                found = {group_of(named_species(line)), group_of(species)}
                proteins += 1
                missing += found == {None}
                differing |= {species for other in found - {None} if other != group}
    assert differing == {"SACK1", "PRIPA"}
    assert missing < 0.005 * proteins
