"""Windowed attention: exact, blind to padding and position, linear in memory; the alignment of the start."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers.models.t5.modeling_t5 import T5Attention

from phosphot5.modeling_phosphot5 import (
    PhosphoT5Config,
    PhosphoT5ForConditionalGeneration,
    attention_phosphot5,
)
from phosphot5.modeling_phosphot5.attention_phosphot5 import (
    PhosphoT5Attention,
    attend,
    relative_position_bucket,
    windowed_attend,
)
from phosphot5.modeling_phosphot5.stack_phosphot5 import CACHE_NAME

CLOSE = {"atol": 1e-5, "rtol": 0}


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(("buckets", "reach"), [(32, 128), (16, 40)])
def test_buckets_are_those_of_t5(bidirectional, buckets, reach):
    position = torch.arange(-300, 301)
    expected = T5Attention._relative_position_bucket(position, bidirectional, buckets, reach)
    assert torch.equal(relative_position_bucket(position, bidirectional, buckets, reach), expected)


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 2, 16, 17])
def test_window_equals_full_within_its_reach(make_full_model, make_proteins, length):
    ids, mask = make_proteins(length, max(length - 5, 1))
    targets, _ = make_proteins(length, length, seed=1)
    batch = {"input_ids": ids, "attention_mask": mask, "decoder_input_ids": targets}
    batch["output_hidden_states"] = True
    full = make_full_model(window=16, attention="full")(**batch)
    windowed = make_full_model(window=16, attention="window")(**batch)
    torch.testing.assert_close(windowed.logits, full.logits, **CLOSE)
    for kind in ("encoder_hidden_states", "decoder_hidden_states"):
        for found, expected in zip(windowed[kind], full[kind], strict=True):
            torch.testing.assert_close(found, expected, **CLOSE)


@torch.no_grad()
def test_window_differs_from_full_beyond_its_reach(make_model, make_proteins):
    ids, mask = make_proteins(19)
    full = make_model(window=16, attention="full").score_sites(ids, mask)
    windowed = make_model(window=16, attention="window").score_sites(ids, mask)
    assert not torch.allclose(windowed, full, equal_nan=True)


def make_attention(causal: bool, aligned: bool = False, window: int = 5) -> PhosphoT5Attention:
    config = PhosphoT5Config(d_model=12, d_kv=3, num_heads=4, window=window)
    attention = PhosphoT5Attention(config, causal, has_bias=True, layer_idx=0, aligned=aligned)
    torch.nn.init.normal_(attention.relative_attention_bias.weight)
    return attention


@torch.no_grad()
@pytest.mark.parametrize(
    ("causal", "queries", "keys"),
    [(False, 23, 23), (True, 23, 23), (False, 10, 10), (True, 11, 11), (False, 12, 31), (False, 31, 28)],
)
def test_blocks_equal_a_dense_masked_reference(causal, queries, keys):
    attention = make_attention(causal)
    query, key, value = torch.randn(2, 4, queries, 3), torch.randn(2, 4, keys, 3), torch.randn(2, 4, keys, 3)
    mask = torch.ones(2, keys, dtype=torch.long)
    mask[1, 9:] = 0
    bias = attention.bias(queries, keys, mask)
    assert bias.dim() == 5
    found = windowed_attend(query, key, value, bias, 0.0)

    position = torch.arange(keys)[None] - torch.arange(queries)[:, None]
    bucket = T5Attention._relative_position_bucket(position, not causal, 32, 128)
    scores = query @ key.transpose(2, 3) + attention.relative_attention_bias.weight[bucket].permute(2, 0, 1)
    seen = (position.abs() <= 5) & ((position <= 0) | (not causal)) & (mask[:, None] == 1)
    expected = scores.masked_fill(~seen[:, None], -torch.inf).softmax(-1) @ value
    rows = seen.any(-1)[:, None, :, None].expand_as(found)
    assert found.isfinite().all()
    torch.testing.assert_close(found[rows], expected[rows], **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("causal", [True, False])
def test_one_step_equals_the_parallel_pass(causal):
    """With a cache each query comes alone, with a dense bias; it must see the same window."""
    attention = make_attention(causal)
    query, key, value = torch.randn(3, 1, 4, 19, 3)
    parallel = windowed_attend(query, key, value, attention.bias(19, 19, None), 0.0)
    for i in range(19):
        keys = i + 1 if causal else 19
        bias = attention.bias(1, keys, None, first_query=i)
        step = attend(query[:, :, i : i + 1], key[:, :, :keys], value[:, :, :keys], bias, 0.0)
        torch.testing.assert_close(step, parallel[:, :, i : i + 1], **CLOSE)


def test_score_depends_on_no_batch_mate_padding_or_order(make_full_model, make_proteins):
    model = make_full_model()
    lengths = (50, 8, 33, 21)
    ids, mask = make_proteins(*lengths)
    together = model.score_sites(ids, mask)
    order = [2, 0, 3, 1]
    torch.testing.assert_close(
        model.score_sites(ids[order], mask[order]), together[order], atol=1e-6, rtol=0, equal_nan=True
    )
    for row, length in enumerate(lengths):
        alone = model.score_sites(ids[row : row + 1, :length])
        torch.testing.assert_close(alone[0], together[row, :length], atol=1e-6, rtol=0, equal_nan=True)


def test_score_depends_on_no_distance_to_the_ends(make_full_model, make_proteins):
    """A segment scores the same wherever it stands, if all that the layers reach moves along."""
    model = make_full_model(global_context=False)
    segment = make_proteins(141, seed=5)[0][:, :140]
    scores = []
    for before, after in [(11, 7), (56, 3)]:
        head, tail = make_proteins(before + 1, seed=6)[0][:, :-1], make_proteins(after, seed=7)[0]
        found = model.score_sites(torch.cat([head, segment, tail], dim=1))
        scores.append(found[:, before + 60 : before + 80])
    assert scores[0].isfinite().any()
    torch.testing.assert_close(*scores, atol=1e-6, rtol=0, equal_nan=True)


@pytest.mark.parametrize("size", [1, 9, 64])
def test_long_passes_in_parts_change_nothing(make_full_model, make_proteins, monkeypatch, size):
    model = make_full_model()
    ids, mask = make_proteins(61, 40)
    number = torch.arange(61)[None] // 30 + mask
    number = number.clamp_max(2)
    whole = [model.site_logits(ids, mask), model.site_logits(ids[:1], number[:1])]
    monkeypatch.setattr(attention_phosphot5, "PART", size)
    cut = [model.site_logits(ids, mask), model.site_logits(ids[:1], number[:1])]
    torch.testing.assert_close(cut, whole, atol=1e-5, rtol=0, equal_nan=True)


class LargestTensor(TorchDispatchMode):
    """Record the size of the largest tensor that any operation returns."""

    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(tensor, torch.Tensor):
                self.elements = max(self.elements, tensor.numel())
        return result


def largest_tensor(model, length: int, train: bool) -> int:
    ids = torch.full((1, length), 7)
    with LargestTensor() as record:
        if train:
            model.train()(input_ids=ids, labels=ids).loss.backward()
        else:
            model.eval().score_sites(ids)
    return record.elements


@pytest.mark.parametrize("train", [False, True], ids=["score", "train"])
def test_memory_grows_linearly(make_full_model, train):
    model = make_full_model(window=8, d_model=8, d_kv=4, num_heads=2, d_ff=8)
    short, long = (largest_tensor(model, length, train) for length in (1024, 4096))
    assert long == 4 * short
    assert long < 4096**2 / 50


def test_full_attention_is_seen_by_the_measurement(make_model):
    model = make_model(attention="full", d_model=8, d_kv=4, num_heads=2, d_ff=8)
    assert largest_tensor(model, 256, train=False) >= 2 * 256**2


@torch.no_grad()
@pytest.mark.parametrize("attention", ["window", "full"])
def test_greedy_generation_equals_the_parallel_pass(make_model, make_proteins, attention):
    model = make_model(attention=attention)
    ids, mask = make_proteins(30, 30, 24)
    found = model.generate(input_ids=ids, attention_mask=mask, min_new_tokens=24, max_new_tokens=24)
    logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=found[:, :-1]).logits
    logits[..., 1] = -torch.inf
    assert found.shape == (3, 25)
    assert torch.equal(logits.argmax(-1), found[:, 1:])


@torch.no_grad()
@pytest.mark.parametrize("name", ["past_key_values", "cache"])
def test_cache_is_bounded_by_the_window(make_full_model, make_proteins, name):
    """Step by step over a long protein: the logits of the parallel pass from a cache of one window."""
    model = make_full_model(window=4, num_decoder_layers=3)
    ids, mask = make_proteins(90, 61)
    targets = torch.nn.functional.pad(ids, (1, 0))[:, :-1]
    parallel = model(input_ids=ids, attention_mask=mask, decoder_input_ids=targets).logits
    encoded = model.get_encoder()(ids, mask)
    cache, steps = None, []
    for i in (*range(0, 40), (40, 41, 42), *range(43, 90)):  # once several tokens at a time
        tokens = targets[:, list(i)] if isinstance(i, tuple) else targets[:, i : i + 1]
        output = model(
            encoder_outputs=encoded, attention_mask=mask, decoder_input_ids=tokens, **{name: cache}
        )
        cache = output[CACHE_NAME]
        steps.append(output.logits)
        assert max(layer.keys.shape[2] for layer in cache.self_attention_cache.layers) <= 4
    assert cache.get_seq_length() == 90
    found = torch.cat(steps, dim=1)
    torch.testing.assert_close(found[0], parallel[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(found[1, :61], parallel[1, :61], atol=1e-5, rtol=0)


@torch.no_grad()
def test_a_step_costs_the_same_at_any_length(make_full_model):
    model = make_full_model(window=4)
    sizes = []
    for length in (200, 800):
        ids = torch.full((1, length), 7)
        encoded = model.get_encoder()(ids)
        targets, cache = ids[:, : length - 20], None
        for tokens in (targets, ids[:, :1]):
            with LargestTensor() as record:
                output = model(encoder_outputs=encoded, decoder_input_ids=tokens, past_key_values=cache)
            cache = output[CACHE_NAME]
        sizes.append(record.elements)
    assert sizes[0] == sizes[1]


@torch.no_grad()
@pytest.mark.parametrize("options", [{"num_beams": 3}, {"do_sample": True, "num_return_sequences": 2}])
def test_beams_and_samples_beyond_the_window(make_model, make_proteins, options):
    """Reordered and repeated rows of a bounded cache: each text scores as the parallel pass says."""
    model = make_model(window=4)
    ids, mask = make_proteins(40, 31)
    more = {"output_scores": True, "output_logits": True, "return_dict_in_generate": True}
    result = model.generate(ids, attention_mask=mask, min_new_tokens=31, max_new_tokens=31, **options, **more)
    copies = len(result.sequences) // 2
    rows = torch.arange(2).repeat_interleave(copies)
    parallel = model(
        input_ids=ids[rows], attention_mask=mask[rows], decoder_input_ids=result.sequences[:, :-1]
    ).logits
    if "num_beams" in options:
        chosen = model.compute_transition_scores(result.sequences, result.scores, result.beam_indices)
        parallel[..., 1] = -torch.inf
        expected = parallel.log_softmax(-1).gather(-1, result.sequences[:, 1:, None])[..., 0]
        torch.testing.assert_close(chosen.sum(1) / 31, result.sequences_scores, atol=1e-4, rtol=0)
        assert (chosen.sum(1) - expected.sum(1)).abs().max() < 1.0
    else:
        torch.testing.assert_close(torch.stack(result.logits, 1), parallel, atol=1e-4, rtol=0)


def test_alignment_starts_on_the_diagonal():
    config = PhosphoT5Config.preset("tiny", attention="full")
    cross = PhosphoT5ForConditionalGeneration(config).decoder.block[0].layer[1].EncDecAttention
    bias = cross.bias(40, 60, None)[0]
    assert torch.equal(bias.argmax(-1), torch.arange(40).expand(4, 40))
    assert bias.diagonal(dim1=1, dim2=2).eq(0).all()
    ahead = bias[:, 0]
    behind = bias[:, 39, :40].flip(-1)
    for distance in (ahead, behind):
        assert (distance.diff() <= 0).all()
        torch.testing.assert_close(distance[:, :6], torch.tensor([0.0, -2, -4, -6, -8, -8]).expand(4, 6))
        assert (distance[:, 6:] == -8).all()


def test_alignment_belongs_to_the_first_layer_only(make_model):
    names = [name for name, _ in make_model(num_layers=3).named_parameters() if "EncDecAttention" in name]
    owners = [name for name in names if "relative_attention_bias" in name]
    assert owners == ["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"]
    names = [name for name, _ in make_model(alignment=False).named_parameters() if "EncDecAttention" in name]
    assert not [name for name in names if "relative_attention_bias" in name]
