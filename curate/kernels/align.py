"""Which words of an item stand in a stretch of a record: the local alignment behind `robust`.

Both texts are runs of words. A chain is words that both have, in the order of both; a word that is
equal brings its weight, a word of the record that is passed over costs `gap`, one of the item
nothing. The best chain is found by dynamic programming, and what is left on both sides is aligned
again, a few times: those are sentences that were moved. Of all words that were found the ones in
the best window of the record count, twice as long as the item. Hashes only propose: what was found
is compared as text before it counts.

The work for one stretch is bounded by the item alone: places of each word in the item, times the
words of the stretch, of which there are at most four times the item's. In long items a word that is
said too often is found only next to words that were found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curate.kernels.arrays import sort
from curate.kernels.jit import inner
from curate.kernels.tokens import same_token

_HALF, _LOW = np.int64(32), np.int64(0xFFFFFFFF)
"""Two numbers in one, to be sorted: the first above, the second below."""
WINDOW, MORE = 2, 4
"""Words of the record in which an item has to lie: so many times its own, and so many more."""
CELLS = 1 << 22
"""Pairs of equal words that one chain is chosen from; every word of the stretch has its share."""


class Words(NamedTuple):
    """The words of one record, its scanned turns one after the other."""

    data: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    hashes: np.ndarray
    taken: np.ndarray  # int64: the last alignment that took the word
    size: int
    turn_ends: np.ndarray  # int64: of each turn, the word after its last ...
    turn_starts: np.ndarray  # int64: ... and its bytes
    turn_stops: np.ndarray
    n_turns: int


class Scratch(NamedTuple):
    """Room for one alignment, used again for the next."""

    partners: np.ndarray  # int64: the record's word that each word of the item was found in, or -1
    counts: np.ndarray  # int64: zeros between calls
    places: np.ndarray  # int64: the events of one candidate
    found: np.ndarray  # int64: the words that were found, to be sorted
    heads: np.ndarray  # int32: the last word of the item by its hash, or -1 ...
    before: np.ndarray  # int32: ... and for each word the one before it
    sums: np.ndarray  # int64: the best chain among the item's first words ...
    ways: np.ndarray  # int32: ... and its last cell
    cells: np.ndarray  # int32 [., 3]: word of the item, word of the record, the cell before it


@inner
def make_scratch(events: int, longest: int) -> Scratch:
    """Room for the events of one candidate and the words of the longest item."""
    size = 64
    while size < 2 * longest:
        size *= 2
    return Scratch(
        np.empty(longest, np.int64),
        np.zeros(longest, np.int64),
        np.empty(events, np.int64),
        np.empty(longest, np.int64),
        np.empty(size, np.int32),
        np.empty(longest, np.int32),
        np.empty(longest + 1, np.int64),
        np.empty(longest + 1, np.int32),
        np.empty((CELLS, 3), np.int32),
    )


@inner
def best_stretch(
    events: np.ndarray, places: np.ndarray, size: int, first: int, reach: int, n: int,
    weights: np.ndarray, counts: np.ndarray,
) -> tuple[int, int, int]:  # fmt: skip
    """The events `places[low:high]`, later words first, that lie within `reach` and whose seeds
    hold most of the item.

    Returns low, high and the weight of the words held; of equal stretches it is the one that begins
    first. `first` is the item's first word; `counts` holds zeros, before and after."""
    low, weight = np.int64(0), np.int64(0)
    best_low, best_high, best = np.int64(0), np.int64(0), np.int64(-1)
    for high in range(size):
        at, word = events[places[high], 0], events[places[high], 1]
        for i in range(at, at + n):
            if counts[i - first] == 0:
                weight += weights[i]
            counts[i - first] += 1
        while events[places[low], 1] - word > reach:
            weight -= _let_go(events[places[low], 0], n, first, weights, counts)
            low += 1
        if weight >= best:
            best_low, best_high, best = low, np.int64(high + 1), weight
    for i in range(low, size):
        _let_go(events[places[i], 0], n, first, weights, counts)
    return best_low, best_high, best


