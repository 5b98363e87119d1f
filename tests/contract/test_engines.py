"""The pages on Ray and Spark run as they stand, give the rows of the command, and leave no process behind."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest

from phosphot5.cli.main import main

ROOT = Path(__file__).parents[2]
MARK = "PHOSPHOT5_TEST_RUN"
"""Variable that tells the processes of a test from others: children inherit it."""
LOOPBACK = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on Linux, too: the node's address is 127.0.0.1
    "RAY_USAGE_STATS_ENABLED": "0",
    "SPARK_LOCAL_IP": "127.0.0.1",
}
PATIENCE = 30
"""Seconds that servers have to end in, once the page has."""

pytestmark = pytest.mark.slow


def processes_of(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:  # of another user, or at its end
            continue


@pytest.fixture
def run_page(tmp_path):
    """Run the Python of a page in a folder with the examples; return the folder."""
    home = tempfile.mkdtemp(prefix="engine-")  # short, as a socket's path must be

    def run(page: str, more: str = "") -> tuple[Path, subprocess.CompletedProcess]:
        shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("notebooks"))
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        code = "".join(re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)) + more
        mark = uuid.uuid4().hex
        own = {"HOME": home, "RAY_TMPDIR": home, "PYSPARK_PYTHON": sys.executable, MARK: mark}
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=os.environ | LOOPBACK | own,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        until = time.monotonic() + PATIENCE
        while left := list(processes_of(mark)):
            if time.monotonic() > until:
                names = [process.name() for process in left]
                for process in left:
                    process.kill()
                pytest.fail(f"{page} left processes behind: {', '.join(names)}")
            time.sleep(0.2)
        return tmp_path, done

    yield run
    shutil.rmtree(home, ignore_errors=True)


def written(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / name).sort_values(["protein", "position"], ignore_index=True)


def rows_of_the_command(folder: Path) -> pd.DataFrame:
    target = folder / "sites.jsonl"
    assert main(["predict", str(folder / "examples" / "proteins.fasta"), "-o", str(target)]) == 0
    return pd.read_json(target, lines=True).sort_values(["protein", "position"], ignore_index=True)


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=0, atol=1e-6)


def need_spark() -> None:
    pytest.importorskip("pyspark")
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        pytest.skip("there is no Java; apt-get install default-jre-headless")


BAD_IN_RAY = """
bad = ray.data.from_items([{"id": "fine", "sequence": "MSTY"}, {"id": "wrong", "sequence": "MS1"}])
bad.map_batches(Scorer(), batch_format="pandas").materialize()
"""
BAD_IN_SPARK = """
spark = SparkSession.builder.master("local[1]").getOrCreate()
bad = spark.createDataFrame([("fine", "MSTY"), ("wrong", "MS1")], "id string, sequence string")
bad.coalesce(1).mapInPandas(Scorer().map, Scorer.schema).collect()
"""
MESSAGE = "record wrong, position 3: found '1', expected a residue letter A-Z"


def test_ray(run_page):
    pytest.importorskip("ray")
    folder, done = run_page("ray.md", BAD_IN_RAY)
    assert done.returncode == 1
    assert MESSAGE in done.stderr
    assert (folder / "tyrosines").is_dir(), done.stderr
    expected = rows_of_the_command(folder)
    assert_equal(written(folder, "sites"), expected)
    tyrosines = expected[expected["residue"] == "Y"].reset_index(drop=True)
    assert_equal(written(folder, "tyrosines"), tyrosines)


def test_spark(run_page):
    need_spark()
    folder, done = run_page("spark.md", BAD_IN_SPARK)
    assert done.returncode == 1
    assert MESSAGE in done.stderr
    assert (folder / "sites" / "_SUCCESS").is_file(), done.stderr
    assert_equal(written(folder, "sites"), rows_of_the_command(folder))
