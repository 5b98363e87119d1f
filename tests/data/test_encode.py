import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phosphot5.data import RESIDUES, SiteState, parse, render
from phosphot5.data.encode import encode, encode_many
from phosphot5.errors import InputFormatError
from phosphot5.tokenization_phosphot5 import VOCABULARY, PhosphoT5Tokenizer

UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"
UBIQUITIN_IDS = (
    "19 16 12 15 6 14 11 4 11 5 14 11 12 11 4 9 6 9 13 7 10 11 12 9 17 6 14 3 14 12 16 10 14 9 5 12 13 13 10 "
    "16 16 8 4 12 15 3 5 14 16 4 9 10 5 8 11 4 7 10 18 17 12 16 14 9 7 11 4 20 4 6 4 8 4 8 5 5 1"
)
TOKENIZER = PhosphoT5Tokenizer()


@pytest.fixture(scope="module")
def tokenizer_ids():
    return lambda text: TOKENIZER(text)["input_ids"]


def test_exact_ids_of_ubiquitin(tokenizer_ids):
    expected = [int(i) for i in UBIQUITIN_IDS.split()]
    assert encode(UBIQUITIN).tolist() == expected
    assert tokenizer_ids(UBIQUITIN) == expected


def test_exact_ids_of_every_letter(tokenizer_ids):
    letters = "ALGVSREDTIPKFQNYMHWCXBUZOJ"
    assert encode(letters).tolist() == [*range(3, 29), 1]
    assert sorted(letters) == list(RESIDUES)
    for letter in RESIDUES + RESIDUES.lower():
        assert encode(letter).tolist() == tokenizer_ids(letter)


def test_the_residues_of_the_records_are_those_of_the_vocabulary():
    assert set(RESIDUES) == {token for token in VOCABULARY if len(token) == 1}


def test_exact_ids_of_phosphorylated_residues(tokenizer_ids):
    read = parse("AS#T#Y#STYK", "hash")
    assert encode(read.sequence, read.states).tolist() == [3, 29, 30, 31, 7, 11, 18, 14, 1]
    assert tokenizer_ids("AS[Phospho]T[Phospho]Y[Phospho]STYK") == [3, 29, 30, 31, 7, 11, 18, 14, 1]


def test_measured_negatives_have_the_bare_token():
    read = parse("S@T@Y@", "hash")
    assert encode(read.sequence, read.states).tolist() == encode("STY").tolist()


def test_ids_are_ready_for_an_embedding():
    ids = encode("ASK")
    assert ids.dtype == np.int64
    assert ids.flags.writeable


annotated = st.text(alphabet=RESIDUES, min_size=1).flatmap(
    lambda sequence: st.tuples(
        st.just(sequence),
        st.tuples(*[st.integers(0, 2) if r in "STY" else st.just(0) for r in sequence]).map(bytes),
    )
)


@given(st.lists(annotated, min_size=1, max_size=5))
def test_a_data_set_has_the_ids_of_the_tokenizer_row_by_row(rows):
    sequences, states = zip(*rows, strict=True)
    ids, offsets = encode_many(sequences, states)
    assert offsets.tolist() == np.cumsum([0, *(len(sequence) + 1 for sequence in sequences)]).tolist()
    for i, (sequence, state) in enumerate(rows):
        row = ids[offsets[i] : offsets[i + 1]].tolist()
        marked = "".join(
            f"{r}[Phospho]" if s == SiteState.POSITIVE else r for r, s in zip(sequence, state, strict=True)
        )
        assert row == TOKENIZER(marked)["input_ids"] == encode(sequence, state).tolist()


def test_proforma_text_and_states_give_the_same_ids(tokenizer_ids):
    read = parse("MS[UNIMOD:21]PT[+79.966]K", "proforma")
    assert encode(read.sequence, read.states).tolist() == tokenizer_ids(render(read, "proforma"))


def test_no_sequences_and_empty_sequences():
    ids, offsets = encode_many([])
    assert (ids.tolist(), offsets.tolist()) == ([], [0])
    assert encode("").tolist() == [1]


@pytest.mark.parametrize("character", ["-", "*", " ", "1", "\n", "\0", "é", "ſ", "\udce9", "[", "€"])
@pytest.mark.parametrize("position", [1, 3])
def test_an_unknown_character_is_named_with_its_position(character, position):
    sequence = "ASK"[: position - 1] + character + "ASK"[position - 1 :]
    with pytest.raises(InputFormatError) as caught:
        encode(sequence)
    assert str(caught.value) == (f"position {position}: found {character!r}, expected a residue letter A-Z")


def test_an_unknown_character_in_a_data_set_names_the_sequence():
    with pytest.raises(InputFormatError, match="record number 2, position 3: found '1', expected"):
        encode_many(["ASK", "AS1", "A2"])


def test_a_line_break_does_not_split_a_sequence():
    with pytest.raises(InputFormatError, match=r"record number 1, position 2: found '\\n'"):
        encode_many(["A\nS", "K"])


def test_a_positive_on_another_residue_is_refused():
    with pytest.raises(InputFormatError, match="position 2: found POSITIVE on 'K', expected a positive site"):
        encode("AK", bytes([0, 1]))


def test_states_must_fit_the_sequences():
    with pytest.raises(ValueError, match="one byte for each residue"):
        encode_many(["AS", "T"], [bytes(1), bytes(2)])


def test_data_layer_imports_neither_transformers_nor_torch():
    code = (
        "import sys, json, phosphot5.data\n"
        "print(json.dumps([m for m in ('transformers', 'torch', 'pyteomics', 'numpy') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_encoder_imports_no_torch():
    code = "import sys, phosphot5.data.encode; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
