"""MinHash over word shingles, compiled: sets of shingles, signatures, bands, and the exact Jaccard value.

A shingle is a window of n consecutive tokens (`curate.text.tokenise`); a text of fewer tokens, but at least one, has
one shingle, all its tokens. A text may consist of several stretches (the turns of a record): its tokens are those of
the stretches one after the other, as if they were joined by newlines.

    sets = shingle_sets(data, starts, stops, texts, n_texts, 5)
    signed = signatures(sets, permutations(128))
    keys = band_keys(signed, *optimal_bands(0.7, 128))
    jaccard(sets, 0, sets, 1)

Two signatures agree in each place with a probability that is the Jaccard value of the two sets (Broder 1997); the
permutations are multiply-shift functions (Dietzfelbinger and others 1997). Texts that share a key of a band are
candidates: 1 - (1 - s^r)^b of the pairs of similarity s, for b bands of r places. A candidate proves nothing: confirm
it with `jaccard`, which is exact up to collisions of 64-bit hashes.

Everything works on flat arrays without the GIL. `shingle_sets` takes 8 bytes a token.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from curate.text.kernels import MAX_TOKENS, K, jit, make_edges, mix, next_tokens

_BASE = np.uint64(0xD6E8FEB86659FD93)


class ShingleSets(NamedTuple):
    """Distinct shingle hashes of many texts, ascending in each: `hashes[first[i]:first[i+1]]` are those of text i."""

    hashes: np.ndarray  # uint64
    first: np.ndarray  # int64 [texts + 1]


@jit
def _token_hashes(data: np.ndarray, starts: np.ndarray, stops: np.ndarray, texts: np.ndarray, n_texts: int) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip  # noqa: E501
    """The token hashes of all texts one after the other, and where each text begins among them."""
    room = np.int64(MAX_TOKENS)
    for i in range(starts.size):
        room += (stops[i] - starts[i]) // 2 + 1
    hashes, first = np.empty(room, np.uint64), np.zeros(n_texts + 1, np.int64)
    begins, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    edges, k = make_edges(), np.int64(0)
    for i in range(starts.size):
        at, before = starts[i], k
        while at < stops[i]:
            k, at = next_tokens(data, at, stops[i], edges, begins, ends, hashes, k)
        first[texts[i] + 1] += k - before
    for text in range(n_texts):
        first[text + 1] += first[text]
    return hashes, first


@jit
def _distinct_windows(tokens: np.ndarray, n: int) -> np.ndarray:
    """The distinct hashes of all windows of n tokens, ascending; of all tokens where there are fewer."""
    size = min(n, tokens.size)
    windows = np.empty(tokens.size - size + 1 if size else 0, np.uint64)
    for begin in range(windows.size):
        h = np.uint64(size)
        for j in range(begin, begin + size):
            h = h * _BASE + tokens[j]
        windows[begin] = mix(h, K)
    windows.sort()
    k = 0
    for i in range(windows.size):
        if i == 0 or windows[i] != windows[i - 1]:
            windows[k] = windows[i]
            k += 1
    return windows[:k]


@jit
def shingle_sets(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray, texts: np.ndarray, n_texts: int, n: int
) -> ShingleSets:
    """The shingles of n tokens of `n_texts` texts.

    Stretch i is the valid UTF-8 `data[starts[i]:stops[i]]` and belongs to text `texts[i]`; `texts` must ascend. Texts
    without a token have no shingle.
    """
    tokens, begins = _token_hashes(data, starts, stops, texts, n_texts)
    hashes, first, k = np.empty(begins[n_texts], np.uint64), np.zeros(n_texts + 1, np.int64), np.int64(0)
    for text in range(n_texts):
        for window in _distinct_windows(tokens[begins[text] : begins[text + 1]], n):
            hashes[k] = window
            k += 1
        first[text + 1] = k
    return ShingleSets(hashes[:k].copy(), first)


def permutations(n: int, seed: int = 1) -> np.ndarray:
    """The factors and summands of n hash functions: uint64 [2, n], the same for the same seed for ever."""
    drawn = np.random.PCG64(seed).random_raw(2 * n).astype(np.uint64).reshape(2, n)
    drawn[0] |= np.uint64(1)
    return drawn


@jit
def _sign(shingles: np.ndarray, factors: np.ndarray, summands: np.ndarray, out: np.ndarray) -> None:
    for shingle in shingles:
        x = shingle >> np.uint64(32)
        for i in range(out.size):
            out[i] = min(out[i], np.uint32((factors[i] * x + summands[i]) >> np.uint64(32)))


@jit
def signatures(sets: ShingleSets, functions: np.ndarray) -> np.ndarray:
    """The MinHash signature of every text: uint32 [texts, functions]; all ones for a text without shingles.

    `functions` come from `permutations`; only signatures of the same functions can be compared.
    """
    out = np.full((sets.first.size - 1, functions.shape[1]), np.uint32(0xFFFFFFFF))
    for text in range(out.shape[0]):
        _sign(sets.hashes[sets.first[text] : sets.first[text + 1]], functions[0], functions[1], out[text])
    return out


@jit
def band_keys(signed: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """The keys of every signature: uint64 [texts, bands]; key i is made of places i·rows to (i + 1)·rows.

    Keys of different bands are different (but for 64-bit collisions), so all may go into one table.
    """
    out = np.empty((signed.shape[0], bands), np.uint64)
    for text in range(signed.shape[0]):
        for band in range(bands):
            h = np.uint64(band + 1)
            for i in range(band * rows, (band + 1) * rows):
                h = mix(h, np.uint64(signed[text, i]))
            out[text, band] = h
    return out


@jit
def jaccard(a: ShingleSets, text_a: int, b: ShingleSets, text_b: int) -> float:
    """Shared shingles over all shingles of two texts; 0 where neither has any."""
    i, j, shared = a.first[text_a], b.first[text_b], np.int64(0)
    end_a, end_b = a.first[text_a + 1], b.first[text_b + 1]
    total = end_a - i + end_b - j
    while i < end_a and j < end_b:
        left, right = a.hashes[i], b.hashes[j]
        shared += np.int64(left == right)
        i += np.int64(left <= right)
        j += np.int64(right <= left)
    return shared / (total - shared) if total else 0.0


@cache
def optimal_bands(threshold: float, places: int) -> tuple[int, int]:
    """The bands and the rows of each that datasketch takes for a threshold: (bands, rows), bands · rows <= places.

    They make the sum of two areas smallest: that of the chance that a pair below the threshold becomes a candidate,
    and that of the chance that a pair above it does not (Leskovec and others, *Mining of Massive Datasets*, §3.4).
    """
    nodes, weights = np.polynomial.legendre.leggauss(200)
    below, above = threshold * (nodes + 1) / 2, threshold + (1 - threshold) * (nodes + 1) / 2
    best, least = (1, 1), np.inf
    for bands in range(1, places + 1):
        for rows in range(1, places // bands + 1):
            false_alarms = float(weights @ (1 - (1 - below**rows) ** bands)) * threshold / 2
            misses = float(weights @ (1 - above**rows) ** bands) * (1 - threshold) / 2
            if false_alarms + misses < least - 1e-12:
                best, least = (bands, rows), false_alarms + misses
    return best


def chance(similarity: float, bands: int, rows: int) -> float:
    """The chance that a pair of this similarity becomes a candidate."""
    return float(1 - (1 - similarity**rows) ** bands)
