"""The matcher `exact`: a scanned turn that says what an item says and nothing else.

Two texts are equal if their token sequences are (`curate.text.tokenise`: lower case, cut at thirteen separators), so
case, line breaks, punctuation and blanks make no difference and everything else does. An item's text is all its fields
joined by a newline. This catches what n-grams never can: items of fewer than n tokens.

That a turn equals a very short item ("yes") means nothing. An item needs `min_tokens` tokens, or `min_points` code
points in its tokens for the sake of scripts without blanks; others are unmatchable, and `matchable` says which.

Hashes of token sequences only propose; every pair is confirmed token by token. Pure, without the GIL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.matching.index import Tokens, distinct, make_bloom, may_hold, same_window, tokenise_all
from curate.matching.ngram import Matches
from curate.matching.pairs import pairs
from curate.text.buffer import lay_out
from curate.text.kernels import MAX_TOKENS, count_points, jit, make_edges, mix, next_tokens
from curate.turns import Stretches

_GLANCE, _OPENING = 64, 5
"""Bytes of a turn that are looked at first, and tokens that are wanted of them: few turns begin like an item."""
_BITS = 16


@dataclass(frozen=True)
class ExactSettings:
    """Items with fewer than `min_tokens` tokens and fewer than `min_points` code points in them are not looked for."""

    min_tokens: int = 3
    min_points: int = 12


@dataclass(frozen=True)
class ExactIndex:
    """The items' texts, their tokens, and the hashes of their token sequences in ascending order."""

    data: np.ndarray  # uint8
    tokens: Tokens
    hashes: np.ndarray  # uint64, ascending: those of matchable items
    items: np.ndarray  # int32: whose hash it is
    spans: np.ndarray  # int32 [items, 2]: from the first token to the last, in code points
    longest: int  # tokens of the longest item
    openings: np.ndarray  # uint64 words: Bloom filter of the first tokens of matchable items
    matchable: np.ndarray  # bool [items]


@jit
def _hash_turns(data: np.ndarray, starts: np.ndarray, stops: np.ndarray, longest: int) -> np.ndarray:
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


@jit
def _opening(hashes: np.ndarray, first: int, n: int) -> np.uint64:
    """The hash of the first of `n` tokens, `_OPENING` of them or all; never 0."""
    n, h = min(n, _OPENING), np.uint64(0)
    for k in range(first, first + n):
        h = mix(h, hashes[k])
    return max(mix(h, np.uint64(n)), np.uint64(1))


@jit
def _openings(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
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
def _openings_of(tokens: Tokens, texts: np.ndarray) -> np.ndarray:
    """The openings of some texts whose tokens are known."""
    out = np.zeros(texts.size, np.uint64)
    for i in range(texts.size):
        first = tokens.first[texts[i]]
        out[i] = _opening(tokens.hashes, first, tokens.first[texts[i] + 1] - first)
    return out


@jit
def _may_equal(openings: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Of each text, by its opening, whether it may be an item: the filter `known` holds the items' openings."""
    out = np.zeros(openings.size, np.bool_)
    for i in range(out.size):
        out[i] = openings[i] == 0 or may_hold(known, openings[i])
    return out


@jit
def _extents(data: np.ndarray, starts: np.ndarray, tokens: Tokens) -> np.ndarray:
    """From the first token of each text to its last, in code points of the text: int32 [texts, 2]."""
    out = np.zeros((starts.size, 2), np.int32)
    for i in range(starts.size):
        low, high = tokens.first[i], tokens.first[i + 1]
        if low < high:
            out[i, 0] = count_points(data, starts[i], tokens.begins[low])
            out[i, 1] = out[i, 0] + count_points(data, tokens.begins[low], tokens.ends[high - 1])
    return out


@jit
def _token_points(data: np.ndarray, tokens: Tokens) -> np.ndarray:
    """How many code points the tokens of each text have."""
    out = np.zeros(tokens.first.size - 1, np.int64)
    for i in range(out.size):
        for k in range(tokens.first[i], tokens.first[i + 1]):
            out[i] += count_points(data, tokens.begins[k], tokens.ends[k])
    return out


@jit
def _same(data: np.ndarray, tokens: Tokens, texts: np.ndarray, other: np.ndarray, its: Tokens, items: np.ndarray) -> np.ndarray:  # fmt: skip  # noqa: E501
    """For each pair of a text and an item, whether their tokens are the same."""
    out = np.zeros(texts.size, np.bool_)
    for i in range(texts.size):
        a, b = tokens.first[texts[i]], its.first[items[i]]
        n = tokens.first[texts[i] + 1] - a
        out[i] = n == its.first[items[i] + 1] - b and same_window(
            data, a, tokens.begins, tokens.ends, other, b, its.begins, its.ends, n
        )
    return out


def build_exact(items: Sequence[Sequence[str]], settings: ExactSettings) -> ExactIndex:
    """Index items, each given as the texts of its fields."""
    data, starts, stops = lay_out("\n".join(item) for item in items)
    tokens = tokenise_all(data, starts, stops)
    n_tokens = np.diff(tokens.first)
    enough = (n_tokens >= settings.min_tokens) | (_token_points(data, tokens) >= settings.min_points)
    matchable = enough & (n_tokens > 0)
    longest = int(n_tokens.max(initial=0))
    known = np.flatnonzero(matchable)
    hashes = _hash_turns(data, starts[known], stops[known], longest)
    order = np.argsort(hashes, kind="stable")
    spans = _extents(data, starts, tokens)
    openings = make_bloom(distinct(_openings_of(tokens, known)), _BITS)
    return ExactIndex(data, tokens, hashes[order], known[order].astype(np.int32), spans, longest, openings, matchable)


def match_exact(turns: Stretches, index: ExactIndex) -> list[Matches]:
    """Every turn that equals an item, as one `Matches` (none if nothing is found): score 1, label `leak`.

    The spans go from the first token to the last on both sides.
    """
    places = np.flatnonzero(_may_equal(_openings(turns.data, turns.starts, turns.stops), index.openings))
    hashes = _hash_turns(turns.data, turns.starts[places], turns.stops[places], index.longest)
    low, high = (np.searchsorted(index.hashes, hashes, side) for side in ("left", "right"))
    known = high > low
    places, low, high = places[known], low[known], high[known]
    if not len(places):
        return []
    starts = turns.starts[places]
    tokens = tokenise_all(turns.data, starts, turns.stops[places])
    counts = high - low
    texts = np.repeat(np.arange(len(places)), counts)
    within = np.arange(len(texts)) - np.repeat(np.cumsum(counts) - counts, counts)
    items = index.items[low[texts] + within]
    same = _same(turns.data, tokens, texts, index.data, index.tokens, items)
    texts, items = texts[same], items[same]
    found = places[texts]
    spans = np.column_stack([turns.turns[found], _extents(turns.data, starts, tokens)[texts]])
    return [pairs(turns.docs[found], items, np.ones(len(found)), spans, index.spans, "leak")] if len(found) else []
