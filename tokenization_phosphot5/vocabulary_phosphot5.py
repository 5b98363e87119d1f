"""Tokens and their ids; needs nothing beyond the standard library."""

import re

__all__ = ["MODEL_MAX_LENGTH", "PHOSPHO_OF", "RESIDUE_PATTERN", "SPECIAL_TOKENS", "VOCABULARY"]

SPECIAL_TOKENS = ("<pad>", "</s>", "<unk>")
RESIDUES = tuple("ALGVSREDTIPKFQNYMHWCXBUZOJ")
PHOSPHO_OF = {"S": "S[Phospho]", "T": "T[Phospho]", "Y": "Y[Phospho]"}
"""Phosphorylated token of each residue that can be phosphorylated."""
VOCABULARY = {token: i for i, token in enumerate((*SPECIAL_TOKENS, *RESIDUES, *PHOSPHO_OF.values()))}
"""Token string to id: specials 0..2 as in T5, residues 3..28, phosphorylated residues 29..31."""
RESIDUE_PATTERN = re.compile(r"<pad>|</s>|<unk>|[A-Za-z](?:\[[^\]]*\])?|\S")
"""One match per token: a residue with its modification; what is not in the vocabulary becomes ``<unk>``."""
MODEL_MAX_LENGTH = 65536
"""Longest input in tokens; the longest human protein (titin) has 34,350 residues."""
