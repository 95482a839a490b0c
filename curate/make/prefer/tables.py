"""The tables in which answers and what judges said of them stand, one row each.

    answers      who said what to which prompt, and what became of the request
    ratings      one judge on one answer by one aspect: a number from 1 to 5, or why there is none
    comparisons  one judge on two answers in one order, or why there is no result
    judges       who judges, and how it is asked

`prompt` is the number of the row in its source, `slot` that of the answer to it. They are what is
binarised, what agreement and bias are counted on, and what the audit keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

ANSWERS = pa.schema(
    [
        ("prompt", pa.int64()),
        ("slot", pa.int32()),
        ("entry", pa.string()),
        ("engine", pa.string()),
        ("model", pa.string()),
        ("revision", pa.string()),
        ("on_policy", pa.bool_()),
        ("strength", pa.string()),
        ("outcome", pa.string()),
        ("words", pa.int32()),
        ("characters", pa.int32()),
        ("text", pa.string()),
    ]
)
RATINGS = pa.schema(
    [
        ("prompt", pa.int64()),
        ("slot", pa.int32()),
        ("judge", pa.string()),
        ("aspect", pa.string()),
        ("order", pa.int32()),
        ("place", pa.int32()),
        ("rating", pa.float64()),
        ("missing", pa.string()),
        ("mass", pa.float64()),
    ]
)
COMPARISONS = pa.schema(
    [
        ("prompt", pa.int64()),
        ("judge", pa.string()),
        ("first", pa.int32()),
        ("second", pa.int32()),
        ("result", pa.string()),
        ("missing", pa.string()),
        ("mass", pa.float64()),
    ]
)

JUDGES = pa.schema(
    [
        ("judge", pa.string()),
        ("engine", pa.string()),
        ("model", pa.string()),
        ("mode", pa.string()),
        ("ask", pa.string()),
        ("uncalibrated", pa.string()),
    ]
)


def table(schema: pa.Schema, rows: Iterable[Mapping[str, Any]] = ()) -> pa.Table:
    """A table of rows as mappings; a column that a row lacks is null."""
    return pa.Table.from_pylist(list(rows), schema=schema)
