"""Matching of two lists of hashes, against Counters and a plain search for the longest run."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.compare.hashes import Hashes
from curate.compare.matching import in_other_part, match, moved

# Two lanes that both matter: 0, 1 and 1, 0 are two contents.
LISTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12)


def hashes(values: list[tuple[int, int]]) -> Hashes:
    return np.array(values, np.uint64).reshape(-1, 2)


@given(LISTS, LISTS)
def test_rows_are_matched_as_multisets(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    matched = match(hashes(a), hashes(b))
    one, other = Counter(a), Counter(b)
    assert matched.distinct == (len(one), len(other))
    assert Counter(a[place] for place in matched.only_a) == one - other
    assert Counter(b[place] for place in matched.only_b) == other - one
    assert Counter(a[place] for place in matched.pairs[0]) == one & other
    assert [a[place] for place in matched.pairs[0]] == [b[place] for place in matched.pairs[1]]
    spare = [
        sum(n for row, n in (x - y).items() if row in y) for x, y in ((one, other), (other, one))
    ]
    assert matched.spare == tuple(spare)
    for mine, places in (
        (a, (matched.pairs[0], matched.only_a)),
        (b, (matched.pairs[1], matched.only_b)),
    ):
        assert sorted(np.concatenate(places).tolist()) == list(range(len(mine)))
    assert (np.diff(matched.pairs[0]) > 0).all() and (np.diff(matched.only_a) > 0).all()
    for row in one & other:  # the k-th row of a content goes with the k-th
        theirs = [q for p, q in zip(*matched.pairs, strict=True) if a[p] == row]
        assert theirs == [q for q, content in enumerate(b) if content == row][: len(theirs)]


def longest(places: list[int]) -> int:
    best: list[int] = []
    for i, place in enumerate(places):
        best.append(1 + max((best[j] for j in range(i) if places[j] < place), default=0))
    return max(best, default=0)


@given(st.permutations(range(9)), st.integers(0, 9))
def test_moved_rows_are_those_outside_a_longest_run(places: list[int], n: int) -> None:
    assert moved(np.array(places[:n], np.int64)) == n - longest(places[:n])


def test_one_row_that_is_carried_off_counts_as_one() -> None:
    n = 200_000  # more than one piece of the loop
    assert moved(np.append(np.arange(1, n), 0)) == 1
    assert moved(np.arange(n)) == moved(np.arange(0)) == 0
    assert moved(np.arange(n)[::-1]) == n - 1


def test_rows_in_another_part_are_counted() -> None:
    pairs = (np.array([0, 1, 2, 3]), np.array([3, 0, 1, 2]))
    assert in_other_part(pairs, (2, 2)) == 2  # 0 went behind the bound, 2 before it
    assert in_other_part(pairs, (4, 4)) == 0
