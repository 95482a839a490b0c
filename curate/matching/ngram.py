"""The n-gram matcher: which benchmark items does one training record cover, how far, and where
(paper §3.2).

A token of item t is covered by record d iff it lies in some n-gram of t that also occurs in d;
windows cross neither turns nor fields. score(t, d) = covered tokens / tokens of t, the mean over
the fields of t; d hits t iff the score exceeds the threshold. The result is complete: every n-gram
of every scanned turn is looked up, and every n-gram found is confirmed on its tokens.

The work is done by two kernels (`curate.kernels.ngram`), both pure and without the GIL, so blocks
of a corpus may be matched in any order, by any number of threads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import Field

from curate.kernels import ahead
from curate.kernels.ngram import Events, Table, scan, score_pairs
from curate.kernels.texts import Stretches
from curate.matching.settings import MatcherSettings, Share, Window

STORED_FROM = 0.2
"""Pairs that score less are not kept: `rethreshold` below it would need a new scan."""

LABELS = (None, "leak", "variant", "suspect", "other question", "template")
"""What a matcher may call a pair; this one judges none."""


class NgramSettings(MatcherSettings):
    """An item is hit by a record that covers more than `threshold` of its tokens with shared
    n-grams of `n` tokens.
    """

    n: Window = 8
    threshold: Share = 0.5
    common: float | None = Field(default=None, ge=0, le=1)
    """N-grams in more than this share of one benchmark's items are its template and do not count.
    """
    singles: bool = False
    """Leave out n-grams more than half of whose tokens have one character: symbols of mathematics.
    """
    judged: bool = False
    """Label every hit by the rule of `robust`: one that rests on a template does not count."""


class Matches(NamedTuple):
    """Record × item pairs with score >= STORED_FROM, ascending by record then item, and their spans
    in code points.

    The spans of pair i are rows `doc_first[i]:doc_first[i+1]` of `doc_spans` (turn, start, stop)
    and likewise for the item."""

    docs: np.ndarray  # int32
    items: np.ndarray  # int32
    scores: np.ndarray  # float64
    doc_first: np.ndarray  # int64 [pairs + 1]
    doc_spans: np.ndarray  # int32 [spans, 3]
    item_first: np.ndarray  # int64 [pairs + 1]
    item_spans: np.ndarray  # int32 [spans, 2]
    labels: np.ndarray  # int8 [pairs]: place in LABELS


def _no_matches() -> Matches:
    none = np.empty(0, np.int32)
    return Matches(
        none,
        none,
        np.empty(0),
        np.zeros(1, np.int64),
        np.empty((0, 3), np.int32),
        np.zeros(1, np.int64),
        np.empty((0, 2), np.int32),
        np.empty(0, np.int8),
    )


NO_MATCHES = _no_matches()


def _as_matches(
    pairs: np.ndarray, scores: np.ndarray, doc_spans: np.ndarray, item_spans: np.ndarray
) -> Matches:
    docs, items = pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32)
    doc_first, item_first = (np.concatenate([[0], pairs[:, column]]) for column in (2, 3))
    return Matches(
        docs,
        items,
        scores,
        doc_first,
        doc_spans,
        item_first,
        item_spans,
        np.zeros(len(docs), np.int8),
    )


def match(
    turns: Stretches, table: Table, floor: float = STORED_FROM, room: int = 1 << 16
) -> tuple[list[Matches], np.ndarray]:
    """Match a run of records against an index.

    Returns the pairs from `floor` on, in record order, as one `Matches` for each time the event
    buffer (of `room` events to begin with) was emptied, and the number of tokens of each turn."""
    counts = np.zeros(len(turns.starts), np.int32)
    found: list[Matches] = []
    first = 0
    while first < len(turns.starts):
        events = Events(*(np.empty(room, np.int32) for _ in range(5)))
        reached, n_events = scan(turns, first, table, events, counts)
        if reached == first:
            room *= 4
        elif n_events:
            ahead.wait()
            found.append(_as_matches(*score_pairs(turns, events, n_events, table, floor)))
        first = reached
    return found, counts
