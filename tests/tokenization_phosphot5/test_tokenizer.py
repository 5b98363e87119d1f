"""The tokenizer: exact ids that may never drift, round trips, loading, errors."""

import json

import pytest
from transformers import AutoTokenizer

import phosphot5
from phosphot5 import PhosphoT5Config, PhosphoT5Tokenizer, RegularTokenizer

IDS = {"<pad>": 0, "</s>": 1, "<unk>": 2}
IDS |= {residue: i for i, residue in enumerate("ALGVSREDTIPKFQNYMHWC", start=3)}
IDS |= {"X": 23, "B": 24, "U": 25, "Z": 26, "O": 27, "J": 28}
IDS |= {"S[Phospho]": 29, "T[Phospho]": 30, "Y[Phospho]": 31}


@pytest.fixture
def tokenizer():
    return PhosphoT5Tokenizer()


def test_every_id(tokenizer):
    assert tokenizer.get_vocab() == IDS
    assert len(tokenizer) == tokenizer.vocab_size == 32
    for token, index in IDS.items():
        assert tokenizer.convert_tokens_to_ids(token) == index
        assert tokenizer.convert_ids_to_tokens(index) == token


def test_start_of_p53_with_a_mark(tokenizer):
    ids = tokenizer("MEEPQSDPSVEPPLS[Phospho]QETF")["input_ids"]
    assert ids == [19, 9, 9, 13, 16, 7, 10, 13, 7, 6, 9, 13, 13, 4, 29, 16, 9, 11, 15, 1]


@pytest.mark.parametrize("text", ["ms[Phospho]TpY", "M S[Phospho] T P Y", "MS[Phospho]\nTPY"])
def test_case_and_blanks_do_not_matter(tokenizer, text):
    assert tokenizer(text)["input_ids"] == [19, 29, 11, 13, 18, 1]


def test_what_is_no_residue_becomes_unknown(tokenizer):
    assert tokenizer("M1?S")["input_ids"] == [19, 2, 2, 7, 1]
    assert tokenizer("AM[Oxidation]S[Acetyl]K")["input_ids"] == [3, 2, 2, 14, 1]


def test_config_carries_the_same_ids(tokenizer):
    config = PhosphoT5Config()
    assert config.vocab_size == len(tokenizer)
    assert (config.pad_token_id, config.eos_token_id) == (tokenizer.pad_token_id, tokenizer.eos_token_id)
    assert config.mask_token_id == PhosphoT5Tokenizer().unk_token_id
    for residue, pair in config.site_token_ids.items():
        assert tokenizer.convert_ids_to_tokens(pair) == [residue, f"{residue}[Phospho]"]


def test_decoding_gives_proforma_back(tokenizer):
    text = "MS[Phospho]TY[Phospho]XBUZOJ"
    assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text


def test_padding_truncation_and_masks(tokenizer):
    batch = tokenizer(["MSTY", "MS"], padding=True, truncation=True, max_length=4)
    assert batch["input_ids"] == [[19, 7, 11, 1], [19, 7, 1, 0]]
    assert batch["attention_mask"] == [[1, 1, 1, 1], [1, 1, 1, 0]]
    ids = batch["input_ids"][1]
    assert tokenizer.get_special_tokens_mask(ids, already_has_special_tokens=True) == [0, 0, 1, 1]
    assert tokenizer.get_special_tokens_mask([19, 7]) == [0, 0, 1]
    assert tokenizer.model_max_length == 65536


def test_save_and_load_through_auto_tokenizer(tokenizer, tmp_path):
    phosphot5.register()
    tokenizer.save_pretrained(tmp_path)
    PhosphoT5Config.preset("tiny").save_pretrained(tmp_path)
    assert json.loads((tmp_path / "vocab.json").read_text()) == IDS
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert type(loaded) is PhosphoT5Tokenizer
    assert loaded("MSTY")["input_ids"] == tokenizer("MSTY")["input_ids"]
    assert loaded.model_max_length == 65536


def test_another_vocabulary_is_refused(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "vocab.json").write_text(json.dumps(IDS | {"A": 4, "L": 3}))
    with pytest.raises(ValueError, match=r"not the PhosphoT5 vocabulary, tokens \['A', 'L'\] have other ids"):
        PhosphoT5Tokenizer.from_pretrained(tmp_path)


def test_pairs_are_refused(tokenizer):
    with pytest.raises(ValueError, match="one protein per input, found a pair"):
        tokenizer("MS", "TY")


def test_original_name():
    assert RegularTokenizer is PhosphoT5Tokenizer
