import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phosphot5.data import Ledger, Protein, SiteState, read_fasta, write_fasta
from phosphot5.errors import InputFileError, InputFormatError, OutputFileError, PhosphoT5Error


@pytest.fixture
def fasta(tmp_path):
    def write(content, name="in.fasta"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def read(path, **options):
    return list(read_fasta(path, **options))


def error_of(path, **options):
    with pytest.raises(PhosphoT5Error) as caught:
        read(path, **options)
    return str(caught.value).replace(f"{path}", "FILE")


LAYOUTS = {
    "one line": b">a first\nMSTK\n>b\nYY\n",
    "wrapped": b">a first\nMS\nTK\n>b\nY\nY\n",
    "windows": b">a first\r\nMS\r\nTK\r\n>b\r\nYY\r\n",
    "old mac": b">a first\rMSTK\r>b\rYY\r",
    "blank lines": b"\n\n>a first\n\nMS\n\nTK\n\n>b\nYY\n\n\n",
    "blanks": b">  a   first  \nMS TK \n>b\n  Y\tY\n",
    "byte order mark": b"\xef\xbb\xbf>a first\nMSTK\n>b\nYY\n",
    "no last line end": b">a first\nMSTK\n>b\nYY",
    "lower case": b">a first\nmstk\n>b\nyY\n",
    "stop at the end": b">a first\nMSTK*\n>b\nYY\n*\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_layouts_mean_the_same(layout, pack, fasta):
    expected = [Protein(id="a", sequence="MSTK", description="first"), Protein(id="b", sequence="YY")]
    assert read(fasta(pack(LAYOUTS[layout]), "named.anyhow")) == expected


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_standard_input(monkeypatch, pack):
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(pack(b">a\nMST\n"))))
    monkeypatch.setattr("sys.stdin", stream)
    assert read("-") == [Protein(id="a", sequence="MST")]
    assert not stream.buffer.closed


def test_reader_streams(fasta):
    records = read_fasta(fasta(">a\nMST\n>b\n1\n"))
    assert next(records).id == "a"
    with pytest.raises(InputFormatError):
        next(records)


def test_gaps_keep_given_positions(fasta):
    (record,) = read(fasta(">a\nA--\nS.T\n"))
    assert record.sequence == "AST"
    assert [site.position for site in record.sites()] == [4, 6]


def test_header_beyond_ascii_is_kept(fasta):
    (record,) = read(fasta(">a Kinase β\nMST\n"))
    assert record.description == "Kinase β"


def test_hash_marks_are_read_when_asked_for(fasta):
    (record,) = read(fasta(">a labelled=ST\nMS#T@\nSY\n"), notation="hash")
    assert (record.sequence, record.states) == ("MSTSY", bytes([0, 1, 2, 0, 0]))
    assert record.description == "labelled=ST"


def test_a_wrapped_line_may_start_with_a_mark(fasta):
    (record,) = read(fasta(">a\nMS\n#T\n@K\n"), notation="hash")
    assert (record.sequence, record.states) == ("MSTK", bytes([0, 1, 2, 0]))


def test_other_notations_are_read_when_asked_for(fasta):
    (record,) = read(fasta(">a\n[Acetyl]-MS[Phospho]K\n"), notation="proforma")
    assert record.states == bytes([0, 1, 0])
    assert record.other_modifications[0].text == "Acetyl"


def test_duplicates_are_both_kept_and_noted(fasta):
    ledger = Ledger()
    records = read(fasta(">a\nMS\n>a\nMT\n"), ledger=ledger)
    assert [record.sequence for record in records] == ["MS", "MT"]
    assert ledger.duplicates == {"a": 2}


ERRORS = {
    ">a\nMS\n>b x\nMST\nK1K\n": (
        "FILE, line 5, record b, position 5: found '1', expected a residue letter A-Z; "
        "if sites are marked, name the notation, or pass the file to predict with --known"
    ),
    ">a\nM*K\n": (
        "FILE, line 2, record a, position 2: found '*', expected a residue letter A-Z; '*' only at the end; "
        "cut the sequence at its stop codon"
    ),
    ">a\nMS#K\n": (
        "FILE, line 2, record a, position 3: found '#', expected a residue letter A-Z; "
        "if sites are marked, name the notation, or pass the file to predict with --known"
    ),
    ">a\nM S é\n": (
        "FILE, line 2, record a, position 3: found 'é', expected a residue letter A-Z; "
        "if sites are marked, name the notation, or pass the file to predict with --known"
    ),
    ">a\nMS\n>\nMT\n": "FILE, line 3: found a header without identifier, expected '>' and a name",
    ">a\n>b\nMT\n": "FILE, line 1, record a: found no residues, expected at least one",
    ">a\nMT\n>b\n--*\n": "FILE, line 3, record b: found no residues, expected at least one",
    "": "FILE: found an empty file, expected FASTA records; check how it was made",
    "\n \n": "FILE: found an empty file, expected FASTA records; check how it was made",
    "\nMSTK\n>a\nMS\n": (
        "FILE, line 2: found 'MSTK', expected a FASTA header that starts with '>'; check that this is FASTA"
    ),
    "@SRR0000001.1 a very long name\nACGT\n": (
        "FILE, line 1: found '@SRR0000001.1 a very...', expected a FASTA header that starts with '>'; "
        "check that this is FASTA"
    ),
    b">a\nMS\n>b\nM\xe9T\n": (
        "FILE, line 4, record b: found byte 0xE9, expected UTF-8 text; convert or decompress the file"
    ),
}


