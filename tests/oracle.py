"""The published n-gram rule in plain Python, as slow and as short as it gets: what the tests
compare results with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SEPARATORS = re.compile(r"[ ,.?!:;()\"\-\n\\]")


def tokens(text: str) -> list[str]:
    """Lower-case, split on the twelve separators, drop what is empty."""
    lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return [token for token in SEPARATORS.split(lowered) if token]


def grams(text: str, n: int = 8) -> set[tuple[str, ...]]:
    """Give the n-grams of a text."""
    all_tokens = tokens(text)
    return {tuple(all_tokens[i : i + n]) for i in range(len(all_tokens) - n + 1)}


def coverage(field: str, document: set[tuple[str, ...]], n: int = 8) -> float:
    """Give the share of a field's tokens that lie in an n-gram of the document."""
    all_tokens = tokens(field)
    covered: set[int] = set()
    for i in range(len(all_tokens) - n + 1):
        if tuple(all_tokens[i : i + n]) in document:
            covered.update(range(i, i + n))
    return len(covered) / len(all_tokens) if all_tokens else 0.0


def score(fields: Sequence[str], turns: Iterable[str], n: int = 8) -> float:
    """Give an item's score against one record: the mean over its fields, over all scanned turns
    together.
    """
    document = {gram for turn in turns for gram in grams(turn, n)}
    return sum(coverage(field, document, n) for field in fields) / len(fields)
