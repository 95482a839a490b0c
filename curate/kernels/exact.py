"""Hashes of whole token sequences, and of how texts begin: what the matcher `exact` looks up and
compares; and the lines and sentences of texts.
"""

from __future__ import annotations

import numpy as np

from curate.kernels.arrays import grown
from curate.kernels.jit import any_of, inner, jit, lowest_bit
from curate.kernels.texts import Tokens
from curate.kernels.tokens import BYTES, MAX_TOKENS, K, make_edges, mix, next_tokens
from curate.kernels.windows import may_hold, same_window

_GLANCE, _OPENING = 64, 5
"""Bytes of a turn that are looked at first, and tokens that are wanted of them: few turns begin
like an item.
"""


@jit
def hash_texts(tokens: Tokens) -> np.ndarray:
    """Two hashes of each text (uint64 [texts, 2]): of all its tokens, 0 where it has none, and of
    its opening.
    """
    out = np.zeros((tokens.first.size - 1, 2), np.uint64)
    for i in range(out.shape[0]):
        first, n = tokens.first[i], tokens.first[i + 1] - tokens.first[i]
        if n > 0:
            h = np.uint64(0)
            for k in range(first, first + n):
                h = mix(h, tokens.hashes[k])
            out[i, 0] = max(h, np.uint64(1))
        out[i, 1] = _opening(tokens.hashes, first, n)
    return out


@inner
def _opening(hashes: np.ndarray, first: int, n: int) -> np.uint64:
    """The hash of the first of `n` tokens, `_OPENING` of them or all; never 0."""
    n, h = min(n, _OPENING), np.uint64(0)
    for k in range(first, first + n):
        h = mix(h, hashes[k])
    return max(mix(h, np.uint64(n)), np.uint64(1))


@jit
def may_equal(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Of each text, whether it may be an item: the filter `known` holds the items' openings.

    So may a text whose first bytes do not hold its opening whole.
    """
    out = np.ones(starts.size, np.bool_)
    begins, ends = np.empty(MAX_TOKENS, np.int64), np.empty(MAX_TOKENS, np.int64)
    hashes, edges = np.empty(MAX_TOKENS, np.uint64), make_edges()
    for i in range(starts.size):
        stop = min(starts[i] + _GLANCE, stops[i])
        while stop < stops[i] and data[stop] & 0xC0 == 0x80:  # not inside a code point
            stop -= 1
        n, _ = next_tokens(data, starts[i], stop, edges, begins, ends, hashes, np.int64(0))
        if (
            stop < stops[i] and n > 0 and ends[n - 1] == stop
        ):  # a token that goes on is not known yet
            n -= 1
        if stop == stops[i] or n >= _OPENING:
            out[i] = may_hold(known, _opening(hashes, np.int64(0), n))
    return out


@jit
def same_tokens(
    data: np.ndarray, tokens: Tokens, texts: np.ndarray, other: np.ndarray, its: Tokens,
    items: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """For each pair of a text and an item, whether their tokens are the same."""
    out = np.zeros(texts.size, np.bool_)
    for i in range(texts.size):
        a, b = tokens.first[texts[i]], its.first[items[i]]
        n = tokens.first[texts[i] + 1] - a
        out[i] = n == its.first[items[i] + 1] - b and same_window(
            data, a, tokens.begins, tokens.ends, other, b, its.begins, its.ends, n
        )
    return out


_may_end = any_of("\n.?!:")


@inner
def _next_end(data: np.ndarray, at: int, stop: int) -> int:
    """Where the line or sentence ends that begins at `at`: behind its last character."""
    while at < stop:
        bits = np.uint64(1)
        if at + 64 <= data.size:
            bits = _may_end(data, at)
        elif data[at] not in (10, 33, 46, 58, 63):
            bits = np.uint64(0)
        step = 64 if at + 64 <= data.size else 1
        while bits != 0:
            end = at + np.int64(lowest_bit(bits)) + 1
            bits &= bits - np.uint64(1)
            if end >= stop:
                return stop
            if data[end - 1] == 10 or data[end] <= 32:
                return end
        at += step
    return stop


@inner
def _beginning(data: np.ndarray, at: int, stop: int) -> int:
    """A number below 32,768 for the first three bytes of a token and of what follows it, whatever
    the case; 0 where they are not ASCII.
    """
    key = np.uint64(0)
    for place in range(at, min(at + 3, stop)):
        if data[place] >= 0x80:
            return 0
        byte = BYTES[data[place]]
        if byte == 256:  # a separator, and which one makes no difference
            break
        key = (key << np.uint64(8)) | np.uint64(byte)
    return np.int64((key * K) >> np.uint64(49))


@jit
def beginnings(data: np.ndarray, begins: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Of each number, whether one of some texts may begin with it; 0 is always among them."""
    known = np.zeros(1 << 15, np.bool_)
    known[0] = True
    for i in range(begins.size):
        key = _beginning(data, begins[i], stops[i])
        known[key] = True
        if key == 0:  # its lower case may be ASCII
            known |= True
    return known


@jit
def lines(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray, shortest: int, longest: int,
    most: int, known: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """The lines and sentences of each text, and what several of them in a row come to, of so many
    bytes, of `most` tokens and of `known` beginnings: int64 [n, 3], the text and where each begins
    and stops. Whole texts are left out.

    Lines end with a line feed, sentences with `.`, `?`, `!` or `:` before a blank, both with the
    text."""
    out, n = np.empty((1024, 3), np.int64), 0
    begins = np.empty(longest + 2, np.int64)  # the last ones, in a ring: no two stand in one place
    for i in range(starts.size):
        at, first, last, end = starts[i], np.int64(0), np.int64(0), starts[i]
        begun = at
        while begun < stops[i] and BYTES[data[begun]] == 256:
            begun += 1
        while end < stops[i]:
            while at < stops[i] and BYTES[data[at]] == 256:
                at += 1
            if at < stops[i] and known[_beginning(data, at, stops[i])]:
                begins[last % begins.size] = at
                last += 1
            end = _next_end(data, max(at, end), stops[i])
            first = max(first, last - most)  # each begins a token of its own
            while first < last and end - begins[first % begins.size] > longest:
                first += 1
            for place in range(first, last):
                begin = begins[place % begins.size]
                whole = begin == begun and end == stops[i]
                if end - begin >= shortest and not whole:
                    if n == out.shape[0]:
                        out = grown(out)
                    out[n, 0], out[n, 1], out[n, 2] = i, begin, end
                    n += 1
            at = end
    return out[:n].copy()
