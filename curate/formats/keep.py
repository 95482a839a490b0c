"""Columns kept beside the record, and upstream ids: scalars as they are, everything else as JSON
text.

The type of a kept column is the narrowest that holds every row that could be read: truth values,
integers (int64), numbers (float64), text; a mixture is text, where text stands as it is and the
rest as JSON. It is the same however the source is cut into blocks: each block names its own type,
and `unify_kept` joins them. For that reason an integer beyond 2**53, which a float64 would round,
makes its column text."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from curate.formats.values import value_text
from curate.records import one_array

_EXACT = 2**53
"""Up to here float64 holds every integer."""


def plain_text(value: object) -> str | None:
    """A value as text: text as it is, whole numbers without a fraction, the rest as JSON; None for
    null.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and math.fabs(value) <= _EXACT:
        return str(int(value))
    return value_text(value)


def kept_array(values: Sequence[object]) -> pa.Array:
    """Values of the readable rows of a block as one column of the narrowest type."""
    types = {_type(value) for value in values}
    kind = _join(types)
    if kind == pa.string():
        return pa.array([plain_text(value) for value in values], kind)
    if kind == pa.float64():
        return pa.array([None if value is None else float(value) for value in values], kind)  # type: ignore[arg-type]
    return pa.array(values, kind)


def _type(value: object) -> pa.DataType:
    if value is None:
        return pa.null()
    if isinstance(value, bool):
        return pa.bool_()
    if isinstance(value, int):
        return pa.int64() if -_EXACT <= value <= _EXACT else pa.string()
    return pa.float64() if isinstance(value, float) else pa.string()


def _join(types: set[pa.DataType]) -> pa.DataType:
    found = types - {pa.null()}
    if not found:
        return pa.null()
    if len(found) == 1:
        return found.pop()
    return pa.float64() if found == {pa.int64(), pa.float64()} else pa.string()


def kept_column(table: pa.Table, name: str) -> pa.Array | None:
    """A column as `kept_array` would make it from its values; None where that takes the values
    themselves.
    """
    if name not in table.column_names:
        return pa.nulls(table.num_rows)
    column = one_array(table.column(name))
    if column.null_count == len(column):
        return pa.nulls(len(column))
    kind = column.type
    if pa.types.is_signed_integer(kind):
        ends = pc.min_max(column).as_py()
        return column.cast(
            pa.int64() if ends["min"] >= -_EXACT and ends["max"] <= _EXACT else pa.string()
        )
    if pa.types.is_float32(kind) or pa.types.is_float64(kind):
        # A large value may be an integer that Arrow has rounded: JSON that mixes integers and
        # numbers is read so.
        rounded = pc.any(pc.greater_equal(pc.abs(column), float(_EXACT))).as_py()
        return None if rounded else column.cast(pa.float64())
    return column if kind in (pa.string(), pa.bool_()) else None


def column_text(given: pa.Array) -> pa.Array:
    """A column as text, spelt as in the output: every different value once."""
    if pa.types.is_string(given.type) or pa.types.is_null(given.type):
        return given.cast(pa.string())
    if pa.types.is_nested(given.type):
        return pa.array([plain_text(value) for value in given.to_pylist()], pa.string())
    coded = given.dictionary_encode()
    texts = pa.array([plain_text(value) for value in coded.dictionary.to_pylist()], pa.string())
    return texts.take(coded.indices)


def id_column(table: pa.Table, name: str) -> pa.Array | None:
    """Upstream ids as text; None where that takes the values themselves."""
    column = kept_column(table, name)
    if column is None or pa.types.is_float64(column.type):
        return None
    return column.cast(pa.string())


def unify_kept(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The schema that the records of all blocks fit into, whatever their order; `conform` brings
    them there.
    """
    first = schemas[0]
    fields = []
    for field in first:
        types = {schema.field(field.name).type for schema in schemas}
        kind = types.pop() if len(types) == 1 else _join(types)
        fields.append(pa.field(field.name, pa.string() if kind == pa.null() else kind))
    return pa.schema(fields)


def conform(records: pa.Table, schema: pa.Schema) -> pa.Table:
    """The records of one block with the types that `unify_kept` found."""
    columns = [_as(records.column(field.name), field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    if column.type == pa.float64() and kind == pa.string():
        return pa.chunked_array([[plain_text(value) for value in column.to_pylist()]], kind)
    return pc.cast(column, kind, safe=False)
