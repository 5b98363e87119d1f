"""From labelled files to token ids and three-state labels."""

from pathlib import Path

import numpy as np
import pytest

from phosphot5.errors import InputFormatError
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer
from phosphot5.trainer.dataset import FileCount, LabelledFile, TrainingSet, build_dataset


@pytest.fixture
def build(tmp_path: Path):
    """Build a data set from the texts of files."""

    def make(*texts: str, residues: str = "STY", max_length: int = 2048) -> TrainingSet:
        files = []
        for number, text in enumerate(texts):
            path = tmp_path / f"{number}.fasta"
            path.write_text(text)
            files.append(LabelledFile(str(path), residues))
        return build_dataset(files, max_length)

    return make


def labels(made: TrainingSet, row: int = 0) -> list[int]:
    return made.dataset[row]["labels"].tolist()


def test_labels_are_the_tokens_of_the_annotated_protein(build) -> None:
    made = build(">a\nMS#T@PY#KS#Y@\n")
    tokenizer = PhosphoT5Tokenizer()
    row = made.dataset[0]
    assert row["input_ids"].tolist() == tokenizer("MSTPYKSY")["input_ids"]
    assert row["labels"].tolist() == tokenizer("MS[Phospho]TPY[Phospho]KS[Phospho]Y")["input_ids"]
    assert (row["protein"], int(row["start"]), int(row["length"])) == ("a", 0, 9)
    assert made.tokens == 9


def test_only_sites_of_unknown_state_carry_no_label(build) -> None:
    made = build(">a\nMS#TPYY@K\n")
    assert labels(made) == [19, 29, -100, 13, -100, 18, 14, 1]


def test_a_sequence_in_two_files_is_one_protein_and_the_first_label_wins(build) -> None:
    made = build(">a\nMS#T@YK\n", ">b\nMS@T@Y#K\n>c\nMMS@K\n")
    assert [row["protein"] for row in made.dataset] == ["a", "c"]
    assert labels(made) == [19, 29, 11, 31, 14, 1]
    assert [(protein.id, protein.states) for protein in made.proteins] == [
        ("a", bytes([0, 1, 2, 1, 0])),
        ("c", bytes([0, 0, 2, 0])),
    ]
    assert made.ledger() == {
        "records_read": 3,
        "proteins": 2,
        "segments": 2,
        "segments_without_label_left_out": 0,
        "tokens": 11,
    }
    assert [(f.proteins, f.positives, f.negatives) for f in made.files] == [(1, 1, 1), (2, 1, 3)]


def test_labels_of_other_residues_are_left_aside(build) -> None:
    made = build(">a\nMS#T@Y#Y@K\n", residues="Y")
    assert labels(made) == [19, -100, -100, 31, 18, 14, 1]
    (found,) = made.files
    assert found == FileCount(LabelledFile(found.file.path, "Y"), proteins=1, positives=1, negatives=1)


def test_a_file_for_one_residue_adds_to_a_file_for_all(tmp_path: Path) -> None:
    first, second = tmp_path / "all.fasta", tmp_path / "y.fasta"
    first.write_text(">a\nMS#TYK\n")
    second.write_text(">a\nMS@T#Y#K\n")
    made = build_dataset([LabelledFile(str(first)), LabelledFile(str(second), "Y")])
    assert labels(made) == [19, 29, -100, 31, 14, 1]


@pytest.mark.parametrize(("longest", "lengths"), [(12, [11]), (11, [11]), (10, [5, 6]), (4, [3, 4, 4])])
def test_long_proteins_are_cut_into_equal_parts(build, longest: int, lengths: list[int]) -> None:
    made = build(">a\nS@S@S@S@S@S@S@S@S@S#\n", max_length=longest)
    assert made.dataset["length"][:].tolist() == lengths
    assert made.dataset["start"][:].tolist() == np.cumsum([0, *lengths[:-1]]).tolist()
    assert np.concatenate([row["input_ids"] for row in made.dataset]).tolist() == [7] * 10 + [1]
    assert np.concatenate([row["labels"] for row in made.dataset]).tolist() == [7] * 9 + [29, 1]


def test_segments_without_a_label_are_left_out_and_counted(build) -> None:
    made = build(">a\nS@AAASAAAAAA\n>b\nMSTY\n", max_length=4)
    assert [(row["protein"], int(row["start"])) for row in made.dataset] == [("a", 0)]
    assert made.unlabelled == 2 + 2
    assert "2 different; 1 segments with 4 tokens, 4 without a labelled site left out" in made.summary()


def test_nothing_labelled_is_an_error(build) -> None:
    with pytest.raises(ValueError, match="none of 1 proteins .* has a labelled site; mark positives"):
        build(">a\nMSTY\n")


def test_another_notation_is_an_error(build) -> None:
    with pytest.raises(InputFormatError, match="record a"):
        build(">a\nMS[Phospho]TY\n")
