"""Lists of different lengths in one array: list i is `values[first[i]:first[i+1]]`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def bounds(sizes: Sequence[int] | np.ndarray) -> np.ndarray:
    """Where each list begins, given how long each is, and where the last one ends: int64."""
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


def taken(
    values: np.ndarray, first: np.ndarray, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The lists at some places, one after the other, and where each begins."""
    sizes = np.diff(first)[places]
    begins = bounds(sizes)
    at = np.arange(begins[-1]) - np.repeat(begins[:-1] - first[places], sizes)
    return values[at], begins


def chained(firsts: Sequence[np.ndarray]) -> np.ndarray:
    """Where lists begin once several such arrays stand one behind the other."""
    return bounds(np.concatenate([np.empty(0, np.int64), *map(np.diff, firsts)]))
