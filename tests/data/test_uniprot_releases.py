"""UniProtKB of every age and in every form: evidence codes, qualifiers before them, JSON and TSV."""

import json

import pytest
from entries import flat_feature, flat_text
from proteins import ONE

from phosphot5.errors import InputFormatError

ALL = "S3 T7 Y10"
LEFT_OUT = {"no experimental evidence (ECO:0000250)": 1, "another modification": 1}
FEATURES = [
    (3, "Phosphoserine", "ECO:0000269|PubMed:1"),
    (7, "Phosphothreonine; by X", "ECO:0000244|PubMed:2"),
    (10, "Phosphotyrosine", "ECO:0007744|PubMed:3"),
    (13, "Phosphoserine", "ECO:0000250|UniProtKB:P1"),
    (6, "N6-acetyllysine", "ECO:0000269|PubMed:1"),
]


def text_entry(features=None, changed="02-JUN-2021"):
    lines = "".join(flat_feature(*feature) for feature in FEATURES) if features is None else features
    dates = f"DT   13-AUG-1987, integrated into UniProtKB/Swiss-Prot.\nDT   {changed}, entry version 9.\n"
    return flat_text("Q11111", lines, ONE).replace(
        "DT   13-AUG-1987, integrated into UniProtKB/Swiss-Prot.\n", dates
    )


def json_entry(features=FEATURES, **changes):
    codes = [code.split("|")[0] for _, _, code in features]
    return {
        "primaryAccession": "Q11111",
        "uniProtkbId": "ONE_TEST",
        "organism": {"scientificName": "Homo sapiens", "taxonId": 9606},
        "features": [
            {
                "type": "Modified residue",
                "location": {end: {"value": position, "modifier": "EXACT"} for end in ("start", "end")},
                "description": note,
                "evidences": [{"evidenceCode": code}],
            }
            for (position, note, _), code in zip(features, codes, strict=True)
        ],
        "sequence": {"value": ONE, "length": len(ONE)},
    } | changes


def test_evidence_until_2019(labels):
    assert labels(text_entry(), fasta=None) == ({"Q11111": ALL}, LEFT_OUT)


OLD = (
    "FT   MOD_RES       3      3       Phosphoserine.\n"
    "FT   MOD_RES       7      7       Phosphothreonine; by X.\n"
    "FT   MOD_RES      10     10       Phosphotyrosine; by Y.\n"
    "FT   MOD_RES      13     13       Phosphoserine (By similarity).\n"
    "FT   MOD_RES      15     15       Phosphoserine; by Z (Probable).\n"
    "FT   MOD_RES      22     22       Phosphothreonine (Potential).\n"
)


def test_qualifiers_before_2014(labels):
    left_out = {f"no experimental evidence ({why})": 1 for why in ("by similarity", "probable", "potential")}
    assert labels(text_entry(OLD, "11-JUL-2012"), fasta=None) == ({"Q11111": ALL}, left_out)
    # later releases have codes, and a site without one has no evidence
    assert labels(text_entry(OLD, "02-JUN-2021"), fasta=None)[0] == {}


def test_qualifiers_in_xml(labels):
    feature = '<feature type="modified residue" description="{}"><location><position position="{}"/>'
    feature += "</location></feature>"
    similar = feature.replace('">', '" status="by similarity">', 1)
    text = (
        '<uniprot xmlns="http://uniprot.org/uniprot"><entry modified="CHANGED"><accession>Q11111</accession>'
        + feature.format("Phosphoserine", 3)
        + similar.format("Phosphothreonine", 7)
        + f"<sequence>{ONE}</sequence></entry></uniprot>"
    )
    assert labels(text.replace("CHANGED", "2013-05-01"), fasta=None) == (
        {"Q11111": "S3"},
        {"no experimental evidence (by similarity)": 1},
    )
    assert labels(text.replace("CHANGED", "2016-05-01"), fasta=None)[0] == {}


def test_qualifiers_in_gff(labels):
    line = "Q11111\tUniProtKB\tModified residue\t{0}\t{0}\t.\t.\t.\tNote={1}\n"
    text = "##gff-version 3\n" + line.format(3, "Phosphoserine")
    old = text + line.format(7, "Phosphothreonine;Status=By similarity")
    assert labels(old) == ({"Q11111": "S3"}, {"no experimental evidence (by similarity)": 1})
    assert labels(text)[0] == {}  # nothing says that this is an old release
    assert labels(old + line.format(10, "Phosphotyrosine;Ontology_term=ECO:0000269"))[0] == {"Q11111": "Y10"}


@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: [e], lambda e: {"results": [e]}])
@pytest.mark.parametrize("indent", [None, 2])
def test_json(labels, wrap, indent):
    text = json.dumps(wrap(json_entry()), indent=indent)
    assert labels(text, "entries.json", fasta=None) == ({"Q11111": ALL}, LEFT_OUT)


def test_places_in_json_that_are_no_residue_of_the_entry(labels):
    entry = json_entry(FEATURES[:4])
    entry["features"][0]["location"]["sequence"] = "Q11111-2"
    entry["features"][1]["location"]["start"]["modifier"] = "UNKNOWN"
    entry["features"][2]["location"]["end"]["value"] = 11
    left_out = {"on another isoform": 1, "uncertain position": 2, "no experimental evidence (ECO:0000250)": 1}
    assert labels(json.dumps(entry), fasta=None) == ({}, left_out)


def test_json_without_sequences(labels):
    entries = [json_entry(sequence=None), json_entry(FEATURES[:1], sequence=None, primaryAccession="Q99999")]
    assert labels(json.dumps(entries)) == ({"Q11111": ALL}, LEFT_OUT | {"no such protein": 1})
    with pytest.raises(
        InputFormatError, match="record Q11111: found an entry without sequence, expected one; ask"
    ):
        labels(json.dumps(entries), fasta=None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"primaryAccession": "Q', "line 1: found malformed JSON, expected JSON; the file may be cut off"),
        ("[" * 100_000, "found malformed JSON"),
        ("[]", "found no entry, expected UniProtKB entries as JSON"),
        ('"text"', "found no entry"),
        ("[1]", "record number 1: found an entry without accession, expected a primaryAccession"),
        (
            '{"primaryAccession": "A", "sequence": {"value": "AS"}, "features": 5}',
            "record A: found features that are",
        ),
    ],
)
def test_json_that_is_none(labels, text, message):
    with pytest.raises(InputFormatError) as caught:
        labels(text, fasta=None, form="uniprot-json")
    assert message in str(caught.value)


def test_table_of_the_rest_service(labels):
    cells = "; ".join(
        f'MOD_RES {position}; /note="{note}"; /evidence="{code}"' for position, note, code in FEATURES
    )
    text = (
        f"Entry\tEntry Name\tModified residue\tSequence\nQ11111\tONE_TEST\t{cells}\t{ONE}\nQ22222\tX\t\tMK\n"
    )
    left_out = LEFT_OUT | {"no site given": 1}
    assert labels(text, fasta=None) == ({"Q11111": ALL}, left_out)
    assert labels(text.replace("\t" + ONE, "").replace("\tSequence", "").replace("\tMK", "")) == (
        {"Q11111": ALL},
        left_out,
    )
