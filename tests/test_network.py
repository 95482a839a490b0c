"""Working without the Hub: nothing is asked of it, and what was set before comes back."""

from __future__ import annotations

import datasets
import pytest
from huggingface_hub import constants, get_session
from huggingface_hub.errors import OfflineModeIsEnabled

from curate import network


def test_offline_stops_every_request_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    with network.offline():
        assert not network.hub_reachable()
        with pytest.raises(OfflineModeIsEnabled):
            get_session().head(constants.ENDPOINT)
    assert constants.HF_HUB_OFFLINE is False
    assert datasets.config.HF_HUB_OFFLINE is False


def test_offline_ends_after_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(KeyError), network.offline():
        raise KeyError
    assert constants.HF_HUB_OFFLINE is False


def test_a_port_that_nobody_listens_on_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert not network.hub_reachable(timeout=1.0)
