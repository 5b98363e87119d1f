import logging
import os
import subprocess
import sys

import pytest
import torch

from phosphot5.prediction import precision
from phosphot5.prediction.loading import load_model, move_to_device

ASK = "from phosphot5.prediction.precision import bfloat16_is_fast; print(bfloat16_is_fast('cpu'))"
UNITS = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


@pytest.fixture
def ask(monkeypatch):
    """Ask anew; the answer is otherwise remembered."""

    def answer(device: str, seconds: dict[torch.dtype, float]) -> bool:
        monkeypatch.setattr(precision, "_seconds", seconds.__getitem__)
        return precision.bfloat16_is_fast.__wrapped__(device)

    return answer


@pytest.mark.parametrize(
    ("seconds", "fast", "line"),
    [
        (0.5, True, "bfloat16: used, a matrix product takes 0.5 times as long as in float32 here"),
        (1.3, True, "bfloat16: used, a matrix product takes 1.3 times as long as in float32 here"),
        (15.0, False, "bfloat16: not used, a matrix product takes 15 times as long as in float32 here"),
    ],
)
def test_a_matrix_product_decides_and_one_line_says_so(ask, caplog, seconds, fast, line) -> None:
    with caplog.at_level(logging.INFO, logger="phosphot5"):
        assert ask("cpu", {torch.float32: 1.0, torch.bfloat16: seconds}) is fast
    assert caplog.messages == [line]


def test_a_gpu_is_asked_for_units_of_its_own(ask, monkeypatch) -> None:
    for units in (True, False):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, units=units: units)
        assert ask("cuda", {}) is units


@pytest.mark.skipif(not UNITS, reason="this processor has no bfloat16 units that could be masked")
def test_a_processor_without_units_is_found_out() -> None:
    def answer(instructions: str) -> str:
        environment = os.environ | {"ONEDNN_MAX_CPU_ISA": instructions}
        done = subprocess.run(
            [sys.executable, "-c", ASK], capture_output=True, text=True, check=True, env=environment
        )
        return done.stdout.strip()

    assert (answer("DEFAULT"), answer("AVX2")) == ("True", "False")


def test_a_cpu_predicts_in_float32_whatever_is_fast(tiny_folder, monkeypatch) -> None:
    monkeypatch.setattr("phosphot5.prediction.loading.bfloat16_is_fast", lambda device: True)
    model = load_model(str(tiny_folder))[0]
    assert move_to_device(model, "cpu").dtype == torch.float32
