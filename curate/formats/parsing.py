"""A block of raw rows into records, quarantined rows and the names of what was dropped.

The plain rule for one row decides; where a format has a rule for whole columns too, it is tried
first, and only the rows it makes no valid record of go through the plain one. Both give the same,
so results never depend on how a source was cut into blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.files import BadInput, Block, Row
from curate.files.joined import file_at
from curate.formats.base import OF_MESSAGES, Format, LeftOut
from curate.formats.keep import id_column, kept_array, kept_column, plain_text
from curate.formats.values import json_text
from curate.records import (
    EXTRAS,
    SCHEMA,
    TURN_COLUMNS,
    BadRow,
    Body,
    Flaw,
    body_schema,
    flaw_of,
    one_array,
    valid,
)

ID = "id"
_KEYS = {"role", "content", "from", "value", "function_call", "thinking", *EXTRAS}


@dataclass(frozen=True)
class Quarantined:
    """A row that makes no record: where it stands, why, its text, and the code of the reason."""

    file: str
    row: int
    reason: str
    raw: str
    code: str = SCHEMA


@dataclass(frozen=True)
class Unused:
    """A field of a row that could not be used and became null: which, and what it held."""

    row: int
    reason: str
    value: str


@dataclass(frozen=True)
class Parsed:
    """What became of a block: records in the order of their rows, what did not become one, and
    fields of records that became null.
    """

    records: pa.Table
    rows: npt.NDArray[np.int64]
    origin_id: pa.Array
    quarantine: list[Quarantined]
    dropped_columns: frozenset[str]
    unused: list[Unused] = field(default_factory=list)


@dataclass
class _Rows:
    """Results of the plain rule, in lists."""

    places: list[int] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    bad: list[Quarantined] = field(default_factory=list)
    readable: list[int] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    raw: list[Row] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)


def parse_block(
    block: Block,
    form: Format,
    kind: str,
    keep: Sequence[str],
    *,
    columns: Callable[[], pa.Table | None] | None,
) -> Parsed:
    """Records of a block in one format, with the columns `keep` beside them; without `columns`,
    which gives the block's table, by the plain rule alone.
    """
    of_messages = any(OF_MESSAGES in name for name in keep)
    table = columns() if form.vector and columns and not of_messages else None
    fast = _by_columns(block, table, form, kind, keep) if table is not None else None
    return fast if fast is not None else _by_rows(block, form, kind, keep)


def _by_columns(
    block: Block, table: pa.Table, form: Format, kind: str, keep: Sequence[str]
) -> Parsed | None:
    assert form.vector is not None
    kept = {name: kept_column(table, name) for name in keep}
    ids = id_column(table, ID)
    body = form.vector(table, kind)
    if body is None or ids is None or any(column is None for column in kept.values()):
        return None
    for name, column in kept.items():
        body = body.append_column(name, column)
    good = valid(kind, body)
    places = np.flatnonzero(good)
    dropped = _dropped_columns(table, form, keep)
    rest = _Rows()
    if len(places) < len(good):
        rest = _convert(block, form, kind, np.flatnonzero(~good).tolist())
        body, places = _merge(body, places, kind, rest)
    rows, ids = places + block.first_row, ids.take(pa.array(places))
    return Parsed(body, rows, ids, rest.bad, dropped, rest.unused)


def _merge(
    body: pa.Table, places: npt.NDArray[np.int64], kind: str, rest: _Rows
) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """The good rows of a body table and those that only the plain rule could make, in order."""
    good = body.take(pa.array(places))
    if not rest.places:
        return good, places
    names = body_schema(kind).names
    made = pa.Table.from_pylist(rest.bodies, schema=body_schema(kind))
    beside = body.drop_columns(names).take(pa.array(rest.places))
    for name in beside.column_names:
        made = made.append_column(name, beside.column(name))
    both = np.concatenate([places, np.array(rest.places, np.int64)])
    order = np.argsort(both, kind="stable")
    return pa.concat_tables([good, made]).combine_chunks().take(pa.array(order)), both[order]


def _by_rows(block: Block, form: Format, kind: str, keep: Sequence[str]) -> Parsed:
    done = _convert(block, form, kind, None)
    records = pa.Table.from_pylist(done.bodies, schema=body_schema(kind))
    places = np.array(done.places, np.int64)
    among = np.searchsorted(np.array(done.readable, np.int64), places)
    for name in keep:
        if OF_MESSAGES in name and not any(name in row for row in done.raw):
            rows = (done.raw[place] for place in among)
            lists = [
                _of_messages(row, body, name, form, kind)
                for row, body in zip(rows, done.bodies, strict=True)
            ]
            column = pa.array(lists, pa.string())
        else:
            column = kept_array([row.get(name) for row in done.raw]).take(pa.array(among))
        records = records.append_column(name, column)
    ids = [plain_text(done.raw[place].get(ID)) for place in among]
    dropped = frozenset(_unused(done.names, form, keep))
    own = pa.array(ids, pa.string())
    return Parsed(records, places + block.first_row, own, done.bad, dropped, done.unused)


def _of_messages(row: Row, body: Body, name: str, form: Format, kind: str) -> str:
    """A field of the messages of a record as a JSON list, which has a place for each of them; of
    any other list of objects, a place for each of these.
    """
    column, _, key = name.partition(OF_MESSAGES)
    own = form.becomes.get(column, column)
    own = own if own in TURN_COLUMNS[kind] else TURN_COLUMNS[kind][0]
    items = body[own] if column in form.turns else row.get(column)
    items = items if isinstance(items, list) else []
    return json_text([one.get(key) if isinstance(one, dict) else None for one in items])


def _convert(block: Block, form: Format, kind: str, only: list[int] | None) -> _Rows:
    """The plain rule for every row, or for those at the places `only`."""
    done = _Rows()
    for position, row in block.rows(only):
        place = position - block.first_row
        if isinstance(row, BadInput):
            file = file_at(block, place)
            done.bad.append(Quarantined(file, position, row.reason, row.raw))
            continue
        done.readable.append(place)
        done.raw.append(row)
        done.names.update(_names(row, form))
        body, flaw = _one(row, form, kind)
        if flaw is not None:
            file, raw = file_at(block, place), block.raw(place)
            done.bad.append(Quarantined(file, position, flaw.reason, raw, flaw.code))
        else:
            done.places.append(place)
            done.bodies.append(body)
            done.unused += _without_unused(body, position)
    return done


def _without_unused(body: Body, row: int) -> list[Unused]:
    """Make the fields of a body that could not be used null, and name them."""
    left = {name: value for name, value in body.items() if isinstance(value, LeftOut)}
    body.update(dict.fromkeys(left))
    return [Unused(row, one.reason, one.value) for one in left.values()]


def _one(row: Row, form: Format, kind: str) -> tuple[Body, Flaw | None]:
    try:
        body = form.convert(row, kind)
    except BadRow as error:
        return {}, Flaw(error.code, error.reason)
    return body, flaw_of(kind, body)


def _names(row: Row, form: Format) -> Iterable[str]:
    """The row's columns, and the keys of its messages as `column[].key`."""
    yield from row
    for column in form.turns:
        value = row.get(column)
        for item in value if isinstance(value, list) else ():
            if isinstance(item, dict):
                yield from (
                    f"{column}{OF_MESSAGES}{key}"
                    for key in item.keys() - _KEYS
                    if item[key] is not None
                )


def _unused(names: Iterable[str], form: Format, keep: Sequence[str]) -> Iterable[str]:
    used = form.columns | set(keep) | {ID}
    return (name for name in names if name not in used)


def _dropped_columns(table: pa.Table, form: Format, keep: Sequence[str]) -> frozenset[str]:
    names = set(table.column_names)
    for column in form.turns:
        kind = table.schema.field(column).type if column in names else None
        if kind is not None and pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
            items = one_array(table.column(column)).flatten()
            names |= {
                f"{column}{OF_MESSAGES}{child.name}"
                for child, values in zip(items.type, items.flatten(), strict=True)
                if child.name not in _KEYS and values.null_count < len(values)
            }
    return frozenset(_unused(names, form, keep))
