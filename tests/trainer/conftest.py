"""What the tests of the trainer share: a fixed seed, helpers that other processes run too."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

HELPERS = Path(__file__).parent / "helpers"
sys.path.insert(0, str(HELPERS))


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def torchrun(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Run a script in two processes on the CPU."""

    def start(*command: str, **environment: str) -> subprocess.CompletedProcess:
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
        result = subprocess.run(
            [*launcher, *command],
            cwd=tmp_path,
            env=os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"} | environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert result.returncode == 0, result.stderr[-4000:]
        return result

    return start


@pytest.fixture
def in_two_processes(tmp_path: Path, torchrun: Callable) -> Callable[[list[dict]], list[dict]]:
    """Run trainings one after the other in two processes; returns the results of the main one."""

    def run(trainings: list[dict]) -> list[dict]:
        plan = tmp_path / "plan.json"
        plan.write_text(json.dumps(trainings))
        torchrun(str(HELPERS / "trainer_runs.py"), str(plan))
        return torch.load(plan.with_suffix(".pt"))

    return run
