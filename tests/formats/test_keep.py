"""Kept columns: their types, and that those do not depend on where a source was cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise, permutations
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.files import Block
from curate.formats import check_kept, conform, parse, unify_kept
from curate.formats.keep import kept_array, kept_column
from tests.soak import examples

VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text("ab1", max_size=2)
)
SMALL = st.one_of(
    st.none(),
    st.integers(-9, 9),
    st.floats(allow_nan=False, width=16),
    st.sampled_from(["x", True, [1]]),
)

EDGE = st.integers(2**53 - 2, 2**53 + 2)
HUGE = st.integers(-(10**25), 10**25) | EDGE | EDGE.map(lambda value: -value)
MIXED = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), HUGE, st.floats(allow_nan=False, allow_infinity=False),
    EDGE.map(float), st.sampled_from(["x", "1", [2**60]]),
)  # fmt: skip
# Columns of one type are seldom drawn from the mixture.
COLUMN = st.one_of(
    st.lists(MIXED, max_size=6),
    st.lists(st.integers(-9, 9) | HUGE | st.none(), max_size=6),
    st.lists(HUGE | st.floats(allow_nan=False, allow_infinity=False), max_size=6),
)

CASES: list[tuple[list[Any], pa.DataType, list[Any]]] = [
    ([1, None], pa.int64(), [1, None]),
    ([1, 2.5], pa.float64(), [1.0, 2.5]),
    ([2**53, -(2**53), 0.5], pa.float64(), [2.0**53, -(2.0**53), 0.5]),
    ([2**53 + 1, 1, 0.5], pa.string(), ["9007199254740993", "1", "0.5"]),
    ([-(2**53) - 1], pa.string(), ["-9007199254740993"]),
    ([2**63], pa.string(), ["9223372036854775808"]),
    ([2.0**53, True], pa.string(), ["9007199254740992", "true"]),
    ([True, False], pa.bool_(), [True, False]),
    ([True, 1], pa.string(), ["true", "1"]),
    (["a", 1, 1.0, 1.5, None, {"b": [2]}], pa.string(), ["a", "1", "1", "1.5", None, '{"b": [2]}']),
    ([[1], None], pa.string(), ["[1]", None]),
    ([None], pa.null(), [None]),
    ([], pa.null(), []),
]


@pytest.mark.parametrize(("values", "kind", "expected"), CASES)
def test_the_narrowest_type_is_taken(
    values: list[Any], kind: pa.DataType, expected: list[Any]
) -> None:
    column = kept_array(values)
    assert (column.type, column.to_pylist()) == (kind, expected)


def conformed(parts: list[pa.Table]) -> pa.Table:
    schema = unify_kept([part.schema for part in parts])
    return pa.concat_tables([conform(part, schema) for part in parts])


@examples(400)
@given(values=COLUMN.filter(bool), cuts=st.sets(st.integers(1, 5)))
def test_kept_columns_do_not_depend_on_blocks_or_on_the_rule_that_reads_them(
    block: Callable[..., Block], values: list[Any], cuts: set[int]
) -> None:
    rows = [{"text": "t", "x": value} for value in values]
    bounds = sorted({0, len(rows)} | {cut for cut in cuts if cut < len(rows)})
    parts = [rows[start:stop] for start, stop in pairwise(bounds)]
    by_rows = [pa.table({"x": kept_array([row["x"] for row in part])}) for part in parts]
    read = [
        parse(block(*part), "text", "prompt", keep=["x"]).records.select(["x"]) for part in parts
    ]
    whole = conformed([pa.table({"x": kept_array(values)})])
    for found in (by_rows, read):
        assert conformed(found).schema == whole.schema
        assert conformed(found).to_pylist() == whole.to_pylist()


def test_integers_of_parquet_that_a_float_would_round_are_text() -> None:
    for value, kind in ((2**53, pa.int64()), (2**53 + 1, pa.string()), (-(2**53) - 1, pa.string())):
        column = kept_column(pa.table({"x": [value, None]}), "x")
        assert column is not None
        assert column.type == kind
        assert column.cast(pa.string()).to_pylist() == [str(value), None]
    assert kept_column(pa.table({"x": [0.5, 2.0**53]}), "x") is None
    assert kept_column(pa.table({"x": [0.5, float("nan"), None]}), "x") is not None


@examples(300)
@given(
    values=st.one_of(st.lists(VALUE, max_size=6), st.lists(SMALL, max_size=6)),
    cuts=st.sets(st.integers(0, 6)),
)
def test_types_and_values_do_not_depend_on_blocks(values: list[Any], cuts: set[int]) -> None:
    bounds = sorted({0, len(values)} | {cut for cut in cuts if cut < len(values)})
    parts = [values[start:stop] for start, stop in pairwise(bounds)] or [[]]
    tables = [pa.table({"x": kept_array(part)}) for part in parts]
    whole = pa.table({"x": kept_array(values)})
    schema = unify_kept([table.schema for table in tables])
    assert schema == unify_kept([whole.schema])
    joined = pa.concat_tables([conform(table, schema) for table in tables])
    assert joined.to_pylist() == conform(whole, schema).to_pylist()


def test_the_order_of_blocks_does_not_matter() -> None:
    schemas = [
        pa.schema([("x", kind)]) for kind in (pa.null(), pa.int64(), pa.float64(), pa.bool_())
    ]
    assert {unify_kept(order).field("x").type for order in permutations(schemas)} == {pa.string()}
    assert unify_kept(schemas[:3]).field("x").type == pa.float64()
    assert unify_kept(schemas[:1]).field("x").type == pa.string()


def test_quarantined_rows_count_for_the_type_whichever_rule_reads_them(
    block: Callable[..., Block],
) -> None:
    good, bad = {"text": "t", "level": 1}, {"text": None, "level": 2.5}
    for rows in ([good, bad], [good, bad, b"{half"]):
        parsed = parse(block(*rows), "text", "prompt", keep=["level", "none"])
        assert parsed.records.column("level").to_pylist() == [1.0]
        assert parsed.records.schema.field("level").type == pa.float64()
        assert parsed.records.column("none").null_count == 1


def test_a_field_of_messages_is_kept_as_a_list_beside_them(block: Callable[..., Block]) -> None:
    ask, said = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
    rows = [
        {"messages": [ask, said | {"weight": 0}], "system": "s"},
        {"messages": [ask, said], "system": None},
        {"messages": [ask]},
        {"messages": [ask | {"weight": {"w": [1]}}, said, ask]},
    ]
    name = "messages[].weight"
    parsed = parse(block(*rows), "messages", "sft", keep=[name])
    assert parsed.records[name].to_pylist() == ["[null, null, 0]", "[null, null]"]
    assert name not in parsed.dropped_columns
    assert name in parse(block(*rows), "messages", "sft").dropped_columns
    asked = parse(block(*rows), "messages", "prompt", keep=[name])
    assert asked.records[name].to_pylist()[3] == '[{"w": [1]}, null, null]'
    for places, turns in zip(asked.records[name], asked.records["prompt"], strict=True):
        assert len(json.loads(places.as_py())) == len(turns)


def test_of_another_list_of_objects_its_own_places_are_kept(block: Callable[..., Block]) -> None:
    rows = [{"text": "t", "tags": [{"n": 1}, {"m": 2}]}, {"text": "t", "tags": None}]
    parsed = parse(block(*rows), "text", "prompt", keep=["tags[].n"])
    assert parsed.records["tags[].n"].to_pylist() == ["[1, null]", "[]"]


def test_a_column_that_no_row_has_is_refused(block: Callable[..., Block]) -> None:
    early, late = block({"text": "t", "level": None}), block({"text": "t", "tags": [{"n": 1}]})
    check_kept([early, late], ["level", "tags", "tags[].n"])
    check_kept(iter([early]), [])
    with pytest.raises(UserError, match="keep: unknown column 'levle'; did you mean 'level'"):
        check_kept([early, late], ["tags", "levle"])
    with pytest.raises(UserError, match=r"keep: unknown column 'tags\[\]\.m'"):
        check_kept([early, late], ["tags[].m"])


def test_decimals_and_times_are_kept_without_quotation_marks() -> None:
    values = [Decimal("72.50"), date(2024, 1, 2), datetime(2024, 1, 2, 3, 4), b"raw", None]
    expected = ["72.50", "2024-01-02", "2024-01-02 03:04:00", "raw", None]
    assert kept_array(values).to_pylist() == expected


def test_each_side_keeps_its_own_fields(block: Callable[..., Block]) -> None:
    asked = [{"role": "user", "content": "q", "w": 1}, {"role": "user", "content": "r"}]
    said = [{"role": "assistant", "content": "a", "w": 2}]
    row = {"prompt": asked, "answer": said, "label": True}
    names = ["prompt[].w", "answer[].w"]
    mapped = {"prompt": "prompt", "completion": "answer", "label": "label"}
    for fmt in ("unpaired", mapped):
        parsed = parse(block(row), fmt, "unpaired", keep=names)
        assert [parsed.records[name].to_pylist() for name in names] == [["[1, null]"], ["[2]"]]
    joined = parse(block(row), {"prompt": "prompt", "response": "answer"}, "sft", keep=names[:1])
    assert joined.records[names[0]].to_pylist() == ["[1, null, 2]"]