@pytest.mark.parametrize("content", ERRORS)
def test_each_error_is_one_clear_line(content, fasta):
    assert error_of(fasta(content)) == ERRORS[content]


def test_marked_text_names_the_character(fasta):
    assert error_of(fasta(">a\nMS#\nTA@K\n"), notation="hash") == (
        "FILE, line 3, record a, position 6: found '@', expected a residue letter A-Z, "
        "or # or @ right after S, T or Y"
    )


def test_error_has_its_parts_as_attributes(fasta):
    path = fasta(">a\nM1\n")
    with pytest.raises(InputFormatError) as caught:
        read(path)
    error = caught.value
    assert (error.path, error.line, error.record, error.position) == (path, 2, "a", 2)


def archive(kind):
    stream = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(stream, "w") as packed:
            packed.writestr("a.fasta", ">a\nMST\n")
    else:
        with tarfile.open(fileobj=stream, mode="w") as packed:
            packed.addfile(tarfile.TarInfo("a.fasta"))
    return stream.getvalue()


NO_TEXT = {
    "data compressed with bzip2": (bz2.compress(b">a\nMST\n"), "decompress it"),
    "data compressed with xz": (lzma.compress(b">a\nMST\n"), "decompress it"),
    "a tar archive": (gzip.compress(archive("tar")), "unpack it"),
    "a zip archive or an Office document": (archive("zip"), "unpack it, or save it as plain text"),
    "an RTF document": (b"{\\rtf1\\ansi >a\\par MST}", "save it as plain text"),
    "a PDF document": (b"%PDF-1.7\n", "save it as plain text"),
}


@pytest.mark.parametrize("found", NO_TEXT)
def test_archives_and_documents_are_named(found, fasta):
    content, advice = NO_TEXT[found]
    assert error_of(fasta(content)) == f"FILE: found {found}, expected text, plain or gzip; {advice}"


def test_missing_file_and_folder_and_damaged_gzip_differ(tmp_path, fasta):
    missing = tmp_path / "none.fasta"
    assert error_of(missing) == "FILE: no such file; check the path"
    assert error_of(tmp_path) == "FILE: cannot be read (Is a directory); check the file"
    cut = fasta(gzip.compress(b">a\nMST\n" * 1000)[:-20], "cut.gz")
    assert error_of(cut).startswith("FILE: damaged gzip data (")
    with pytest.raises(InputFileError):
        read(missing)


def test_unknown_notation_lists_the_known_ones(fasta):
    assert error_of(fasta(">a\nM\n"), notation="peaks").startswith(
        "unknown notation 'peaks'; choose from plain, hash, p-prefix,"
    )


def test_records_without_residues_go_to_the_ledger(fasta):
    ledger = Ledger()
    records = read(fasta(">a\n>b\nMT\n>c\n*\n"), ledger=ledger)
    assert [record.id for record in records] == ["b"]
    assert ledger.summary() == "3 records read, 1 used, 2 skipped (no residues: 2)"


def test_unreadable_records_are_skipped_on_request(fasta):
    path, ledger = fasta(">a\nM1\n>\nMT\n>c\nMS\n>c\n2\n"), Ledger()
    records = read(path, ledger=ledger, on_error="skip")
    assert [record.id for record in records] == ["c"]
    assert (ledger.read, ledger.used, ledger.reasons) == (4, 1, {"not readable": 3})
    assert ledger.skipped_records[0].detail.startswith(f"{path}, line 2, record a, position 2: found '1'")


def test_skipping_needs_a_ledger(fasta):
    with pytest.raises(ValueError, match="needs a ledger"):
        read(fasta(">a\nM1\n"), on_error="skip")


letters = st.text(alphabet="ACDEFGHIKLMNPQRSTVWYXBZUOJ", min_size=1, max_size=30)
names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@st.composite
def proteins(draw):
    sequence = draw(letters)
    states = bytes(draw(st.integers(0, 2)) if residue in "STY" else 0 for residue in sequence)
    return Protein(id=draw(names), sequence=sequence, states=states, description=draw(names))


@pytest.mark.parametrize("suffix", ["fasta", "fasta.gz"])
def test_write_and_read_back(tmp_path_factory, suffix):
    folder = tmp_path_factory.mktemp("round")

    @given(st.lists(proteins(), min_size=1, max_size=4))
    def check(records):
        path = folder / f"out.{suffix}"
        assert write_fasta(path, records, overwrite=True) == len(records)
        assert read(path, notation="hash") == records

    check()


