"""How a build is run where nothing is said."""

from __future__ import annotations

import os

import pytest

from curate.mixture.options import Options


@pytest.mark.parametrize(("processors", "workers"), [(7, 7), (1, 1), (None, 1)])
def test_as_many_blocks_at_once_as_there_are_processors(
    monkeypatch: pytest.MonkeyPatch, processors: int | None, workers: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert Options().workers == workers
