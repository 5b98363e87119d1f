"""Models as graphs: exported, compiled whole and traced ones answer as the model does, or refuse by name."""

import pytest
import torch

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.pretrained_phosphot5 import PhosphoT5EncoderModel

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own doings


@pytest.fixture(params=["window", "full"])
def model(request):
    torch.manual_seed(0)
    return PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny", attention=request.param)).eval()


@pytest.fixture
def batch():
    """Two proteins, the second one padded."""
    ids = torch.randint(3, 23, (2, 30), generator=torch.Generator().manual_seed(1))
    ids[:, -1] = 1
    ids[1, 12], ids[1, 13:] = 1, 0
    mask = (ids != 0).long()
    return {"input_ids": ids, "attention_mask": mask, "decoder_input_ids": ids, "use_cache": False}


def packed(batch):
    mask = batch["attention_mask"].clone()
    mask[0, 15:] = 2
    return batch | {"attention_mask": mask}


REFUSED = "a compiled or exported model takes one protein per row"


@torch.no_grad()
@pytest.mark.parametrize("masked", [True, False])
def test_exported(model, batch, masked):
    if not masked:
        del batch["attention_mask"]
    graph = torch.export.export(model, (), kwargs=batch, strict=False).module()
    there = batch["input_ids"] != 0
    torch.testing.assert_close(graph(**batch).logits[there], model(**batch).logits[there])
    if masked:
        with pytest.raises(RuntimeError, match=REFUSED):
            graph(**packed(batch))


@torch.no_grad()
def test_compiled_as_one_graph(model, batch):
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(**batch).logits, model(**batch).logits)
    with pytest.raises(RuntimeError, match=REFUSED):
        compiled(**packed(batch))


@torch.no_grad()
def test_the_encoder_traced(model, batch):
    torch.manual_seed(0)
    encoder = PhosphoT5EncoderModel(model.config).eval()
    given = batch["input_ids"], batch["attention_mask"]
    traced = torch.jit.trace(encoder, given, strict=False)(*given)
    states = traced["last_hidden_state"] if isinstance(traced, dict) else traced[0]
    torch.testing.assert_close(states, encoder(*given).last_hidden_state)
