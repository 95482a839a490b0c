"""MinHash over word shingles: sets of shingles, signatures, bands, candidates, and the exact
Jaccard value.

    sets = shingle_sets(data, starts, stops, texts, n_texts, 5)
    signed = signatures(sets, permutations(128))
    keys = band_keys(signed, *optimal_bands(0.7, 128))
    jaccard(sets, 0, sets, 1)

`curate.text.minhash` says what these are and makes their numbers. Everything works on flat arrays
without the GIL; `shingle_sets` takes 8 bytes a token."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curate.kernels.arrays import sort, sort_hashes
from curate.kernels.jit import inner, jit
from curate.kernels.tokens import MAX_TOKENS, K, make_edges, mix, next_tokens

_BASE = np.uint64(0xD6E8FEB86659FD93)


class ShingleSets(NamedTuple):
    """Distinct shingle hashes of many texts, ascending in each: `hashes[first[i]:first[i+1]]` are
    those of text i.
    """

    hashes: np.ndarray  # uint64
    first: np.ndarray  # int64 [texts + 1]


@inner
def _longest(starts: np.ndarray, stops: np.ndarray, texts: np.ndarray) -> tuple[int, int]:
    """The most tokens that one text can have, and that all can have together."""
    most, own, every = np.int64(0), np.int64(0), np.int64(0)
    for i in range(starts.size):
        if i > 0 and texts[i] != texts[i - 1]:
            own = np.int64(0)
        size = (stops[i] - starts[i]) // 2 + 1
        own, every = own + size, every + size
        most = max(most, own)
    return most + MAX_TOKENS, every


@inner
def _windows(tokens: np.ndarray, k: int, n: int, out: np.ndarray) -> int:
    """Write the hashes of all windows of n of the first k tokens, or of all k where there are
    fewer; return how many there are.
    """
    size = min(n, k)
    windows = k - size + 1 if size else 0
    for begin in range(windows):
        h = np.uint64(size)
        for j in range(begin, begin + size):
            h = h * _BASE + tokens[j]
        out[begin] = mix(h, K)
    return windows


@inner
def _distinct(values: np.ndarray, size: int) -> int:
    """Keep each of some sorted values once; return how many are left."""
    k = np.int64(0)
    for i in range(size):
        if i == 0 or values[i] != values[i - 1]:
            values[k] = values[i]
            k += 1
    return k


@jit
def shingle_sets(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray, texts: np.ndarray, n_texts: int, n: int
) -> ShingleSets:
    """The shingles of n tokens of `n_texts` texts.

    Stretch i is the valid UTF-8 `data[starts[i]:stops[i]]` and belongs to text `texts[i]`; `texts`
    must ascend. Texts without a token have no shingle."""
    room, every = _longest(starts, stops, texts)
    tokens, other = np.empty(room, np.uint64), np.empty(room, np.uint64)
    begins, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    edges, places = make_edges(), np.empty(2 * room, np.int64)
    hashes, first = np.empty(every, np.uint64), np.zeros(n_texts + 1, np.int64)
    i, total = np.int64(0), np.int64(0)
    for text in range(n_texts):
        k = np.int64(0)
        while i < starts.size and texts[i] == text:
            at = starts[i]
            while at < stops[i]:
                k, at = next_tokens(data, at, stops[i], edges, begins, ends, tokens, k)
            i += 1
        own = hashes[total:]
        size = _windows(tokens, k, n, own)
        sort_hashes(own, size, other, places)
        total += _distinct(own, size)
        first[text + 1] = total
    return ShingleSets(hashes[:total].copy(), first)


@inner
def _finalised(shingle: np.uint64) -> np.uint32:
    """The upper half of a shingle's hash, through the finaliser of MurmurHash3.

    Every step is put back into 32 bits: numba makes 64 of a product of two.
    """
    x = np.uint32(shingle >> np.uint64(32))
    x = np.uint32(x ^ np.uint32(x >> np.uint32(16)))
    x = np.uint32(x * np.uint32(0x85EBCA6B))
    x = np.uint32(x ^ np.uint32(x >> np.uint32(13)))
    x = np.uint32(x * np.uint32(0xC2B2AE35))
    return np.uint32(x ^ np.uint32(x >> np.uint32(16)))


@inner
def _sign(shingles: np.ndarray, functions: np.ndarray, out: np.ndarray) -> None:
    """Eight shingles at a time, so that factors, summands and minima are loaded once for eight."""
    a, b, n = functions[0], functions[1], shingles.size
    for at in range(0, n, 8):
        x0 = _finalised(shingles[at])
        # Behind the last one it stands for the others: a minimum takes no notice.
        x1 = _finalised(shingles[min(at + 1, n - 1)])
        x2 = _finalised(shingles[min(at + 2, n - 1)])
        x3 = _finalised(shingles[min(at + 3, n - 1)])
        x4 = _finalised(shingles[min(at + 4, n - 1)])
        x5 = _finalised(shingles[min(at + 5, n - 1)])
        x6 = _finalised(shingles[min(at + 6, n - 1)])
        x7 = _finalised(shingles[min(at + 7, n - 1)])
        for i in range(out.size):
            h0 = min(np.uint32(np.uint32(a[i] * x0) + b[i]), np.uint32(np.uint32(a[i] * x1) + b[i]))
            h1 = min(np.uint32(np.uint32(a[i] * x2) + b[i]), np.uint32(np.uint32(a[i] * x3) + b[i]))
            h2 = min(np.uint32(np.uint32(a[i] * x4) + b[i]), np.uint32(np.uint32(a[i] * x5) + b[i]))
            h3 = min(np.uint32(np.uint32(a[i] * x6) + b[i]), np.uint32(np.uint32(a[i] * x7) + b[i]))
            out[i] = min(out[i], min(min(h0, h1), min(h2, h3)))


@jit
def signatures(sets: ShingleSets, functions: np.ndarray) -> np.ndarray:
    """The MinHash signature of every text: uint32 [texts, functions]; all ones for a text without
    shingles.

    `functions` come from `permutations`; only signatures of the same functions can be compared.
    """
    out = np.full((sets.first.size - 1, functions.shape[1]), np.uint32(0xFFFFFFFF))
    for text in range(out.shape[0]):
        _sign(sets.hashes[sets.first[text] : sets.first[text + 1]], functions, out[text])
    return out


@jit
def band_keys(signed: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """The keys of every signature: uint64 [texts, bands]; key i is made of places i·rows to (i +
    1)·rows.

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


