"""Runs in parts: every row lies in the part of its key, once, in the order of keys."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.mixture import runs
from curate.mixture.runs import part_count, part_of, read_part, write_run

KEYS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40, unique=True)


@given(KEYS, st.integers(1, 300))
def test_parts_are_even_ranges_of_keys(keys: list[int], parts: int) -> None:
    found = part_of(np.array(keys, np.uint64), parts)
    assert found.tolist() == [(key >> 32) * parts >> 32 for key in keys]
    by_key = sorted(zip(keys, found.tolist(), strict=True))
    assert [part for _, part in by_key] == sorted(found.tolist())


def test_the_ends_of_the_range_are_in_the_first_and_last_part() -> None:
    ends = np.array([0, 2**64 - 1], np.uint64)
    assert [part_of(ends, parts).tolist() for parts in (1, 7, 256)] == [[0, 0], [0, 6], [0, 255]]


@given(KEYS, st.integers(1, 9))
def test_what_is_written_is_read_again_part_by_part(
    tmp_path_factory: pytest.TempPathFactory, keys: list[int], parts: int
) -> None:
    path = tmp_path_factory.mktemp("runs") / "a.arrow"
    texts = [f"é{key}" for key in keys]
    records = pa.table(
        {"text": texts, "place": [[{"n": key % 7}] for key in keys]}
    )  # a column may be called so
    array = np.array(keys, np.uint64)
    run = write_run(path, records, array, parts)
    read = [read_part(run, part) for part in range(parts)]
    places = [place for _, found in read for place in found.tolist()]
    assert places == np.argsort(array).tolist()
    assert pa.concat_tables([table for table, _ in read]).equals(records.take(places))
    for part, (_, found) in enumerate(read):
        assert (part_of(array[found], parts) == part).all()


def test_a_larger_corpus_has_more_parts_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PART_BYTES", 100)
    assert [part_count(size) for size in (1, 100, 101, 1000, 10**9)] == [1, 1, 2, 10, 256]
