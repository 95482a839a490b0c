"""Which texts are similar to one that stays: exact, without a sketch, by the rarest shingles alone.

    counts = np.zeros(1 << 24, np.uint8)
    count(hashes, counts)                                  # of every block
    keys, owners = rare(sets, wanted, counts, 0.8)         # of every block
    stays_for, values, kinds = settle(sets, keys, numbers, asked, answers, ...)

Two sets whose Jaccard value is at least t share one of their n - ceil(t·n) + 1 first elements, in
whatever order all elements are put (Chaudhuri and others 2006; Xiao and others 2008). Here the rare
ones come first, so that a text without a near copy has hardly a key in common with another one. No
pair is missed, and each is confirmed with the exact value."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curate.kernels.arrays import sort
from curate.kernels.asked import Asked, other_question
from curate.kernels.jit import inner, jit
from curate.kernels.minhash import ShingleSets

_EPS = 1e-9
"""Of products of a threshold and a whole number: 0.7 · 10 is a little more than 7."""
NEAR, VARIANT = 1, 2
SAME_ANSWER = 0.8
"""Two answers are one if the other has more than this of the words of the shorter: of five words or
fewer all.
"""


class Keys(NamedTuple):
    """Numbers of the shingles by which texts find each other: `ids[first[i]:first[i+1]]` are those
    of text i.
    """

    ids: np.ndarray  # int32, from 0
    first: np.ndarray  # int64 [texts + 1]
    n: int


class Numbers(NamedTuple):
    """The numbers of many texts: `places[first[i]:first[i+1]]` are hashes of what stands beside
    each, ascending, and `values` those of the numbers, ascending within one place.
    """

    places: np.ndarray  # uint64
    values: np.ndarray  # uint64
    first: np.ndarray  # int64 [texts + 1]


@inner
def _slot(shingle: np.uint64, counts: np.ndarray) -> np.uint64:
    return shingle & np.uint64(counts.size - 1)


@jit
def count(sets: ShingleSets, wanted: np.ndarray, counts: np.ndarray) -> None:
    """Add the shingles of some texts to `counts`, uint8 [a power of two], by their last bits.

    Collisions make a shingle look more frequent than it is, which costs time and no pair."""
    for text in range(wanted.size):
        if wanted[text]:
            for i in range(sets.first[text], sets.first[text + 1]):
                slot = _slot(sets.hashes[i], counts)
                if counts[slot] < 255:
                    counts[slot] += np.uint8(1)


@inner
def _least(threshold: float, n: int) -> int:
    """The fewest shared elements with which a set of n can reach the threshold."""
    return np.int64(np.ceil(threshold * n - _EPS))


@jit
def rare(
    sets: ShingleSets, wanted: np.ndarray, counts: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """The keys of some texts, and whose each is: of the rarest shingles those that are not the only
    ones of their kind.
    """
    most = np.int64(1)
    for text in range(wanted.size):
        size = sets.first[text + 1] - sets.first[text]
        if wanted[text] and size:
            most += size - _least(threshold, size) + 1
    keys, owners, k = np.empty(most, np.uint64), np.empty(most, np.int64), np.int64(0)
    for text in range(wanted.size):
        shingles = sets.hashes[sets.first[text] : sets.first[text + 1]]
        if not wanted[text] or not shingles.size:
            continue
        needed = shingles.size - _least(threshold, shingles.size) + 1
        others = np.empty(shingles.size, np.uint64)
        n = np.int64(0)
        for shingle in shingles:
            times = np.uint64(counts[_slot(shingle, counts)])
            if times > np.uint64(1):
                others[n] = times << np.uint64(56) | shingle >> np.uint64(8)
                n += 1
        left = needed - (shingles.size - n)  # those of which there is one alone come first
        if left > 0:
            sort(others, n)
            for i in range(left):
                keys[k], owners[k] = others[i], text
                k += 1
    return keys[:k].copy(), owners[:k].copy()


@inner
def _shared(sets: ShingleSets, a: int, b: int, needed: int) -> int:
    """How many shingles two texts share; -1 as soon as it can't be as many as are needed."""
    i, j, shared = sets.first[a], sets.first[b], np.int64(0)
    end_a, end_b = sets.first[a + 1], sets.first[b + 1]
    spare_a, spare_b = end_a - i - needed, end_b - j - needed
    if spare_a < 0 or spare_b < 0:
        return -1
    while i < end_a and j < end_b:
        left, right = sets.hashes[i], sets.hashes[j]
        if left == right:
            shared += 1
            i += 1
            j += 1
        elif left < right:
            i += 1
            spare_a -= 1
            if spare_a < 0:
                return -1
        else:
            j += 1
            spare_b -= 1
            if spare_b < 0:
                return -1
    return shared


@inner
def similarity(sets: ShingleSets, a: int, b: int, threshold: float) -> float:
    """The exact Jaccard value of two texts; -1 where it is below the threshold."""
    together = sets.first[a + 1] - sets.first[a] + sets.first[b + 1] - sets.first[b]
    needed = np.int64(np.ceil(threshold / (1 + threshold) * together - _EPS))
    shared = _shared(sets, a, b, needed)
    return shared / (together - shared) if 0 < needed <= shared else -1.0


