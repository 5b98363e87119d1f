"""The pipeline ``phosphosite-prediction``: proteins in, rows of a site table out."""

from typing import Any

import torch
from transformers import Pipeline

from .sites_phosphot5 import site_rows

__all__ = ["PhosphositePredictionPipeline"]


class PhosphositePredictionPipeline(Pipeline):
    """Score every S, T and Y of proteins.

    Takes a sequence, a dict with ``sequence`` and optionally ``id``, or a list of these; gives for each
    protein the list of rows that ``phosphot5 predict`` writes.

    Examples
    --------
    >>> predict = model.pipeline(tokenizer)  # or pipeline("phosphosite-prediction", ...) of transformers
    >>> predict({"id": "P04637", "sequence": "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLS"})[0]["position"]
    6
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

    def preprocess(self, inputs: str | dict[str, str]) -> dict[str, Any]:
        """Tokenize one protein.

        Raises
        ------
        ValueError
            If the input is neither a sequence nor a dict with one, or a character is no residue.
        """
        protein = {"sequence": inputs} if isinstance(inputs, str) else inputs
        if not isinstance(protein, dict) or not isinstance(protein.get("sequence"), str):
            raise ValueError(
                f"found {inputs!r}, expected a protein sequence or a dict with 'sequence' and 'id'"
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
        return {**self.tokenizer(sequence, return_tensors="pt"), "id": name, "sequence": sequence}

    def _forward(self, model_inputs: dict[str, Any]) -> dict[str, Any]:
        inputs = {name: model_inputs[name] for name in ("input_ids", "attention_mask")}
        scores = self.model.score_sites(**inputs)
        return {"scores": scores, "id": model_inputs["id"], "sequence": model_inputs["sequence"]}

    def postprocess(self, model_outputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Make the rows of one protein."""
        name, sequence, scores = (model_outputs[key] for key in ("id", "sequence", "scores"))
        if isinstance(sequence, list):
            name, sequence = name[0], sequence[0]
        probabilities = scores[0, : len(sequence)].to(torch.float32).tolist()
        return site_rows(name, sequence, probabilities, self.model.config.fpr_table)
