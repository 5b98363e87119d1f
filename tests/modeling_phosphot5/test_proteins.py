"""Proteins as the pipeline takes them; FASTA as the package's own reader reads it."""

import gzip
from pathlib import Path

import pytest

from phosphot5 import data
from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5.proteins_phosphot5 import (
    GivenProtein,
    fasta_path,
    read_fasta,
    read_protein,
)

EXAMPLES = Path(__file__).parents[2] / "examples"


def by_the_package(path):
    """Return the records, or the error."""
    try:
        return [
            (
                protein.id,
                protein.sequence,
                tuple(protein.given_position(i) for i in range(1, len(protein) + 1)),
            )
            for protein in data.read_fasta(path)
        ]
    except PhosphoT5Error as error:
        return str(error)


def by_the_hub_file(path):
    try:
        return [
            (protein.id, protein.sequence, protein.positions or tuple(range(1, len(protein.sequence) + 1)))
            for protein in read_fasta(str(path))
        ]
    except (ValueError, OSError) as error:
        return str(error)


GOOD = {
    "wrapped": b">a first\nMS\nTK\n>b\nY\nY\n",
    "windows": b">a first\r\nMS\r\nTK\r\n>b\r\nYY\r\n",
    "old mac": b">a first\rMSTK\r>b\rYY\r",
    "blank lines": b"\n\n>a first\n\nMS\n\nTK\n\n>b\nYY\n\n\n",
    "blanks": b">  a   first  \nMS TK \n>b\n  Y\tY\n",
    "byte order mark": b"\xef\xbb\xbf>a first\nMSTK\n>b\nYY",
    "lower case": b">a first\nmstk\n>b\nyY\n",
    "gaps and stops": b">a\n-MS..T--\nK*\n*\n>b\nY*-\n",
    "beyond ascii": ">a Kinase β\nMSTK\n".encode(),
    "one name twice": b">a\nMS\n>a\nMT\n",
    "every letter": b">a\nABCDEFGHIJKLMNOPQRSTUVWXYZ\n",
}
BAD = {
    "digit": b">a\nMS\n>b x\nMST\nK1K\n",
    "stop inside": b">a\nM*K\n",
    "mark": b">a\nMS#K\n",
    "letter beyond ascii": ">a\nM S é\n".encode(),
    "sharp s": ">a\nMß\n".encode(),
    "prefixed": b">a\nMS\nTKpSP\n",
    "three letters": b">a\nMetSerThr\nTyrLys\n",
    "neighbours": b">a\nK.MST\nYR.A\n",
    "no name": b">a\nMS\n>\nMT\n",
    "no residues": b">a\n>b\nMT\n",
    "only gaps": b">a\nMT\n>b\n--*\n",
    "empty": b"",
    "blank": b"\n \n",
    "no header": b"\nMSTK\n>a\nMS\n",
    "fastq": b"@SRR0000001.1 a very long name\nACGT\n",
    "latin-1": b">a\nMS\n>b\nM\xe9T\n",
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", GOOD)
def test_good_fasta_is_read_as_by_the_package(name, pack, tmp_path):
    path = tmp_path / "named.anyhow"
    path.write_bytes(pack(GOOD[name]))
    found = by_the_hub_file(path)
    assert isinstance(found, list)
    assert found == by_the_package(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", BAD)
def test_bad_fasta_is_refused_in_the_same_words(name, pack, tmp_path):
    path = tmp_path / "named.anyhow"
    path.write_bytes(pack(BAD[name]))
    expected, found = by_the_package(path), by_the_hub_file(path)
    assert isinstance(expected, str)
    assert found in (expected, expected.rpartition("; ")[0])


def test_examples_are_read_as_by_the_package():
    files = sorted(EXAMPLES.glob("*.fasta*"))
    assert EXAMPLES / "proteins.fasta" in files
    for path in files:
        expected = by_the_package(path)
        if isinstance(expected, str):  # labelled, which neither takes for plain sequences
            expected = expected.partition(";")[0]
        assert by_the_hub_file(path) == expected, path.name


def test_damaged_and_missing_files_are_named(tmp_path):
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(b">a\nMST\n" * 1000)[:-20])
    assert by_the_hub_file(cut) == by_the_package(cut)
    assert by_the_hub_file(cut).startswith(f"{cut}: damaged gzip data (")
    with pytest.raises(FileNotFoundError, match="none.fasta"):
        list(read_fasta(str(tmp_path / "none.fasta")))


@pytest.mark.parametrize("name", ["a.fasta", "b.FA", "c.faa", "d.fas", "x/y.fasta.gz", "z.txt.gz"])
def test_endings_of_fasta_files_are_paths_whether_they_exist_or_not(name):
    assert fasta_path(name) == name


def test_a_sequence_is_never_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("MSTK", "MS-T", "proteins", "my_proteins", "p53.txt"):
        (tmp_path / name).write_text(">a\nMS\n")
    assert [fasta_path(name) for name in ("MSTK", "MS-T", "proteins", "ms tk\nay")] == [None] * 4
    assert [fasta_path(name) for name in ("my_proteins", "p53.txt")] == ["my_proteins", "p53.txt"]
    assert fasta_path("no_such_file") is None
    assert fasta_path("M" * 5000 + "1") is None
    assert fasta_path(tmp_path / "MSTK") == str(tmp_path / "MSTK")
    assert fasta_path({"sequence": "my_proteins"}) is None


def test_a_protein_with_gaps_has_given_positions_and_known_residues():
    protein = read_protein({"id": 7, "sequence": "-aS\n--t*", "known": [6, 3]}, "STY")
    assert protein == GivenProtein("7", "AST", (2, 3, 6), (2, 1))


EXPECTED = "expected a protein sequence or a dict with 'sequence' and, if wanted, 'id' and 'known'"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (5, f"item 2: found 5, {EXPECTED}"),
        (None, f"item 2: found None, {EXPECTED}"),
        (b"MSTK", f"item 2: found b'MSTK', {EXPECTED}"),
        (["MS"], f"item 2: found ['MS'], {EXPECTED}"),
        ({"id": "p"}, f"item 2: found {{'id': 'p'}}, {EXPECTED}"),
        ({"sequence": None}, f"item 2: found {{'sequence': None}}, {EXPECTED}"),
        ({"sequence": "MS", "konwn": [2]}, f"item 2: found the key 'konwn', {EXPECTED}"),
        ({"sequence": "MS", "id": ["p"]}, "item 2: found the id ['p'], expected a string"),
        ("", "item 2: found no residues, expected at least one"),
        ({"id": "p", "sequence": " -*"}, "item 2, protein 'p': found no residues, expected at least one"),
        ("MS1K", "item 2, position 3: found '1', expected a residue letter A-Z"),
        ("MSß", "item 2, position 3: found 'ß', expected a residue letter A-Z"),
        ("M S*K", "item 2, position 3: found '*', expected a residue letter A-Z; '*' only at the end"),
        (">a\nMS", "item 2, position 1: found '>', expected a residue letter A-Z"),
        (
            "a.fasta",
            "item 2: found the file name 'a.fasta', expected a sequence; give the path of a FASTA file alone",
        ),
        (
            {"id": "p", "sequence": "M-S", "known": [2]},
            "item 2, protein 'p', known position 2: found '-', expected one of S, T, Y",
        ),
        (
            {"sequence": "M-S**", "known": [4]},
            "item 2: found known position 4, expected an integer from 1 to 3",
        ),
    ],
)
def test_what_is_no_protein(given, message):
    with pytest.raises(ValueError, match=".") as caught:
        read_protein(given, "STY", item=2)
    assert str(caught.value) == message


def test_a_single_protein_has_no_number():
    with pytest.raises(ValueError, match=r"^position 2: found '1', expected a residue letter A-Z$"):
        read_protein("M1", "STY")
