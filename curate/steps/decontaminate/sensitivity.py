"""How many rows would go at other thresholds: of each matcher, from the scores that are stored, the
other matchers and what people said as they are.

Below the score from which a matcher stores every pair there may be more rows than are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor

import numpy as np
import pyarrow as pa

from curate.steps.decontaminate.found import Found

STEPS = 100
"""Thresholds from 0 to 1."""
BELOW = 0.1
"""The curve goes down to so much below the threshold at least."""

Blocks = Sequence[tuple[int, Sequence[Found]]]
"""Of every block of a source its first record, and its pairs."""


def sensitivity(
    source: str, blocks: Blocks, thresholds: Mapping[str, float], stored_from: Mapping[str, float]
) -> Iterator[pa.Table]:
    """The lines of the audit's table `sensitivity` on one source."""
    for matcher, set_to in thresholds.items():
        if not set_to:  # it finds a pair or none: there is nothing to set
            continue
        taken = [_rows(blocks, name, at) for name, at in thresholds.items() if name != matcher]
        anyway = np.unique(np.concatenate([*taken, _confirmed(blocks)]))
        best = _best(blocks, matcher, anyway)
        lowest = max(0.0, min(stored_from[matcher], set_to - BELOW))
        grid = [step / STEPS for step in range(floor(STEPS * lowest + 1e-9), STEPS)]
        at = np.array(sorted({*grid, set_to}))
        over = len(best) - np.searchsorted(best, at, "right")
        yield pa.table(
            {
                "matcher": [matcher] * len(at),
                "source": [source] * len(at),
                "threshold": at,
                "rows": len(anyway) + over,
                "complete": at >= stored_from[matcher],
            }
        )


def _rows(blocks: Blocks, matcher: str, threshold: float) -> np.ndarray:
    """The rows that one matcher would have go at a threshold."""
    rows, scores = _able(blocks, matcher)
    return rows[scores > threshold]


def _confirmed(blocks: Blocks) -> np.ndarray:
    """The rows that go because people said so, whatever they score."""
    own = [one.pairs.docs[one.goes & ~one.able] + first for first, found in blocks for one in found]
    return np.concatenate([np.empty(0, np.int64), *own])


def _best(blocks: Blocks, matcher: str, but: np.ndarray) -> np.ndarray:
    """The best score of each row, ascending, without some rows."""
    rows, scores = _able(blocks, matcher)
    other = ~np.isin(rows, but)
    unique, place = np.unique(rows[other], return_inverse=True)
    best = np.zeros(len(unique))
    np.maximum.at(best, place, scores[other])
    return np.sort(best)


def _able(blocks: Blocks, matcher: str) -> tuple[np.ndarray, np.ndarray]:
    """The rows and scores of the pairs for which a row would go, were the score high enough."""
    own = [
        (one.pairs.docs[one.able] + first, one.pairs.scores[one.able])
        for first, found in blocks
        for one in found
        if one.matcher == matcher
    ]
    rows = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in own)])
    return rows, np.concatenate([np.empty(0), *(scores for _, scores in own)])
