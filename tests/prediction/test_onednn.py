"""Linear layers by oneDNN: the scores of torch, also after the weights have changed; gradients as before."""

import pytest
import torch

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.prediction.loading import move_to_device
from phosphot5.prediction.onednn import use_onednn

LINEAR = torch.nn.Linear
CLOSE = {"atol": 1e-6, "rtol": 0, "equal_nan": True}

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")


def make_model() -> PhosphoT5ForConditionalGeneration:
    torch.manual_seed(0)
    config = PhosphoT5Config.preset("tiny", conv_width=5, global_context=True)
    return PhosphoT5ForConditionalGeneration(config).eval()


def linear_layers(model: torch.nn.Module) -> list[LINEAR]:
    return [layer for layer in model.modules() if isinstance(layer, LINEAR)]


@pytest.fixture
def ids() -> torch.Tensor:
    return torch.randint(3, 23, (2, 70), generator=torch.Generator().manual_seed(1))


def test_a_model_placed_to_predict_gives_the_scores_of_torch(ids):
    wanted, model = make_model().score_sites(ids), move_to_device(make_model(), "cpu")
    torch.testing.assert_close(model.score_sites(ids), wanted, **CLOSE)
    assert len(linear_layers(model)) > 20
    assert all(layer.forward.version is not None for layer in linear_layers(model))  # each of them was used


def test_changed_weights_count(ids):
    model, plain = move_to_device(make_model(), "cpu"), make_model()
    model.score_sites(ids)
    for one in (model, plain):
        with torch.no_grad():
            one.encoder.convolution.proj.weight.mul_(2)
    torch.testing.assert_close(model.score_sites(ids), plain.score_sites(ids), **CLOSE)


def test_a_model_made_in_inference_mode_is_no_exception(ids):
    with torch.inference_mode():
        scores = move_to_device(make_model(), "cpu").score_sites(ids)
    torch.testing.assert_close(scores, make_model().score_sites(ids), **CLOSE)


def test_gradients_flow_as_before(ids):
    model, plain = make_model(), make_model()
    use_onednn(model)
    for one in (model, plain):
        one(input_ids=ids, decoder_input_ids=ids).logits.sum().backward()
    for layer, other in zip(linear_layers(model), linear_layers(plain), strict=True):
        assert torch.equal(layer.weight.grad, other.weight.grad)


def test_a_bias_is_added():
    layer = LINEAR(5, 3)
    x = torch.randn(2, 4, 5)
    wanted = layer(x)
    use_onednn(layer)
    with torch.no_grad():
        torch.testing.assert_close(layer(x), wanted)
    assert layer.forward.version is not None


def test_other_types_are_left_alone(ids):
    wanted = make_model().to(torch.bfloat16).score_sites(ids)
    model = move_to_device(make_model(), "cpu", "bfloat16")
    assert not any("forward" in vars(layer) for layer in linear_layers(model))
    assert torch.equal(model.score_sites(ids).nan_to_num(), wanted.nan_to_num())
    moved = move_to_device(make_model(), "cpu").to(torch.bfloat16)
    assert torch.equal(moved.score_sites(ids).nan_to_num(), wanted.nan_to_num())


def test_without_onednn_nothing_changes(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    model = move_to_device(make_model(), "cpu")
    assert not any("forward" in vars(layer) for layer in linear_layers(model))
