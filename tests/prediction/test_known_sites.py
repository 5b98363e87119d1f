"""Known sites: every kind of file, whose sites they are, and one clear error for each thing that does not fit."""

import gzip

import pytest

from phosphot5.data import Ledger, Protein, SiteState, parse, read_fasta
from phosphot5.errors import InputFileError, InputFormatError
from phosphot5.prediction.known_sites import KnownSites

P53 = "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLS"
"""Sites at 6, 9, 15, 18, 20, 33."""


def protein(sequence=P53, id="P04637"):
    return Protein(id=id, **vars(parse(sequence, "hash")))


def positives(marked):
    return [site.position for site in marked.sites(SiteState.POSITIVE)]


@pytest.fixture
def read(tmp_path):
    def read(text, name="known.tsv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return KnownSites.read(str(path))

    return read


@pytest.fixture
def error_of(read, tmp_path):
    """Give the message of reading, and marking one protein, without the folder."""

    def error_of(text, *proteins, name="known.tsv"):
        with pytest.raises(InputFormatError) as caught:
            list(read(text, name).mark(proteins or [protein()]))
        return str(caught.value).replace(f"{tmp_path}/", "")

    return error_of


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("k.tsv", "accession\tposition\nP04637\t15\nP04637\t20\n"),
        ("k.txt", "ID\tPos\r\nP04637\tS15\r\nP04637\tS20-p\r\n"),
        ("k.csv", 'gene,UniProt ID,Site\n"TP53, p53",P04637,s15\n\nTP53,P04637,S20\nTP53,P04637,20\n'),
        ("k.tab", "GENE\tPROTEIN\tACC_ID\tMOD_RSD\nTP53\tp53\tP04637\tS15-p\nTP53\tp53\tP04637\tS20-p\n"),
        ("k.csv.gz", "Entry,Position\nP04637,15\nP04637,20\n"),
        ("k.fasta", f">P04637 human\n{P53[:15]}#{P53[15:20]}#\n{P53[20:-1]}S@\n"),
        ("k.fa.gz", f">P04637\n{P53[:15]}#{P53[15:20]}#{P53[20:]}\n"),
        ("k.proforma", f">P04637\n{P53[:15]}[Phospho]{P53[15:20]}[UNIMOD:21]{P53[20:]}\n"),
        (
            "k.gff3",
            "##gff-version 3\n##sequence-region P04637 1 393\n"
            "P04637\tUniProtKB\tModified residue\t15\t15\t.\t.\t.\tNote=Phosphoserine%3B by ATM%2C ATR\t\n"
            "P04637\tUniProtKB\tMOD_RES\t20\t20\t.\t.\t.\tID=x;Note=Phosphoserine;evidence=ECO:1\n"
            "P04637\tUniProtKB\tChain\t1\t393\t.\t.\t.\tNote=Cellular tumor antigen p53\n"
            "P04637\tUniProtKB\tModified residue\t24\t24\t.\t.\t.\tNote=N6-acetyllysine\n"
            "P04637\tUniProtKB\tModified residue\t24\t24\t.\t.\t.\t.\n"
            "##FASTA\n>P04637\nMEEP\n",
        ),
        (
            "k.gff",
            "P04637\tx\tmodified_residue\t15\t15\t.\t.\t.\tNote=O-phosphoserine\n" * 2
            + "P04637\tx\tmodified_residue\t20\t20\t.\t.\t.\tNote=phosphoserine\n",
        ),
    ],
)
def test_every_kind_of_file(read, name, text):
    (marked,) = read(text, name).mark([protein()])
    assert positives(marked) == [15, 20]
    assert (marked.id, marked.sequence) == ("P04637", P53)


def test_output_of_predict_is_readable(read):
    header = "protein\tposition\tresidue\tprobability\tfpr\tcall\twindow\tstatus\n"
    rows = "sp|P04637|P53_HUMAN\t15\tS\t0.9\t0.01\thigh\tPSVEPPLSQETFSDL\tscored\nP04637\t18\tT\t\t\t-\tx\tknown\n"
    (marked,) = read(header + rows).mark([protein()])
    assert positives(marked) == [15, 18]


