"""The columns of rows as they were read, for those who want their own columns back.

Parquet and Arrow have a schema, CSV and TSV have columns of text. Rows of JSON have the types that
their values have: the same wherever a file is cut into blocks, since `joined` brings the types of
all blocks together without a loss. Refused: values of which no one type says what each of them says
(a text and a number in one column, whole numbers beyond 2**53 among fractions), and a name that
stands twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import UserError
from curate.files import kind_of, read_file
from curate.files.block import BadInput, Block, Row
from curate.files.columnar import ArrowBlock, arrow_schema, parquet_schema
from curate.files.file import SourceFile
from curate.files.stream import Places

_EXACT = 2.0**53  # from here on, a float may be an integer that was rounded
_NULL, _WHOLE, _NUMBER = pa.null(), pa.int64(), pa.float64()
_LITTLE = 1 << 16  # a header needs no more
OTHERWISE = (
    "--like-input (rows: lines in a recipe) copies the lines unchanged, --records (rows: records) "
    "writes only what trainers read"
)
"""What there is where columns can't be written as they were read."""


def as_read(block: Block, places: Places, table: pa.Table | None) -> pa.Table:
    """The columns of the rows at some places of a block, ascending; `table` is `block.table()`.

    Raises UserError where no column holds the values as they are.
    """
    every = len(places) == block.n_rows
    if isinstance(block, ArrowBlock):
        return block.columns if every else block.columns.take(pa.array(places))
    text = block if every else _only(block, places)
    table = table if every else text.table()
    if table is not None and not any(map(_rounded, table.columns)):
        return table
    rows: list[Row] = []
    kind = pa.struct([])
    try:
        for place, (_, row) in zip(places.tolist(), text.rows(), strict=True):  # noqa: B007
            assert not isinstance(row, BadInput)  # a place of a row that could be read
            kind = join(kind, _type(row, ""))
            rows.append(row)
    except UserError as error:
        raise UserError(f"{block.file}: row {block.first_row + place}: {error}") from None
    try:
        return pa.Table.from_pylist(rows, pa.schema(list(kind)))
    except (pa.ArrowException, OverflowError) as error:
        told = " ".join(str(error).split())
        raise UserError(f"{block.file}: {_refusal(told)}") from None


def _only(block: Any, places: Places) -> Any:
    """A block of text that holds some of a block's rows alone."""
    spans = zip(block.starts[places].tolist(), block.ends[places].tolist(), strict=True)
    rows = [block.data[start:end] for start, end in spans]
    stops = np.cumsum(np.array([len(row) + 1 for row in rows], np.int64))
    starts = np.concatenate([np.zeros(1, np.int64), stops])[:-1]
    return replace(block, data=b"\n".join(rows), starts=starts, ends=stops - 1)


def _rounded(column: pa.Array | pa.ChunkedArray) -> bool:
    """Whether a column of JSON holds numbers that Arrow may have rounded."""
    if isinstance(column, pa.ChunkedArray):
        return any(map(_rounded, column.chunks))
    if pa.types.is_list(column.type):
        return _rounded(column.flatten())
    if pa.types.is_struct(column.type):
        return any(map(_rounded, column.flatten()))
    is_float = pa.types.is_floating(column.type)
    return is_float and bool(pc.any(pc.greater_equal(pc.abs(column), _EXACT)).as_py())


def _type(value: object, where: str) -> pa.DataType:
    """The type of a value of JSON."""
    if isinstance(value, dict):
        return pa.struct([(name, _type(own, _below(where, name))) for name, own in value.items()])
    if isinstance(value, list):
        within, kind = f"{where}[]", _NULL
        for own in value:
            kind = join(kind, _type(own, within), within)
        return pa.list_(kind)
    known = {bool: pa.bool_(), int: _WHOLE, float: _NUMBER, str: pa.string()}
    return known.get(type(value), _NULL)


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def join(one: pa.DataType, other: pa.DataType, where: str = "") -> pa.DataType:
    """The type that holds the values of two without a loss; raises UserError where there is none."""
    if one == other or other == _NULL:
        return one
    if one == _NULL:
        return other
    if {one, other} == {_WHOLE, _NUMBER}:
        return _NUMBER
    if pa.types.is_list(one) and pa.types.is_list(other):
        return pa.list_(join(one.value_type, other.value_type, f"{where}[]"))
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        fields = {field.name: field.type for field in one}
        for field in other:
            known = fields.get(field.name, _NULL)
            fields[field.name] = join(known, field.type, _below(where, field.name))
        return pa.struct(list(fields.items()))
    raise UserError(_refusal(f"column '{where}' holds {one} and {other}"))


def _refusal(what: str) -> str:
    return f"{what}, which one column cannot hold unchanged; {OTHERWISE}"


def without_codes(table: pa.Table) -> pa.Table:
    """The table with its dictionaries resolved, since a batch that is read alone has none."""
    return table.cast(pa.schema([field.with_type(_resolved(field.type)) for field in table.schema]))


def _resolved(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _resolved(kind.value_type)
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_resolved(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_resolved(field.type)) for field in kind])
    return kind


def joined(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The schema that rows of several fit into; raises UserError where there is none.

    Metadata stays where all have the same.
    """
    first, *others = schemas
    if all(one.equals(first, check_metadata=True) for one in others):
        return first
    whole = reduce(join, (pa.struct(list(one)) for one in schemas))
    same = all(one.metadata == first.metadata for one in others)
    return pa.schema(list(whole), first.metadata if same else None)


def file_columns(
    file: SourceFile, names: Iterable[str] | None = None, encoding: str | None = None
) -> pa.Schema | None:
    """The columns that a file says it has; None for JSON, whose rows say each their own.

    Raises UserError where it can't be read, and where a name stands twice."""
    kind = kind_of(file.path.name)
    if kind in ("json", "json lines"):
        return None
    if kind in ("csv", "tsv"):
        given = tuple(names) if names else None
        block: Any = next(
            read_file(file, columns=given, encoding=encoding, block_bytes=_LITTLE), None
        )
        return pa.schema([(name, pa.string()) for name in block.names]) if block else None
    if kind == "arrow":
        schema = arrow_schema(file)
    else:
        schema = parquet_schema(file)
    for name in schema.names:
        if schema.names.count(name) > 1:
            raise UserError(
                f"{file.path}: two columns are named '{name}'; name them apart, or write records "
                "(rows: records, --records)"
            )
    return schema
