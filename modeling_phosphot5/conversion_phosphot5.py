"""Conversion of T5, Flan-T5, ProtT5 and Ankh checkpoints into PhosphoT5."""

import inspect
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn
from transformers import AutoTokenizer, PretrainedConfig, PreTrainedModel, T5ForConditionalGeneration
from transformers.utils import cached_file

from .attention_phosphot5 import PhosphoT5Attention
from .configuration_phosphot5 import PhosphoT5Config
from .layers_phosphot5 import GlobalContext, LabelSourceAdapter, ResidueConvolution

__all__ = ["TOKENS", "ConversionReport", "convert_t5"]

logger = logging.getLogger(__name__)

SPECIAL_TOKENS = {"<pad>": "pad_token", "</s>": "eos_token", "<unk>": "unk_token"}
"""Special token to its role in the source's tokenizer."""
RESIDUES = tuple("ALGVSREDTIPKFQNYMHWCXBUZOJ")
PHOSPHORYLATED = {f"{residue}[Phospho]": residue for residue in "STY"}
TOKENS = (*SPECIAL_TOKENS, *RESIDUES, *PHOSPHORYLATED)
"""Token strings in the order of their ids; the tokenizer's own table is in another file set."""

DECIDED = ("d_model", "d_kv", "d_ff", "num_layers", "num_decoder_layers", "num_heads") + (
    "relative_attention_num_buckets",
    "feed_forward_proj",
)
"""Arguments of the configuration that the carried weights decide, beside vocabulary and tying."""
OPEN = ("relative_attention_max_distance", "dropout_rate", "layer_norm_epsilon", "initializer_factor")
"""Arguments that are the source's unless overridden."""

Model = TypeVar("Model", bound=PreTrainedModel)


@dataclass(frozen=True)
class ConversionReport:
    """What a conversion carried over, what is new and what it left out.

    Parameters
    ----------
    source : str
        Folder or hub id of the source.
    carried_embeddings : dict of str to str
        Our token to the source's token whose rows it took.
    new_tokens : dict of str to str
        Token that the source does not know to how it starts.
    carried_parameters : tuple of str
        Parameters with the source's values, the embedding tables among them.
    new_parameters : tuple of str
        Parameters that T5 lacks; they start without effect, the alignment bias on the diagonal. Where the source
        is an encoder alone, also those of the decoder, which start at random.
    ignored_parameters : tuple of str
        Tensors of the source that have no place here.
    """

    source: str
    carried_embeddings: dict[str, str]
    new_tokens: dict[str, str]
    carried_parameters: tuple[str, ...]
    new_parameters: tuple[str, ...]
    ignored_parameters: tuple[str, ...]

    def summary(self) -> str:
        """Return the report as a few lines of text."""
        new = (f"{token} ({start})" for token, start in self.new_tokens.items())
        alone = "decoder.final_layer_norm.weight" in self.new_parameters
        parameters = [name for name in self.new_parameters if not alone or not name.startswith("decoder.")]
        if len(parameters) < len(self.new_parameters):
            parameters.append(
                f"the decoder ({len(self.new_parameters) - len(parameters)} parameters), at random"
            )
        return "\n".join(
            (
                f"converted {self.source}: {len(self.carried_parameters)} parameters carried over",
                f"embeddings carried over ({len(self.carried_embeddings)} of {len(TOKENS)} tokens): "
                + " ".join(self.carried_embeddings),
                "new tokens: " + (", ".join(new) or "none"),
                "new parameters: " + (", ".join(parameters) or "none"),
                "left out: " + (", ".join(self.ignored_parameters) or "nothing"),
            )
        )