@pytest.mark.parametrize(
    ("given", "in_input", "same"),
    [
        ("P04637", "sp|P04637|P53_HUMAN", True),
        ("tr|A0A0A0|X_HUMAN", "A0A0A0", True),
        ("sp|P04637|P53_HUMAN", "sp|P04637|OTHER", True),
        ("P04637", "sp|P04637-2|P53_HUMAN", False),
        ("P04637", "P04637-2", False),
        ("P04637", "gi|P04637|P53", False),
        ("P53_HUMAN", "sp|P04637|P53_HUMAN", True),
        ("P53_HUMAN", "tr|Q00001|OTHER", False),
        ("NP_414555", "gi|16128008|ref|NP_414555.1|", True),
    ],
)
def test_uniprot_headers_match_by_accession(read, given, in_input, same):
    marking = read(f"id\tpos\n{given}\t15\n").mark([protein(id=in_input)])
    if not same:
        with pytest.raises(InputFormatError) as caught:
            list(marking)
        assert f"found no protein of the input ('{given}' here, '{in_input}' there)" in str(caught.value)
        return
    (marked,) = marking
    assert positives(marked) == [15]


def test_two_versions_of_a_known_accession(error_of):
    proteins = [protein(id=f"NP_414555.{version}") for version in (1, 2)]
    message = "found sites of 'NP_414555', which can be 'NP_414555.1' or 'NP_414555.2', expected the version"
    assert message in error_of("id\tpos\nNP_414555\t15\n", *proteins)


def test_rows_of_a_table_that_are_no_known_sites_are_counted(read):
    known = read("id\tpos\tPTM\tlabel\na\tS1\tPhospho\t1\na\tS2\tGlcNAc\t1\na\tS2\tPhospho\t0\n")
    assert positives(next(known.mark([protein("SS", id="a")]))) == [1]
    assert known.summary().endswith(
        "known.tsv: 1 measured negatives, 1 sites left out (another modification)"
    )


def test_others_are_untouched_and_other_states_stay(read):
    known = read("id\tpos\na\t2\n")
    other = protein("AS@T", id="b")
    given = [protein("AS@TY@", id="a"), other, protein("AST", id="a")]
    first, second, third = known.mark(given)
    assert first.states == bytes([0, 1, 0, 2])
    assert second is other
    assert positives(third) == [2]


def test_positions_count_the_gaps_of_the_input(read):
    gapped = protein("-A-ST.Y-S*", id="a")
    (marked,) = read("id\tpos\na\tS4\na\tY7\na\tS9\n").mark([gapped])
    assert positives(marked) == [4, 7, 9]
    assert marked.sequence == "ASTYS"


def test_sites_with_a_sequence_do_not_mind_gaps(read):
    (marked,) = read(">a\nAS-T#Y\n", "k.fasta").mark([protein("-A-STY", id="a")])
    assert positives(marked) == [5]


def test_fasta_records_of_one_protein_are_united(read):
    (marked,) = read(">a\nS#TY\n>sp|a|x\nSTY#\n", "k.fasta").mark([protein("STY", id="a")])
    assert positives(marked) == [1, 3]


def test_summary_says_what_was_used_and_what_not(read, tmp_path):
    known = read("id\tpos\na\t1\na\t1\na\tS1\na\t2\nb\t1\n" + "".join(f"x{i}\t1\n" for i in range(7)))
    assert known.summary().startswith(
        "10 known sites given; 0 used, in 0 proteins; not in the input: a, b, x0"
    )
    path = tmp_path / "in.fasta"
    path.write_text(">a\nST\n>a\nST\n>b\n\n>c\nS\n")
    ledger = Ledger()
    assert len(list(known.mark(read_fasta(path, ledger=ledger), ledger))) == 3
    assert known.summary() == (
        "10 known sites given; 2 used, in 1 protein; their records were skipped: b; "
        "not in the input: x0, x1, x2, x3, x4 and 2 more"
    )


