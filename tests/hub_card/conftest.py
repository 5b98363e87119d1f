"""What the tests of publishing share: a folder that passes for a model, and a client that does not really wait."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

CONFIG = {
    "model_type": "phosphot5",
    "phosphot5_version": "0.1.0",
    "auto_map": {
        "AutoConfig": "configuration_phosphot5.PhosphoT5Config",
        "AutoModelForSeq2SeqLM": "modeling_phosphot5.PhosphoT5ForConditionalGeneration",
    },
    "custom_pipelines": {"phosphosite-prediction": {"impl": "pipeline_phosphot5.PhosphositePipeline"}},
}
TOKENIZER = {"auto_map": {"AutoTokenizer": ["tokenization_phosphot5.PhosphoT5Tokenizer", None]}}


@pytest.fixture
def config() -> dict:
    """The configuration in ``folder``."""
    return CONFIG


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all the files of a model, in two shards, of which none is a real one."""
    shards = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    index = {"weight_map": {"shared.weight": shards[0], "lm_head.weight": shards[1]}}
    files = {
        "README.md": "---\nlicense: other\n---\n\n# PhosphoT5\n",
        "config.json": json.dumps(CONFIG),
        "tokenizer_config.json": json.dumps(TOKENIZER),
        "vocab.json": "{}",
        "configuration_phosphot5.py": "",
        "modeling_phosphot5.py": "from .attention_phosphot5 import Attention\n",
        "attention_phosphot5.py": "from .configuration_phosphot5 import PhosphoT5Config\n",
        "model.safetensors.index.json": json.dumps(index),
        "pipeline_phosphot5.py": "",
        "tokenization_phosphot5.py": "",
    }
    folder = tmp_path / "model"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    for number, (weight, name) in enumerate(index["weight_map"].items()):
        save_file({weight: np.full(512, number, dtype=np.float32)}, folder / name)
    return folder


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the Hub's client would have waited between its attempts; it does not really."""
    seconds: list[float] = []
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", seconds.append)
    return seconds