def convert_t5(cls: type[Model], path: str, **overrides: Any) -> Model:
    """Make a PhosphoT5 with the weights of a T5.

    Parameters
    ----------
    cls : type
        ``PhosphoT5ForConditionalGeneration``.
    path : str
        Folder or hub id of a T5, Flan-T5, ProtT5 or Ankh checkpoint with its tokenizer; of an encoder alone, as
        ProtT5 mostly comes, the decoder starts at random.
    **overrides
        Arguments of :class:`PhosphoT5Config` that the weights leave open, for instance ``attention="full"``.

    Returns
    -------
    PreTrainedModel
        Of type ``cls``, float32, in evaluation mode, with a :class:`ConversionReport` as
        ``conversion_report``.

    Raises
    ------
    ValueError
        If there is no T5 at ``path``, if tensors or the tokenizer are missing, if that knows none of the residues,
        or if an override is unknown or decided by the weights.
    """
    path = str(path)
    _check_overrides(overrides)
    _check_model_type(path)
    vocabulary, roles = _read_vocabulary(path)
    loaded: Any = T5ForConditionalGeneration.from_pretrained(
        path, dtype=torch.float32, output_loading_info=True
    )
    stock, loading = loaded
    fresh = _fresh_decoder(path, stock, sorted(loading["missing_keys"]))
    tied = torch.equal(stock.lm_head.weight, stock.shared.weight)
    model = _empty_model(cls, _make_config(stock.config, tied, overrides))
    sources = _find_tokens(path, vocabulary, roles, len(stock.shared.weight))
    source = dict(stock.named_parameters())
    rows = _source_rows(sources, vocabulary)
    target = {name: source[name].detach() for name, _ in model.named_parameters() if name in source}
    for name in {"shared.weight", "lm_head.weight"} & set(target):
        target[name] = torch.stack([target[name][row].mean(0) for row in rows])
    new = model.load_state_dict(target, strict=False, assign=True).missing_keys
    report = ConversionReport(
        source=path,
        carried_embeddings={token: found for token, found in sources.items() if found is not None},
        new_tokens=dict(_new_tokens(sources)),
        carried_parameters=tuple(name for name in target if name not in fresh),
        new_parameters=(*new, *(name for name in target if name in fresh)),
        ignored_parameters=(*sorted(set(source) - set(target)), *sorted(loading["unexpected_keys"])),
    )
    model.conversion_report = report  # type: ignore[assignment]  # torch's hints know tensors and modules only
    logger.info("%s", report.summary())
    return model.eval()


def _fresh_decoder(path: str, stock: T5ForConditionalGeneration, missing: list[str]) -> set[str]:
    """Return the parameters that transformers has just drawn: none, or the whole decoder of an encoder alone."""
    decoder = {name for name, _ in stock.named_parameters() if name.startswith("decoder.")}
    head = {name for name in missing if name.startswith("lm_head.")}
    if (
        missing
        and {name for name in missing if name not in head} - {"decoder.embed_tokens.weight"} != decoder
    ):
        raise ValueError(
            f"{path}: lacks {len(missing)} of the tensors of an encoder and a decoder, such as {missing[0]}; give "
            "a whole T5, or an encoder alone"
        )
    return set(missing)


def _check_overrides(overrides: dict[str, Any]) -> None:
    known = set(inspect.signature(PhosphoT5Config.__init__).parameters) - {"self", "kwargs"}
    if unknown := sorted(set(overrides) - known):
        raise ValueError(
            f"unknown arguments: {', '.join(unknown)}; those of PhosphoT5Config are {', '.join(sorted(known))}"
        )
    if fixed := sorted(set(overrides) & {*DECIDED, "vocab_size", "tie_word_embeddings"}):
        raise ValueError(f"{', '.join(fixed)}: fixed by the checkpoint's weights; leave it out")


def _check_model_type(path: str) -> None:
    advice = "no checkpoint with a config.json; give the folder or the hub id of a T5"
    try:
        config = PretrainedConfig.get_config_dict(path)[0]
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {advice}") from error
    if not config:
        raise ValueError(f"{path}: {advice}")
    found = config.get("model_type")
    if found == PhosphoT5Config.model_type:
        raise ValueError(f"{path}: is already a PhosphoT5; load it with from_pretrained")
    if found != "t5":
        raise ValueError(f"{path}: model_type is {found!r}, expected 't5'")


