"""The pipeline ``phosphosite-prediction``: proteins in, rows of a site table out."""

from typing import Any

import torch
from transformers import Pipeline

from .decoding_phosphot5 import is_phosphorylated
from .sites_phosphot5 import site_rows

__all__ = ["PhosphositePredictionPipeline"]


class PhosphositePredictionPipeline(Pipeline):
    """Score every S, T and Y of proteins.

    Takes a sequence, a dict with ``sequence`` and optionally ``id`` and ``known``, or a list of these; gives
    for each protein the list of rows that ``phosphot5 predict`` writes. ``known`` lists 1-based positions of
    sites that are known to be phosphorylated: the others are scored given these.

    Examples
    --------
    >>> predict = model.pipeline(tokenizer)  # or pipeline("phosphosite-prediction", ...) of transformers
    >>> predict({"id": "P04637", "sequence": "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLS"})[0]["position"]
    6
    >>> predict({"sequence": "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLS", "known": [15, 20]})[2]["status"]
    'known'
    """

    _load_tokenizer = True
    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = False

    def _sanitize_parameters(self, **kwargs: Any) -> tuple[dict, dict, dict]:
        if kwargs:
            raise TypeError(
                f"unknown arguments {', '.join(kwargs)}; phosphosite-prediction takes proteins only"
            )
        return {}, {}, {}

    def preprocess(self, inputs: str | dict[str, Any]) -> dict[str, Any]:
        """Tokenize one protein.

        Raises
        ------
        ValueError
            If the input is neither a sequence nor a dict with one, a character is no residue, or a known
            position is beyond the sequence or on no S, T or Y.
        """
        protein = {"sequence": inputs} if isinstance(inputs, str) else inputs
        if not isinstance(protein, dict) or not isinstance(protein.get("sequence"), str):
            raise ValueError(
                f"found {inputs!r}, expected a protein sequence or a dict with 'sequence', 'id' and 'known'"
            )
        name, sequence = str(protein.get("id", "")), "".join(protein["sequence"].split()).upper()
        known = self.tokenizer.get_vocab()
        for position, residue in enumerate(sequence, start=1):
            if residue not in known:
                raise ValueError(
                    f"protein {name!r}, position {position}: found {residue!r}, expected a residue"
                )
        if not sequence:
            raise ValueError(f"protein {name!r}: found no residues, expected at least one")
        encoded = self.tokenizer(sequence, return_tensors="pt")
        for index in self._known_residues(name, sequence, protein.get("known")):
            encoded["input_ids"][0, index] = self.model.config.site_token_ids[sequence[index]][1]
        return {**encoded, "id": name, "sequence": sequence}

    def _known_residues(self, name: str, sequence: str, known: Any) -> list[int]:
        """Return the 0-based residues of known sites."""
        if known is None:
            return []
        if not isinstance(known, (list, tuple)):
            raise ValueError(f"protein {name!r}: found known {known!r}, expected a list of positions")
        sites = self.model.config.site_token_ids
        for position in known:
            if type(position) is not int or not 1 <= position <= len(sequence):
                raise ValueError(
                    f"protein {name!r}: found known position {position!r}, "
                    f"expected an integer from 1 to {len(sequence)}"
                )
            if sequence[position - 1] not in sites:
                raise ValueError(
                    f"protein {name!r}, known position {position}: found {sequence[position - 1]!r}, "
                    f"expected one of {', '.join(sites)}"
                )
        return [position - 1 for position in known]

    def _forward(self, model_inputs: dict[str, Any]) -> dict[str, Any]:
        inputs = {name: model_inputs[name] for name in ("input_ids", "attention_mask")}
        return {
            "scores": self.model.score_sites(**inputs),
            "known": is_phosphorylated(inputs["input_ids"], self.model.config.site_token_ids),
            "id": model_inputs["id"],
            "sequence": model_inputs["sequence"],
        }

    def postprocess(self, model_outputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Make the rows of one protein."""
        name, sequence, scores = (model_outputs[key] for key in ("id", "sequence", "scores"))
        if isinstance(sequence, list):
            name, sequence = name[0], sequence[0]
        probabilities = scores[0, : len(sequence)].to(torch.float32).tolist()
        known = model_outputs["known"][0].nonzero().flatten().tolist()
        return site_rows(name, sequence, probabilities, self.model.config.fpr_table, known=known)
