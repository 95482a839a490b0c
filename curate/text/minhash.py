"""MinHash over word shingles: what it is, and its numbers; `curate.kernels.minhash` computes it.

A shingle is a window of n consecutive tokens (`curate.text.tokenise`); a text of fewer tokens, but
at least one, has one shingle, all its tokens. A text may consist of several stretches (the turns of
a record): its tokens are those of the stretches one after the other, as if they were joined by
newlines.

Two signatures agree in each place with a probability that is the Jaccard value of the two sets
(Broder 1997); the permutations are multiply-shift functions (Dietzfelbinger and others 1997). Texts
that share a key of a band are candidates: 1 - (1 - s^r)^b of the pairs of similarity s, for b bands
of r places. A candidate proves nothing: it is confirmed with the Jaccard value, which is exact up
to collisions of 64-bit hashes."""

from __future__ import annotations

from functools import cache

import numpy as np


def permutations(n: int, seed: int = 1) -> np.ndarray:
    """The factors and summands of n hash functions: uint64 [2, n], the same for the same seed for
    ever.
    """
    drawn = np.random.PCG64(seed).random_raw(2 * n).astype(np.uint64).reshape(2, n)
    drawn[0] |= np.uint64(1)
    return drawn


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


def chance(similarity: float, bands: int, rows: int) -> float:
    """The chance that a pair of this similarity becomes a candidate."""
    return float(1 - (1 - similarity**rows) ** bands)
