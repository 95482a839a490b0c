"""How much of an item stands in a stretch of a record, and which words: the greedy alignment behind
`robust`.

Both texts are runs of words. Where the item and the stretch share a seed (a few words in a row) at
places i and j, they agree along the diagonal j - i. Diagonals are walked from the heaviest down:
along one, words that are equal and that no heavier one has taken are taken, past words that differ,
until `misses` in a row do. Words that were replaced cost only themselves that way, words that were
put in or left out begin another diagonal, and so does a sentence that was moved. What was taken is
compared as text before it counts, so a hash collision never gives a word away.

The work for one stretch is bounded by the item's length alone: `chains` diagonals of at most that
length."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curate.kernels.arrays import sort
from curate.kernels.jit import inner
from curate.kernels.numbers import numbers_of
from curate.kernels.tokens import same_token
from curate.kernels.words import NUMBER, PLAIN

_HALF, _LOW = np.int64(32), np.int64(0xFFFFFFFF)
"""Two numbers in one, to be sorted: the first above, the second below."""
_LOOSE = 6
"""Words that a gap may be longer in the record than twice the item's."""


class Rule(NamedTuple):
    """The numbers that the kernels need; `RobustSettings` says what they mean."""

    misses: int
    chains: int
    floor: float
    short: float
    plain_agrees: float
    numbers_differ: float


class Items(NamedTuple):
    """The words of all items, and the seeds by which they are found: flat arrays, passed to numba
    as one tuple.
    """

    n: int  # words in a seed
    data: np.ndarray  # uint8: the fields' texts, one after the other
    begins: np.ndarray  # int64 [words]: byte offsets into data
    ends: np.ndarray
    hashes: np.ndarray  # uint64 [words]
    points: np.ndarray  # int32 [words, 2]: code points of each word within its item's text
    weights: np.ndarray  # int64 [words]: the rarer among the items, the heavier
    kinds: np.ndarray  # int8 [words]: PLAIN, NUMBER or CAPITALISED
    number_hashes: np.ndarray  # uint64, ascending: the words that name numbers ...
    number_values: np.ndarray  # int64: ... and what they are
    word_item: np.ndarray  # int32 [words]: the item a word belongs to
    first: np.ndarray  # int64 [items + 1]: first word of each item
    field_first: np.ndarray  # int64 [fields + 1]: first word of each field
    item_fields: np.ndarray  # int64 [items + 1]: first field of each item
    needs: np.ndarray  # int64 [items]: weight of seeds from which on a stretch is aligned
    reaches: np.ndarray  # int64 [items]: words that a stretch may span
    bloom: np.ndarray  # uint64 words: filter of the seeds
    slots: np.ndarray  # uint64 [slots, 2]: hash of a seed; its number + 1 above (0: free)
    seeds: np.ndarray  # int32 [seeds, 3]: first and end of its postings, its weight
    postings: (
        np.ndarray
    )  # int32 [., 2]: word positions where the seed begins, ascending, and their items


class Words(NamedTuple):
    """The words of one record, its scanned turns one after the other."""

    data: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    hashes: np.ndarray
    taken: np.ndarray  # int64: the last alignment that took the word
    size: int


class Scratch(NamedTuple):
    """Room for one alignment, used again for the next."""

    partners: np.ndarray  # int64: the record's word that each word of the item was found in, or -1
    counts: np.ndarray  # int64: zeros between calls
    places: np.ndarray  # int64: the events of one candidate
    keys: np.ndarray  # int64: the same by diagonal
    chains: np.ndarray  # int64 [., 3]: diagonal, first and last seed on it
    order: np.ndarray  # int64: the chains by weight


