"""What pairs that another matcher found rest on: each is held against its item where it was found,
by the rule of `robust`."""

from __future__ import annotations

import numpy as np

from curate.kernels.align import Words, make_scratch
from curate.kernels.items import Items, Rule, Signs
from curate.kernels.jit import inner, jit
from curate.kernels.judge import LEAK, TEMPLATE, Judged, judge
from curate.kernels.seek import most_words, record_end
from curate.kernels.signs import make_sign_room
from curate.kernels.spans import word_points
from curate.kernels.texts import Stretches
from curate.kernels.words import find_words


@inner
def _stretch(
    points: np.ndarray, size: int, spans: np.ndarray, low: int, high: int
) -> tuple[int, int]:
    """The first word that ends behind the beginning of the first span, and the one after the last
    that begins before the end of the last span.
    """
    turn, start = spans[low, 0], spans[low, 1]
    for s in range(low, high):
        if spans[s, 0] < turn or (spans[s, 0] == turn and spans[s, 1] < start):
            turn, start = spans[s, 0], spans[s, 1]
    end_turn, stop = spans[low, 0], spans[low, 2]
    for s in range(low, high):
        if spans[s, 0] > end_turn or (spans[s, 0] == end_turn and spans[s, 2] > stop):
            end_turn, stop = spans[s, 0], spans[s, 2]
    first, end = np.int64(0), np.int64(size)
    while first < size and (
        points[first, 0] < turn or (points[first, 0] == turn and points[first, 2] <= start)
    ):
        first += 1
    while end > first and (
        points[end - 1, 0] > end_turn
        or (points[end - 1, 0] == end_turn and points[end - 1, 1] >= stop)
    ):
        end -= 1
    return first, end


@inner
def _label_of(judged: Judged) -> int:
    """The label of a pair; 0, not judged, where words that were not looked at could change it."""
    if not judged.whole and judged.label != LEAK:
        return np.int64(0)
    return judged.label if judged.label > 0 else np.int64(TEMPLATE)


@jit
def weigh(
    turns: Stretches, docs: np.ndarray, pair_items: np.ndarray, doc_first: np.ndarray,
    doc_spans: np.ndarray, items: Items, signs: Signs, rule: Rule,
) -> np.ndarray:  # fmt: skip
    """The label of every pair (0: not judged), which are ascending by record; the spans of pair i
    are `doc_spans[doc_first[i]:doc_first[i + 1]]`: turn, and code points in it.
    """
    longest = np.int64(1)
    for item in range(items.needs.size):
        longest = max(longest, items.first[item + 1] - items.first[item])
        longest = max(longest, signs.first[item + 1] - signs.first[item])
    most, most_turns = most_words(turns)
    begins, ends, hashes, taken = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.uint64), np.zeros(most, np.int64)  # fmt: skip  # noqa: E501
    turn_ends, scratch, room = np.empty(most_turns, np.int64), make_scratch(np.int64(1), longest), make_sign_room()  # fmt: skip  # noqa: E501
    labels, shares = np.zeros(docs.size, np.int8), np.zeros(docs.size, np.float64)
    first, pair, mark = np.int64(0), np.int64(0), np.int64(1)
    while pair < docs.size:
        while turns.docs[first] != docs[pair]:
            first += 1
        last, size, begin = record_end(turns.docs, first), np.int64(0), pair
        for turn in range(first, last):
            size = find_words(
                turns.data, turns.starts[turn], turns.stops[turn], begins, ends, hashes, size
            )
            turn_ends[turn - first] = size
        words = Words(
            turns.data, begins, ends, hashes, taken, size, turn_ends, turns.starts[first:last],
            turns.stops[first:last], last - first,
        )  # fmt: skip
        points = word_points(turns, first, turn_ends, last - first, begins, ends, size)
        while pair < docs.size and docs[pair] == turns.docs[first]:
            item = np.int64(pair_items[pair])
            length = items.first[item + 1] - items.first[item]
            low, high = _stretch(points, size, doc_spans, doc_first[pair], doc_first[pair + 1])
            judged = judge(
                item, items, signs, words, max(low - length, np.int64(0)),
                min(high + length, np.int64(size)), mark, rule, scratch, room,
            )  # fmt: skip
            labels[pair] = _label_of(judged)
            shares[pair] = judged.share
            pair, mark = pair + 1, mark + 1
        _least_beaten(begin, pair, pair_items, labels, shares, signs)
        first = last
    return labels


@inner
def _least_beaten(
    begin: int, end: int, pair_items: np.ndarray, labels: np.ndarray, shares: np.ndarray,
    signs: Signs,
) -> None:  # fmt: skip
    """As in `seek`: an item without words of its own yields to siblings that the record holds
    better.
    """
    for i in range(begin, end):
        if shares[i] == 0.0 or labels[i] in (0, TEMPLATE):
            continue
        for j in range(begin, end):
            if shares[j] > shares[i] and signs.group[pair_items[j]] == signs.group[pair_items[i]]:
                labels[i] = TEMPLATE
                break
