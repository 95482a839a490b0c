"""Labelled cases: a completion, a ground truth, and whether the one answers the other."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Case(NamedTuple):
    """One case; `kind` says how it was made, `right` what the verdict must be."""

    kind: str
    completion: str
    ground_truth: str
    right: bool


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file, compressed or not; none where there is no such file."""
    if not path.exists():
        return
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


AROUND = (
    "{}",
    "The answer is {}.",
    "So in the end we get {}",
    "Answer: {}\n",
    "**{}**",
    "Adding it all up, it comes to {}.\n\n",
)
"""Text around an answer."""


def around(place: int, answer: str) -> str:
    """An answer in one of the texts, in turn."""
    return AROUND[place % len(AROUND)].format(answer)


def swapped(digits: str) -> str | None:
    """A number with the first two neighbouring digits that differ exchanged; None where it has no
    such digits.
    """
    for place in range(len(digits) - 1):
        one, two = digits[place], digits[place + 1]
        if one != two and (one + two).isdigit() and (two != "0" or place or "." in digits[:2]):
            return digits[:place] + two + one + digits[place + 2 :]
    return None