@inner
def make_scratch(events: int, longest: int) -> Scratch:
    """Room for the events of one candidate and the words of the longest item."""
    return Scratch(
        np.empty(longest, np.int64),
        np.zeros(longest, np.int64),
        np.empty(events, np.int64),
        np.empty(events, np.int64),
        np.empty((events, 3), np.int64),
        np.empty(events, np.int64),
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
def _diagonals(
    events: np.ndarray, places: np.ndarray, low: int, high: int, first: int, length: int, n: int,
    weights: np.ndarray, keys: np.ndarray, chains: np.ndarray, order: np.ndarray,
) -> int:  # fmt: skip
    """Write the diagonals of the events and their order by the weight of the words held; returns
    their number.
    """
    for i in range(low, high):
        at, word = events[places[i], 0] - first, events[places[i], 1]
        keys[i - low] = (np.int64(word - at + length) << _HALF) | np.int64(at)
    sort(keys, high - low)
    k, weight, reach = np.int64(-1), np.int64(0), np.int64(0)
    for i in range(high - low):
        diagonal, at = (keys[i] >> _HALF) - length, keys[i] & _LOW
        if i == 0 or diagonal != chains[k, 0]:
            k, weight, reach = k + 1, np.int64(0), np.int64(0)
            chains[k, 0], chains[k, 1] = diagonal, at
        for j in range(max(at, reach), at + n):
            weight += weights[first + j]
        chains[k, 2], reach = at, at + n
        order[k] = (weight << _HALF) | k
    sort(order, k + 1)
    return k + 1


@inner
def _walk(
    diagonal: int, begin: int, last: int, length: int, first: int, known: np.ndarray,
    hashes: np.ndarray, size: int, taken: np.ndarray, mark: int, partners: np.ndarray,
    misses: int,
) -> None:  # fmt: skip
    """Take what agrees along one diagonal: between its seeds, and on both sides until too many in a
    row differ.
    """
    at, missed = begin - 1, np.int64(0)
    while at >= 0 and at >= -diagonal and missed < misses:
        missed += 1
        word = at + diagonal
        if known[first + at] == hashes[word] and partners[at] < 0 and taken[word] != mark:
            partners[at], taken[word], missed = word, mark, np.int64(0)
        at -= 1
    at, missed = begin, np.int64(0)
    while at < length and at + diagonal < size and (at <= last or missed < misses):
        missed += 1
        word = at + diagonal
        if known[first + at] == hashes[word] and partners[at] < 0 and taken[word] != mark:
            partners[at], taken[word], missed = word, mark, np.int64(0)
        at += 1


@inner
def align(
    events: np.ndarray, places: np.ndarray, low: int, high: int, first: int, length: int,
    items: Items, words: Words, mark: int, scratch: Scratch, rule: Rule,
) -> None:  # fmt: skip
    """Find the words of an item in the record around the seeds `places[low:high]`:
    `scratch.partners` holds them.

    The item's words are `length` from `first` on. `mark` must be new to the record.
    """
    known, hashes, size, taken = items.hashes, words.hashes, words.size, words.taken
    keys, chains, order, partners = scratch.keys, scratch.chains, scratch.order, scratch.partners
    for i in range(length):
        partners[i] = -1
    n_chains = _diagonals(
        events, places, low, high, first, length, items.n, items.weights, keys, chains, order
    )
    for i in range(n_chains - 1, max(n_chains - 1 - rule.chains, -1), -1):
        c = order[i] & _LOW
        _walk(
            chains[c, 0], chains[c, 1], chains[c, 2], length, first, known, hashes, size, taken, mark, partners,
            rule.misses,
        )  # fmt: skip


@inner
def confirm(first: int, length: int, items: Items, words: Words, partners: np.ndarray) -> None:
    """Give up the words that have one hash and are not equal as text."""
    for i in range(length):
        word, at = partners[i], first + i
        if word >= 0 and not same_token(
            items.data,
            items.begins[at],
            items.ends[at],
            words.data,
            words.begins[word],
            words.ends[word],
        ):
            partners[i] = -1


@inner
def score_of(item: int, items: Items, partners: np.ndarray, short: float) -> float:
    """Mean over the item's fields of the weight of the words found, as a share of all, to twelve
    decimals.

    Fields without words are left out. For an item of fewer than `short` words it is raised to the
    power of short / words: half of a short question is a common phrase, half of a long one is not.
    """
    total, word, fields = 0.0, np.int64(0), np.int64(0)
    size = items.first[item + 1] - items.first[item]
    for field in range(items.item_fields[item], items.item_fields[item + 1]):
        found, weight = np.int64(0), np.int64(0)
        for at in range(items.field_first[field], items.field_first[field + 1]):
            weight += items.weights[at]
            if partners[word] >= 0:
                found += items.weights[at]
            word += 1
        if weight > 0:
            total += found / weight
            fields += 1
    mean = total / fields
    return round(mean if size >= short else mean ** (short / size), 12)


@inner
def is_variant(item: int, items: Items, words: Words, partners: np.ndarray, rule: Rule) -> bool:
    """Whether the words that are no numbers and no names agree, and other numbers have taken the
    place of the item's: another item of one template.
    """
    first, end = items.first[item], items.first[item + 1]
    plain, found, numbers, differ = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for at in range(first, end):
        if items.kinds[at] == PLAIN:
            plain += 1
            found += np.int64(partners[at - first] >= 0)
        elif items.kinds[at] == NUMBER:
            numbers += 1
    if numbers == 0 or found < rule.plain_agrees * plain:
        return False
    low = first
    while low < end:
        high = low
        while high < end and partners[high - first] < 0:
            high += 1
        if high > low:
            differ += _replaced(low, high, first, end, items, words, partners)
        low = high + 1
    return bool(differ >= rule.numbers_differ * numbers)


@inner
def _replaced(
    low: int, high: int, first: int, end: int, items: Items, words: Words, partners: np.ndarray
) -> int:
    """How many words of the item's gap `low:high` name numbers in whose place the record has
    others.

    A number that is gone, or a word that is none in its place, is an edit. So is a gap that is much
    longer in the record: nothing says that what is there stands for what was here."""
    n, by_value, by_digits = numbers_of(
        low, high, items.data, items.begins, items.ends, items.hashes,
        items.number_hashes, items.number_values,
    )  # fmt: skip
    if n == 0:
        return np.int64(0)
    start = partners[low - 1 - first] + 1 if low > first else np.int64(-1)
    stop = partners[high - first] if high < end else np.int64(-1)
    if start < 0:
        start = max(stop - (high - low), np.int64(0))
    elif stop < 0:
        stop = min(start + (high - low), np.int64(words.size))
    if stop - start > 2 * (high - low) + _LOOSE:
        return np.int64(0)
    others, value, digits = numbers_of(
        start, stop, words.data, words.begins, words.ends, words.hashes,
        items.number_hashes, items.number_values,
    )  # fmt: skip
    same = by_value == value or by_digits == digits
    return n if others > 0 and not same else np.int64(0)
