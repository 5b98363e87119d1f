"""A model of another release: it is said which code runs, and saved again it is of this release."""

import json
from pathlib import Path

from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.modeling_phosphot5.configuration_phosphot5 import VERSION


def test_another_release_is_warned_about_once_and_replaced(tmp_path: Path, caplog) -> None:
    PhosphoT5Config(d_model=8).save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"phosphot5_version": "0.0.9"}))
    for _ in range(2):
        config = PhosphoT5Config.from_pretrained(tmp_path)
    told = [record.message for record in caplog.records]
    assert len(told) == 1
    assert f"saved by phosphot5 0.0.9; the code that runs is phosphot5 {VERSION}, in " in told[0]
    assert "modeling_phosphot5" in told[0]
    config.save_pretrained(tmp_path)
    assert json.loads(file.read_text())["phosphot5_version"] == VERSION


def test_the_own_release_is_not_talked_about(tmp_path: Path, caplog) -> None:
    PhosphoT5Config(d_model=8).save_pretrained(tmp_path)
    PhosphoT5Config.from_pretrained(tmp_path)
    assert not caplog.records
