"""What several tests of suites need."""

from __future__ import annotations

import pytest


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the Hub out of reach, as on a machine without a network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
