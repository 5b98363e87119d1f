"""Whole data sets to token ids in one numpy pass, with the same ids as `PhosphoT5Tokenizer`.

The vocabulary comes from the tokenizer, which imports transformers; nothing else in `phosphot5.data` does.
"""

from collections.abc import Sequence

import numpy as np

from phosphot5.data.records import RESIDUES, SiteState
from phosphot5.errors import InputFormatError
from phosphot5.tokenization_phosphot5.vocabulary_phosphot5 import PHOSPHO_OF, VOCABULARY

__all__ = ["encode", "encode_many"]

EOS = VOCABULARY["</s>"]
_UNKNOWN = VOCABULARY["<unk>"]
_SEPARATOR = "\n"


def _residue_table() -> bytes:
    table = bytearray([_UNKNOWN]) * 256
    for residue in RESIDUES:
        table[ord(residue)] = table[ord(residue.lower())] = VOCABULARY[residue]
    table[ord(_SEPARATOR)] = EOS
    return bytes(table)


def _phospho_table() -> np.ndarray:
    table = np.full(len(VOCABULARY), _UNKNOWN)
    for residue, token in PHOSPHO_OF.items():
        table[VOCABULARY[residue]] = VOCABULARY[token]
    return table


_ID_OF_BYTE = _residue_table()
_PHOSPHO_OF_ID = _phospho_table()


def encode(sequence: str, states: bytes | None = None) -> np.ndarray:
    """Encode one sequence.

    Parameters
    ----------
    sequence : str
        Residue letters, upper or lower case, nothing else.
    states : bytes, optional
        One `SiteState` value per residue: POSITIVE residues become phosphorylated tokens.

    Returns
    -------
    np.ndarray of shape (len(sequence) + 1,)
        Token ids, int64; the last is ``</s>``.

    Raises
    ------
    InputFormatError
        If a character is no residue or a positive stands on none of S, T, Y, with its 1-based position.
    """
    return encode_many([sequence], None if states is None else [states])[0]


def encode_many(
    sequences: Sequence[str], states: Sequence[bytes] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Encode many sequences in one pass.

    Parameters
    ----------
    sequences : sequence of str
        Residue letters, upper or lower case, nothing else.
    states : sequence of bytes, optional
        For each sequence one `SiteState` value per residue: POSITIVE residues become phosphorylated tokens.

    Returns
    -------
    ids : np.ndarray of shape (total residues + number of sequences,)
        Token ids of all sequences one after the other, each with its ``</s>``; int64.
    offsets : np.ndarray of shape (number of sequences + 1,)
        Sequence i is ``ids[offsets[i]:offsets[i + 1]]``; int64, 0-based.

    Raises
    ------
    InputFormatError
        If a character is no residue or a positive stands on none of S, T, Y: names the sequence (1-based, as
        record) and the residue position (1-based).
    ValueError
        If there are not as many states as residues.
    """
    offsets = np.zeros(len(sequences) + 1, dtype=np.int64)
    np.cumsum([len(sequence) + 1 for sequence in sequences], out=offsets[1:])
    # A character beyond ASCII becomes one '?', which is no residue: positions stay, the check below finds it.
    text = _SEPARATOR.join([*sequences, ""]).encode("ascii", "replace").translate(_ID_OF_BYTE)
    ids = np.frombuffer(text, dtype=np.uint8).astype(np.int64)
    if text.count(_UNKNOWN) or text.count(EOS) != len(sequences):
        _raise_at_first_wrong(ids, offsets, sequences)
    if states is not None:
        if [len(row) for row in states] != [len(sequence) for sequence in sequences]:
            raise ValueError("states must have one byte for each residue of each sequence.")
        marks = np.frombuffer(b"\0".join([*states, b""]), dtype=np.uint8)
        positive = np.flatnonzero(marks == SiteState.POSITIVE)
        ids[positive] = _PHOSPHO_OF_ID[ids[positive]]
        if (ids[positive] == _UNKNOWN).any():
            _raise_at_first_wrong(ids, offsets, sequences)
    return ids, offsets


def _raise_at_first_wrong(ids: np.ndarray, offsets: np.ndarray, sequences: Sequence[str]) -> None:
    wrong = ids == _UNKNOWN
    wrong |= ids == EOS
    wrong[offsets[1:] - 1] = False
    index = int(wrong.argmax())
    row = int(np.searchsorted(offsets, index, side="right")) - 1
    position = index - int(offsets[row])
    character = sequences[row][position]
    record = f"number {row + 1}" if len(sequences) > 1 else None
    if character.isascii() and character.isalpha():
        found, expected = f"POSITIVE on {character!r}", "a positive site on S, T or Y only"
    else:
        found, expected = repr(character), "a residue letter A-Z"
    raise InputFormatError(found, expected, record=record, position=position + 1)
