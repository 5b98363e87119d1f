"""UniProtKB as text, XML and GFF3: what is taken, what is not and why, and what is wrong where."""

import pytest
from entries import P53, flat_feature, flat_text

from phosphot5.data import SiteState
from phosphot5.data.sources import FORMATS, ReadContext
from phosphot5.errors import InputFileError, InputFormatError, PhosphoT5Error

POSITIVE, UNKNOWN = SiteState.POSITIVE, SiteState.UNKNOWN

FEATURES = [
    (9, "Phosphoserine; by HIPK4", "ECO:0000269|PubMed:18022393"),
    (15, "Phosphoserine; by ATM and ATR", "ECO:0000250|UniProtKB:P02340, ECO:0007744|PubMed:20068231"),
    (18, "Phosphothreonine; alternate", "ECO:0000269|PubMed:1, ECO:0000269|PubMed:2"),
    (20, "Phosphoserine", "ECO:0000250|UniProtKB:P02340"),
    (33, "Phosphoserine", "ECO:0007829|PDB:1ABC"),
    (37, "Phosphoserine", ""),
    (24, "N6-acetyllysine", "ECO:0000269|PubMed:3"),
]
CLAIMS = [
    (9, "S", POSITIVE, "ECO:0000269"),
    (15, "S", POSITIVE, "ECO:0000250,ECO:0007744"),
    (18, "T", POSITIVE, "ECO:0000269"),
    (20, "S", UNKNOWN, "ECO:0000250"),
    (33, "S", UNKNOWN, "ECO:0007829"),
    (37, "S", UNKNOWN, ""),
]
NOT_TAKEN = {
    "no experimental evidence (ECO:0000250)": 1,
    "no experimental evidence (ECO:0007829)": 1,
    "no experimental evidence (no code)": 1,
    "another modification": 1,
}


def read(path, form, **options):
    context = ReadContext(path, **options)
    return list(FORMATS[form].read(context)), context


def claims(entry):
    return [(claim.position, claim.residue, claim.state, claim.evidence) for claim in entry.claims]


def xml_text(entries):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<uniprot xmlns="https://uniprot.org/uniprot">\n'
        + "".join(entries)
        + "</uniprot>\n"
    )


def xml_entry(name="P04637", features="", sequence=P53):
    return (
        f"<entry>\n<accession>{name}</accession>\n<accession>Q15086</accession>\n<name>P53_HUMAN</name>\n"
        '<organism><name type="scientific">Homo sapiens</name><name type="common">Human</name>\n'
        '<dbReference type="NCBI Taxonomy" id="9606"/></organism>\n'
        '<comment type="alternative products"><isoform><sequence type="displayed"/></isoform></comment>\n'
        f"{features}"
        '<evidence type="ECO:0000269" key="1"/><evidence type="ECO:0000250" key="2"/>\n'
        '<evidence type="ECO:0007744" key="3"/><evidence type="ECO:0007829" key="4"/>\n'
        f'<sequence length="60" mass="6700">\n{sequence[:30]}\n{sequence[30:]}</sequence>\n</entry>\n'
    )


def xml_feature(place, note, keys, location=""):
    evidence = f' evidence="{keys}"' if keys else ""
    return (
        f'<feature type="modified residue" description="{note}"{evidence}>\n'
        f"<location{location}><position {place}/></location></feature>\n"
    )


def gff_text():
    lines = [
        "##gff-version 3",
        "##sequence-region P04637 1 393",
        "P04637\tUniProtKB\tChain\t1\t393\t.\t.\t.\tNote=x",
    ]
    for position, note, evidence in FEATURES:
        note = note.replace(";", "%3B")
        tail = f";evidence={evidence}" if evidence else ""
        lines.append(
            f"P04637\tUniProtKB\tModified residue\t{position}\t{position}\t.\t.\t.\tNote={note}{tail}"
        )
    return "\n".join([*lines, ""])


