"""Hashes of whole token sequences, and of how texts begin: what the matcher `exact` looks up and compares."""

from __future__ import annotations

import numpy as np

from curate.kernels.jit import inner, jit
from curate.kernels.texts import Tokens
from curate.kernels.tokens import MAX_TOKENS, count_points, make_edges, mix, next_tokens
from curate.kernels.windows import may_hold, same_window

_GLANCE, _OPENING = 64, 5
"""Bytes of a turn that are looked at first, and tokens that are wanted of them: few turns begin like an item."""


@jit
def hash_turns(data: np.ndarray, starts: np.ndarray, stops: np.ndarray, longest: int) -> np.ndarray:
    """The hash of each text's token sequence; 0 for a text without tokens or with more than `longest`."""
    out = np.zeros(starts.size, np.uint64)
    begins, ends = np.empty(MAX_TOKENS, np.int64), np.empty(MAX_TOKENS, np.int64)
    hashes, edges = np.empty(MAX_TOKENS, np.uint64), make_edges()
    for i in range(starts.size):
        h, total, at = np.uint64(0), np.int64(0), starts[i]
        while at < stops[i] and total <= longest:
            n, at = next_tokens(data, at, stops[i], edges, begins, ends, hashes, np.int64(0))
            total += n
            for k in range(n):
                h = mix(h, hashes[k])
        if 0 < total <= longest:
            out[i] = max(h, np.uint64(1))
    return out


@inner
def _opening(hashes: np.ndarray, first: int, n: int) -> np.uint64:
    """The hash of the first of `n` tokens, `_OPENING` of them or all; never 0."""
    n, h = min(n, _OPENING), np.uint64(0)
    for k in range(first, first + n):
        h = mix(h, hashes[k])
    return max(mix(h, np.uint64(n)), np.uint64(1))


@jit
def openings(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """The opening of each text; 0 where its first bytes do not hold it whole."""
    out = np.zeros(starts.size, np.uint64)
    begins, ends = np.empty(MAX_TOKENS, np.int64), np.empty(MAX_TOKENS, np.int64)
    hashes, edges = np.empty(MAX_TOKENS, np.uint64), make_edges()
    for i in range(starts.size):
        stop = min(starts[i] + _GLANCE, stops[i])
        while stop < stops[i] and data[stop] & 0xC0 == 0x80:  # not inside a code point
            stop -= 1
        n, _ = next_tokens(data, starts[i], stop, edges, begins, ends, hashes, np.int64(0))
        if stop < stops[i] and n > 0 and ends[n - 1] == stop:  # a token that goes on is not known yet
            n -= 1
        if stop == stops[i] or n >= _OPENING:
            out[i] = _opening(hashes, 0, n)
    return out


@jit
def openings_of(tokens: Tokens, texts: np.ndarray) -> np.ndarray:
    """The openings of some texts whose tokens are known."""
    out = np.zeros(texts.size, np.uint64)
    for i in range(texts.size):
        first = tokens.first[texts[i]]
        out[i] = _opening(tokens.hashes, first, tokens.first[texts[i] + 1] - first)
    return out


@jit
def may_equal(openings: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Of each text, by its opening, whether it may be an item: the filter `known` holds the items' openings."""
    out = np.zeros(openings.size, np.bool_)
    for i in range(out.size):
        out[i] = openings[i] == 0 or may_hold(known, openings[i])
    return out


@jit
def extents(data: np.ndarray, starts: np.ndarray, tokens: Tokens) -> np.ndarray:
    """From the first token of each text to its last, in code points of the text: int32 [texts, 2]."""
    out = np.zeros((starts.size, 2), np.int32)
    for i in range(starts.size):
        low, high = tokens.first[i], tokens.first[i + 1]
        if low < high:
            out[i, 0] = count_points(data, starts[i], tokens.begins[low])
            out[i, 1] = out[i, 0] + count_points(data, tokens.begins[low], tokens.ends[high - 1])
    return out


@jit
def token_point_counts(data: np.ndarray, tokens: Tokens) -> np.ndarray:
    """How many code points the tokens of each text have."""
    out = np.zeros(tokens.first.size - 1, np.int64)
    for i in range(out.size):
        for k in range(tokens.first[i], tokens.first[i + 1]):
            out[i] += count_points(data, tokens.begins[k], tokens.ends[k])
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