@inner
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


@jit
def some_sets(sets: ShingleSets, texts: np.ndarray) -> ShingleSets:
    """The sets of some texts."""
    first = np.zeros(texts.size + 1, np.int64)
    for i in range(texts.size):
        first[i + 1] = first[i] + sets.first[texts[i] + 1] - sets.first[texts[i]]
    hashes = np.empty(first[texts.size], np.uint64)
    for i in range(texts.size):
        for j in range(first[i + 1] - first[i]):
            hashes[first[i] + j] = sets.hashes[sets.first[texts[i]] + j]
    return ShingleSets(hashes, first)


@inner
def _first(keys: np.ndarray, key: np.uint64) -> int:
    """Where `key` begins in ascending keys, or would."""
    low, high = 0, keys.size
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def _doubled(pairs: np.ndarray) -> np.ndarray:
    """A copy with room for twice as many pairs."""
    larger = np.empty((2 * pairs.shape[0], 2), np.int64)
    for i in range(pairs.shape[0]):
        larger[i, 0], larger[i, 1] = pairs[i, 0], pairs[i, 1]
    return larger


@jit
def candidates(keys: np.ndarray, known: np.ndarray, items: np.ndarray, n_items: int) -> np.ndarray:
    """The pairs (text, item) that share a key of some band, each once: int64 [pairs, 2]."""
    pairs, k = np.empty((64, 2), np.int64), np.int64(0)
    seen = np.full(n_items, -1, np.int64)  # the last text that each item was found for
    for text in range(keys.shape[0]):
        for band in range(known.shape[0]):
            place = _first(known[band], keys[text, band])
            while place < known.shape[1] and known[band, place] == keys[text, band]:
                item = items[band, place]
                if seen[item] != text:
                    seen[item] = text
                    if k == pairs.shape[0]:
                        pairs = _doubled(pairs)
                    pairs[k, 0], pairs[k, 1] = text, item
                    k += 1
                place += 1
    return pairs[:k]


@jit
def jaccards(
    sets: ShingleSets, texts: np.ndarray, others: ShingleSets, items: np.ndarray
) -> np.ndarray:
    """The exact Jaccard value of each pair of a text and an item."""
    scores = np.empty(texts.size, np.float64)
    for i in range(texts.size):
        scores[i] = jaccard(sets, texts[i], others, items[i])
    return scores


@jit
def joined(sets: ShingleSets, parts: int) -> ShingleSets:
    """The sets of every `parts` texts as one; a shingle of the second is not the same one of the
    first.
    """
    n = (sets.first.size - 1) // parts
    hashes, first, k = sets.hashes.copy(), np.zeros(n + 1, np.int64), np.int64(0)
    for text in range(n):
        for part in range(parts):
            own = text * parts + part
            for i in range(sets.first[own], sets.first[own + 1]):
                hashes[k] = sets.hashes[i] ^ (np.uint64(part) * K)
                k += 1
        first[text + 1] = k
        sort(hashes[first[text] :], k - first[text])
    return ShingleSets(hashes, first)
