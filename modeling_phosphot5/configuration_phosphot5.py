"""Configuration of PhosphoT5: geometry, attention, loss and the calibration that travels with the weights."""

from pathlib import Path
from typing import Any

from transformers import PretrainedConfig
from transformers.activations import ACT2FN
from transformers.utils import logging

from .checks_phosphot5 import (
    check_calibration,
    check_kinases,
    check_label_sources,
    check_number,
    check_rates,
    check_residues,
    wrong,
)
from .geometry_phosphot5 import NUMBERS, PRESETS, SWITCHES, TOKEN_IDS

__all__ = ["PRESETS", "UNSPECIFIED", "PhosphoT5Config"]

VERSION = "0.7.0"
"""Release of the code that writes this configuration; equals the package version."""

UNSPECIFIED = "unspecified"
"""Name of no kind of label in particular."""

logger = logging.get_logger(__name__)

PIPELINE_TASK = "phosphosite-prediction"
PIPELINE_CLASS = "pipeline_phosphot5.PhosphositePredictionPipeline"

AUTO_MAP = {
    "AutoConfig": "configuration_phosphot5.PhosphoT5Config",
    "AutoModel": "modeling_phosphot5.PhosphoT5EncoderModel",
    "AutoModelForSeq2SeqLM": "modeling_phosphot5.PhosphoT5ForConditionalGeneration",
    "AutoModelForTextEncoding": "modeling_phosphot5.PhosphoT5EncoderModel",
}
"""Where transformers' Auto classes find ours in a Hub folder."""


