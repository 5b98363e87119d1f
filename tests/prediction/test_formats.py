"""Writers of predictions: known sites in every format, and the tables of genome browsers."""

import csv
import io
import json

import pytest
from pyteomics import proforma

from phosphot5.data import Protein, SiteState, parse
from phosphot5.errors import OutputFileError
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows
from phosphot5.prediction.formats import FORMATS, choose_format
from phosphot5.prediction.known_sites import KnownSites

NAN = float("nan")
TABLE = {residue: {"fpr": [0.01, 0.05, 0.2], "probability": [0.9, 0.6, 0.3]} for residue in "ST"}


def write(name, weakest_call="medium", sequence="MSTYKS", probabilities=(0.95, 0.6, NAN, 0.3), id="p1"):
    """Write one protein whose sites are S high, T medium, Y known, S no call; its residues may have gaps."""
    protein = Protein(id=id, description="a protein", **vars(parse(sequence, "plain")))
    scores = iter(probabilities)
    scores = [next(scores) if residue in "STY" else NAN for residue in protein.sequence]
    positions = [protein.given_position(i) for i in range(1, len(protein) + 1)]
    known = [protein.sequence.index("Y")]
    rows = site_rows(protein.id, protein.sequence, scores, TABLE, positions, known)
    handle = io.StringIO()
    handle.write(FORMATS[name].header)
    FORMATS[name].write(handle, protein, rows, weakest_call)
    return handle.getvalue()


def test_tsv_leaves_the_numbers_of_known_sites_empty():
    rows = list(csv.DictReader(io.StringIO(write("tsv")), delimiter="\t"))
    assert [(r["position"], r["probability"], r["fpr"], r["call"], r["status"]) for r in rows] == [
        ("2", "0.9500", "0.0100", "high", "scored"),
        ("3", "0.6000", "0.0500", "medium", "scored"),
        ("4", "", "", "-", "known"),
        ("6", "0.3000", "0.2000", "-", "scored"),
    ]


def test_jsonl_has_null_for_known_sites():
    rows = [json.loads(line) for line in write("jsonl").splitlines()]
    assert [(r["probability"], r["fpr"]) for r in rows] == [
        (0.95, 0.01),
        (0.6, 0.05),
        (None, None),
        (0.3, 0.2),
    ]


@pytest.mark.parametrize(
    ("name", "call", "text"),
    [
        ("fasta", "high", "MS#TY#KS"),
        ("fasta", "medium", "MS#T#Y#KS"),
        ("proforma", "high", "MS[Phospho]TY[Phospho]KS"),
    ],
)
def test_annotated_sequences_mark_known_sites_whatever_the_call(name, call, text):
    assert write(name, call) == f">p1 a protein\n{text}\n"
    if name == "proforma":
        assert sum(tags is not None for _, tags in proforma.parse(text)[0]) == 2


def test_gff3():
    features = [
        "p1\tPhosphoT5\tmodified_L_serine\t2\t2\t0.9500\t.\t.\t"
        "Note=Phosphoserine;Ontology_term=MOD:00046;residue=S;fpr=0.0100;call=high;status=scored",
        "p1\tPhosphoT5\tmodified_L_threonine\t3\t3\t0.6000\t.\t.\t"
        "Note=Phosphothreonine;Ontology_term=MOD:00047;residue=T;fpr=0.0500;call=medium;status=scored",
        "p1\tPhosphoT5\tmodified_L_tyrosine\t4\t4\t.\t.\t.\t"
        "Note=Phosphotyrosine;Ontology_term=MOD:00048;residue=Y;call=-;status=known",
    ]
    head = ["##gff-version 3", "##sequence-region p1 1 6"]
    assert write("gff3").splitlines() == head + features
    assert write("gff3", "high").splitlines() == [*head, features[0], features[2]]


def test_gff3_escapes_names():
    lines = write("gff3", id="sp|P1;2|A%B,é=[x]").splitlines()
    assert {line.split()[0] for line in lines[2:]} == {"sp|P1%3B2|A%25B%2C%C3%A9%3D%5Bx%5D"}
    assert lines[1] == f"##sequence-region {lines[2].split()[0]} 1 6"


def test_gff3_is_read_as_known_sites(tmp_path):
    path = tmp_path / "sites.gff"
    path.write_text(write("gff3", id="a;b"))
    (marked,) = KnownSites.read(str(path)).mark([Protein(id="a;b", sequence="MSTYKS")])
    assert [site.position for site in marked.sites(SiteState.POSITIVE)] == [2, 3, 4]


def test_bed():
    lines = ["p1\t1\t2\tS2\t950", "p1\t2\t3\tT3\t600", "p1\t3\t4\tY4\t1000"]
    assert write("bed").splitlines() == lines
    assert write("bed", "high").splitlines() == [lines[0], lines[2]]


def test_positions_are_those_of_the_given_sequence():
    lines = write("gff3", sequence="M-ST--YK.S*").splitlines()
    assert lines[1] == "##sequence-region p1 1 10"
    assert [line.split("\t")[3] for line in lines[2:]] == ["3", "4", "7"]
    assert [line.split("\t")[1:4] for line in write("bed", sequence="M-ST--YK.S").splitlines()] == [
        ["2", "3", "S3"],
        ["3", "4", "T4"],
        ["6", "7", "Y7"],
    ]
    assert write("fasta", sequence="M-ST--YK.S*") == ">p1 a protein\nM-S#T#--Y#K-S\n"


def test_protein_without_sites_shown():
    handle = io.StringIO()
    for format in FORMATS.values():
        format.write(handle, Protein(id="k", sequence="K"), [], "low")
    assert handle.getvalue() == '>k\nK\n>k\nK\n##sequence-region k 1 1\n["k","",1,[]]\n'


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("-", "tsv"),
        ("a.txt", "tsv"),
        ("a.jsonl.gz", "jsonl"),
        ("a.FA", "fasta"),
        ("a.proforma", "proforma"),
        ("a.gff3.gz", "gff3"),
        ("a.gff", "gff3"),
        ("a.bed", "bed"),
        ("a.csv.gz", "csv"),
        ("a.XLSX", "xlsx"),
        ("a.parquet", "parquet"),
        ("a.htm", "html"),
    ],
)
def test_format_follows_the_ending(path, name):
    assert choose_format(path).name == name
    assert choose_format("a.tsv", name).name == name


def test_unknown_ending():
    with pytest.raises(
        OutputFileError, match=r"a\.gtf: unknown ending '\.gtf'; use one of \.tsv, .*\.html, \.htm, or"
    ):
        choose_format("a.gtf")
