"""From single findings to `Matches`: what every matcher that compares whole texts has in common.

A finding says that some stretch of a record's turn corresponds to an item. The findings of one
record and one item become one pair, with the best of their scores and all of their stretches; pairs
are put in the order that `Matches` promises."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curate.kernels.texts import Stretches, point_lengths
from curate.matching.ngram import LABELS, Matches


def pairs(
    docs: np.ndarray,
    items: np.ndarray,
    scores: np.ndarray,
    spans: np.ndarray,
    item_spans: np.ndarray,
    label: str,
) -> Matches:
    """Gather findings by record and item.

    Finding i says that `spans[i]` (turn, start, stop) of record `docs[i]` corresponds to item
    `items[i]` with `scores[i]`; `item_spans[item]` is the one stretch (start, stop) of each item
    that is compared. All are code points."""
    order = np.lexsort((spans[:, 1], spans[:, 0], items, docs))
    docs, items, scores, spans = docs[order], items[order], scores[order], spans[order]
    begins = np.flatnonzero(
        np.append(True, (np.diff(docs) != 0) | (np.diff(items) != 0))[: len(docs)]
    )
    best = np.maximum.reduceat(scores, begins) if len(begins) else np.empty(0)
    own = items[begins].astype(np.int32)
    return Matches(
        docs=docs[begins].astype(np.int32),
        items=own,
        scores=best.astype(np.float64),
        doc_first=np.append(begins, len(docs)).astype(np.int64),
        doc_spans=spans.astype(np.int32).reshape(-1, 3),
        item_first=np.arange(len(own) + 1, dtype=np.int64),
        item_spans=item_spans[own].astype(np.int32).reshape(-1, 2),
        labels=np.full(len(own), LABELS.index(label), np.int8),
    )


def whole_turns(turns: Stretches, places: np.ndarray) -> np.ndarray:
    """The spans (turn, start, stop) of whole turns, given by their places in `turns`."""
    lengths = point_lengths(turns.data, turns.starts[places], turns.stops[places])
    return np.stack([turns.turns[places], np.zeros_like(lengths), lengths], axis=1)


def whole_items(items: Sequence[Sequence[str]]) -> np.ndarray:
    """The span (start, stop) of each whole item: its fields joined by one newline."""
    lengths = [sum(map(len, item)) + max(len(item) - 1, 0) for item in items]
    return np.stack([np.zeros(len(lengths), np.int32), np.array(lengths, np.int32)], axis=1)
