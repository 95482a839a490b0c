"""The loop of langdetect over random numbers that were drawn before, for
`curate.verify.constraints.detector`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.kernels.jit import inner, jit

Floats = NDArray[np.float64]


@inner
def _normalised(prob: Floats) -> float:
    """Have probabilities add up to 1, in place, and give the largest."""
    total, most = 0.0, 0.0
    for one in prob:
        total += one
    for language in range(len(prob)):
        prob[language] /= total
        most = max(most, prob[language])
    return most


@jit
def mean_of_trials(
    grams: NDArray[np.int64],
    probabilities: Floats,
    words: NDArray[np.uint32],
    cosines: Floats,
    sines: Floats,
) -> Floats:
    """The mean of seven trials, a probability for each language; a first one below 0 if the numbers
    do not suffice.

    Every operation is langdetect's, in its order.
    """
    n, languages = len(grams), probabilities.shape[1]
    bits = 0
    while n >> bits:
        bits += 1
    mean, prob = np.zeros(languages), np.empty(languages)
    at, deviate, other = 0, 0.0, 0.0
    for trial in range(7):
        if at + 4 >= len(words):
            mean[0] = -1.0
            return mean
        if trial % 2:
            deviate = other
        else:
            deviate, other = cosines[at], sines[at]
            at += 4
        weight = (0.5 + deviate * 0.05) / 10000
        prob[:] = 1.0 / languages
        turn = 0
        while True:
            drawn = n
            while drawn >= n:
                if at >= len(words):
                    mean[0] = -1.0
                    return mean
                drawn = np.int64(words[at]) >> (32 - bits)
                at += 1
            row = probabilities[grams[drawn]]
            for language in range(languages):
                prob[language] *= weight + row[language]
            if turn % 5 == 0 and (_normalised(prob) > 0.99999 or turn >= 1000):
                break
            turn += 1
        for language in range(languages):
            mean[language] += prob[language] / 7
    return mean