def test_text(write):
    features = "".join(flat_feature(*feature) for feature in FEATURES)
    path = write(flat_text(features=features) + flat_text("Q00001", sequence="MAAA"), "p.txt")
    (first, second), context = read(path, "uniprot-text")
    assert (first.id, first.sequence, first.line) == ("P04637", P53, 1)
    assert first.description == "P53_HUMAN OS=Homo sapiens (Human) OX=9606"
    assert claims(first) == CLAIMS
    assert (second.id, second.claims) == ("Q00001", [])
    assert context.account.left_out == NOT_TAKEN


def test_old_text_has_evidence_in_the_description(write):
    features = (
        "FT   MOD_RES      15     15       Phosphoserine; by ATM\n"
        "FT                                {ECO:0000269|PubMed:10570149}.\n"
        "FT   MOD_RES      20     20       Phosphoserine (By similarity).\n"
    )
    (entry,), context = read(write(flat_text(features=features), "p.dat"), "uniprot-text")
    assert claims(entry) == [(15, "S", POSITIVE, "ECO:0000269"), (20, "S", UNKNOWN, "")]
    assert context.account.left_out == {"no experimental evidence (no code)": 1}


def test_places_in_text_that_are_no_residue_of_the_entry(write):
    features = "".join(
        flat_feature(place, "Phosphoserine", "ECO:0000269")
        for place in ("P04637-2:15", "?15", "15..18", "<1")
    )
    (entry,), context = read(write(flat_text(features=features), "p.txt"), "uniprot-text")
    assert entry.claims == []
    assert context.account.left_out == {"on another isoform": 1, "uncertain position": 3}


BROKEN = flat_feature(15, "Phosphoserine", "").replace('"Phospho', "Phospho")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            flat_text("Q00001") + flat_text(features=BROKEN),
            "p.txt, line 23, record P04637: found a line that cannot be read (Missing starting quote in feature), "
            "expected UniProtKB text",
        ),
        (
            flat_text("Q00001") + flat_text()[:-4],
            "p.txt, line 23, record P04637: found the end of the file, expected '//'",
        ),
        (
            flat_text("Q00001") + flat_text(length=61),
            "line 13, record P04637: found 60 residues, expected 61 according to its SQ line; the entry may be cut off",
        ),
        (
            flat_text("Q00001") + flat_text().replace("AC   P04637; Q15086; Q15087;\n", ""),
            "line 13: found an entry without accession, expected an AC line",
        ),
    ],
)
def test_wrong_text(write, text, message):
    path = write(text, "p.txt")
    with pytest.raises(InputFormatError) as caught:
        read(path, "uniprot-text")
    assert message in str(caught.value)
    entries, context = read(path, "uniprot-text", skip_bad=True)
    assert [entry.id for entry in entries] == ["Q00001"]
    assert context.ledger.reasons == {"not readable": 1}
    assert message in context.ledger.skipped_records[0].detail


def test_other_text(write):
    with pytest.raises(
        InputFormatError, match=r"line 1: found '>P04637', expected UniProtKB text, 'ID   \.\.\.'"
    ):
        read(write(">P04637\nMEEP\n", "p.txt"), "uniprot-text")


def test_without_biopython(write, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "Bio", None)
    with pytest.raises(PhosphoT5Error, match=r'not installed: pip install "phosphot5\[data\]"'):
        read(write(flat_text(), "p.txt"), "uniprot-text")


