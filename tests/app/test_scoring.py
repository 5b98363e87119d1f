"""What is read and refused, and that scores and files are those of ``phosphot5 predict``."""

from pathlib import Path

import pytest

from phosphot5.app.downloads import write_downloads
from phosphot5.app.scoring import EXAMPLES, Limits, Scorer, example_text, read_proteins, read_upload
from phosphot5.cli.main import main
from phosphot5.errors import PhosphoT5Error

ROOT = Path(__file__).parents[2]
SMALL = Limits(text_bytes=200, proteins=2, residues=30, compared_residues=10)


@pytest.fixture(scope="module")
def scorer():
    return Scorer()


def test_files_are_those_of_the_command_byte_for_byte(scorer, tmp_path):
    text = (ROOT / "examples" / "proteins.fasta").read_text()
    for path in write_downloads(scorer.score(text)[0], tmp_path, bool(scorer.families)):
        expected = tmp_path / f"expected{path.suffix}"
        arguments = [
            "predict",
            str(ROOT / "examples" / "proteins.fasta"),
            "-o",
            str(expected),
            "--device",
            "cpu",
            "--runtime",
            "torch",  # as the page; another runtime may differ in a last digit
        ]
        kinases = ["--kinases"] if scorer.families and path.suffix != ".proforma" else []
        assert main([*arguments, "--quiet", *kinases]) == 0
        assert path.read_bytes() == expected.read_bytes(), path.name


def test_examples_are_those_of_the_repository():
    known = (ROOT / "examples" / "proteins.fasta").read_text()
    assert all(example_text(accession) in known for accession in EXAMPLES.values())


@pytest.mark.parametrize("text", ["MSPEK\nTYS", ">protein\nMSPEKTYS", "  mspek tys*\n"])
def test_a_bare_sequence_is_one_protein(text):
    (protein,) = read_proteins(text, Limits())
    assert (protein.id, protein.sequence) == ("protein", "MSPEKTYS")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", "no protein given; paste FASTA or one sequence, or choose an example"),
        (">a\nMSP\n>b\nMS1P", "line 4, record b, position 3: found '1', expected a residue letter"),
        ("MSP\nK?", "record protein, position 5: found '?', expected a residue letter"),
        ("some text\n>a\nMSP", "line 1: found 'some text', expected a FASTA header that starts with '>'"),
        (">a\n>b\nMSP", "line 1, record a: found no residues, expected at least one"),
        (">a\nMS\ud800", "line 2, record a, position 3: found '?'"),
        (
            ">a\nM\n>b\nM\n>c\nM",
            "3 proteins are too many for this page, which takes 2 at a time; leave some out",
        ),
        (
            ">a\n" + "S" * 31,
            "31 residues are too many for this page, which takes 30 at a time; leave some out",
        ),
        (
            "S" * 201,
            "201 bytes of text are too much for this page, which takes 200; give fewer proteins at a time",
        ),
    ],
)
def test_what_is_wrong_is_said(text, message):
    with pytest.raises(PhosphoT5Error) as error:
        read_proteins(text, SMALL)
    assert str(error.value).startswith(message)


def test_uploads_are_plain_text(tmp_path):
    path = tmp_path / "mine.fasta"
    path.write_bytes(b"\xef\xbb\xbf>a\nMSP\n")
    assert read_upload(str(path), SMALL) == ">a\nMSP\n"
    for content, message in (
        (b"\x1f\x8b\x08", "mine.fasta: compressed data; decompress it"),
        (b">a\nM\xffSP", "mine.fasta: not UTF-8 text (byte 0xFF at 5)"),
        (b"S" * 201, "201 bytes of text"),
    ):
        path.write_bytes(content)
        with pytest.raises(PhosphoT5Error) as error:
            read_upload(str(path), SMALL)
        assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("MSP", ">a\nMSP\n>b\nMSP", "variant B: has 2 proteins; keep only"),
        ("M" * 11, "MSP", "variant A: has 11 residues, too many to compare (at most 10)"),
        ("MSP", "", "variant B: no protein given"),
        ("M1P", "MSP", "variant A: record variant_A, position 2: found '1'"),
    ],
)
def test_variants_are_checked(tiny_folder, first, second, message):
    with pytest.raises(PhosphoT5Error) as error:
        Scorer(str(tiny_folder), limits=SMALL).score_pair(first, second)
    assert str(error.value).startswith(message)
