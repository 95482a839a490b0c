"""What two prompts ask, sentence by sentence: whether it is something else, for all that they share.

Questions on one passage, or in one frame, are the same but for a sentence. So sentences that both
prompts have are left out; what is left asks something else if it has other words. A copy that was
edited here and there keeps most words of each sentence, and one that was cut or put into another
order has nothing left that is its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curate.kernels.arrays import sort
from curate.kernels.jit import inner, jit
from curate.kernels.minhash import ShingleSets
from curate.kernels.tokens import K, mix

SAME_QUESTION = 0.5
"""Two prompts ask the same if one has more than this of the words that are left of the other."""
LEAST = 4
"""So many words must be left of each: fewer may be an edit of a short line."""
_NEWLINE, _SPACE = np.uint8(10), np.uint8(32)
_MARKS = tuple(np.uint8(ord(char)) for char in ".!?")
_CLOSING = tuple(np.uint8(ord(char)) for char in "\"')]")


class Asked(NamedTuple):
    """The sentences of many prompts: those of prompt i are `first[i]` to `first[i+1]`, by
    their keys ascending.
    """

    keys: np.ndarray  # uint64: sentences with the same words have one key
    words: ShingleSets  # the distinct words of each
    first: np.ndarray  # int64 [prompts + 1]


@jit
def sentences(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray, texts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut stretches of texts at line ends, and behind a full stop, question or exclamation mark
    (and a quotation mark or bracket) that a blank follows: starts, stops and texts of the sentences.
    """
    room = np.int64(starts.size)
    for i in range(starts.size):
        for at in range(starts[i], stops[i]):
            room += np.int64(_ends(data, at, starts[i], stops[i]))
    begins, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    owners, k = np.empty(room, np.int64), np.int64(0)
    for i in range(starts.size):
        begin = np.int64(starts[i])
        for at in range(starts[i], stops[i]):
            if _ends(data, at, starts[i], stops[i]) or at + 1 == stops[i]:
                begins[k], ends[k], owners[k] = begin, at + 1, texts[i]
                begin = np.int64(at + 1)
                k += 1
    return begins[:k].copy(), ends[:k].copy(), owners[:k].copy()


@inner
def _one_of(byte: np.uint8, some: tuple[np.uint8, ...]) -> bool:
    found = False
    for one in some:
        found |= byte == one
    return found


@inner
def _ends(data: np.ndarray, at: int, start: int, stop: int) -> bool:
    """Whether a sentence ends with a byte."""
    if data[at] == _NEWLINE:
        return True
    if at + 1 == stop or (data[at + 1] != _SPACE and data[at + 1] != _NEWLINE):
        return False
    closed = at > start and _one_of(data[at], _CLOSING)
    return _one_of(data[at - np.int64(closed)], _MARKS)


@jit
def keys_of(words: ShingleSets) -> np.ndarray:
    """The key of each sentence, given its words."""
    keys = np.empty(words.first.size - 1, np.uint64)
    for sentence in range(keys.size):
        key = K
        for i in range(words.first[sentence], words.first[sentence + 1]):
            key = mix(key, words.hashes[i])
        keys[sentence] = key
    return keys


@inner
def _left(asked: Asked, a: int, b: int) -> np.ndarray:
    """The distinct words of the sentences of one prompt that another one lacks, ascending."""
    words, sizes = asked.words.hashes, asked.words.first
    most = sizes[asked.first[a + 1]] - sizes[asked.first[a]]
    left, k = np.empty(most, np.uint64), np.int64(0)
    other, end = asked.first[b], asked.first[b + 1]
    for sentence in range(asked.first[a], asked.first[a + 1]):
        while other < end and asked.keys[other] < asked.keys[sentence]:
            other += 1
        if other < end and asked.keys[other] == asked.keys[sentence]:
            continue
        for i in range(sizes[sentence], sizes[sentence + 1]):
            left[k] = words[i]
            k += 1
    sort(left, k)
    n = np.int64(0)
    for i in range(k):
        if i == 0 or left[i] != left[i - 1]:
            left[n] = left[i]
            n += 1
    return left[:n]


@inner
def other_question(asked: Asked, a: int, b: int) -> bool:
    """Whether two prompts ask something else: what is left of each has words of its own."""
    one, other = _left(asked, a, b), _left(asked, b, a)
    i, j, shared, least = np.int64(0), np.int64(0), np.int64(0), min(one.size, other.size)
    if least < LEAST:
        return False
    while i < one.size and j < other.size:
        left, right = one[i], other[j]
        shared += np.int64(left == right)
        i += np.int64(left <= right)
        j += np.int64(right <= left)
    return shared <= SAME_QUESTION * least
