"""Make the Hub's client talk to a Hub on this machine."""

import sys

import huggingface_hub
import pytest
from hub_server import LocalHub
from huggingface_hub import constants


def use_hub(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Direct the libraries of Hugging Face to a local Hub, logged in and on line, until the patch is undone.

    Parameters
    ----------
    hub : LocalHub
        The server.
    monkeypatch : pytest.MonkeyPatch
        Holds what is to be undone. What this process has read from its environment is changed, and the
        environment, which the processes that the test starts read.
    """
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, hub.endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    huggingface_hub.close_session()
    if transformers_hub := sys.modules.get("transformers.utils.hub"):
        monkeypatch.setattr(transformers_hub, "_hf_api", None)  # it keeps a client of the Hub before
    if datasets_config := sys.modules.get("datasets.config"):
        monkeypatch.setattr(datasets_config, "HF_ENDPOINT", hub.endpoint)
        monkeypatch.setattr(datasets_config, "HF_HUB_OFFLINE", False)
