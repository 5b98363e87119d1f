"""An exported folder, and processes that know every library but not this package."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for sizes.py

GUARD = """
import sys
try:
    import phosphot5
    sys.exit("phosphot5 can be imported: the test would prove nothing")
except ImportError:
    pass
"""


@pytest.fixture(scope="session")
def exported_folder(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `phosphot5 export` writes of the tiny model."""
    from phosphot5.export import export_model

    target = tmp_path_factory.mktemp("export") / "phosphot5"
    export_model(str(tiny_folder), target)
    return target


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess]:
    """Run Python code where the package is not installed."""

    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(code, *arguments, given="", cwd=elsewhere, **environment):
        # -S leaves out the hook of an editable install and -P the folder of the checkout
        return subprocess.run(
            [sys.executable, "-S", "-P", "-c", GUARD + code, *map(str, arguments)],
            input=given,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": sysconfig.get_path("purelib"), **environment},
            cwd=cwd,
            check=False,
        )

    return run