class PhosphoT5Config(PretrainedConfig):
    """Everything that defines a PhosphoT5 checkpoint beside its weights.

    Parameters
    ----------
    vocab_size, d_model, d_kv, d_ff, num_layers, num_decoder_layers, num_heads : int
        Geometry, named as in T5; the defaults are those of T5-large.
    relative_attention_num_buckets, relative_attention_max_distance : int
        Buckets of T5's relative position bias.
    dropout_rate : float
        Dropout of embeddings, sub-layers and feed-forward.
    attention_dropout_rate : float, optional
        Dropout of attention probabilities; ``None`` means ``dropout_rate``, as in T5.
    layer_norm_epsilon, initializer_factor, feed_forward_proj
        As in T5; ``feed_forward_proj`` is ``"relu"``, ``"gated-gelu"`` (T5 v1.1), ``"gated-silu"``, ...
    tie_word_embeddings : bool
        Whether the output projection is the embedding table.
    scale_decoder_outputs : bool, optional
        Whether decoder states are multiplied by ``d_model ** -0.5``; ``None`` means ``tie_word_embeddings``.
    attention : {"window", "full"}
        ``"window"``: encoder self-attention sees ``|i - j| <= window``, decoder self-attention
        ``0 <= i - j <= window``, cross-attention ``|i - j| <= window``. ``"full"``: stock T5.
    window : int
        Residues to either side that windowed attention sees.
    alignment : bool
        Learned relative bias on (source - target position) in cross-attention.
    conv_width : int
        Odd width in residues of the residual convolution before the first encoder block; 0 for none.
    global_context : bool
        After every encoder block, add a function of the protein's mean state to all of its residues.
    noise_std : float
        Standard deviation of the Gaussian noise on input embeddings, in training only.
    focal_gamma, label_smoothing : float
        Parameters of :class:`~phosphot5.FocalLossWithSmoothing`.
    copy_weight : float
        Weight of the full-vocabulary loss that teaches copying; the choice at a site has weight 1.
    prefix_mask_prob : float
        Share of training rows whose decoder reads the bare sequence (marginal scores); the others read
        the true sites upstream (conditional scores).
    known_site_prob : float
        Share of training proteins whose source shows a random share of their true sites, so that the model
        learns to score the rest given known sites.
    residue_mask_prob : float
        Share of the residues other than S, T and Y that encoder and decoder read as ``<unk>`` in training.
    label_sources : sequence of str
        Kinds of labels that the model tells apart, for instance ``["mass-spec", "curated"]``: each has a learned
        vector, added to all residues of a protein. By default none.
    label_source : str, optional
        The kind whose sites are scored unless a call names another. By default ``"unspecified"``, which the model
        knows, too.
    label_source_drop : float
        Share of training proteins whose kind of label the model is not told.
    label_source_adapters : dict of str to int, optional
        Kind of label to the hidden units of its own in an adapter after every encoder block (Houlsby et al. 2019);
        proteins of kinds without units pass it unchanged. By default there is no adapter.
    mask_token_id : int
        Id of ``<unk>``, which doubles as the mask; the last of the special tokens.
    site_token_ids : dict of str to list of int, optional
        Residue to ``[plain id, phosphorylated id]``; the defaults are those of the tokenizer.
    calibration : dict, optional
        Residue to ``{"slope", "neighbours", "protein", "intercept"}``, the weights of a site's log-odds and of
        its context in the calibrated ones, fitted on validation data, and the ``"threshold"`` of highest MCC
        there, a calibrated probability. With ``label_sources``, kind of label to that.
    fpr_table : dict, optional
        Residue to ``{"fpr": [...], "probability": [...]}``: the share of validated negatives that score
        at or above each probability; ``fpr`` ascending. With ``label_sources``, kind of label to that.
    kinase_families : dict, optional
        Families of kinases that the model tells apart at every site: name to ``{"residues": "ST" or "Y", "members":
        [gene symbols], "sites": training sites}``. By default none.
    kinase_fpr_table : dict, optional
        Family to ``{"fpr": [...], "probability": [...]}``: the share of the other S and T, or Y, of substrates whose
        probability of being phosphorylated by the family is at or above each. With ``label_sources``, kind of label
        to that.
    phosphot5_version : str
        Release of the code that wrote the configuration; another one than that of this code is warned about,
        and this one's is kept.
    **kwargs
        Passed on to :class:`transformers.PretrainedConfig`.

    Raises
    ------
    ValueError
        If a value is of the wrong type or out of its range; see :meth:`check`.
    """

    model_type = "phosphot5"
    keys_to_ignore_at_inference = ["past_key_values", "cache"]
    attribute_map = {
        "hidden_size": "d_model",
        "num_attention_heads": "num_heads",
        "num_hidden_layers": "num_layers",
        "head_dim": "d_kv",
    }

    def __init__(
        self,
        vocab_size: int = 32,
        d_model: int = 1024,
        d_kv: int = 64,
        d_ff: int = 4096,
        num_layers: int = 24,
        num_decoder_layers: int | None = None,
        num_heads: int = 16,
        relative_attention_num_buckets: int = 32,
        relative_attention_max_distance: int = 128,
        dropout_rate: float = 0.1,
        attention_dropout_rate: float | None = None,
        layer_norm_epsilon: float = 1e-6,
        initializer_factor: float = 1.0,
        feed_forward_proj: str = "relu",
        tie_word_embeddings: bool = True,
        scale_decoder_outputs: bool | None = None,
        attention: str = "window",
        window: int = 128,
        alignment: bool = True,
        conv_width: int = 0,
        global_context: bool = False,
        noise_std: float = 0.1,
        focal_gamma: float = 2.0,
        label_smoothing: float = 0.035,
        copy_weight: float = 0.1,
        prefix_mask_prob: float = 0.8,
        known_site_prob: float = 0.25,
        residue_mask_prob: float = 0.0,
        label_sources: list[str] | None = None,
        label_source: str | None = None,
        label_source_drop: float = 0.1,
        label_source_adapters: dict[str, int] | None = None,
        mask_token_id: int = 2,
        site_token_ids: dict[str, list[int]] | None = None,
        calibration: dict[str, dict[str, float]] | None = None,
        fpr_table: dict[str, dict[str, list[float]]] | None = None,
        kinase_families: dict[str, dict[str, Any]] | None = None,
        kinase_fpr_table: dict[str, dict[str, list[float]]] | None = None,
        use_cache: bool = True,
        phosphot5_version: str = VERSION,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.d_model = d_model
        self.d_kv, self.d_ff = d_kv, d_ff
        self.num_layers = num_layers
        self.num_decoder_layers = num_layers if num_decoder_layers is None else num_decoder_layers
        self.num_heads = num_heads
        self.relative_attention_num_buckets = relative_attention_num_buckets
        self.relative_attention_max_distance = relative_attention_max_distance
        self.dropout_rate = dropout_rate
        self.attention_dropout_rate = (
            dropout_rate if attention_dropout_rate is None else attention_dropout_rate
        )
        self.layer_norm_epsilon = layer_norm_epsilon
        self.initializer_factor = initializer_factor
        self.feed_forward_proj = feed_forward_proj
        self.scale_decoder_outputs = (
            tie_word_embeddings if scale_decoder_outputs is None else scale_decoder_outputs
        )
        self.attention, self.window = attention, window
        self.alignment = alignment
        self.conv_width, self.global_context = conv_width, global_context
        self.noise_std = noise_std
        self.focal_gamma, self.label_smoothing = focal_gamma, label_smoothing
        self.copy_weight = copy_weight
        self.prefix_mask_prob = prefix_mask_prob
        self.known_site_prob = known_site_prob
        self.residue_mask_prob = residue_mask_prob
        self.label_sources, self.label_source = label_sources or [], label_source
        self.label_source_drop, self.label_source_adapters = label_source_drop, label_source_adapters or {}
        self.mask_token_id = mask_token_id
        self.site_token_ids = site_token_ids or {"S": [7, 29], "T": [11, 30], "Y": [18, 31]}
        self.calibration, self.fpr_table = calibration, fpr_table
        # by name, as in the file: the head has them in this order
        self.kinase_families = dict(sorted((kinase_families or {}).items()))
        self.kinase_fpr_table = kinase_fpr_table
        self.use_cache = use_cache
        _warn_of_another_release(phosphot5_version)
        self.phosphot5_version = VERSION
        self._set_activation()
        specials: dict[str, Any] = {
            "tie_word_embeddings": tie_word_embeddings,
            "pad_token_id": 0,
            "eos_token_id": 1,
            "decoder_start_token_id": 0,
            "is_encoder_decoder": True,
        }
        super().__init__(**(specials | kwargs))
        self.custom_pipelines = {PIPELINE_TASK: {"impl": PIPELINE_CLASS, "pt": ["AutoModelForSeq2SeqLM"]}}
        self.auto_map = AUTO_MAP | (getattr(self, "auto_map", None) or {})
        self.check()

    @classmethod
    def preset(cls, name: str, **overrides: Any) -> "PhosphoT5Config":
        """Return a named geometry: ``tiny``, ``small``, ``base`` or ``large``.

        Parameters
        ----------
        name : str
            Key of :data:`PRESETS`.
        **overrides
            Arguments of :class:`PhosphoT5Config` that replace those of the preset.

        Raises
        ------
        ValueError
            If there is no preset of that name.
        """
        if name not in PRESETS:
            raise ValueError(f"unknown preset {name!r}, expected one of {', '.join(PRESETS)}")
        return cls(**(PRESETS[name] | overrides))

    def _set_activation(self) -> None:
        """Derive the two names that transformers' T5 feed-forward reads."""
        if not isinstance(self.feed_forward_proj, str):
            raise wrong("feed_forward_proj", self.feed_forward_proj, "ACTIVATION or gated-ACTIVATION")
        *gate, activation = self.feed_forward_proj.split("-")
        if gate not in ([], ["gated"]):
            raise ValueError(
                f"feed_forward_proj is {self.feed_forward_proj!r}, expected ACTIVATION or gated-ACTIVATION"
            )
        self.is_gated_act = bool(gate)
        self.dense_act_fn = "gelu_new" if self.feed_forward_proj == "gated-gelu" else activation
        if self.dense_act_fn not in ACT2FN:
            raise wrong("feed_forward_proj", self.feed_forward_proj, "an activation that transformers knows")

    def check(self) -> None:
        """Check the type and the range of every value.

        Raises
        ------
        ValueError
            Names the first wrong value and what is expected; True is no integer, and NaN is in no range.
        """
        for name, bounds in NUMBERS.items():
            check_number(name, getattr(self, name), *bounds)
        for name in SWITCHES:
            if type(getattr(self, name)) is not bool:
                raise wrong(name, getattr(self, name), "true or false")
        for name in TOKEN_IDS:
            check_number(name, getattr(self, name), int, 0, self.vocab_size - 1)
        if self.attention not in ("window", "full"):
            raise wrong("attention", self.attention, "'window' or 'full'")
        if self.conv_width and self.conv_width % 2 == 0:
            raise wrong("conv_width", self.conv_width, "an odd number of residues, or 0")
        if self.relative_attention_max_distance <= self.relative_attention_num_buckets // 2:
            expected = f"more than half of the {self.relative_attention_num_buckets} buckets"
            raise wrong("relative_attention_max_distance", self.relative_attention_max_distance, expected)
        check_label_sources(self.label_sources, self.label_source_adapters, UNSPECIFIED)
        self.label_source_id(self.label_source)
        check_residues("site_token_ids", self.site_token_ids)
        for residue, ids in self.site_token_ids.items():
            place = f"site_token_ids of {residue}"
            if not isinstance(ids, (list, tuple)) or len(ids) != 2:
                raise wrong(place, ids, "the ids of the plain and of the phosphorylated residue")
            for token in ids:
                check_number(place, token, int, 0, self.vocab_size - 1)
        for kind, (calibration, table) in self._tables().items():
            where = f" ({kind})" if self.label_sources else ""
            check_calibration(calibration, table, self.site_token_ids, where)
        tables = self.kinase_fpr_table or {}
        check_kinases(self.kinase_families, tables if self.label_sources else {"": tables})
        for source in tables if self.label_sources else [None]:
            for family, columns in (self.kinase_fpr_table_of(source) or {}).items():
                check_rates(f"kinase_fpr_table of {family}", columns)

    @property
    def _kinds(self) -> list[str]:
        """Names of the kinds of label by their number; none for a model without kinds."""
        return [UNSPECIFIED, *self.label_sources] if self.label_sources else []

    def label_source_id(self, name: str | None) -> int:
        """Return the number by which the model knows a kind of label.

        Parameters
        ----------
        name : str, optional
            One of ``label_sources`` or ``"unspecified"``; by default ``label_source``.

        Returns
        -------
        int
            From 1; 0 for unspecified, and for a model without kinds.

        Raises
        ------
        ValueError
            If the model does not know the kind.
        """
        chosen = self.label_source if name is None else name
        if chosen is None:
            return 0
        if chosen not in self._kinds:
            none = "none, because this model does not tell kinds of label apart"
            raise wrong("label_source", chosen, " or ".join(map(repr, self._kinds)) or none)
        return self._kinds.index(chosen)

    def calibration_of(self, label_source: str | None = None) -> dict[str, dict[str, float]] | None:
        """Return residue to line, of a kind of label; see ``calibration``.

        Parameters
        ----------
        label_source : str, optional
            As for :meth:`label_source_id`.
        """
        return self._of_kind(self.calibration, label_source)

    def fpr_table_of(self, label_source: str | None = None) -> dict[str, dict[str, list[float]]] | None:
        """Return residue to false-positive rates, of a kind of label; see ``fpr_table``.

        Parameters
        ----------
        label_source : str, optional
            As for :meth:`label_source_id`.
        """
        return self._of_kind(self.fpr_table, label_source)

    def kinase_fpr_table_of(
        self, label_source: str | None = None
    ) -> dict[str, dict[str, list[float]]] | None:
        """Return family to false-positive rates, of a kind of label; see ``kinase_fpr_table``.

        Parameters
        ----------
        label_source : str, optional
            As for :meth:`label_source_id`.
        """
        return self._of_kind(self.kinase_fpr_table, label_source)

    def _of_kind(self, table: dict[str, Any] | None, label_source: str | None) -> Any:
        number = self.label_source_id(label_source)
        return (table or {}).get(self._kinds[number]) if self._kinds else table

    def _tables(self) -> dict[str, tuple[Any, Any]]:
        """Kind of label to its calibration and its table of rates; one entry for a model without kinds."""
        if not self.label_sources:
            return {"": (self.calibration, self.fpr_table)}
        kinds = self._kinds
        for name in ("calibration", "fpr_table"):
            table = getattr(self, name)
            if table is not None and (not isinstance(table, dict) or not set(table) <= set(kinds)):
                raise wrong(name, table, f"an entry for kinds of label: {', '.join(kinds)}")
        pairs = {kind: (self.calibration_of(kind), self.fpr_table_of(kind)) for kind in kinds}
        return {kind: pair for kind, pair in pairs.items() if pair != (None, None)}


def _warn_of_another_release(saved_by: Any) -> None:
    if not isinstance(saved_by, str):
        raise wrong("phosphot5_version", saved_by, "the name of a release")
    if saved_by != VERSION:
        logger.warning_once(
            f"This model was saved by phosphot5 {saved_by}; the code that runs is phosphot5 {VERSION}, "
            f"in {Path(__file__).parent}. If scores differ, install phosphot5 {saved_by}."
        )
