"""Kept columns: their types, and that those do not depend on where a source was cut."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, permutations
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.files import Block
from curate.formats import conform, parse, unify_kept
from curate.formats.keep import kept_array

VALUE = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text("ab1", max_size=2))
SMALL = st.one_of(
    st.none(), st.integers(-9, 9), st.floats(allow_nan=False, width=16), st.sampled_from(["x", True, [1]])
)

CASES: list[tuple[list[Any], pa.DataType, list[Any]]] = [
    ([1, None], pa.int64(), [1, None]),
    ([1, 2.5], pa.float64(), [1.0, 2.5]),
    ([2**63], pa.float64(), [2.0**63]),
    ([True, False], pa.bool_(), [True, False]),
    ([True, 1], pa.string(), ["true", "1"]),
    (["a", 1, 1.0, 1.5, None, {"b": [2]}], pa.string(), ["a", "1", "1", "1.5", None, '{"b": [2]}']),
    ([[1], None], pa.string(), ["[1]", None]),
    ([None], pa.null(), [None]),
    ([], pa.null(), []),
]


@pytest.mark.parametrize(("values", "kind", "expected"), CASES)
def test_the_narrowest_type_is_taken(values: list[Any], kind: pa.DataType, expected: list[Any]) -> None:
    column = kept_array(values)
    assert (column.type, column.to_pylist()) == (kind, expected)


@settings(max_examples=300)
@given(values=st.one_of(st.lists(VALUE, max_size=6), st.lists(SMALL, max_size=6)), cuts=st.sets(st.integers(0, 6)))
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
    schemas = [pa.schema([("x", kind)]) for kind in (pa.null(), pa.int64(), pa.float64(), pa.bool_())]
    assert {unify_kept(order).field("x").type for order in permutations(schemas)} == {pa.string()}
    assert unify_kept(schemas[:3]).field("x").type == pa.float64()
    assert unify_kept(schemas[:1]).field("x").type == pa.string()


def test_quarantined_rows_count_for_the_type_whichever_rule_reads_them(block: Callable[..., Block]) -> None:
    good, bad = {"text": "t", "level": 1}, {"text": None, "level": 2.5}
    for rows in ([good, bad], [good, bad, b"{half"]):
        parsed = parse(block(*rows), "text", "prompt", keep=["level", "none"])
        assert parsed.records.column("level").to_pylist() == [1.0]
        assert parsed.records.schema.field("level").type == pa.float64()
        assert parsed.records.column("none").null_count == 1
