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
