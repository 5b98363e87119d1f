"""Residue tokenizer of PhosphoT5: one token per residue, one token per phosphorylated residue.

This file travels to the Hub with every checkpoint, so it imports nothing beyond the standard library,
transformers and its vocabulary.
"""

import json
import os

from transformers import PreTrainedTokenizer

from .vocabulary_phosphot5 import MODEL_MAX_LENGTH, RESIDUE_PATTERN, SPECIAL_TOKENS, VOCABULARY

__all__ = ["PhosphoT5Tokenizer", "RegularTokenizer"]


class PhosphoT5Tokenizer(PreTrainedTokenizer):
    """Tokenize proteins residue by residue.

    ``"AS[Phospho]PK"`` becomes ``["A", "S[Phospho]", "P", "K"]`` and ``</s>`` is appended, as in T5. White
    space between residues is ignored (``"A S P K"`` of ProtT5 gives the same ids) and letters are
    upper-cased. The vocabulary is fixed and built in code.

    Parameters
    ----------
    vocab_file : str, optional
        A saved ``vocab.json``; read only to verify that it is this vocabulary.
    eos_token, unk_token, pad_token : str
        Special tokens; ``<unk>`` doubles as the mask of denoising pre-training.
    **kwargs
        Passed on to :class:`transformers.PreTrainedTokenizer`.

    Raises
    ------
    ValueError
        If ``vocab_file`` holds another vocabulary.
    """

    vocab_files_names = {"vocab_file": "vocab.json"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str | None = None,
        eos_token: str = "</s>",
        unk_token: str = "<unk>",
        pad_token: str = "<pad>",
        **kwargs: object,
    ) -> None:
        if vocab_file is not None:
            _check_vocabulary(vocab_file)
        self._ids = dict(VOCABULARY)
        self._tokens = list(VOCABULARY)
        kwargs.setdefault("model_max_length", MODEL_MAX_LENGTH)
        super().__init__(eos_token=eos_token, unk_token=unk_token, pad_token=pad_token, **kwargs)

    @property
    def vocab_size(self) -> int:
        """Number of tokens, 32."""
        return len(self._tokens)

    def get_vocab(self) -> dict[str, int]:
        """Return a copy of the token-to-id table, added tokens included."""
        return self._ids | self.added_tokens_encoder

    def _tokenize(self, text: str, **kwargs: object) -> list[str]:
        tokens = RESIDUE_PATTERN.findall(text)
        return [token if token in self._ids else token[0].upper() + token[1:] for token in tokens]

    def _convert_token_to_id(self, token: str) -> int:
        return self._ids.get(token, self._ids["<unk>"])

    def _convert_id_to_token(self, index: int) -> str:
        return self._tokens[index] if 0 <= index < len(self._tokens) else "<unk>"

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Join tokens without white space, which gives ProForma: ``AS[Phospho]PK``."""
        return "".join(tokens)

    def build_inputs_with_special_tokens(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None
    ) -> list[int]:
        """Append ``</s>`` to one sequence of ids.

        Raises
        ------
        ValueError
            If a second sequence is given: a protein has no pair.
        """
        if token_ids_1 is not None:
            raise ValueError("PhosphoT5 reads one protein per input, found a pair; pass a list of proteins.")
        return [*token_ids_0, self._ids["</s>"]]

    def get_special_tokens_mask(
        self,
        token_ids_0: list[int],
        token_ids_1: list[int] | None = None,
        already_has_special_tokens: bool = False,
    ) -> list[int]:
        """Return 1 for special tokens and 0 for residues, one value per token."""
        if already_has_special_tokens:
            return [int(i < len(SPECIAL_TOKENS)) for i in token_ids_0]
        return [0] * len(token_ids_0) + [1]

    def save_vocabulary(self, save_directory: str, filename_prefix: str | None = None) -> tuple[str]:
        """Write ``vocab.json`` into ``save_directory`` and return its path."""
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        path = os.path.join(save_directory, prefix + self.vocab_files_names["vocab_file"])
        with open(path, "w", encoding="utf-8") as handle:
            json.dump(self._ids, handle, indent=1)
            handle.write("\n")
        return (path,)


def _check_vocabulary(path: str) -> None:
    with open(path, encoding="utf-8") as handle:
        found = json.load(handle)
    if found != VOCABULARY:
        wrong = sorted(t for t in {*found, *VOCABULARY} if found.get(t) != VOCABULARY.get(t))
        raise ValueError(
            f"{path}: not the PhosphoT5 vocabulary, tokens {wrong[:5]} have other ids; "
            "restore the vocab.json that was saved with the model."
        )


RegularTokenizer = PhosphoT5Tokenizer
"""The name this regular-expression residue tokenizer has in the original recipe."""
