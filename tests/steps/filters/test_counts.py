"""Counts in bins: exact at the thresholds they name, and the same however rows were cut."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curate.steps.filters import counts
from curate.steps.filters.counts import OTHERS, Tally

numbers = st.lists(
    st.one_of(
        st.integers(-300, 300).map(float),
        st.floats(-1e9, 1e9, allow_nan=False),
        st.floats(0, 1),
        st.just(math.nan),
    ),
    max_size=60,
)


def tally_of(values: list[float], cuts: list[int]) -> Tally:
    tally = Tally()
    bounds = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    for start, stop in pairwise(bounds):
        tally.add_numbers(np.array(values[start:stop], np.float64))
    return tally


@given(numbers, st.lists(st.integers(0, 60), max_size=4))
def test_numbers(values: list[float], cuts: list[int]) -> None:
    tally = tally_of(values, cuts)
    lines = list(tally.lines())
    there = sorted(value for value in values if not math.isnan(value))
    assert tally.missing == len(values) - len(there)
    assert lines == list(tally_of(values, []).lines())
    upto = 0
    for _, low, high, rows in lines:
        assert low is not None and high is not None
        upto += rows
        assert upto == sum(value <= high for value in there)
        assert rows == sum(low <= value <= high for value in there)
        assert high - low <= abs(high) / 100 or low == high
    assert upto == len(there)


@given(numbers, numbers)
def test_two_sources_join_to_what_all_rows_give(one: list[float], other: list[float]) -> None:
    joined = tally_of(one, [])
    joined.join(tally_of(other, []))
    assert list(joined.lines()) == list(tally_of([*one, *other], []).lines())


def test_whole_numbers_up_to_256_stand_alone() -> None:
    tally = tally_of([float(n) for n in range(257)], [])
    assert [(low, rows) for _, low, _, rows in tally.lines()] == [(n, 1) for n in range(257)]
    assert len(tally_of([float(n) for n in range(1_000_000)], []).bins) < 2000


@given(st.lists(st.sampled_from([*"abcdef", None]), max_size=30), st.integers(0, 30))
def test_texts(values: list[str | None], cut: int) -> None:
    before = counts.TEXTS
    counts.TEXTS = 3
    try:
        told = []
        for parts in ([values], [values[:cut], values[cut:]]):
            tally = Tally(names=("a",))
            for part in parts:
                tally.add_texts(pa.array(part, pa.string()))
            told.append((list(tally.lines()), tally.missing))
    finally:
        counts.TEXTS = before
    assert told[0] == told[1]
    wanted = Counter(value for value in values if value is not None)
    assert told[0][1] == values.count(None)
    if len(wanted) > 4:
        few = {"a": wanted["a"], OTHERS: wanted.total() - wanted["a"]}
        wanted = Counter({name: rows for name, rows in few.items() if rows})
    assert {text: rows for text, _, _, rows in told[0][0]} == dict(wanted)
