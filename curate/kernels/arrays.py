"""Arrays in kernels: numba's own ways to sort them and to assign slices take seconds to compile."""

from __future__ import annotations

import numpy as np

from curate.kernels.jit import inner


@inner
def grown(array: np.ndarray) -> np.ndarray:
    """A copy with twice the rows."""
    larger = np.empty((2 * array.shape[0], array.shape[1]), array.dtype)
    for i in range(array.shape[0]):
        for j in range(array.shape[1]):
            larger[i, j] = array[i, j]
    return larger


@inner
def sort(values: np.ndarray, size: int) -> None:
    """Sort the first values in place, ascending: Shell's way, quick where there are few of them."""
    gap = np.int64(1)
    while gap < size:
        gap = gap * 9 // 4 + 1
    while gap > 0:
        for i in range(gap, size):
            value, j = values[i], i
            while j >= gap and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value
        gap = gap * 4 // 9


@inner
def sort_hashes(values: np.ndarray, size: int, other: np.ndarray, places: np.ndarray) -> None:
    """Sort the first values in place, ascending, where they are spread evenly over 64 bits: each is
    put where its first bits say, and the few that meet there are put in order.

    `other` holds as many values, `places` twice as many and two more."""
    shift, room = np.uint64(63), np.int64(2)
    while room < size:
        shift, room = shift - np.uint64(1), room * 2
    for i in range(room):
        places[i] = 0
    for i in range(size):
        places[values[i] >> shift] += 1
    at = np.int64(0)
    for i in range(room):
        places[i], at = at, at + places[i]
    for i in range(size):
        place = values[i] >> shift
        other[places[place]] = values[i]
        places[place] += 1
    for i in range(size):
        value, j = other[i], np.int64(i)
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value
