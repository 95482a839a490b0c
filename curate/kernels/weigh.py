"""What pairs that another matcher found rest on: each is held against its item where it was found,
by the rule of `robust`."""

from __future__ import annotations

import numpy as np

from curate.kernels.align import MORE, WINDOW, Scratch, Words, make_scratch, place_words
from curate.kernels.items import Items, Rule, Signs
from curate.kernels.jit import inner, jit
from curate.kernels.judge import LEAK, TEMPLATE, Judged, judge
from curate.kernels.seek import most_words, record_end
from curate.kernels.signs import make_sign_room
from curate.kernels.spans import word_points
from curate.kernels.texts import Stretches
from curate.kernels.words import find_words


@inner
def _word_after(points: np.ndarray, size: int, turn: int, at: int, column: int) -> int:
    """The first word with more than `at` in a column of `points`, or of a later turn."""
    low, high = np.int64(0), np.int64(size)
    while low < high:
        middle = (low + high) // 2
        if points[middle, 0] < turn or (points[middle, 0] == turn and points[middle, column] <= at):
            low = middle + 1
        else:
            high = middle
    return low


@inner
def _words_of(points: np.ndarray, size: int, span: np.ndarray) -> tuple[int, int]:
    """The words that lie in a span (turn, code points), if only in part: first and end."""
    first = _word_after(points, size, span[0], span[1], 2)
    return first, max(first, _word_after(points, size, span[0], span[2] - 1, 1))


@inner
def _find_words(
    first: int, length: int, known: np.ndarray, hashes: np.ndarray, points: np.ndarray, size: int,
    spans: np.ndarray, scratch: Scratch, held: np.ndarray,
) -> int:  # fmt: skip
    """Write the words in some spans that an item has, each with one place of it there, the same for
    equal words; returns how many there are.
    """
    for i in range(length):
        scratch.partners[i] = -1
    mask = place_words(first, length, known, scratch.partners, scratch.heads, scratch.before)
    k, done = 0, 0
    for s in range(spans.shape[0]):
        word, end = _words_of(points, size, spans[s])
        for at in range(max(word, done), end):
            i = np.int64(scratch.heads[np.int64(hashes[at] & mask)])
            while i >= 0 and known[first + i] != hashes[at]:
                i = np.int64(scratch.before[i])
            if i >= 0:
                held[k, 0], held[k, 1] = at, i
                k += 1
        done = max(done, end)
    return k


@inner
def _stretch(
    item: int, items: Items, hashes: np.ndarray, points: np.ndarray, size: int, spans: np.ndarray,
    scratch: Scratch, held: np.ndarray,
) -> tuple[int, int]:  # fmt: skip
    """The words from the first to the last in some spans, which are ascending. Where an item cannot
    lie in so many, those of the window of them that holds most of the item: by weight, a word that
    is there twice once.
    """
    first, length, last = (
        items.first[item],
        items.first[item + 1] - items.first[item],
        len(spans) - 1,
    )
    low_word, _ = _words_of(points, size, spans[0])
    _, end_word = _words_of(points, size, spans[last])
    reach = WINDOW * length + MORE
    if end_word - low_word <= reach:
        return low_word, max(low_word, end_word)
    k = _find_words(first, length, items.hashes, hashes, points, size, spans, scratch, held)
    counts, low, weight, best = scratch.counts, np.int64(0), np.int64(0), np.int64(-1)
    for high in range(k):
        weight += items.weights[first + held[high, 1]] if counts[held[high, 1]] == 0 else 0
        counts[held[high, 1]] += 1
        while held[high, 0] - held[low, 0] >= reach:
            counts[held[low, 1]] -= 1
            weight -= items.weights[first + held[low, 1]] if counts[held[low, 1]] == 0 else 0
            low += 1
        if weight > best:
            best, low_word, end_word = weight, held[low, 0], held[high, 0] + 1
    for i in range(low, k):
        counts[held[i, 1]] = 0
    return low_word, end_word


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
    held = np.empty((most, 2), np.int64)
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
            low, high = _stretch(
                item, items, hashes, points, size, doc_spans[doc_first[pair] : doc_first[pair + 1]],
                scratch, held,
            )  # fmt: skip
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
