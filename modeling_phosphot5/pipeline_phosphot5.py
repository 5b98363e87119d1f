"""The pipeline ``phosphosite-prediction``: proteins in, rows of a site table out."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

import torch
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForSeq2SeqLM, Pipeline
from transformers.pipelines import PIPELINE_REGISTRY

from .checks_phosphot5 import wrong
from .configuration_phosphot5 import PIPELINE_TASK
from .families_phosphot5 import FamilyTable, require_families
from .fasta_phosphot5 import FastaError
from .geometry_phosphot5 import PRESETS
from .proteins_phosphot5 import GivenProtein, fasta_path, read_fasta, read_protein
from .sites_phosphot5 import select_rows, site_rows

# the first two: see __all__ of the modeling file
__all__ = [
    "PRESETS",
    "FastaError",
    "PhosphositePredictionPipeline",
    "batch_scores",
    "offer_pipeline",
    "score_together",
]

OPTIONS = ("top_k", "threshold", "return_all_scores", "label_source", "kinases", "top_kinases")
"""Arguments of the pipeline beside those of every pipeline."""


class ScoringModel(Protocol):
    """What is asked of a model here."""

    config: Any

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    def score_sites(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, label_source: str | None
    ) -> torch.Tensor:
        """Return probabilities of shape (batch, length)."""

    def score_kinases(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, label_source: str | None
    ) -> torch.Tensor:
        """Return them with those of families, of shape (batch, length, 2 + families)."""


# The hints of transformers' base do not fit its use: options are None by type, and every step takes any keyword.
class PhosphositePredictionPipeline(Pipeline):
    """Score every S, T and Y of proteins; the rows are those that ``phosphot5 predict`` writes.

    Called with a sequence, or a dict with ``sequence`` and optionally ``id`` and ``known``, it gives a list of
    dicts, one for each site. ``known`` lists 1-based positions of sites that are known to be phosphorylated: the
    others are scored given these. Called with a list of these, or with the path of a FASTA file (plain or gzip),
    it gives such a list for each protein, in their order, and every protein is checked before the first is
    scored. Called with a generator or any other iterable it gives an iterator, and memory does not grow with the
    number of proteins.

    A string of letters, gaps and white space is a sequence, whatever files there are; one that ends in ``.fasta``,
    ``.fas``, ``.faa``, ``.fa`` or ``.gz``, or that can only be the name of an existing file, is a path. In a list
    no string is a path.

    On an accelerator the proteins of a batch are scored together, without padding where attention is windowed. On
    a CPU they are scored side by side, each by one thread: a protein's scores are the same bit for bit whatever
    ``batch_size``, the other proteins and the number of threads are, and the same as those of
    ``phosphot5 predict``.

    Parameters
    ----------
    top_k : int, optional
        The sites of highest probability of each protein, best first; sites of equal probability in sequence
        order.
    threshold : float, optional
        Leave out sites of a probability below this one.
    return_all_scores : bool
        True, the default, gives all sites; False those that are called, that is, whose ``call`` is ``high``,
        ``medium`` or ``low``.
    label_source : str, optional
        Kind of label whose sites are asked for, for instance ``curated``; by default the model's
        ``config.label_source``.
    kinases : bool or "all"
        True adds ``kinase``, ``kinase_probability`` and ``kinase_fpr`` to each row: the most probable family of
        kinases. ``"all"`` adds ``kinases`` as well, a list of all families that phosphorylate the residue, groups
        included and the most probable one first, each with ``family``, ``family_probability`` and ``family_fpr``.
    top_kinases : int, optional
        So many families of that list; for ``kinases="all"`` only.
    **kwargs
        ``batch_size``, ``device`` and what else every pipeline takes.

    Notes
    -----
    They may be given here or in a call, and combined; a call's values come first. As known sites have no
    probability, selecting by any of the first three leaves them out.

    Examples
    --------
    >>> predict = model.pipeline(tokenizer)  # or pipeline("phosphosite-prediction", ...) of transformers
    >>> predict({"id": "P04637", "sequence": "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLS"})[0]["position"]
    6
    >>> predict({"sequence": "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLS", "known": [15, 20]})[2]["status"]
    'known'
    """

    model: Any
    _load_tokenizer: Any = True
    _load_processor: Any = False
    _load_image_processor: Any = False
    _load_feature_extractor: Any = False

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Score one protein, or several.

        Parameters
        ----------
        inputs : str, dict, os.PathLike or iterable
            As in the class.
        **kwargs
            ``top_k``, ``threshold``, ``return_all_scores``, ``label_source``, ``kinases``, ``top_kinases``,
            ``batch_size``, ``num_workers``.

        Returns
        -------
        list of dict, list of list of dict, or iterator of list of dict
            For one protein, for a list or a file, for any other iterable; keys as
            :func:`~phosphot5.modeling_phosphot5.sites_phosphot5.site_rows`, and those of kinases.

        Raises
        ------
        ValueError
            If a protein or an option is not as expected: says which item, what was found and what was expected.
        OSError
            If a file cannot be read.
        """
        path = fasta_path(inputs)
        if path is not None:
            proteins = list(read_fasta(path))
        elif isinstance(inputs, (list, tuple)):
            proteins = list(self._numbered(inputs))
        elif not isinstance(inputs, (str, bytes, dict)) and _can_be_iterated(inputs):
            return super().__call__(self._numbered(inputs), **kwargs)
        else:
            return super().__call__(read_protein(inputs, self.model.config.site_token_ids), **kwargs)
        return super().__call__(proteins, **kwargs) if proteins else []

    def _numbered(self, inputs: Iterable[Any]) -> Iterable[GivenProtein]:
        sites = self.model.config.site_token_ids
        return (read_protein(given, sites, item) for item, given in enumerate(inputs, 1))

    def _sanitize_parameters(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        if unknown := [name for name in kwargs if name not in OPTIONS]:
            raise TypeError(
                f"unknown argument {unknown[0]!r}; choose from {', '.join(OPTIONS)} and those of every pipeline"
            )
        top_k, threshold = kwargs.get("top_k"), kwargs.get("threshold")
        if top_k is not None and (type(top_k) is not int or top_k < 1):
            raise wrong("top_k", top_k, "an integer of 1 or more")
        if threshold is not None and not (type(threshold) in (int, float) and 0 <= threshold <= 1):
            raise wrong("threshold", threshold, "a probability from 0 to 1")
        everything = kwargs.get("return_all_scores", True)
        if type(everything) is not bool:
            raise wrong("return_all_scores", everything, "True or False")
        kind = kwargs.get("label_source")
        self.model.config.label_source_id(kind)
        if not everything and not self.model.config.fpr_table_of(kind):
            raise ValueError(
                "return_all_scores=False selects sites by their call, but this model has no table of "
                "false-positive rates and calls no site; use threshold"
            )
        self._check_kinases(kwargs)
        forward = {"label_source": kind, "kinases": kwargs.get("kinases")}
        return {}, {name: value for name, value in forward.items() if value is not None}, kwargs

    def _check_kinases(self, given: dict[str, Any]) -> None:
        """Check what is asked for of the kinases, here or when the pipeline was made."""
        # set by the base once the pipeline is made
        chosen = getattr(self, "_postprocess_params", {}) | given
        kinases, most = chosen.get("kinases", False), chosen.get("top_kinases")
        if type(kinases) is not bool and kinases != "all":
            raise wrong("kinases", kinases, "True, False or 'all'")
        if kinases:
            require_families(self.model.config.kinase_families)
        if most is not None and (type(most) is not int or most < 1):
            raise wrong("top_kinases", most, "an integer of 1 or more")
        if most is not None and kinases != "all":
            raise ValueError("top_kinases limits the list of kinases='all'; give both, or neither")

    def preprocess(self, inputs: GivenProtein) -> dict[str, Any]:  # type: ignore[override]
        """Tokenize one protein, known sites as phosphorylated residues."""
        assert self.tokenizer is not None  # _load_tokenizer
        encoded = self.tokenizer(inputs.sequence, return_tensors="pt")
        for index in inputs.known:
            residue = inputs.sequence[index]
            encoded["input_ids"][0, index] = self.model.config.site_token_ids[residue][1]
        return {**encoded, "protein": inputs}

    def _forward(  # type: ignore[override]
        self, model_inputs: dict[str, Any], label_source: str | None = None, kinases: bool | str = False
    ) -> dict[str, Any]:
        ids, mask = model_inputs["input_ids"], model_inputs["attention_mask"]
        together = ids.device.type != "cpu"
        scores = batch_scores(self.model, ids, mask, together, label_source, bool(kinases))
        return {"scores": scores, "protein": model_inputs["protein"]}

    def postprocess(  # type: ignore[override]
        self,
        model_outputs: dict[str, Any],
        top_k: int | None = None,
        threshold: float | None = None,
        return_all_scores: bool = True,
        label_source: str | None = None,
        kinases: bool | str = False,
        top_kinases: int | None = None,
    ) -> list[dict[str, Any]]:
        """Make the rows of one protein and select among them."""
        protein, config = model_outputs["protein"], self.model.config
        scores = model_outputs["scores"][0, : len(protein.sequence)].to(torch.float32)
        probabilities = (scores[:, 0] if kinases else scores).tolist()
        table, sites = config.fpr_table_of(label_source), config.site_token_ids
        rows = site_rows(
            protein.id, protein.sequence, probabilities, table, protein.positions, protein.known, sites
        )
        if kinases:
            places = [index for index, residue in enumerate(protein.sequence) if residue in sites]
            families = FamilyTable(config.kinase_families, config.kinase_fpr_table_of(label_source))
            families.add_to(rows, scores[places, 1:].tolist(), kinases == "all", top_kinases)
        return select_rows(rows, top_k, threshold, only_called=not return_all_scores)


def offer_pipeline() -> None:
    """Make ``transformers.pipeline`` know the task; does nothing where it does."""
    if PIPELINE_TASK not in PIPELINE_REGISTRY.get_supported_tasks():
        PIPELINE_REGISTRY.register_pipeline(
            PIPELINE_TASK, pipeline_class=PhosphositePredictionPipeline, pt_model=AutoModelForSeq2SeqLM
        )


def _can_be_iterated(inputs: Any) -> bool:
    """Datasets of torch have items and no iterator of their own."""
    return isinstance(inputs, Iterable) or hasattr(inputs, "__getitem__")


def batch_scores(
    model: ScoringModel,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    together: bool,
    label_source: str | None = None,
    kinases: bool = False,
) -> torch.Tensor:
    """Score a batch, its proteins together or one after the other.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    input_ids : torch.Tensor of int64 of shape (batch, length)
        Proteins ending in ``</s>``, padded on either side.
    attention_mask : torch.Tensor of int64 of shape (batch, length)
        1 for tokens, 0 for padding.
    together : bool
        In one pass, packed into one row where attention is windowed; else each by a thread of its own, so that
        the last bits of its scores do not depend on the others.
    label_source : str, optional
        Kind of label; by default the model's.
    kinases : bool
        Score families of kinases, too.

    Returns
    -------
    torch.Tensor of shape (batch, length) or (batch, length, 2 + families)
        Probabilities from the first residue on, as of ``score_sites`` or ``score_kinases``; NaN beyond the end.
    """
    proteins = [row[keep] for row, keep in zip(input_ids, attention_mask.bool(), strict=True)]
    if together:
        scores = score_together(model, proteins, label_source=label_source, kinases=kinases)
    else:
        scores = _scores_side_by_side(model, proteins, label_source, kinases)
    return pad_sequence(list(scores), batch_first=True, padding_value=float("nan"))


def score_together(
    model: ScoringModel,
    proteins: Sequence[torch.Tensor],
    multiple: int = 1,
    label_source: str | None = None,
    kinases: bool = False,
) -> Sequence[torch.Tensor]:
    """Score a batch in one pass: packed into one row where attention is windowed, else padded on the right.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : sequence of torch.Tensor of int64 of shape (tokens,)
        Proteins ending in ``</s>``, on any device.
    multiple : int
        Rows are padded to a multiple of this many tokens.
    label_source : str, optional
        Kind of label; by default the model's.
    kinases : bool
        Score families of kinases, too.

    Returns
    -------
    sequence of torch.Tensor of shape (tokens,) or (tokens, 2 + families)
        Probabilities of each protein, as of ``score_sites`` or ``score_kinases``.
    """
    lengths = [len(row) for row in proteins]
    if packed := model.config.attention == "window":
        ids = torch.cat(list(proteins))[None]
        mask = torch.cat([torch.full_like(row, number) for number, row in enumerate(proteins, 1)])[None]
    else:
        ids = pad_sequence(list(proteins), batch_first=True, padding_value=model.config.pad_token_id)
        mask = pad_sequence([torch.ones_like(row) for row in proteins], batch_first=True)
    more = (0, -ids.shape[1] % multiple)
    ids, mask = pad(ids, more, value=model.config.pad_token_id), pad(mask, more)
    if model.device.type == "cuda" and ids.device.type == "cpu":
        ids, mask = ids.pin_memory(), mask.pin_memory()
    score = model.score_kinases if kinases else model.score_sites
    scores = score(
        ids.to(model.device, non_blocking=True), mask.to(model.device, non_blocking=True), label_source
    )
    if packed:
        return scores[0, : sum(lengths)].split(lengths)
    return [row[:length] for row, length in zip(scores, lengths, strict=True)]


def _scores_side_by_side(
    model: ScoringModel, proteins: list[torch.Tensor], label_source: str | None, kinases: bool
) -> list[torch.Tensor]:
    """Score each protein by itself; threads inside an operation would change the last bits."""
    before = torch.get_num_threads()
    workers = max(1, min(before, len(proteins)))
    try:
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            masks = [torch.ones_like(row)[None] for row in proteins]
            method = model.score_kinases if kinases else model.score_sites
            score = partial(method, label_source=label_source)
            return [scores[0] for scores in pool.map(score, [row[None] for row in proteins], masks)]
    finally:
        torch.set_num_threads(before)  # what the pool's threads set is also the default of new threads