@inner
def _let_go(at: int, n: int, first: int, weights: np.ndarray, counts: np.ndarray) -> int:
    """Take a seed back; returns the weight of the words that no other seed holds."""
    weight = np.int64(0)
    for i in range(at, at + n):
        counts[i - first] -= 1
        if counts[i - first] == 0:
            weight += weights[i]
    return weight


@inner
def place_words(
    first: int, length: int, known: np.ndarray, partners: np.ndarray, heads: np.ndarray,
    before: np.ndarray,
) -> np.uint64:  # fmt: skip
    """Make the words of an item that have no partner quick to find: `heads[hash & mask]` is the
    last one, `before` leads to the others. Returns the mask.
    """
    size = np.int64(64)
    while size < 2 * length:
        size *= 2
    mask = np.uint64(size - 1)
    for slot in range(size):
        heads[slot] = -1
    for i in range(length):
        if partners[i] < 0:
            slot = np.int64(known[first + i] & mask)
            before[i], heads[slot] = heads[slot], i
    return mask


@inner
def _add_places(
    first: int, length: int, known: np.ndarray, hashes: np.ndarray, word: int, at: int, most: int,
    partners: np.ndarray, before: np.ndarray, cells: np.ndarray, low: int, high: int,
) -> tuple[int, bool]:  # fmt: skip
    """Write the places of a word in the item into the cells from `high` on, later ones first; `at`
    leads to them. Of a word with more than `most` only those that go on from the cells `low:high`
    of the word before. Returns the end, and whether these are all.
    """
    end, hash_ = high, hashes[word]
    while at >= 0 and end - high <= most:
        if known[first + at] == hash_:
            if end - high == most:
                break
            cells[end, 0] = at
            end += 1
        at = np.int64(before[at])
    if at < 0:
        return end, True
    end = high
    for cell in range(low, high):
        i = np.int64(cells[cell, 0]) + 1
        if i < length and partners[i] < 0 and known[first + i] == hash_:
            cells[end, 0] = i
            end += 1
    return end, False


