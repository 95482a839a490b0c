"""Hashes of rows: equal exactly where a plain reading of the rows is, whatever the columns."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.compare.hashes import Hashes, hash_dicts, hash_table, hash_unread

TEXT = st.text("aé\0", max_size=12)
WHOLE = st.integers(-3, 3)
SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("whole", pa.int64()),
        ("float", pa.float64()),
        ("flag", pa.bool_()),
        ("bytes", pa.binary()),
        ("list", pa.list_(pa.string())),
        ("turns", pa.list_(pa.struct([("role", pa.string()), ("n", pa.int64())]))),
        ("nested", pa.struct([("text", pa.string()), ("list", pa.list_(pa.list_(pa.int64())))])),
    ]
)
WORDS = pa.dictionary(pa.int8(), pa.string())
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "whole": WHOLE,
    "float": st.sampled_from([0.0, -0.0, 0.5, 1.0, 1e300, float("inf"), -(2.0**60)]),
    "flag": st.booleans(),
    "bytes": st.binary(max_size=2),
    "list": st.lists(st.none() | TEXT, max_size=2),
    "turns": st.lists(
        st.fixed_dictionaries({"role": st.none() | TEXT, "n": st.none() | WHOLE}), max_size=2
    ),
    "nested": st.fixed_dictionaries(
        {
            "text": st.none() | TEXT,
            "list": st.none() | st.lists(st.none() | st.lists(WHOLE, max_size=2), max_size=2),
        }
    ),
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | value for name, value in VALUES.items()}), max_size=6
)


def plain(value: Any) -> Any:
    """A value as something that is equal exactly where the rule says so: nulls in objects are not
    there.
    """
    if isinstance(value, dict):
        return frozenset((key, plain(item)) for key, item in value.items() if item is not None)
    if isinstance(value, list):
        return tuple(plain(item) for item in value)
    return (isinstance(value, bool), value)


def same(hashes: Hashes) -> list[list[bool]]:
    return [[bool((a == b).all()) for b in hashes] for a in hashes]


@given(ROWS)
def test_hashes_are_equal_where_rows_are(rows: list[dict[str, Any]]) -> None:
    hashes = hash_table(pa.Table.from_pylist(rows, schema=SCHEMA))
    assert hashes.shape == (len(rows), 2)
    assert same(hashes) == [[plain(a) == plain(b) for b in rows] for a in rows]


@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 6))
def test_they_depend_on_nothing_but_the_rows(rows: list[dict[str, Any]], rng: Any, at: int) -> None:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    hashes = hash_table(table)
    names = list(SCHEMA.names)
    rng.shuffle(names)
    assert (hash_table(table.select(names)) == hashes).all()
    cut = pa.concat_tables([table.slice(at), table.slice(0, at)])
    assert (hash_table(cut) == np.concatenate([hashes[at:], hashes[:at]])).all()
    assert (
        np.concatenate([hash_table(table.slice(0, at)), hash_table(table.slice(at))]) == hashes
    ).all()
    assert (hash_table(table.append_column("more", pa.nulls(len(rows)))) == hashes).all()
    assert (hash_dicts(rows) == hashes).all()
    assert not len(rows) or (np.concatenate([hash_dicts([row]) for row in rows]) == hashes).all()


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (["a", None, "bc", "a"], [pa.string(), pa.large_string(), pa.string_view(), WORDS]),
        ([1, None, 0, 100], [pa.int8(), pa.int64(), pa.uint16(), pa.uint64(), pa.float32(), pa.float64()]),
        ([b"ab", None, b"cd", b""], [pa.binary(), pa.large_binary()]),
        ([b"ab", None, b"cd"], [pa.binary(), pa.binary(2)]),
        ([["a", "b"], None], [pa.list_(pa.string()), pa.large_list(pa.string()), pa.list_(pa.string(), 2)]),
    ],
)  # fmt: skip
def test_types_that_say_the_same(values: list[Any], kinds: list[pa.DataType]) -> None:
    first, *others = [hash_table(pa.table({"a": pa.array(values, kind)})) for kind in kinds]
    assert all((other == first).all() for other in others)


def test_what_is_not_the_same_value_is_not_the_same_row() -> None:
    day = datetime.date(2026, 1, 2)
    columns = [
        pa.array([True]), pa.array(["1"]), pa.array([1]), pa.array([1.5]), pa.array([b"1"]), pa.array([["1"]]),
        pa.array([{"a": 1}]), pa.array([day]), pa.array([str(day)]), pa.nulls(1), pa.array([-1]),
        pa.array([2**64 - 1], pa.uint64()), pa.array([[]], pa.list_(pa.string())), pa.array([""]),
        pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), pa.array([float("nan")]), pa.array([[1]]),
    ]  # fmt: skip
    hashes = [hash_table(pa.table({"a": column})) for column in columns]
    hashes += [hash_table(pa.table({"b": pa.array([1])})), hash_unread(["1"]), hash_unread([""])]
    assert all((a != b).any() for a, b in itertools.combinations(hashes, 2))


def test_rows_that_make_no_columns_are_hashed_one_by_one() -> None:
    rows: list[dict[str, Any]] = [
        {"a": 1},
        {"a": "1"},
        {"a": [1, "x"]},
        {"a": {"b": 1}},
        {"a": 10**30},
        {},
    ]
    hashes = hash_dicts(rows)
    assert same(hashes) == np.eye(len(rows), dtype=bool).tolist()
    assert (hash_dicts([{"a": "1"}]) == hashes[1]).all() and (
        hash_dicts([{"a": 1.0}]) == hashes[0]
    ).all()
    assert hash_dicts([]).shape == (0, 2)
