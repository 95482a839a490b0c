"""How much is tried: as much as CI has time for, or as much more as `make soak` asks for."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

KILLS = int(os.environ.get("CURATE_KILLS", "10"))
"""How often a build is killed at some moment."""
LONG = int(os.environ.get("CURATE_LONG", "20000"))
"""Characters of texts that are made of two pieces."""
_USUAL = 100
"""Examples of a test that names no number, where a profile does not say otherwise."""


def examples(n: int, **more: Any) -> settings:
    """So many examples, or in the profile `soak` as many times more as it has of other tests."""
    return settings(max_examples=n * settings().max_examples // _USUAL, **more)


FILES = int(os.environ.get("CURATE_FILES", "600"))
"""How many damaged files of each kind are read."""
ROWS = int(os.environ.get("CURATE_ROWS", "1000"))
"""How many fuzzed rows are given to each format."""
