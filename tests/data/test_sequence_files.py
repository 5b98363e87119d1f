"""Files of sequences that are no FASTA, and FASTA with the headers of every database."""

import gzip
import sys

import pytest
from entries import P53, flat_text
from proteins import ONE, TWO

from phosphot5.data import Ledger
from phosphot5.data.files.sequence_files import read_proteins
from phosphot5.data.sequences import read_sequences
from phosphot5.errors import InputFormatError, PhosphoT5Error

pytest.importorskip("Bio")


def read(path, **options):
    ledger = Ledger()
    proteins = [(p.id, p.description, p.sequence) for p in read_proteins(path, ledger=ledger, **options)]
    ledger.check(len(proteins))
    return proteins, ledger.reasons


PIR = f">P1;ONE_TEST\nMade-up one\n  {ONE[:10]} {ONE[10:]}*\n>P1;TWO\nMade-up two\n{TWO}*\n"
GENBANK = f"""LOCUS       TEST1                     30 bp    DNA     linear   BCT 01-JAN-2020
DEFINITION  made up.
ACCESSION   TEST1
VERSION     TEST1.1
SOURCE      Made up
  ORGANISM  Made up
FEATURES             Location/Qualifiers
     source          1..30
     CDS             1..15
                     /protein_id="AAA00001.1"
                     /product="first one"
                     /translation="{ONE}"
     CDS             16..30
                     /locus_tag="T_0002"
                     /pseudo
ORIGIN
        1 atgatgatga tgatgatgat gatgatgatg
//
"""
GENPEPT = f"""LOCUS       NP_000001                 24 aa            linear   PRI 01-JAN-2020
DEFINITION  made-up one [Homo sapiens].
ACCESSION   NP_000001
VERSION     NP_000001.1
SOURCE      Homo sapiens
  ORGANISM  Homo sapiens
FEATURES             Location/Qualifiers
     source          1..24
     CDS             1..24
                     /gene="ONE"
ORIGIN
        1 {ONE[:10].lower()} {ONE[10:20].lower()} {ONE[20:].lower()}
//
"""
EMBL = f"""ID   TEST1; SV 1; linear; genomic DNA; STD; PRO; 15 BP.
XX
AC   TEST1;
XX
DE   made up
XX
OS   Made up
XX
FH   Key             Location/Qualifiers
FT   CDS             1..15
FT                   /protein_id="CAA00001.1"
FT                   /product="first one"
FT                   /translation="{ONE}"
XX
SQ   Sequence 15 BP; 5 A; 0 C; 5 G; 5 T; 0 other;
     atgatgatga tgatg                                                  15
//
"""
PDB = """HEADER    SIGNALING PROTEIN                       01-JAN-20   1TST
DBREF  1TST A    1     6  UNP    Q11111   ONE_TEST         1      6
SEQRES   1 A    6  MET GLY SEP LEU PRO LYS
SEQRES   1 B    4   DA  DC  DG  DT
END
"""
CIF = """data_1TST
#
_entry.id 1TST
loop_
_entity_poly_seq.entity_id
_entity_poly_seq.num
_entity_poly_seq.mon_id
_entity_poly_seq.hetero
1 1 MET n
1 2 GLY n
1 3 TPO n
#
loop_
_pdbx_poly_seq_scheme.asym_id
_pdbx_poly_seq_scheme.entity_id
_pdbx_poly_seq_scheme.seq_id
_pdbx_poly_seq_scheme.mon_id
_pdbx_poly_seq_scheme.pdb_strand_id
A 1 1 MET A
A 1 2 GLY A
A 1 3 TPO A
#
"""


@pytest.mark.parametrize(
    ("text", "proteins", "reasons"),
    [
        (PIR, [("ONE_TEST", "Made-up one", ONE), ("TWO", "Made-up two", TWO)], {}),
        (GENBANK, [("AAA00001.1", "first one OS=Made up", ONE)], {"no translation": 1}),
        (GENPEPT, [("NP_000001.1", "made-up one [Homo sapiens]", ONE)], {}),
        (EMBL, [("CAA00001.1", "first one OS=Made up", ONE)], {}),
        (PDB, [("1TST:A", "UNP:Q11111 UNP:ONE_TEST", "MGSLPK")], {"no protein": 1}),
        (CIF, [("1TST:A", "", "MGT")], {}),
        (flat_text(), [("P04637", "RecName: Full=Cellular tumor antigen p53;", P53)], {}),
        (f">a b\n{ONE}\n", [("a", "b", ONE)], {}),
    ],
    ids=["pir", "genbank", "genpept", "embl", "pdb", "mmcif", "uniprot", "fasta"],
)
def test_formats(write, tmp_path, text, proteins, reasons):
    assert read(write(text, "sequences")) == (proteins, reasons)
    (tmp_path / "s.gz").write_bytes(gzip.compress(text.encode()))
    assert read(tmp_path / "s.gz") == (proteins, reasons)


def test_a_file_without_proteins_or_cut_off(write):
    with pytest.raises(InputFormatError, match="found no protein, expected at least one, in PDB with SEQRES"):
        read(write("HEADER    SIGNALING PROTEIN\nEND\n", "a.pdb"))
    with pytest.raises(InputFormatError, match="found damaged UniProtKB XML .*; the file may be cut off"):
        read(write('<uniprot xmlns="http://uniprot.org/uniprot"><entry>', "a.xml"))


def test_a_record_that_cannot_be_read(write):
    path = write(PIR.replace("MAEKV", "MAE1V"), "a.pir")
    with pytest.raises(InputFormatError, match="a.pir, record TWO, position 4: found '1'"):
        read(path)
    assert read(path, on_error="skip")[1] == {"not readable": 1}


def test_without_biopython(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "Bio", None)
    with pytest.raises(
        PhosphoT5Error, match=r'read by Biopython, which is not installed: pip install "phosphot5\[da'
    ):
        read(write(GENBANK, "a.gb"))


def test_sites_are_placed_on_the_sequences_of_any_file(labels):
    text = "accession\tposition\nAAA00001.1\tS3\n"
    assert labels(text, fasta=GENBANK)[0] == {"AAA00001.1": "S3"}
    assert labels("accession\tposition\nP04637\tS15\n", fasta=flat_text())[0] == {"P04637": "S15"}


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("sp|Q11111|ONE_TEST Made up", ["Q11111", "ONE_TEST", "sp|Q11111|ONE_TEST"]),
        ("NP_000001.1 made up [Homo sapiens]", ["NP_000001.1", "NP_000001"]),
        ("ENSP00000000001.2 pep chromosome:GRCh38", ["ENSP00000000001.2", "ENSP00000000001"]),
        ("gi|12345|ref|NP_000001.1| made up", ["NP_000001.1", "12345"]),
        ("UniRef90_Q11111 made up n=1", ["UniRef90_Q11111"]),
        ("generic name", ["generic"]),
    ],
)
def test_fasta_of_every_database(write, header, names):
    sequences = read_sequences(write(f">{header}\n{ONE}\n", "s.fasta"))
    for name in names:
        assert sequences.find(name)[1].sequence == ONE
