"""Tables of modified peptides of any origin: one rule for peptides in several places, every row accounted for."""

import pytest

from phosphot5.errors import InputFileError, InputFormatError

HEADER = "modified_sequence\tprotein"


def test_peptides_are_labelled_where_they_lie(labels):
    text = f"{HEADER}\nSDS[Phospho]PGR\tQ11111\nVDS(ph)T(ph)GR\tsp|Q22222|TWO_TEST\nSDSPGR\tQ11111\n"
    found, left_out = labels(text + "M[Oxidation]GSLPK\tQ11111\nVDSTGRPLY[Phospho]EDK\tQ99999\n")
    assert found == {"Q11111": "S15", "Q22222": "S7 T8"}
    assert left_out == {"no phosphorylation": 1, "another modification": 1, "no such protein": 1}


def test_a_shared_peptide_counts_in_the_proteins_that_its_row_names(labels):
    assert labels(f"{HEADER}\nTAEY[Phospho]VR\tQ11111;Q22222\n")[0] == {"Q11111": "Y10", "Q22222": "Y20"}
    assert labels(f"{HEADER}\nTAEY[Phospho]VR\tQ22222\n")[0] == {"Q22222": "Y20"}


def test_a_shared_peptide_of_no_protein_is_ambiguous(labels):
    text = "peptidoform\nTAEY[Phospho]VR\nSDS[Phospho]PGR\n"
    found, left_out = labels(text)
    assert found == {"Q11111": "S15"}
    assert left_out == {"ambiguous: the peptide lies in several places": 1}
    negatives = labels("peptidoform\nTAEY[Phospho]VR\nVDST[Phospho]GRPLYEDK\n", unlabelled="negative")[0]
    assert negatives == {"Q22222": "S7- T8 T17-"}  # nobody may call Y20 a negative, nor is another Y positive


def test_decoys_in_the_fasta_file_are_no_places(labels):
    from proteins import FASTA, ONE

    text = "peptidoform\nSDS[Phospho]PGR\n"
    assert labels(text, fasta=f"{FASTA}>rev_sp|Q11111|ONE_TEST\n{ONE}\n")[0] == {"Q11111": "S15"}


def test_decoys_contaminants_and_peptides_without_a_place(labels):
    text = f"{HEADER}\tdecoy\nSDS[Phospho]PGR\tQ11111\t\nSDS[Phospho]PGR\trev_Q11111\t\n"
    text += "SDS[Phospho]PGR\tQ11111\tTRUE\nSDS[Phospho]PGR\tCON__Q11111\t\n[Phospho]?SDSPGR\tQ11111\t\n"
    text += "MAH[Phospho]K\tQ11111\t\n"
    assert labels(text) == (
        {"Q11111": "S15"},
        {
            "decoy": 2,
            "contaminant": 1,
            "ambiguous: place in the peptide not known": 1,
            "on a residue other than S, T and Y": 1,
        },
    )


def test_localisation(labels):
    text = f"{HEADER}\tlocalization_probability\nSDS[Phospho]PGR\tQ11111\t0.9\n"
    text += "S[Phospho]DSPGR\tQ11111\t0,4\nLKWT[Phospho]PK\tQ11111\t\n"
    assert labels(text) == (
        {"Q11111": "S15"},
        {"localisation probability below 0.75": 1, "no localisation probability": 1},
    )
    inside = f"{HEADER}\nS(0.3)DS(UniMod:21)(0.7)PGR\tQ11111\n"
    assert labels(inside, localisation=0.6, unlabelled="negative")[0] == {"Q11111": "S3- T7- S15 T22-"}
    assert labels(inside)[1] == {"localisation probability below 0.75": 1}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("SDSPGK[Acetyl]S[Phospho]\tQ11111", "found the peptide SDSPGKS, which is not in Q11111"),
        ("SDsPGR\tQ11111", "found 's' in the peptide 'SDsPGR', expected a residue A-Z"),
    ],
)
def test_wrong_rows(labels, row, message):
    with pytest.raises(InputFormatError) as caught:
        labels(f"{HEADER}\n{row}\n")
    assert f"line 2, record Q11111: {message}" in str(caught.value)
    assert labels(f"{HEADER}\n{row}\nSDS[Phospho]PGR\tQ11111\n", skip_bad=True) == (
        {"Q11111": "S15"},
        {"not readable": 1},
    )


def test_peptides_need_the_proteins(labels):
    with pytest.raises(InputFormatError, match="give the FASTA file of the proteins with --fasta"):
        labels(f"{HEADER}\nSDS[Phospho]PGR\tQ11111\n", fasta=None)


def test_a_column_of_peptides_is_told_by_the_modifications_in_it(labels):
    assert labels("Peptide;Protein\nMGSLPK;Q11111\nSDS[Phospho]PGR;Q11111\n")[0] == {"Q11111": "S15"}
    with pytest.raises(InputFileError, match="format not recognised from the content"):
        labels("Peptide;Protein\nMGSLPK;Q11111\n")


def test_where_a_peptide_begins(labels):
    fasta = ">R\nASPKASPK\n"
    text = "modified_sequence\tprotein\tstart\nAS(ph)PK\tR\t{}\n"
    assert labels(text.format(5), fasta=fasta)[0] == {"R": "S6"}
    assert (
        labels(text.format("1,5"), fasta=fasta)[0]
        == labels(text.format(""), fasta=fasta)[0]
        == {"R": "S2 S6"}
    )
    with pytest.raises(
        InputFormatError, match="found a peptide that begins at 3 of R, expected 1, 5, where the FASTA"
    ):
        labels(text.format(3), fasta=fasta)
    spectronaut = "PG.ProteinAccessions\tEG.ModifiedSequence\tPEP.PeptidePosition\n"
    row = "Q11111;Q22222\t_TAEY[Phospho (STY)]VR_\t7;17\n"
    assert labels(spectronaut + row)[0] == {"Q11111": "Y10", "Q22222": "Y20"}
    with pytest.raises(InputFormatError, match="begins at 18 of Q22222, expected 17"):
        labels(spectronaut + row.replace("7;17", "7;18"))
    groups = "Annotated Sequence\tModifications\tMaster Protein Accessions\tPositions in Master Proteins\n"
    assert labels(f"{groups}[K].ASPK.[A]\t1xPhospho [S2]\tR\tR [5-8]\n", fasta=fasta)[0] == {"R": "S6"}


def test_an_explicit_format_wins(labels):
    text = "protein\tposition\tpeptide\nQ11111\t3\tSDS[Phospho]PGR\n"
    assert labels(text)[0] == {"Q11111": "S3"}
    assert labels(text, form="peptides")[0] == {"Q11111": "S15"}