@inner
def best_chain(
    first: int, length: int, known: np.ndarray, weights: np.ndarray, hashes: np.ndarray, low: int,
    high: int, taken: np.ndarray, mark: int, gap: int, partners: np.ndarray, heads: np.ndarray,
    before: np.ndarray, sums: np.ndarray, ways: np.ndarray, cells: np.ndarray,
) -> tuple[int, int, bool]:  # fmt: skip
    """The best chain among the words of an item that have no partner yet and those of the record in
    `low:high` that `mark` has not taken; returns its weight, its last cell (0 and -1 for none), and
    whether all places of all words were looked at.

    `sums[i]` is the best chain that ends before word i of the item, as if it ended at the first
    word of the stretch."""
    mask = place_words(first, length, known, partners, heads, before)
    for i in range(length + 1):
        sums[i], ways[i] = 0, -1
    best, last, whole = np.int64(0), np.int64(-1), True
    most, begin, end = np.int64(cells.shape[0] // max(1, high - low)), np.int64(0), np.int64(0)
    for word in range(low, high):
        at = np.int64(heads[np.int64(hashes[word] & mask)])
        if at < 0 or taken[word] == mark:
            begin = end  # no cell of the next word goes on from here
            continue
        old = end
        end, every = _add_places(
            first, length, known, hashes, word, at, most, partners, before, cells, begin, end
        )
        begin, whole = old, whole and every
        passed = gap * (word - low)
        for cell in range(begin, end):
            i = np.int64(cells[cell, 0])
            value, way = sums[i] - passed, ways[i]
            if value <= 0:
                value, way = np.int64(0), np.int32(-1)
            value += weights[first + i]
            cells[cell, 1], cells[cell, 2] = word, way
            if value >= best:  # of equal ones the first words of the item
                best, last = value, np.int64(cell)
            value, k = value + passed + gap, i + 1
            while k <= length and sums[k] < value:
                sums[k], ways[k] = value, cell
                k += 1
    return best, last, whole


@inner
def _grow_back(
    first: int, length: int, known: np.ndarray, hashes: np.ndarray, low: int, taken: np.ndarray,
    mark: int, partners: np.ndarray,
) -> None:  # fmt: skip
    """Take the equal words that stand right before those that were taken."""
    for i in range(length - 1, 0, -1):
        word = partners[i] - 1
        if (
            word >= low
            and partners[i - 1] < 0
            and taken[word] != mark
            and known[first + i - 1] == hashes[word]
        ):
            partners[i - 1], taken[word] = word, mark


@inner
def take(cells: np.ndarray, last: int, partners: np.ndarray, taken: np.ndarray, mark: int) -> int:
    """Take the words of the chain that ends with a cell; returns how many they are."""
    n = np.int64(0)
    while last >= 0:
        partners[cells[last, 0]] = cells[last, 1]
        taken[cells[last, 1]] = mark
        last, n = np.int64(cells[last, 2]), n + 1
    return n


@inner
def _chain_size(cells: np.ndarray, last: int) -> int:
    n = np.int64(0)
    while last >= 0:
        last, n = np.int64(cells[last, 2]), n + 1
    return n


@inner
def align(
    first: int, length: int, known: np.ndarray, weights: np.ndarray, words: Words, low: int,
    high: int, mark: int, gap: int, again: int, least: int, least_words: int, scratch: Scratch,
) -> tuple[int, bool]:  # fmt: skip
    """Find the words of an item in the words `low:high` of a record: `scratch.partners` holds them;
    returns the weight of the chains, and whether all places of all words were looked at.

    The item's words are `length` from `first` on. A chain that is not the first needs `least`, in
    `least_words`. `mark` must be new to the record."""
    partners, cells, taken, hashes = scratch.partners, scratch.cells, words.taken, words.hashes
    heads, before, sums, ways = scratch.heads, scratch.before, scratch.sums, scratch.ways
    for i in range(length):
        partners[i] = -1
    weight, whole = np.int64(0), True
    for time in range(again + 1):
        best, last, every = best_chain(
            first, length, known, weights, hashes, low, high, taken, mark, gap, partners, heads,
            before, sums, ways, cells,
        )  # fmt: skip
        whole = whole and every
        if best < least or _chain_size(cells, last) < (least_words if time > 0 else 1):
            break
        weight += best
        if take(cells, last, partners, taken, mark) == length:
            break
        if not every:
            _grow_back(first, length, known, hashes, low, taken, mark, partners)
    _keep_window(first, length, weights, partners, scratch.found)
    return weight, whole


@inner
def _keep_window(
    first: int, length: int, weights: np.ndarray, partners: np.ndarray, found: np.ndarray
) -> None:
    """Give up what does not lie in the window of the record that holds most; of equal ones the
    first.
    """
    size = np.int64(0)
    for i in range(length):
        if partners[i] >= 0:
            found[size] = (partners[i] << _HALF) | i
            size += 1
    sort(found, size)
    span = WINDOW * length + MORE
    low, weight, best, start = np.int64(0), np.int64(0), np.int64(-1), np.int64(0)
    for high in range(size):
        weight += weights[first + (found[high] & _LOW)]
        while (found[high] >> _HALF) - (found[low] >> _HALF) >= span:
            weight -= weights[first + (found[low] & _LOW)]
            low += 1
        if weight > best:
            best, start = weight, found[low] >> _HALF
    for i in range(length):
        if not start <= partners[i] < start + span:
            partners[i] = -1


@inner
def confirm(
    first: int, length: int, data: np.ndarray, begins: np.ndarray, ends: np.ndarray,
    text: np.ndarray, text_begins: np.ndarray, text_ends: np.ndarray, partners: np.ndarray,
) -> None:  # fmt: skip
    """Give up the words that have one hash and are not equal as text."""
    for i in range(length):
        word, at = partners[i], first + i
        if word >= 0 and not same_token(
            data, begins[at], ends[at], text, text_begins[word], text_ends[word]
        ):
            partners[i] = -1
