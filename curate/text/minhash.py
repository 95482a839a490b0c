"""MinHash over word shingles: what it is, and its numbers; `curate.kernels.minhash` computes it.

A shingle is a window of n consecutive tokens (`curate.text.tokenise`); a text of fewer tokens, but
at least one, has one shingle, all its tokens. A text may consist of several stretches (the turns of
a record): its tokens are those of the stretches one after the other, as if they were joined by
newlines.

Two signatures agree in each place with a probability that is the Jaccard value of the two sets
(Broder 1997). The hash functions are those that datasketch calls `affine32`: of the upper 32 bits of
a shingle's hash, put through the finaliser of MurmurHash3 as x, a·x + b mod 2^32. Texts that share
a key of a band are candidates: 1 - (1 - s^r)^b of the pairs of similarity s, for b bands of r
places. A candidate proves nothing: it is confirmed with the Jaccard value, which is exact up to
collisions of 64-bit hashes."""

from __future__ import annotations

from functools import cache

import numpy as np

SCHEME = "affine32"
"""What datasketch calls this family of hash functions: its `MinHash` and `LeanMinHash` read these
signatures.
"""


def permutations(n: int, seed: int = 1) -> np.ndarray:
    """The factors (odd) and summands of n hash functions: uint32 [2, n], those of datasketch for
    the same seed.
    """
    drawn = np.random.RandomState(seed)
    factors = drawn.randint(0, 1 << 31, n, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return np.array([factors, drawn.randint(0, 1 << 32, n, dtype=np.uint32)])


@cache
def optimal_bands(threshold: float, places: int) -> tuple[int, int]:
    """The bands and the rows of each that datasketch takes for a threshold: (bands, rows), bands ·
    rows <= places.

    They make the sum of two areas smallest: that of the chance that a pair below the threshold
    becomes a candidate, and that of the chance that a pair above it does not (Leskovec and others,
    *Mining of Massive Datasets*, §3.4)."""
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


@cache
def sure_bands(similarity: float, places: int, found: float = 0.995) -> tuple[int, int]:
    """The bands and the rows of each that make the fewest candidates among those that find this
    share of the pairs of a similarity: (bands, rows).

    For whoever confirms candidates: a false one costs time alone, a missed one is lost. Raises
    ValueError where no bands of so many places do."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    below = similarity * (nodes + 1) / 2
    able = [
        (float(weights @ (1 - (1 - below**rows) ** bands)), bands, rows)
        for rows in range(1, places + 1)
        for bands in range(1, places // rows + 1)
        if chance(similarity, bands, rows) >= found
    ]
    if not able:
        raise ValueError(f"no bands of {places} places find {found:.1%} at {similarity}")
    return min(able)[1:]


def chance(similarity: float, bands: int, rows: int) -> float:
    """The chance that a pair of this similarity becomes a candidate."""
    return float(1 - (1 - similarity**rows) ** bands)
