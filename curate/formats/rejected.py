"""The texts of a row that makes no record: it may hold a benchmark item as well as any."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def texts_of(raw: str) -> Iterator[str]:
    """The texts in a row of JSON, in their order; anything else as it stands."""
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError):
        row = raw
    waiting: list[Any] = [row]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if value.strip():
                yield value.encode("utf-8", "replace").decode("utf-8")
        elif isinstance(value, dict):
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)