@pytest.mark.parametrize(
    ("name", "text", "ignored"),
    [
        ("k.fasta", ">a\nS#T@Y@\n>b\nAS@\n", "3 measured negatives"),
        ("k.proforma", ">a\n[Acetyl]-S[Phospho]TYK[Methyl]\n", "2 other modifications"),
        (
            "k.gff3",
            "a\tu\tMOD_RES\t1\t1\t.\t.\t.\tNote=Phosphoserine\na\tu\tHelix\t1\t2\t.\t.\t.\t.\n",
            "1 other features",
        ),
    ],
)
def test_summary_counts_what_the_file_holds_beside(read, name, text, ignored):
    known = read(text, name)
    list(known.mark([protein("STYK" if name == "k.proforma" else "STY", id="a")]))
    assert known.summary().startswith("1 known site given; 1 used, in 1 protein; ignored in ")
    assert known.summary().endswith(f"{name}: {ignored}")


def test_a_marked_fasta_without_sites_in_one_record_is_no_missing_protein(read):
    known = read(">a\nS#\n>b\nSA\n", "k.fasta")
    list(known.mark([protein("S", id="a")]))
    assert known.summary() == "1 known site given; 1 used, in 1 protein"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "known.tsv: found an empty file, expected a table with a header"),
        ("accession\tposition\n", "known.tsv: found no known site, expected at least one"),
        (
            "P04637\t15\n",
            "known.tsv, line 1: found the columns 'P04637', '15', expected one with the protein, called accession, "
            "acc_id, uniprot, uniprot_id, entry, protein or the like; name the columns in the first line",
        ),
        (
            "\nprotein\tgene\n",
            "known.tsv, line 2: found the columns 'protein', 'gene', expected one with the position, called "
            "position, pos, site, mod_rsd,",
        ),
        ("id\tpos\tPOS\n", "known.tsv, line 1: found the column 'pos' more than once, expected it once"),
        ("id\tpos\nP04637\t15\tx\n", "known.tsv, line 2: found 3 columns, expected 2 as in the header"),
        ("id\tpos\n\t15\n", "known.tsv, line 2: found a row without protein, expected one"),
        (
            "id\tpos\nP04637\t\n",
            "known.tsv, line 2, record P04637: found '', expected a site such as 15, S15 or",
        ),
        (
            "modified_sequence\tid\nMS[Phospho]PK\tP04637\n",
            "record P04637: found a peptide, whose place in its protein is not known, expected one; put peptides",
        ),
        (
            "id\tpos\nP04637\t15.5\n",
            "known.tsv, line 2, record P04637: found '15.5', expected a site such as 15",
        ),
        (
            "id\tpos\nP04637\tS15-ac\n",
            "found no known site (1 sites left out (another modification) ignored), expected at least one",
        ),
        ("id\tpos\nP04637\t0\n", "known.tsv, line 2, record P04637: found position 0, expected 1 or more"),
        (
            "id\tpos\nP04637\tK24\n",
            "known.tsv, line 2, record P04637, position 24: found a site on 'K', expected S, T or Y",
        ),
        (
            "id\tpos\tresidue\nP04637\tS15\tT\n",
            "known.tsv, line 2, record P04637: found residue 'T' in column 'residue', expected the residue of S15",
        ),
        (
            "id\tpos\nP04637\t15\nP04637\tS15\nP04637\tT15\n",
            "known.tsv, line 4, record P04637, position 15: found a site on 'T', expected 'S' as in line 3",
        ),
        (
            '"id"\tpos\nP04637\t"15\n',
            "known.tsv, line 2: found a row that cannot be split (unexpected end of data)",
        ),
        (
            "id\tpos\nx\t9\nP04637\t34\n",
            "known.tsv, line 3, record P04637, position 34: found a position beyond the end, expected 1 to 33; "
            "check that the known sites are of this very sequence",
        ),
        (
            "id\tpos\nP04637\t14\n",
            "known.tsv, line 2, record P04637, position 14: found 'L' in the sequence, expected S, T or Y; check",
        ),
        (
            "id\tpos\nP04637\tS18\n",
            "known.tsv, line 2, record P04637, position 18: found 'T' in the sequence, expected 'S' as given; check",
        ),
    ],
)
def test_errors_of_a_table(error_of, text, message):
    assert message in error_of(text)