@pytest.mark.parametrize("namespace", ["https://uniprot.org/uniprot", "http://uniprot.org/uniprot"])
def test_xml(write, namespace):
    keys = {"ECO:0000269": "1", "ECO:0000250": "2", "ECO:0007744": "3", "ECO:0007829": "4"}
    features = "".join(
        xml_feature(
            f'position="{position}"', note, " ".join(keys[e.split("|")[0]] for e in evidence.split(", ") if e)
        )
        for position, note, evidence in FEATURES
    )
    text = xml_text([xml_entry(features=features), xml_entry("Q00001")]).replace(
        "https://uniprot.org/uniprot", namespace
    )
    (first, second), context = read(write(text, "p.xml"), "uniprot-xml")
    assert (first.id, first.sequence, first.line) == ("P04637", P53, 3)
    assert first.description == "P53_HUMAN OS=Homo sapiens OX=9606"
    assert claims(first) == CLAIMS
    assert (second.id, second.claims) == ("Q00001", [])
    assert context.account.left_out == NOT_TAKEN


def test_places_in_xml_that_are_no_residue_of_the_entry(write):
    features = (
        xml_feature('position="15"', "Phosphoserine", "1", ' sequence="P04637-2"')
        + xml_feature('status="unknown"', "Phosphoserine", "1")
        + xml_feature('position="15" status="uncertain"', "Phosphoserine", "1")
    )
    (entry,), context = read(write(xml_text([xml_entry(features=features)]), "p.xml"), "uniprot-xml")
    assert entry.claims == []
    assert context.account.left_out == {"on another isoform": 1, "uncertain position": 2}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            xml_entry(features=xml_feature('position="x"', "Phosphoserine", "1")),
            "p.xml, line 16, record P04637: found a modified residue at 'x', expected a position, 1-based",
        ),
        (
            xml_entry(features=xml_feature('position="15"', "Phosphoserine", "9")),
            "record P04637: found evidence '9', expected an evidence of the entry",
        ),
        (xml_entry(sequence=""), "record P04637: found an entry without sequence, expected one"),
        (xml_entry().replace("accession>", "ac>"), "line 16: found an entry without accession, expected one"),
    ],
)
def test_wrong_xml_entry(write, entry, message):
    path = write(xml_text([xml_entry("Q00001"), entry]), "p.xml")
    with pytest.raises(InputFormatError) as caught:
        read(path, "uniprot-xml")
    assert message in str(caught.value)
    entries, context = read(path, "uniprot-xml", skip_bad=True)
    assert [entry.id for entry in entries] == ["Q00001"]
    assert context.ledger.reasons == {"not readable": 1}


def test_xml_that_is_none(write):
    with pytest.raises(
        InputFormatError, match=r"line 16: found malformed XML \(no element found\), expected XML"
    ):
        read(write(xml_text([xml_entry()]).replace("</uniprot>\n", ""), "p.xml"), "uniprot-xml")
    with pytest.raises(InputFormatError, match="line 1: found malformed XML"):
        read(write("P04637\n", "p.xml"), "uniprot-xml")
    with pytest.raises(InputFormatError, match="found no entry, expected UniProtKB entries as XML"):
        read(write("<a/>", "p.xml"), "uniprot-xml")
    with pytest.raises(InputFileError, match="no such file"):
        read("none.xml", "uniprot-xml")


def test_gff(write):
    (entry,), context = read(write(gff_text(), "p.gff"), "uniprot-gff")
    assert (entry.id, entry.sequence, entry.line) == ("P04637", None, 4)
    assert claims(entry) == CLAIMS
    assert [claim.line for claim in entry.claims] == [4, 5, 6, 7, 8, 9]
    assert context.account.left_out == NOT_TAKEN


def test_wrong_gff(write):
    path = write(gff_text().replace("\t15\t15\t", "\t15\t18\t"), "p.gff")
    with pytest.raises(
        InputFormatError, match="line 5, record P04637: found a phosphorylated residue from '15' to '18'"
    ):
        read(path, "uniprot-gff")
    (entry,), context = read(path, "uniprot-gff", skip_bad=True)
    assert len(entry.claims) == 5
    assert context.account.left_out["not readable"] == len(context.account.problems) == 1
    with pytest.raises(InputFormatError, match="line 1: found 1 columns, expected the 9 columns of GFF3"):
        read(write("P04637 x\n", "q.gff"), "uniprot-gff", skip_bad=True)
