"""Serve the model by Inference Endpoints: JSON in, rows of site tables out.

The Hugging Face inference toolkit loads this file from the model's folder by its path, so it imports no sibling.
"""

from pathlib import Path
from typing import Any

from transformers import pipeline

__all__ = ["EndpointHandler"]

MAX_PROTEINS = 1000
"""Proteins in one request."""
MAX_RESIDUES = 500_000
"""Residues in one request, all proteins together: about half a minute on two cores."""
MAX_RESIDUES_ALL_KINASES = 50_000
"""Residues in a request for all families of kinases, whose answer is many times as long."""
PROTEINS_AT_ONCE = 16
"""Proteins that an accelerator scores in one pass."""
PARAMETERS = ("top_k", "threshold", "return_all_scores", "label_source", "kinases", "top_kinases")


class EndpointHandler:
    """Answer requests of the form ``{"inputs": ..., "parameters": {...}}``.

    ``inputs`` is a sequence, an object with ``sequence`` and optionally ``id`` and ``known`` (1-based positions of
    known sites), or a list of these. ``parameters`` may hold ``top_k``, ``threshold``, ``return_all_scores``,
    ``label_source``, ``kinases`` and ``top_kinases``, as in the pipeline ``phosphosite-prediction``. No file is ever
    read for a request.

    Parameters
    ----------
    path : str
        The model's folder; by default the one this file is in.
    """

    def __init__(self, path: str = "") -> None:
        # the hints of transformers list its own tasks only
        self.predict = pipeline(  # type: ignore[call-overload]
            "phosphosite-prediction",
            model=str(path or Path(__file__).parent),
            trust_remote_code=True,
            batch_size=PROTEINS_AT_ONCE,
        )

    def __call__(self, data: dict[str, Any]) -> list[Any]:
        """Answer one request.

        Parameters
        ----------
        data : dict
            The decoded JSON of the request.

        Returns
        -------
        list of dict or list of list of dict
            The rows of the protein or, if ``inputs`` is a list, of each; JSON has all their values.

        Raises
        ------
        ValueError
            If the request is not as expected. The toolkit makes of any exception the answer
            ``{"error": message}`` with the status 400; an error returned as a value would pass for a success.
        """
        if not isinstance(data, dict) or "inputs" not in data:
            raise ValueError('the request has no "inputs"; expected {"inputs": ..., "parameters": {...}}')
        if unknown := [name for name in data if name not in ("inputs", "parameters")]:
            raise ValueError(f'unknown key {unknown[0]!r}; only "inputs" and "parameters" are allowed')
        parameters = data.get("parameters") or {}
        if not isinstance(parameters, dict):
            raise ValueError(f"parameters is {parameters!r}, expected an object")
        if unknown := [name for name in parameters if name not in PARAMETERS]:
            raise ValueError(f"unknown parameter {unknown[0]!r}; choose from {', '.join(PARAMETERS)}")
        inputs = data["inputs"]
        # a list even if it is one protein: in a list, no string is taken for the path of a file
        proteins = inputs if isinstance(inputs, list) else [inputs]
        every = parameters.get("kinases") == "all"
        _check_size(proteins, MAX_RESIDUES_ALL_KINASES if every else MAX_RESIDUES)
        rows = self.predict(proteins, **parameters)
        return rows if isinstance(inputs, list) else rows[0]


def _check_size(proteins: list[Any], most: int) -> None:
    if len(proteins) > MAX_PROTEINS:
        raise ValueError(
            f"{len(proteins):,} proteins in one request; split it into requests of at most {MAX_PROTEINS:,}"
        )
    sequences = [given.get("sequence") if isinstance(given, dict) else given for given in proteins]
    residues = sum(len(sequence) for sequence in sequences if isinstance(sequence, str))
    if residues > most:
        raise ValueError(f"{residues:,} residues in one request; split it into requests of at most {most:,}")
