"""The ONNX graph: torch's scores in onnxruntime at any length, in batches, with known sites."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration, load_model
from phosphot5.cli.main import main
from phosphot5.hub_card.model_folder import ONNX_FILE
from phosphot5.prediction.onnx_export import write_onnx

CLOSE = {"rtol": 0, "atol": 1e-4, "equal_nan": True}
LENGTHS = (1, 2, 15, 16, 17, 31, 32, 33, 63, 65, 150, 513)
"""Tokens, around the multiples of both windows too."""


def random_model(seed: int, **geometry: object) -> PhosphoT5ForConditionalGeneration:
    """A tiny model whose parts all have an effect, with a calibration that differs between residues."""
    torch.manual_seed(seed)
    lines = {"S": (1.5, 0.3, 0.1, -0.5), "T": (0.7, -0.2, 0.4, 0.2), "Y": (1.1, 0.6, 0.5, -1.0)}
    names = ("slope", "neighbours", "protein", "intercept")
    calibration = {residue: dict(zip(names, line, strict=True)) for residue, line in lines.items()}
    kinds = geometry.get("label_sources")
    tables = {kind: calibration for kind in kinds} if kinds else calibration
    config = PhosphoT5Config.preset("tiny", calibration=tables, **geometry)
    model = PhosphoT5ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "context" in name or name.endswith(("open_site", "given_sites", "sources", "up.weight")):
                parameter.copy_(0.3 * torch.randn_like(parameter))
    return model


@pytest.fixture(scope="module", params=["bundled", "window", "full", "odd", "curated"])
def case(request, tmp_path_factory):
    """A model and what scores a batch by its graph."""
    geometry = {
        "window": {},
        "full": {"attention": "full"},
        "odd": {"window": 7, "conv_width": 0, "global_context": False, "alignment": False}
        | {"tie_word_embeddings": False, "feed_forward_proj": "relu"},
        "curated": {"label_sources": ["mass-spec", "curated"], "label_source": "curated"}
        | {"label_source_adapters": {"curated": 8}},
    }
    known = geometry.get(request.param)
    model = load_model("bundled")[0] if known is None else random_model(1, **known)
    path = tmp_path_factory.mktemp("graph") / ONNX_FILE
    write_onnx(model, path)
    return model, runner(path)


def runner(path: Path) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))

    def run(ids, mask):
        return torch.from_numpy(
            session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
        )

    return run


def batch(*lengths: int, lowest: int = 3, highest: int = 29) -> tuple[torch.Tensor, torch.Tensor]:
    """Random tokens, bare unless ``highest`` is 32, each row ending in ``</s>``, padded on the right."""
    generator = torch.Generator().manual_seed(sum(lengths))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    ids = torch.randint(lowest, highest, mask.shape, generator=generator) * mask
    ids[torch.arange(len(lengths)), torch.tensor(lengths) - 1] = 1
    return ids, mask


def compare(case, ids, mask):
    model, run = case
    expected = model.score_sites(ids, mask)
    torch.testing.assert_close(run(ids, mask), expected, **CLOSE)
    return expected


@pytest.mark.slow
def test_scores_are_those_of_torch(case):
    for length in LENGTHS:
        compare(case, *batch(length))
    scores = compare(case, *batch(*LENGTHS))
    ids, _ = batch(*LENGTHS)
    for residue in (7, 11, 18):
        assert not scores[ids == residue].isnan().any()
    assert scores[(ids != 7) & (ids != 11) & (ids != 18)].isnan().all()
    everywhere_known = batch(*LENGTHS, lowest=29, highest=32)
    assert compare(case, *everywhere_known).isnan().all()


@pytest.mark.slow
def test_known_sites_count(case):
    ids, mask = batch(40, 90, 25)
    ids[1, 3:60:7], ids[0, 20] = 30, 7
    with_known = compare(case, ids, mask)
    ids[1, 3:60:7] = 11
    assert not torch.allclose(compare(case, ids, mask)[1, 60:], with_known[1, 60:], equal_nan=True)
    compare(case, *batch(200, 77, highest=32))


@pytest.mark.slow
def test_long_proteins(case):
    length = 2500 if case[0].config.attention == "full" else 34_351
    compare(case, *batch(length))


@pytest.mark.slow
def test_packed_rows_are_refused_by_nan(case):
    ids, mask = batch(20, 30)
    mask[1, 10:] = 2
    assert case[1](ids, mask).isnan().all()


@pytest.mark.slow
def test_bfloat16_weights_make_a_float32_graph(tmp_path):
    model = random_model(2).to(torch.bfloat16)
    write_onnx(model, tmp_path / "model.onnx")
    ids, mask = batch(50, 20)
    torch.testing.assert_close(
        runner(tmp_path / "model.onnx")(ids, mask), model.score_sites(ids, mask), **CLOSE
    )


@pytest.mark.slow
def test_families_of_kinases_are_a_second_output(tmp_path):
    import onnxruntime

    families = {
        "PKA": {"residues": "ST", "members": ["PRKACA"], "sites": 1},
        "SRC": {"residues": "Y", "members": ["SRC"], "sites": 1},
    }
    model = random_model(3, kinase_families=families)
    for weight in model.kinases.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    write_onnx(model, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    for ids, mask in (batch(*LENGTHS, highest=32), batch(1), batch(40, lowest=29, highest=32)):
        given = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
        found = session.run(["probability", "kinases"], given)
        expected = model.score_kinases(ids, mask)
        torch.testing.assert_close(torch.from_numpy(found[0]), expected[..., 0], **CLOSE)
        torch.testing.assert_close(torch.from_numpy(found[1]), expected[..., 1:], **CLOSE)
    given["attention_mask"][0, 20:] = 2
    assert torch.from_numpy(session.run(["kinases"], given)[0]).isnan().all()


def test_missing_packages_are_named_before_anything_is_written(tiny_folder, tmp_path, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "onnxscript" else find(name)
    )
    assert main(["export", str(tiny_folder), str(tmp_path / "out"), "--onnx"]) == 1
    error = capsys.readouterr().err
    assert error == (
        "phosphot5 export: an ONNX graph needs onnxscript; install with `pip install 'phosphot5[onnx]'`\n"
    )
    assert not list(tmp_path.iterdir())