def test_gaps_survive_writing(fasta, tmp_path):
    records = read(fasta(">a\n-AS#-.T@*\n"), notation="hash")
    write_fasta(tmp_path / "out.fasta", records)
    assert (tmp_path / "out.fasta").read_text() == ">a\n-AS#--T@\n"
    assert read(tmp_path / "out.fasta", notation="hash") == records


def test_existing_file_is_refused_unless_told(tmp_path):
    path = tmp_path / "out.fasta"
    path.write_text("mine")
    with pytest.raises(OutputFileError, match="already exists; choose another name"):
        write_fasta(path, [Protein(id="a", sequence="S")])
    assert path.read_text() == "mine"
    write_fasta(path, [Protein(id="a", sequence="S")], overwrite=True)
    assert path.read_text() == ">a\nS\n"


def test_an_unfinished_file_is_never_seen(tmp_path):
    def failing():
        yield Protein(id="a", sequence="S")
        raise KeyError

    with pytest.raises(KeyError):
        write_fasta(tmp_path / "out.fasta", failing())
    assert list(tmp_path.iterdir()) == []


def test_output_needs_its_folder_and_a_file_name(tmp_path):
    with pytest.raises(OutputFileError, match="its folder does not exist; create it first"):
        write_fasta(tmp_path / "no" / "out.fasta", [])
    with pytest.raises(OutputFileError, match="not a file; give a file name"):
        write_fasta(tmp_path, [], overwrite=True)


def test_standard_output(capsys):
    write_fasta("-", [Protein(id="a", sequence="AS", states=bytes([0, 1]))])
    assert capsys.readouterr().out == ">a\nAS#\n"


def test_gzip_output_has_no_time_in_it(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_fasta(tmp_path / name, [Protein(id="a", sequence="AS")])
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


DATA = Path(__file__).parents[3] / "shared" / "data" / "phosphosites"
TABLE_ROW = re.compile(r"\| (\S+\.fasta\.gz) \|" + r" (\d+) \|" * 8)


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data is missing")
def test_counts_of_the_data_table():
    rows = TABLE_ROW.findall((DATA / "README.md").read_text(encoding="utf-8"))
    assert len(rows) == 14
    for name, *numbers in rows:
        ledger = Ledger()
        records = read(DATA / name, notation="hash", ledger=ledger)
        counts = [record.counts() for record in records]
        found = [len(records), sum(map(len, records))] + [
            sum(count[residue, state] for count in counts)
            for residue in "STY"
            for state in (SiteState.POSITIVE, SiteState.NEGATIVE)
        ]
        assert found == [int(number) for number in numbers], name
        assert (ledger.used, ledger.duplicates) == (len(records), {})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_encoding_by_its_mark(tmp_path, encoding):
    path = tmp_path / "a.fasta"
    path.write_bytes(">A caf\xe9\nMKSSP\n>B\nMT\n".encode(encoding))
    assert [(p.id, p.description, p.sequence) for p in read_fasta(path)] == [
        ("A", "caf\xe9", "MKSSP"),
        ("B", "", "MT"),
    ]


def test_headers_in_latin1_are_read_and_noted(tmp_path):
    path = tmp_path / "a.fasta"
    path.write_bytes(b">caf\xe9 M\xfcller\nMS\n>" + ">\u03b2 \u03b3\nMT\n".encode())
    ledger = Ledger()
    first, second = read_fasta(path, ledger=ledger)
    assert (first.id, first.description, second.id) == ("caf\xe9", "M\xfcller", ">\u03b2")
    assert ledger.summary() == (
        "2 records read, 2 used, 0 skipped; read as Latin-1, because the header is not UTF-8: 1 record"
    )


COMMENTED = (
    "# PEFF 1.0\n# //\n; old\n>a one\n#comment\nMS\n# more\n;x\n## y\nTK\n",
    "# PEFF 1.0\n>a one\nM\nSTK\n",
    "011624\nPhosphoSitePlus(R) - notice\nof several lines\n\n>a one\nMsTk\n",
)


@pytest.mark.parametrize("text", COMMENTED)
def test_comments_and_notices(tmp_path, text):
    path = tmp_path / "a.fasta"
    path.write_text(text)
    (protein,) = read_fasta(path)
    assert (protein.id, protein.description, protein.sequence) == ("a", "one", "MSTK")


def test_a_mark_at_the_start_of_a_wrapped_line_is_no_comment(tmp_path):
    path = tmp_path / "a.fasta"
    path.write_text(">a\nMS\n#TK\n# comment\nS\n#\n")
    (protein,) = read_fasta(path, notation="hash")
    assert (protein.sequence, list(protein.states)) == ("MSTKS", [0, 1, 0, 0, 1])
