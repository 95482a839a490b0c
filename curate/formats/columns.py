"""Arrow columns of text put together into columns of message lists, without a loop over rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.formats.base import SYSTEM
from curate.records import EXTRAS, MESSAGE, body_schema, one_array

Ints = npt.NDArray[np.int64]
Part = tuple[str, pa.Array, npt.NDArray[np.bool_] | None]
"""Role, text, and in which rows it is a turn (None for all)."""


class NotPlain(Exception):
    """A column is not of exactly the type that the fast path handles."""


def text_column(table: pa.Table, name: str) -> pa.StringArray | None:
    """A column of text as one array, None if it is absent or all null; raises NotPlain for any
    other type.
    """
    if name not in table.column_names:
        return None
    column = table.column(name)
    if column.null_count == len(column):
        return None
    if column.type != pa.string():
        raise NotPlain(name)
    return one_array(column)


def needed_text(table: pa.Table, name: str) -> pa.StringArray:
    """A column of text as one array; raises NotPlain where there is none."""
    column = text_column(table, name)
    if column is None:
        raise NotPlain(name)
    return column


def system_column(table: pa.Table) -> pa.StringArray | None:
    """The column of system prompts, None where there is none; raises NotPlain where there are two."""
    found = [one for name in SYSTEM if (one := text_column(table, name)) is not None]
    if len(found) > 1:
        raise NotPlain(SYSTEM[1])
    return found[0] if found else None


@dataclass(frozen=True)
class MessageColumns:
    """Message lists taken apart: the children of all messages in order, and how many each row has."""

    children: dict[str, pa.Array]
    lengths: Ints

    @property
    def stops(self) -> Ints:
        """Where each row's messages end."""
        return np.cumsum(self.lengths)

    def take(self, places: Ints, lengths: Ints) -> MessageColumns:
        """The messages at `places`, cut into rows of `lengths`."""
        chosen = pa.array(places)
        return MessageColumns(
            {name: child.take(chosen) for name, child in self.children.items()}, lengths
        )


def turns_of(table: pa.Table, name: str, wanted: Sequence[str]) -> MessageColumns:
    """The messages of a list<struct> column whose `wanted` children are text; other children must
    be null or text.
    """
    if name not in table.column_names:
        raise NotPlain(name)
    column = table.column(name)
    if not pa.types.is_list(column.type) or not pa.types.is_struct(column.type.value_type):
        raise NotPlain(name)
    lists = one_array(column)
    structs = lists.flatten()
    names = [field.name for field in structs.type]
    children = dict(zip(names, structs.flatten(), strict=True))
    for child in wanted:
        if child not in children or children[child].type != pa.string():
            raise NotPlain(f"{name}.{child}")
    return MessageColumns(
        children, np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)
    )


def extra(turns: MessageColumns, name: str) -> pa.Array | None:
    """A text child that may be absent; raises NotPlain for any other type."""
    child = turns.children.get(name)
    if child is None or child.null_count == len(child):
        return None
    if child.type != pa.string():
        raise NotPlain(name)
    return child


def holds(turns: MessageColumns, name: str) -> bool:
    """Whether any message has something under `name`."""
    child = turns.children.get(name)
    return child is not None and child.null_count < len(child)


def lists_of(
    lengths: Ints, role: pa.Array, content: pa.Array, extras: dict[str, pa.Array | None]
) -> pa.ListArray:
    """Message lists of the records' type."""
    missing = pa.nulls(len(role), pa.string())
    rest = [column if (column := extras.get(name)) is not None else missing for name in EXTRAS]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]).astype(np.int32)
    messages = pa.StructArray.from_arrays([role, content, *rest], fields=list(MESSAGE))
    return pa.ListArray.from_arrays(pa.array(offsets), messages)


def assemble(n_rows: int, parts: Sequence[Part]) -> pa.ListArray:
    """Message lists from columns of text, a turn of each row from each part."""
    present = np.stack(
        [np.ones(n_rows, np.bool_) if mask is None else mask for _, _, mask in parts], axis=1
    )
    row, part = np.nonzero(present)
    content = pa.concat_arrays([text for _, text, _ in parts])
    roles = pa.array([role for role, _, _ in parts], pa.string())
    return lists_of(
        present.sum(axis=1, dtype=np.int64),
        roles.take(pa.array(part)),
        content.take(pa.array(part * n_rows + row)),
        {},
    )


def filled(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Where a text column holds text that is not empty."""
    return np.asarray(pc.fill_null(pc.greater(pc.binary_length(column), 0), False), np.bool_)


def body_of(kind: str, n_rows: int, columns: dict[str, pa.Array | None]) -> pa.Table:
    """A table of the kind's body from the columns there are, the others null."""
    schema = body_schema(kind)
    arrays = []
    for field in schema:
        column = columns.get(field.name)
        arrays.append(pa.nulls(n_rows, field.type) if column is None else column)
    return pa.Table.from_arrays(arrays, schema=schema)