def _read_vocabulary(path: str) -> tuple[dict[str, int], dict[str, str]]:
    """Return the source's token-to-id table, and its special tokens by our names for them."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
    except (OSError, ValueError, ImportError) as error:
        # ProtT5 comes with spiece.model alone, for which AutoTokenizer wants two more packages
        pieces = cached_file(path, "spiece.model", _raise_exceptions_for_missing_entries=False)
        if pieces is None:
            raise ValueError(
                f"{path}: has no readable tokenizer; save one beside the weights ({error})"
            ) from error
        with open(pieces, "rb") as handle:
            return {piece: i for i, piece in enumerate(_sentencepiece_pieces(handle.read()))}, {}
    roles = {ours: getattr(tokenizer, role, None) for ours, role in SPECIAL_TOKENS.items()}
    return tokenizer.get_vocab(), {ours: token for ours, token in roles.items() if token is not None}


def _sentencepiece_pieces(data: bytes) -> Iterator[str]:
    """Yield the token strings of a sentencepiece model: field 1 of every message in field 1."""
    for number, message in _protobuf_fields(data):
        if number == 1:
            yield next(value.decode() for inner, value in _protobuf_fields(message) if inner == 1)


def _protobuf_fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of the length-delimited fields of a protocol buffer message."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    while at < len(data):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            varint()
            continue
        size = varint() if kind == 2 else {1: 8, 5: 4}[kind]
        if kind == 2:
            yield number, data[at : at + size]
        at += size


def _find_tokens(
    path: str, vocabulary: dict[str, int], roles: dict[str, str], rows: int
) -> dict[str, str | None]:
    """Map each plain token of ours to the source's name for it; ``None`` where the source has none."""
    known = {token for token, i in vocabulary.items() if i < rows}
    names = {token: (token, roles.get(token)) for token in SPECIAL_TOKENS}
    names |= {residue: (residue, f"▁{residue}") for residue in RESIDUES}
    found = {
        token: next((name for name in candidates if name in known), None)
        for token, candidates in names.items()
    }
    if not any(found[residue] for residue in RESIDUES):
        raise ValueError(
            f"{path}: the tokenizer knows none of the residues, neither as 'A' nor as '▁A'; "
            "give a checkpoint whose tokenizer has one token per residue"
        )
    return found


def _source_rows(sources: dict[str, str | None], vocabulary: dict[str, int]) -> list[list[int]]:
    """Return for each of our tokens the source rows whose mean it starts with, one where it is carried."""
    residues = [vocabulary[name] for residue in RESIDUES if (name := sources[residue]) is not None]
    names = [sources[PHOSPHORYLATED.get(token, token)] for token in TOKENS]
    return [residues if name is None else [vocabulary[name]] for name in names]


def _new_tokens(sources: dict[str, str | None]) -> Iterator[tuple[str, str]]:
    """Yield the tokens that the source does not know, and how their rows start."""
    carried = sum(sources[residue] is not None for residue in RESIDUES)
    for token in TOKENS:
        if token in PHOSPHORYLATED:
            yield token, f"copy of {PHOSPHORYLATED[token]}"
        elif sources[token] is None:
            yield token, f"mean of {carried} residues"


def _make_config(source: PretrainedConfig, tied: bool, overrides: dict[str, Any]) -> PhosphoT5Config:
    # what "tied" means to stock T5 changed with 4.57, 5.0 and 5.13; the weights and the scale are the facts
    scale = getattr(source, "scale_decoder_outputs", source.tie_word_embeddings)
    carried = {name: getattr(source, name) for name in (*DECIDED, *OPEN)}
    facts = {"vocab_size": len(TOKENS), "tie_word_embeddings": tied, "scale_decoder_outputs": scale}
    return PhosphoT5Config(**(carried | facts | overrides))


def _empty_model(cls: type[Model], config: PhosphoT5Config) -> Model:
    """Build the model with memory for what T5 lacks only: the source's tensors become the other parameters.

    What T5 lacks starts without effect, the alignment bias on the diagonal.
    """
    with torch.device("meta"):
        model = cls(config)
    for module in model.modules():
        aligned = isinstance(module, PhosphoT5Attention) and module.is_aligned
        if aligned or isinstance(module, (ResidueConvolution, GlobalContext, LabelSourceAdapter)):
            module.to_empty(device="cpu").apply(model._init_weights)
        if isinstance(module, ResidueConvolution):
            nn.init.zeros_(module.proj.weight)
    for stack in (model.get_encoder(), model.get_decoder()):
        model._init_weights(stack.to_empty(device="cpu", recurse=False))
    return model
