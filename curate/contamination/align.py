"""How much of an item stands in a stretch of a record, and which words: the greedy alignment behind `robust`.

Both texts are runs of words. Where the item and the stretch share a seed (a few words in a row) at places i and j, they
agree along the diagonal j - i. Diagonals are walked from the heaviest down: along one, words that are equal and that no
heavier one has taken are taken, past words that differ, until `misses` in a row do. Words that were replaced cost only
themselves that way, words that were put in or left out begin another diagonal, and so does a sentence that was moved.
Every word taken is compared as text, so a hash collision costs time, never a wrong score.

The work for one stretch is bounded by the item's length alone: `chains` diagonals of at most that length.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curate.text.kernels import jit, same_token

PLAIN, NUMBER, CAPITALISED = 0, 1, 2
"""What a word of an item is to the label of a pair."""


class Rule(NamedTuple):
    """The numbers that the kernels need; `RobustSettings` says what they mean."""

    misses: int
    chains: int
    floor: float
    least: int
    plain_agrees: float
    numbers_differ: float


class Items(NamedTuple):
    """The words of all items, and the seeds by which they are found: flat arrays, passed to numba as one tuple."""

    n: int  # words in a seed
    data: np.ndarray  # uint8: the fields' texts, one after the other
    begins: np.ndarray  # int64 [words]: byte offsets into data
    ends: np.ndarray
    hashes: np.ndarray  # uint64 [words]
    points: np.ndarray  # int32 [words, 2]: code points of each word within its item's text
    weights: np.ndarray  # int64 [words]: the rarer among the items, the heavier
    kinds: np.ndarray  # int8 [words]: PLAIN, NUMBER or CAPITALISED
    word_item: np.ndarray  # int32 [words]: the item a word belongs to
    first: np.ndarray  # int64 [items + 1]: first word of each item
    field_first: np.ndarray  # int64 [fields + 1]: first word of each field
    item_fields: np.ndarray  # int64 [items + 1]: first field of each item
    needs: np.ndarray  # int64 [items]: weight of seeds from which on a stretch is aligned
    reaches: np.ndarray  # int64 [items]: words that a stretch may span
    bloom: np.ndarray  # uint64 words: filter of the seeds
    slots: np.ndarray  # uint64 [slots, 2]: hash of a seed; its number + 1 above (0: free)
    postings_first: np.ndarray  # int64 [seeds + 1]
    postings: np.ndarray  # int32: word positions where the seed begins, ascending


class Words(NamedTuple):
    """The words of one record, its scanned turns one after the other."""

    data: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    hashes: np.ndarray
    taken: np.ndarray  # int64: the last alignment that took the word
    size: int


class Scratch(NamedTuple):
    """Room for the alignment of the longest item."""

    partners: np.ndarray  # int64: the record's word that each word of the item was found in, or -1
    counts: np.ndarray  # int64: zeros between calls
    keys: np.ndarray  # int64: places of seeds, sorted by diagonal
    chains: np.ndarray  # int64 [., 3]: diagonal, first and last seed on it
    order: np.ndarray  # int64


@jit
def seed_weight(items: Items, at: int) -> int:
    """The weight of the seed that begins at a word position."""
    total = np.int64(0)
    for i in range(at, at + items.n):
        total += items.weights[i]
    return total


@jit
def best_stretch(events: np.ndarray, places: np.ndarray, size: int, item: int, items: Items, counts: np.ndarray) -> tuple[int, int, int]:  # fmt: skip  # noqa: E501
    """The events `places[low:high]`, later words first, that lie within the item's reach and weigh most, and how much.

    A seed of the item that occurs several times within reach counts once.
    """
    first, reach = items.first[item], items.reaches[item]
    low, weight = np.int64(0), np.int64(0)
    best_low, best_high, best = np.int64(0), np.int64(0), np.int64(-1)
    for high in range(size):
        at = events[places[high], 0]
        if counts[at - first] == 0:
            weight += seed_weight(items, at)
        counts[at - first] += 1
        while events[places[low], 1] - events[places[high], 1] > reach:
            gone = events[places[low], 0]
            counts[gone - first] -= 1
            if counts[gone - first] == 0:
                weight -= seed_weight(items, gone)
            low += 1
        if weight > best:
            best_low, best_high, best = low, np.int64(high + 1), weight
    for i in range(low, size):
        counts[events[places[i], 0] - first] -= 1
    return best_low, best_high, best


@jit
def _chains(events: np.ndarray, places: np.ndarray, low: int, high: int, item: int, items: Items, scratch: Scratch) -> int:  # fmt: skip  # noqa: E501
    """Write the diagonals of the events and their order by weight; returns their number."""
    first = items.first[item]
    length = items.first[item + 1] - first
    size = high - low
    keys = scratch.keys[:size]
    for i in range(size):
        at, word = events[places[low + i], 0] - first, events[places[low + i], 1]
        keys[i] = (np.int64(word - at + length) << np.int64(32)) | np.int64(at)
    keys.sort()
    k, weight = np.int64(-1), np.int64(0)
    for i in range(size):
        diagonal, at = (keys[i] >> np.int64(32)) - length, keys[i] & np.int64(0xFFFFFFFF)
        if i == 0 or diagonal != scratch.chains[k, 0]:
            k += 1
            weight = np.int64(0)
            scratch.chains[k, 0], scratch.chains[k, 1] = diagonal, at
        scratch.chains[k, 2] = at
        weight += seed_weight(items, first + at)
        scratch.order[k] = (weight << np.int64(32)) | k
    order = scratch.order[: k + 1]
    order.sort()
    return k + 1


@jit
def _take(at: int, word: int, first: int, items: Items, words: Words, mark: int, partners: np.ndarray) -> bool:
    """Take a word of the item for one of the record if both are free and equal."""
    if partners[at] >= 0 or words.taken[word] == mark or items.hashes[first + at] != words.hashes[word]:
        return False
    known = first + at
    begin, end = words.begins[word], words.ends[word]
    if not same_token(items.data, items.begins[known], items.ends[known], words.data, begin, end):
        return False
    partners[at] = word
    words.taken[word] = mark
    return True


@jit
def _walk(chain: np.ndarray, item: int, items: Items, words: Words, mark: int, partners: np.ndarray, misses: int) -> None:  # fmt: skip  # noqa: E501
    """Take what agrees along one diagonal: between its seeds, and on both sides until too many in a row differ."""
    diagonal, begin, last = chain[0], chain[1], chain[2]
    first = items.first[item]
    length = items.first[item + 1] - first
    at, missed = begin - 1, np.int64(0)
    while at >= 0 and at + diagonal >= 0 and missed < misses:
        missed = np.int64(0) if _take(at, at + diagonal, first, items, words, mark, partners) else missed + 1
        at -= 1
    at, missed = begin, np.int64(0)
    while at < length and at + diagonal < words.size and (at <= last or missed < misses):
        missed = np.int64(0) if _take(at, at + diagonal, first, items, words, mark, partners) else missed + 1
        at += 1


@jit
def align(events: np.ndarray, places: np.ndarray, low: int, high: int, item: int, items: Items, words: Words, mark: int, scratch: Scratch, rule: Rule) -> None:  # fmt: skip  # noqa: E501
    """Find the words of the item in the record around the seeds `places[low:high]`: `scratch.partners` holds them.

    `mark` must be new to the record.
    """
    for i in range(items.first[item + 1] - items.first[item]):
        scratch.partners[i] = -1
    n_chains = _chains(events, places, low, high, item, items, scratch)
    for i in range(n_chains - 1, max(n_chains - 1 - rule.chains, -1), -1):
        chain = scratch.chains[scratch.order[i] & np.int64(0xFFFFFFFF)]
        _walk(chain, item, items, words, mark, scratch.partners, rule.misses)


@jit
def score_of(item: int, items: Items, partners: np.ndarray, least: int) -> float:
    """Mean over the item's fields of the weight of the words found, as a share of all, to twelve decimals.

    An item of less than `least` words is weighed as if the missing ones were there and not found.
    """
    total, word = 0.0, np.int64(0)
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
    mean = total / (items.item_fields[item + 1] - items.item_fields[item])
    return round(mean * min(size, least) / least, 12)


@jit
def is_variant(item: int, items: Items, partners: np.ndarray, rule: Rule) -> bool:
    """Whether the words that are no numbers and no names agree and the numbers differ: another item of one template."""
    plain, plain_found, numbers, numbers_found = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    first = items.first[item]
    for at in range(first, items.first[item + 1]):
        found = np.int64(partners[at - first] >= 0)
        if items.kinds[at] == PLAIN:
            plain += 1
            plain_found += found
        elif items.kinds[at] == NUMBER:
            numbers += 1
            numbers_found += found
    agrees = plain_found >= rule.plain_agrees * plain
    return agrees and numbers > 0 and numbers - numbers_found >= rule.numbers_differ * numbers
