"""Tables of sites and their kinases: families by gene symbol, groups above them, every row accounted for."""

import pytest

from phosphot5.data import Protein
from phosphot5.data.kinases import known_families, read_kinase_table
from phosphot5.errors import InputFormatError

PROTEINS = {name: Protein(id=name, sequence="MSTYRRAS") for name in ("P1", "P2")}


def read(tmp_path, text: str):
    path = tmp_path / "table.tsv"
    path.write_text(text)
    return read_kinase_table(path, PROTEINS)


def test_a_kinase_stands_for_its_families_and_groups(tmp_path) -> None:
    found = read(
        tmp_path,
        "Protein\tPosition\tResidue\tKinase\n"
        "P1\t2\tS\tPRKACA\nP1\t8\tS\tmapk1\nsp|P2|X_HUMAN\tY4\t\tSRC\nP1\t3\tT\tUNHEARD\nP3\t2\tS\tPRKACA\nP1\t\t\tSRC\n",
    )
    assert found.of_protein["P1"] == {1: {"AGC", "PKA"}, 7: {"CMGC", "MAPK", "ERK"}, 2: set()}
    assert found.of_protein["P2"] == {3: {"TK", "SRC"}}
    assert dict(found.counts) == {
        "read": 3,
        "of kinases in no family": 1,
        "of proteins without a sequence": 1,
        "without a position": 1,
    }
    assert found.summary().startswith("3 rows read; 1 row of kinases in no family")


def test_a_family_brings_its_groups_and_a_new_one_is_added(tmp_path) -> None:
    found = read(tmp_path, "accession,position,family\nP1,2,PKA\nP1,8,CDK\nP2,2,MYKINASE\n")
    assert found.of_protein == {"P1": {1: {"AGC", "PKA"}, 7: {"CMGC", "CDK"}}, "P2": {1: {"MYKINASE"}}}
    assert found.families["MYKINASE"].residues == "ST"
    assert found.number_of_sites() == {"AGC": 1, "PKA": 1, "CMGC": 1, "CDK": 1, "MYKINASE": 1}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "P1\t2\tT\tPRKACA",
            r"table.tsv, line 2, record P1: found residue 'T' at position 2, expected S, as in the seq",
        ),
        ("P1\t1\t\tPRKACA", "found residue 'M' at position 1, expected S, T or Y there"),
        ("P1\t90\t\tPRKACA", "found residue 'none' at position 90"),
    ],
)
def test_a_site_that_is_none_is_refused(tmp_path, rows: str, message: str) -> None:
    with pytest.raises(InputFormatError, match=message):
        read(tmp_path, f"protein\tposition\tresidue\tkinase\n{rows}\n")


def test_a_table_without_kinases_is_refused(tmp_path) -> None:
    with pytest.raises(InputFormatError, match="one called kinase or family"):
        read(tmp_path, "protein\tposition\nP1\t2\n")


def test_a_family_of_serines_has_no_tyrosine(tmp_path) -> None:
    with pytest.raises(InputFormatError, match="found PKA at a residue of Y, expected one of ST"):
        read(tmp_path, "protein\tposition\tfamily\nP1\t4\tPKA\n")


def test_families_lie_within_their_groups() -> None:
    families = known_families()
    for family in families.values():
        groups = [other for other in families.values() if family.members < other.members]
        assert all(group.residues == family.residues for group in groups), family.name
    assert known_families()["ERK"].members < families["MAPK"].members < families["CMGC"].members
