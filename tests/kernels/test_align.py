"""The alignment of `robust` against brute force: the kernels' own code, run as plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.align import best_chain, make_scratch, take
from curate.kernels.evidence import gain
from tests.soak import examples

LETTERS = st.lists(st.integers(0, 4), max_size=9)
WEIGHTS = [300, 700, 40, 1000, 512]


def heaviest(item: Sequence[int], record: Sequence[int], gap: int) -> int:
    """The weight of the best chain, by trying every word as the last one."""

    @cache
    def ending(i: int, j: int) -> int:
        if item[i] != record[j]:
            return -(1 << 40)
        before = [ending(a, b) - gap * (j - b - 1) for a in range(i) for b in range(j)]
        return WEIGHTS[item[i]] + max([0, *before])

    return max(
        [0, *(ending(i, j) for i in range(len(item)) for j in range(len(record)))],
    )


def chain_of(
    item: Sequence[int], record: Sequence[int], gap: int, taken: Sequence[bool] = (),
    cells: int | None = None,
) -> tuple[int, dict[int, int]]:  # fmt: skip
    """What the kernel makes of them: the weight, and word of the item by word of the record."""
    scratch = make_scratch(1, max(1, len(item)))
    scratch.partners[:] = -1
    marks = np.zeros(len(record), np.int64)
    marks[: len(taken)] = taken
    with np.errstate(over="ignore"):
        best, last, _ = best_chain(
            0, len(item), np.array(item, np.uint64), np.array([WEIGHTS[i] for i in item], np.int64),
            np.array(record, np.uint64), 0, len(record), marks, 1, gap, scratch.partners,
            scratch.heads, scratch.before, scratch.sums, scratch.ways, scratch.cells[:cells],
        )  # fmt: skip
    take(scratch.cells, last, scratch.partners, marks, 1)
    found = enumerate(scratch.partners[: len(item)].tolist())
    return int(best), {i: word for i, word in found if word >= 0}


@examples(300)
@given(LETTERS, LETTERS, st.sampled_from([0, 77, 400]))
def test_no_chain_is_heavier(item: list[int], record: list[int], gap: int) -> None:
    best, chain = chain_of(item, record, gap)
    assert best == heaviest(item, record, gap)
    places, words = list(chain), list(chain.values())
    assert words == sorted(set(words))
    assert [item[i] for i in places] == [record[word] for word in words]
    passed = words[-1] - words[0] + 1 - len(words) if words else 0
    assert best == sum(WEIGHTS[item[i]] for i in places) - gap * passed


def test_words_that_are_taken_are_passed_over() -> None:
    assert chain_of([1, 2, 3], [1, 2, 3], 10)[1] == {0: 0, 1: 1, 2: 2}
    assert chain_of([1, 2, 3], [1, 2, 3], 10, [False, True])[1] == {0: 0, 2: 2}
    assert chain_of([1, 2, 3], [], 10) == (0, {})


def test_a_word_that_is_said_too_often_goes_on_from_what_was_found() -> None:
    """Room for one place of each word: 0 has many, and is found behind the others alone."""
    item = [0, 0, 1, 0, 0, 2, 0, 3, 0, 0, 0]
    _, chain = chain_of(item, item, 10, cells=len(item))
    assert chain == {i: i for i in range(2, len(item))}
    assert chain_of([0, 0, 0], [0, 0, 0], 10, cells=3) == (0, {})
    assert chain_of(item, item, 10, cells=0) == (0, {})


@given(st.lists(st.tuples(st.integers(0, 5000), st.one_of(st.none(), st.integers(0, 30)))))
def test_what_is_gained_is_what_is_there_less_what_is_not(
    words: list[tuple[int, int | None]],
) -> None:
    weights = np.array([weight for weight, _ in words], np.int64)
    partners = np.array([-1 if at is None else at for _, at in words], np.int64)
    there = sum(weight for weight, at in words if at is not None)
    found = [at for _, at in words if at is not None]
    broken = sum(right != left + 1 for left, right in pairwise(found))
    expected = there - int(0.7 * (sum(weights.tolist()) - there)) - 512 * broken
    assert gain(weights, 0, len(words), partners, 0.7, 512) == expected
