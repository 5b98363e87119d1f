"""Variants as they come: arguments, lists, tables, VCF of VEP and SnpEff; and the proteins that they name."""

from collections import Counter

import pytest

from phosphot5.data.sequences import read_sequences
from phosphot5.errors import InputFileError, InputFormatError
from phosphot5.variants.changes import RefusedVariantError
from phosphot5.variants.requests import Request, read_requests, split_request
from phosphot5.variants.vcf import EMPTY
from phosphot5.variants.wild_types import RESIDUES, WildTypes, substitutions

VEP = """\
##fileformat=VCFv4.2
##INFO=<ID=CSQ,Number=.,Type=String,Description="VEP. Format: Allele|Consequence|Feature|HGVSc|HGVSp">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
17\t7675088\t.\tC\tT\t.\tPASS\tDP=9;CSQ=T|x|ENST01|ENST01:c.2C>T|ENSP01.4:p.Pro3Ser,T|x|ENST02||ENSP02.1:p.Pro9Ser,T|x|ENST03||ENSP01.4:p.Pro3Ser
17\t7675090\trs1\tG\tA\t.\tPASS\tCSQ=A|synonymous_variant|ENST01||ENSP01.4:p.Lys4%3D
17\t7675099\trs2\tG\tA\t.\tPASS\tCSQ=A|intron_variant|ENST01||
"""
SNPEFF = """\
##fileformat=VCFv4.1
##INFO=<ID=ANN,Number=.,Type=String,Description="Annotations: 'Allele | Annotation | Feature_ID | HGVS.c | HGVS.p' ">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
chr1\t5\t.\tC\tT\t.\t.\tANN=T|missense_variant|ENST00000000001.7|c.7C>T|p.Pro3Ser|3/10
"""


@pytest.fixture
def requests(tmp_path):
    """Read variants from a text; gives the requests and the counts."""

    def read(text, name="variants.tsv"):
        path = tmp_path / name
        path.write_text(text)
        counts = Counter()
        return list(read_requests([str(path)], counts)), counts

    return read


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("P04637:P47S", Request("P04637", "P47S")),
        ("NP_000537.3:p.(Arg175His)", Request("NP_000537.3", "p.(Arg175His)")),
        ("sp|P04637|P53_HUMAN:p.Pro47Ser", Request("sp|P04637|P53_HUMAN", "p.Pro47Ser")),
        ("1ABC:A:P47S", Request("1ABC:A", "P47S")),
        ("P04637:p.Arg97fs:PKLM", Request("P04637", "p.Arg97fs", "PKLM")),
        ("P04637: P47S", Request("P04637", "P47S")),
        ("P04637:p.?", Request("P04637", "p.?")),
        ("proteins.fasta", None),
        ("P04637", None),
        ("protein:variant", None),
    ],
)
def test_text(text, request_):
    assert split_request(text) == request_