def test_a_gap_is_no_site(error_of):
    message = "position 3: found '-' in the sequence, expected 'S' as given"
    assert message in error_of("id\tpos\na\tS3\n", protein("A-.S", id="a"))
    message = "position 5: found a position beyond the end, expected 1 to 4"
    assert message in error_of("id\tpos\na\tS5\n", protein("A-.S--*", id="a"))


def row(*cells):
    return "\t".join(cells) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("##gff-version 3\n", "k.gff3: found no known site, expected at least one"),
        (
            row("P04637", "u", "Helix", "1", "2", ".", ".", ".", "."),
            "k.gff3: found no known site (1 other features ignored), expected at least one",
        ),
        (
            "P04637 u MOD_RES 15 15\n",
            "k.gff3, line 1: found 1 columns, expected the 9 columns of GFF3, by tabs",
        ),
        (
            row("P04637", "u", "MOD_RES", "15", "17", ".", ".", ".", "Note=Phosphoserine"),
            "line 1, record P04637: found a phosphorylated residue from '15' to '17', expected one position",
        ),
        (
            row("P04637", "u", "MOD_RES", "15", "15", ".", ".", ".", "Note=Phosphotyrosine"),
            "k.gff3, line 1, record P04637, position 15: found 'S' in the sequence, expected 'Y' as given",
        ),
    ],
)
def test_errors_of_gff3(error_of, text, message):
    assert message in error_of(text, name="k.gff3")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("k.fasta", "", "k.fasta: found an empty file, expected FASTA records"),
        ("k.fasta", ">P04637\nMSTY\n", "k.fasta: found no known site, expected at least one"),
        ("k.fasta", ">a\nS@\n", "k.fasta: found no known site (1 measured negatives ignored), expected"),
        (
            "k.fasta",
            ">a\nAS[Phospho]\n",
            "k.fasta, line 2, record a, position 3: found '[', expected a residue letter A-Z, or # or @ right after "
            "S, T or Y; give the file the ending .proforma if it marks sites as S[Phospho]",
        ),
        ("k.proforma", ">a\nAS#\n", "k.proforma, line 2, record a, position 3: found '#', expected ProForma"),
        (
            "k.fasta",
            f">P04637\n{P53[:8]}T#{P53[9:]}\n",
            "k.fasta, record P04637, position 9: found 'S' in the sequence, expected 'T' as in the sequence with",
        ),
        (
            "k.fasta",
            f">P04637\n{P53}S#\n",
            "k.fasta, record P04637: found 33 residues, expected 34 as in the sequence with the known sites; check",
        ),
        (
            "k.fasta",
            ">a\nS#T\n>sp|a|b\nS#Y\n",
            "k.fasta, record sp|a|b: found a second, different sequence, expected one sequence for each protein",
        ),
    ],
)
def test_errors_of_marked_sequences(error_of, name, text, message):
    assert message in error_of(text, name=name)


@pytest.mark.parametrize("name", ["k.docx", "k", "k.gz", "-", "k.fastq.gz"])
def test_unknown_endings_name_the_known(name):
    with pytest.raises(InputFileError, match=r"unknown ending '.*'; use one of \.fasta, \.fa, .*\.gff$"):
        KnownSites.read(name)


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(InputFileError, match="no such file"):
        KnownSites.read(str(tmp_path / "k.tsv"))
    (tmp_path / "k.csv.gz").write_bytes(gzip.compress(b"id,pos\n" + b"a,1\n" * 100)[:-5])
    with pytest.raises(InputFileError, match="damaged gzip data"):
        KnownSites.read(str(tmp_path / "k.csv.gz"))
