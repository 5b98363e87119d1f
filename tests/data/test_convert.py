"""Conversion: labels meet sequences, nothing is dropped without a reason, negatives are made only on request."""

import pytest
from entries import P53, flat_feature, flat_text

from phosphot5.data import SiteState
from phosphot5.data.convert import NOT_ANNOTATED, Converter, ConvertOptions
from phosphot5.data.sequences import read_sequences
from phosphot5.errors import InputFormatError, PhosphoT5Error


@pytest.fixture
def convert(write, p53_fasta):
    """Convert tables (text to name), joined with p53; gives proteins and converter."""

    def convert(*texts, form="table", fasta=True, **options):
        converter = Converter(ConvertOptions(**options), read_sequences(p53_fasta) if fasta else None)
        for number, text in enumerate(texts):
            name = f"{number}.{'csv' if form == 'table' else 'txt'}"
            converter.add(write(text, name), form)
        return converter.finish(), converter

    return convert


def sites(protein, state=SiteState.POSITIVE):
    return [site.position for site in protein.sites(state)]


def test_sites_meet_their_sequences(convert):
    text = "accession,position,residue,evidence\nP04637,15,S,a\nP04637-7,S7,,\nsp|P04637|P53_HUMAN,18,T,b\n"
    (canonical, isoform), converter = convert(text)
    assert (canonical.id, canonical.sequence, sites(canonical)) == ("P04637", P53, [15, 18])
    assert canonical.description == "Cellular tumor antigen p53 OS=Homo sapiens"
    assert (isoform.id, sites(isoform)) == ("P04637-7", [7])
    assert canonical.evidence == {15: "a", 18: "b"}
    assert canonical.source == "table:0.csv"
    assert converter.account() == [
        "3 records read, 2 used, 1 skipped",
        "  skipped, merged with its earlier record: 1",
        "3 rows read: 3 positive labels",
    ]
    assert converter.complaints() == []


def test_several_files_of_one_protein(convert):
    header = "accession,position,state,evidence\n"
    (protein,), converter = convert(
        f"{header}P04637,15,negative,not seen\nP04637,18,positive,a\nP04637,20,negative,\n",
        f"{header}P04637,15,positive,seen\nP04637,18,positive,b\nP04637,18,negative,c\n",
    )
    assert (sites(protein), sites(protein, SiteState.NEGATIVE)) == ([15, 18], [20])
    assert protein.evidence == {15: "seen", 18: "a; b"}
    assert protein.source == "table:0.csv; table:1.csv"
    assert converter.sites.left_out == {"negative here, positive elsewhere": 2}


@pytest.mark.parametrize(
    ("rows", "reason", "message"),
    [
        (
            "P04637,16,",
            "does not fit its sequence",
            "position 16: found 'Q' in the sequence, expected S, T or Y; the",
        ),
        (
            "P04637,15,T",
            "does not fit its sequence",
            "position 15: found 'S' in the sequence, expected 'T' as given",
        ),
        (
            "P04637,61,S",
            "does not fit its sequence",
            "position 61: found a position beyond the end, expected 1 to 60",
        ),
        ("P04637,0,S", "does not fit its sequence", "position 0: found position 0, expected 1 or more"),
    ],
)
def test_what_does_not_fit(convert, rows, reason, message):
    header = "accession,position,residue\n"
    with pytest.raises(InputFormatError) as caught:
        convert(f"{header}{rows}\nP04637-7,7,S\n")
    assert str(caught.value).count("0.csv, line 2, record ") == 1
    assert message in str(caught.value)
    # a protein with one such site is left out as a whole: its other sites may be wrong by the same cause
    (protein,), converter = convert(
        f"{header}P04637,15,\n{rows}\nP04637-7,7,S\n".replace("P04637,15,\nQ", "Q"), skip_bad=True
    )
    assert protein.id == "P04637-7"
    assert converter.account()[:2] == ["2 records read, 1 used, 1 skipped", f"  skipped, {reason}: 1"]
    assert message in converter.complaints()[0]


def test_sites_without_sequences(convert):
    with pytest.raises(
        InputFormatError, match="found no sequence, expected one; give the FASTA file .* with --fasta"
    ):
        convert("accession,position\nP04637,15\n", fasta=False)


def test_proteins_that_the_fasta_file_lacks_are_counted_and_named(convert):
    header = "accession,position\n"
    (protein,), converter = convert(f"{header}Q99999,15\nQ99998,3\nP04637,15\nQ99999,18\n")
    assert sites(protein) == [15]
    assert converter.account() == [
        "1 record read, 1 used, 0 skipped",
        "4 rows read: 1 positive label",
        "3 sites left out",
        "  left out, no such protein: 3 (Q99999, Q99998)",
    ]
    with pytest.raises(PhosphoT5Error, match=r"no labelled protein; .* no such protein: 1 \(Q99999\)"):
        convert(f"{header}Q99999,15\n")