def test_arguments_keep_their_order(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("A:S2T\n")
    found = list(read_requests(["B:S3T", str(path), "C:S4T"], Counter()))
    assert [request.protein for request in found] == ["B", "A", "C"]


def test_neither_file_nor_variant():
    with pytest.raises(InputFileError, match=r"list\.txt: neither a file nor a variant"):
        list(read_requests(["list.txt"], Counter()))


def test_list(requests):
    found, _ = requests("# mine\n\nP04637:P47S\nP04637:p.Arg97fs:PKLM\nP47S\n", "list.txt")
    assert found == [
        Request("P04637", "P47S", source="line 3"),
        Request("P04637", "p.Arg97fs", "PKLM", "line 4"),
        Request("", "P47S", source="line 5"),
    ]


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_table(requests, delimiter):
    rows = [("gene", "Accession", "Protein change", "tail"), ("TP53", "P04637", "p.Arg97fs", "PKLM")]
    rows += [("TP53", "P04637", "", ""), ("TP53", "P04637", "NP_000537.3:p.Arg175His", "")]
    found, counts = requests("".join(delimiter.join(row) + "\n" for row in rows))
    assert found == [
        Request("P04637", "p.Arg97fs", "PKLM", "line 2"),
        Request("NP_000537.3", "p.Arg175His", source="line 4"),
    ]
    assert counts == {EMPTY: 1}


def test_table_without_variants(requests):
    with pytest.raises(InputFormatError, match="one with the variant"):
        requests("protein\tposition\nP04637\t47\n")


def test_vep(requests):
    found, counts = requests(VEP, "vep.vcf")
    assert found == [
        Request("ENSP01.4", "p.Pro3Ser", source="17-7675088-C-T"),
        Request("ENSP02.1", "p.Pro9Ser", source="17-7675088-C-T"),
        Request("ENSP01.4", "p.Lys4%3D", source="17-7675090-G-A"),
    ]
    assert counts == {EMPTY: 1}


def test_snpeff(requests):
    found, _ = requests(SNPEFF, "snpeff.vcf")
    assert found == [Request("ENST00000000001.7", "p.Pro3Ser", source="chr1-5-C-T")]


@pytest.mark.parametrize("text", [VEP.replace("|HGVSp", ""), VEP.replace("CSQ", "BCSQ")])
def test_vcf_without_protein_changes(requests, text):
    with pytest.raises(InputFormatError, match="run vep with --hgvs"):
        requests(text, "plain.vcf")


def test_cut_vcf(requests):
    with pytest.raises(InputFormatError, match=r"line 4: found a record of 3 columns"):
        requests("\n".join(VEP.splitlines()[:3]) + "\n17\t7\t.\n", "cut.vcf")


@pytest.fixture
def wild_types(tmp_path):
    path = tmp_path / "proteins.fasta"
    path.write_text(
        ">sp|P04637|P53_HUMAN p53\nMSPKTRYLAV\n>NP_000537.3 p53\nMSPKTRYLAV\n"
        ">ENSP00000000001.4 pep gene:ENSG1.2 transcript:ENST00000000001.7\nMSPKTRYLAV\n"
        ">ENSP00000000002.1|ENST00000000002.5|ENSG2|x\nMSP\n"
    )
    return WildTypes(read_sequences(path))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("P04637", "sp|P04637|P53_HUMAN"),
        ("P53_HUMAN", "sp|P04637|P53_HUMAN"),
        ("NP_000537.3", "NP_000537.3"),
        ("NP_000537", "NP_000537.3"),
        ("ENSP00000000001", "ENSP00000000001.4"),
        ("ENST00000000001.7", "ENSP00000000001.4"),
        ("ENST00000000001", "ENSP00000000001.4"),
        ("ENST00000000002.5", "ENSP00000000002.1|ENST00000000002.5|ENSG2|x"),
    ],
)
def test_names_of_proteins(wild_types, name, found):
    assert wild_types.find(name).id == found


@pytest.mark.parametrize("name", ["P04638", "NP_000537.2", "ENST00000000001.8", "TP53", "p53"])
def test_no_such_protein(wild_types, name):
    with pytest.raises(RefusedVariantError, match=f"no such protein: {name}"):
        wild_types.find(name)


def test_no_protein_is_named(wild_types):
    with pytest.raises(RefusedVariantError, match="no protein is named"):
        wild_types.variant(Request("", "P3S"))


def test_variant(wild_types):
    variant = wild_types.variant(Request("P04637", "p.Pro3Ser", source="line 2"))
    assert (variant.changed.id, variant.changed.sequence) == ("sp|P04637|P53_HUMAN", "MSSKTRYLAV")


def test_scan_has_19_substitutions_of_each_residue(wild_types):
    found = list(substitutions(wild_types.find("P04637")))
    assert [len(found), found[0].text, found[-1].text] == [190, "M1A", "V10Y"]
    assert len({variant.changed.sequence for variant in found}) == 190
    for variant in found:
        at = variant.edit.first - 1
        changed, sequence = variant.changed.sequence, variant.protein.sequence
        assert changed[:at] + sequence[at] + changed[at + 1 :] == sequence
        assert changed[at] in RESIDUES
