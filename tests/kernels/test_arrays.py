"""Hashes are sorted, however many there are and wherever they lie."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import arrays
from tests.kernels.compiled import compiled

sort_hashes = compiled(arrays.sort_hashes)

anywhere = st.lists(st.integers(0, 2**64 - 1), max_size=70)
crowded = st.lists(st.integers(0, 3), max_size=70)


@given(st.one_of(anywhere, crowded), st.integers(0, 2))
def test_hashes_are_sorted_and_what_stands_behind_them_is_not(values: list[int], more: int) -> None:
    found = np.array([*values, *range(more)][::-1], np.uint64)
    size = len(values)
    sort_hashes(found, size, np.empty(size, np.uint64), np.empty(2 * size + 2, np.int64))
    expected = [*values, *range(more)][::-1]
    assert found.tolist() == sorted(expected[:size]) + expected[size:]
