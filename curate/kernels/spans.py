"""Where the words of a pair stand in both texts, as stretches in code points."""

from __future__ import annotations

import numpy as np

from curate.kernels.arrays import grown, sort
from curate.kernels.items import Items
from curate.kernels.jit import inner
from curate.kernels.texts import Stretches
from curate.kernels.tokens import count_points


@inner
def word_points(
    turns: Stretches, first: int, turn_ends: np.ndarray, n_turns: int, begins: np.ndarray,
    ends: np.ndarray, size: int,
) -> np.ndarray:  # fmt: skip
    """Of every word of a record: the position of its turn, and its code points in it (int32 [words,
    3]).
    """
    points = np.empty((size, 3), np.int32)
    word = np.int64(0)
    for t in range(n_turns):
        at, count = turns.starts[first + t], np.int64(0)
        while word < turn_ends[t]:
            count += count_points(turns.data, at, begins[word])
            points[word, 0], points[word, 1] = turns.turns[first + t], count
            count += count_points(turns.data, begins[word], ends[word])
            points[word, 2] = count
            at = ends[word]
            word += 1
    return points


@inner
def add_item_spans(
    pairs: np.ndarray, low: int, high: int, item: int, items: Items, spans: np.ndarray, k: int,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Append the runs of words that were found, as code points of the item's text; a run ends with
    its field.
    """
    field, before = items.item_fields[item], np.int64(-2)
    for p in range(low, high):
        at, goes_on = np.int64(pairs[p, 0]), np.int64(pairs[p, 0]) == before + 1
        while at >= items.field_first[field + 1]:
            field += 1
            goes_on = False
        if not goes_on:
            if k == spans.shape[0]:
                spans = grown(spans)
            spans[k, 0] = items.points[at, 0]
            k += 1
        spans[k - 1, 1] = items.points[at, 1]
        before = at
    return spans, k


@inner
def add_doc_spans(
    pairs: np.ndarray, low: int, high: int, points: np.ndarray, spans: np.ndarray, k: int,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Append the runs of the record's words that were found; a run ends with its turn."""
    found = np.empty(high - low, np.int64)
    for p in range(low, high):
        found[p - low] = pairs[p, 1]
    sort(found, found.size)
    for i in range(found.size):
        word = found[i]
        if i == 0 or word != found[i - 1] + 1 or points[word, 0] != points[word - 1, 0]:
            if k == spans.shape[0]:
                spans = grown(spans)
            spans[k, 0], spans[k, 1] = points[word, 0], points[word, 1]
            k += 1
        spans[k - 1, 2] = points[word, 2]
    return spans, k