@jit
def partnered(sets: ShingleSets, keys: Keys, order: np.ndarray, threshold: float) -> np.ndarray:
    """Which texts are similar to one that comes before them in an order.

    Called with an order and its reverse it tells which are similar to any; a text looks no further
    than its first partner, so that thousands of copies of one cost no more than their number."""
    found = np.zeros(order.size, np.bool_)
    heads, nexts = np.full(keys.n, -1, np.int64), np.empty(keys.ids.size, np.int64)
    owners, met = np.empty(keys.ids.size, np.int64), np.full(order.size, -1, np.int64)
    for text in order:
        for place in range(keys.first[text], keys.first[text + 1]):
            at = heads[keys.ids[place]]
            while at >= 0 and not found[text]:
                other = owners[at]
                if met[other] != text:
                    met[other] = text
                    found[text] = similarity(sets, text, other, threshold) >= 0
                at = nexts[at]
            if found[text]:
                break
        for place in range(keys.first[text], keys.first[text + 1]):
            owners[place], nexts[place] = text, heads[keys.ids[place]]
            heads[keys.ids[place]] = place
    return found


@inner
def _own(values: np.ndarray, i: int, stop: int, others: np.ndarray, j: int, end: int) -> bool:
    """Whether one list of ascending values holds one, counted, that the other lacks."""
    while i < stop:
        if j == end or values[i] < others[j]:
            return True
        i += np.int64(values[i] == others[j])
        j += 1
    return False


@inner
def _after(numbers: Numbers, at: int, end: int) -> int:
    """Where the next place begins."""
    place = numbers.places[at]
    while at < end and numbers.places[at] == place:
        at += 1
    return at


@inner
def other_numbers(numbers: Numbers, a: int, b: int) -> bool:
    """Whether two texts have different numbers in one place: each has one there that the other
    lacks.
    """
    i, j = numbers.first[a], numbers.first[b]
    end_i, end_j = numbers.first[a + 1], numbers.first[b + 1]
    values = numbers.values
    while i < end_i and j < end_j:
        left, right = numbers.places[i], numbers.places[j]
        if left == right:
            stop, end = _after(numbers, i, end_i), _after(numbers, j, end_j)
            if _own(values, i, stop, values, j, end) and _own(values, j, end, values, i, stop):
                return True
            i, j = stop, end
        elif left < right:
            i = _after(numbers, i, end_i)
        else:
            j = _after(numbers, j, end_j)
    return False


@inner
def same_answer(answers: ShingleSets, a: int, b: int) -> bool:
    """Whether the shorter of two answers, as sets of words, has little that the other lacks."""
    i, j, shared = answers.first[a], answers.first[b], np.int64(0)
    end_a, end_b = answers.first[a + 1], answers.first[b + 1]
    least = min(end_a - i, end_b - j)
    if least == 0:
        return end_a - i == end_b - j
    while i < end_a and j < end_b:
        left, right = answers.hashes[i], answers.hashes[j]
        shared += np.int64(left == right)
        i += np.int64(left <= right)
        j += np.int64(right <= left)
    return shared > SAME_ANSWER * least


@inner
def _among(sorted_codes: np.ndarray, code: np.int64) -> bool:
    at = np.searchsorted(sorted_codes, code)
    return at < sorted_codes.size and sorted_codes[at] == code


@jit
def settle(
    sets: ShingleSets, keys: Keys, numbers: Numbers, asked: Asked, answers: ShingleSets,
    order: np.ndarray, fixed: np.ndarray, apart: np.ndarray,
    threshold: float, drop_variants: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Walk texts in the order in which they are to be kept: one goes if it is similar to one that
    stays.

    For each text: the one that it is most like of those that stay (-1: of none), the Jaccard value
    of the two, whether they are NEAR or a VARIANT (other numbers, another question or another
    answer), and whether it goes. Of equal values the one that comes first counts; a text that stays
    only because of `apart` is told with the one it would have gone for. Texts that are `fixed` stay whatever they
    are like, and are like nothing. None of two texts goes for the other if they are `apart`:
    ascending int64, smaller text · texts + larger text."""
    n = order.size
    likest, values = np.full(n, -1, np.int64), np.zeros(n, np.float64)
    kinds, gone = np.zeros(n, np.int8), np.zeros(n, np.bool_)
    held = np.zeros(n, np.bool_)
    heads, nexts = np.full(keys.n, -1, np.int64), np.empty(keys.ids.size, np.int64)
    owners, met = np.empty(keys.ids.size, np.int64), np.full(n, -1, np.int64)
    rank = np.empty(n, np.int64)
    for place in range(n):
        rank[order[place]] = place
    for text in order:
        first, stop = keys.first[text], keys.first[text + 1]
        for place in range(first, stop if not fixed[text] else first):
            at = heads[keys.ids[place]]
            while at >= 0:
                other = owners[at]
                at = nexts[at]
                if met[other] == text:
                    continue
                met[other] = text
                value = similarity(sets, text, other, threshold)
                if value < 0:
                    continue
                differ = (
                    other_numbers(numbers, text, other)
                    or other_question(asked, text, other)
                    or not same_answer(answers, text, other)
                )
                kind = VARIANT if differ else NEAR
                goes = kind == NEAR or drop_variants
                parted = False
                if goes and apart.size:
                    parted = _among(apart, min(text, other) * n + max(text, other))
                    goes = not parted
                better = value > values[text] or (
                    value == values[text] and rank[other] < rank[likest[text]]
                )
                if parted != held[text]:  # of texts that stay, a verdict says more than a variant
                    better = parted
                if (goes and not gone[text]) or (goes == gone[text] and better):
                    likest[text], values[text], kinds[text] = other, value, kind
                    gone[text], held[text] = goes, parted
        if not gone[text]:
            for place in range(first, stop):
                owners[place], nexts[place] = text, heads[keys.ids[place]]
                heads[keys.ids[place]] = place
    return likest, values, kinds, gone