def test_sequences_of_no_use(convert):
    with pytest.raises(PhosphoT5Error, match="--fasta has no effect because the inputs have their own"):
        convert(flat_text(features=flat_feature(9, "Phosphoserine", "ECO:0000269")), form="uniprot-text")


def test_the_fasta_file_wins_over_a_column_of_peptides(convert):
    (protein,), _ = convert("Protein,Residue,Site,Sequence\nP04637,S,15,TFSDLWK\n")
    assert (protein.sequence, protein.states.count(1)) == (P53, 1)


@pytest.mark.parametrize("name", ["P53_HUMAN", "sp|P04637|P53_HUMAN", "P04637.4", "sp|P04637|RENAMED"])
def test_a_protein_is_found_by_any_of_its_names(convert, name):
    (protein,), _ = convert(f"accession,position\n{name},15\n")
    assert protein.sequence == P53


def test_second_sequence_of_an_accession(convert):
    text = "accession,position,sequence\n{},2,{}\n"
    with pytest.raises(InputFormatError, match="found a sequence that differs from its earlier record"):
        convert(text.format("a", "AS"), text.format("a", "AST"), fasta=False)
    (protein,), converter = convert(
        text.format("a", "AS"), text.format("a", "AST"), fasta=False, skip_bad=True
    )
    assert (protein.sequence, converter.ledger.skipped) == ("AS", 1)


def test_uniprot_entries_keep_evidence_and_doubt(convert):
    features = (
        flat_feature(9, "Phosphoserine", "ECO:0000269|PubMed:1, ECO:0007744|PubMed:2")
        + flat_feature(15, "Phosphoserine", "ECO:0000250")
        + flat_feature(18, "Phosphothreonine", "ECO:0000269")
    )
    text = flat_text(features=features) + flat_text("Q00001")
    (protein,), converter = convert(text, form="uniprot-text", fasta=False)
    assert (sites(protein), sites(protein, SiteState.NEGATIVE)) == ([9, 18], [])
    assert protein.evidence == {9: "ECO:0000269,ECO:0007744", 18: "ECO:0000269"}
    assert converter.account() == [
        "2 records read, 1 used, 1 skipped",
        "  skipped, no labelled site: 1",
        "3 rows read: 2 positive labels",
        "1 site left out",
        "  left out, no experimental evidence (ECO:0000250): 1",
    ]


def test_unlabelled_as_negative(convert):
    features = flat_feature(9, "Phosphoserine", "ECO:0000269") + flat_feature(
        15, "Phosphoserine", "ECO:0000250"
    )
    text = flat_text(features=features, sequence=P53 + "YY")
    (protein,), _ = convert(text, form="uniprot-text", fasta=False, unlabelled="negative")
    # 15 is named by similarity: nobody may call it a negative; no Y is positive, so none is negative
    assert sites(protein, SiteState.NEGATIVE) == [6, 18, 20, 33, 37, 46, 55]
    assert sites(protein, SiteState.UNKNOWN) == [15, 61, 62]
    assert protein.evidence == {9: "ECO:0000269"} | dict.fromkeys([6, 18, 20, 33, 37, 46, 55], NOT_ANNOTATED)


def test_unlabelled_tyrosines_of_a_protein_with_a_positive_one(convert):
    text = "accession,position,sequence\na,2,MYSTY\n"
    (protein,), _ = convert(text, fasta=False, unlabelled="negative")
    assert (sites(protein), sites(protein, SiteState.NEGATIVE)) == ([2], [5])


def test_residues_that_are_asked_for(convert):
    text = "accession,position,sequence\na,2,MYSTS\na,3,MYSTS\n"
    (protein,), converter = convert(text, fasta=False, residues="S", unlabelled="negative")
    assert (sites(protein), sites(protein, SiteState.NEGATIVE)) == ([3], [5])
    assert converter.sites.left_out == {"on Y, not among the residues to keep": 1}


def test_labelled_proteins_stay_as_they_are(convert):
    (first, second), _ = convert(">a x\nM-S#T@S\n>b\nMAAA\n", form="hash", fasta=False)
    assert (first.sequence, first.removed, first.states) == ("MSTS", (2,), b"\0\1\2\0")
    assert (first.description, second.id) == ("x", "b")


def test_nothing_left(convert):
    with pytest.raises(
        PhosphoT5Error, match="no labelled protein; 1 record read, 0 used, 1 skipped;   skipped, no lab"
    ):
        convert(flat_text(), form="uniprot-text", fasta=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            ">a\nAS\n>a\nAS\n>a\nAT\n",
            "record a: found a second, different sequence, expected one for each accession",
        ),
        (">a\nA-S\n", "record a: found a gap at 2, expected a sequence without gaps"),
    ],
)
def test_wrong_sequences(write, text, message):
    with pytest.raises(InputFormatError, match=message):
        read_sequences(write(text, "s.fasta"))
