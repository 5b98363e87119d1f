"""Files as labs have them, kept outside the repository: what they say of two made-up proteins."""

from pathlib import Path

import pytest

FIELD = Path(__file__).parents[3] / "shared" / "cases" / "field"
ONE, TWO = "Q00001", "Q00002"
BOTH, FIRST = {ONE: "S4 T8", TWO: "S10"}, {ONE: "S4 T8"}
SITE_EACH = {ONE: "S4", TWO: "S10"}
CASES = {
    "mq_old.txt": (BOTH, {"decoy": 1}),
    "mq_2.8_decoy.txt": (BOTH, {"decoy": 1}),
    "mq_fullheader.txt": (BOTH, {"decoy": 1}),
    "mq_utf16.txt": (BOTH, {"decoy": 1}),
    "mq_cont_prefix.txt": (FIRST, {"contaminant": 1, "decoy": 1}),
    "diann_phosphosites_90.tsv": (SITE_EACH, {}),
    "diann_plain_two.tsv": (FIRST, {}),
    "diann_sites.tsv": (SITE_EACH, {}),
    "fragpipe_combined_site_STY.tsv": (SITE_EACH, {}),
    "uniprot_export.tsv": (FIRST, {}),
    "psp_sites.txt": (FIRST, {}),
    "excel_semicolon.csv": (SITE_EACH, {}),
    "pandas_float.csv": (SITE_EACH, {}),
    "ps_style.csv": (SITE_EACH, {}),
}


@pytest.mark.data
@pytest.mark.skipif(not FIELD.is_dir(), reason=f"{FIELD} is not there")
@pytest.mark.parametrize("form", [None, "table"])
@pytest.mark.parametrize("name", CASES)
def test_right_values(labels, name, form):
    fasta = (FIELD / ("Phosphosite_PTM_seq.fasta" if name == "psp_sites.txt" else "mq.fasta")).read_text()
    assert labels(FIELD / name, fasta=fasta, form=form) == CASES[name]
