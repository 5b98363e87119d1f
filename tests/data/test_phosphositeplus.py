"""PhosphoSitePlus: the table of sites, with its notice or without, and sequences with sites in lower case."""

import pytest
from proteins import ONE, TWO

HEADER = "GENE\tPROTEIN\tACC_ID\tHU_CHR_LOC\tMOD_RSD\tSITE_GRP_ID\tORGANISM\tSITE_+/-7_AA\tLT_LIT\tMS_LIT\n"
NOTICE = '090624\nPhosphoSitePlus(R) (PSP) was created by a company.\n"Some", words, more; words.\n\n'
ROWS = (
    "A\tone\tQ11111\t1q\tS3-p\t1\thuman\t____MGsLPKTAEYV\t1\t2\nA\tone\tQ11111\t1q\tK6-ac\t2\thuman\t\t\t1\n"
)
ROWS += "B\ttwo\tQ22222\t1q\tY20-p\t3\tmouse\t\t\t1\nB\ttwo\tQ99999\t1q\tY20-p\t3\thuman\t\t\t1\n"
LEFT_OUT = {"another modification": 1, "no such protein": 1}


@pytest.mark.parametrize("notice", [NOTICE, ""])
def test_table_of_sites(labels, notice):
    text = notice + HEADER + ROWS
    assert labels(text) == ({"Q11111": "S3", "Q22222": "Y20"}, LEFT_OUT)
    assert labels(text, organism="Human") == ({"Q11111": "S3"}, LEFT_OUT | {"of another organism": 1})


def test_substrates_of_kinases(labels):
    text = "GENE\tKINASE\tKIN_ACC_ID\tKIN_ORGANISM\tSUB_ACC_ID\tSUB_ORGANISM\tSUB_MOD_RSD\n"
    text += "K\tKIN1\tP1\thuman\tQ11111\thuman\tS3\nK\tKIN1\tP1\thuman\tQ22222\tmouse\tY20\n"
    assert labels(NOTICE + text, organism="human") == ({"Q11111": "S3"}, {"of another organism": 1})


def marked(sequence, *positions):
    return "".join(letter.lower() if at in positions else letter for at, letter in enumerate(sequence, 1))


FASTA = f">GN:A|Made up one|human|Q11111\n{marked(ONE, 3, 10, 6)}\n>GN:B|Two|mouse|Q22222\n{marked(TWO, 8)}\n"


@pytest.mark.parametrize("notice", [NOTICE, ""])
def test_sequences_with_sites_in_lower_case(labels, notice):
    assert labels(notice + FASTA, "Phosphosite_PTM_seq.fasta", fasta=None) == (
        {"Q11111": "S3 Y10", "Q22222": "T8"},
        {"another modification": 1},
    )
    assert labels(notice + FASTA, fasta=None, organism="human")[0] == {"Q11111": "S3 Y10"}


def test_the_sequences_serve_the_table(labels):
    assert labels(NOTICE + HEADER + ROWS, fasta=NOTICE + FASTA)[0] == {"Q11111": "S3", "Q22222": "Y20"}


def test_sequences_without_marks_have_no_labels(labels):
    assert labels(f">GN:A|Made up one|human|Q11111\n{ONE}\n", fasta=None) == ({}, {"no phosphorylation": 1})
