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
from curate.formats.base import Format
from curate.formats.keep import id_column, kept_array, kept_column, plain_text
from curate.records import EXTRAS, BadRow, Body, body_schema, check_body, valid

_ID = "id"
_KEYS = {"role", "content", "from", "value", *EXTRAS}


@dataclass(frozen=True)
class Quarantined:
    """A row that makes no record: where it stands, why, and its text."""

    file: str
    row: int
    reason: str
    raw: str


@dataclass(frozen=True)
class Parsed:
    """What became of a block: records in the order of their rows, and what did not become one."""

    records: pa.Table
    rows: npt.NDArray[np.int64]
    origin_id: pa.Array
    quarantine: list[Quarantined]
    dropped_columns: frozenset[str]


@dataclass
class _Rows:
    """Results of the plain rule, in lists."""

    places: list[int] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    bad: list[Quarantined] = field(default_factory=list)
    readable: list[int] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    raw: list[Row] = field(default_factory=list)


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
    table = columns() if form.vector and columns else None
    fast = _by_columns(block, table, form, kind, keep) if table is not None else None
    return fast if fast is not None else _by_rows(block, form, kind, keep)


def _by_columns(
    block: Block, table: pa.Table, form: Format, kind: str, keep: Sequence[str]
) -> Parsed | None:
    assert form.vector is not None
    kept = {name: kept_column(table, name) for name in keep}
    ids = id_column(table, _ID)
    body = form.vector(table, kind)
    if body is None or ids is None or any(column is None for column in kept.values()):
        return None
    for name, column in kept.items():
        body = body.append_column(name, column)
    good = valid(kind, body)
    places = np.flatnonzero(good)
    dropped = _dropped_columns(table, form, keep)
    bad: list[Quarantined] = []
    if len(places) < len(good):
        rest = _convert(block, form, kind, np.flatnonzero(~good).tolist())
        bad = rest.bad
        body, places = _merge(body, places, kind, rest)
    return Parsed(body, places + block.first_row, ids.take(pa.array(places)), bad, dropped)


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
        column = kept_array([row.get(name) for row in done.raw])
        records = records.append_column(name, column.take(pa.array(among)))
    ids = [plain_text(done.raw[place].get(_ID)) for place in among]
    dropped = frozenset(_unused(done.names, form, keep))
    return Parsed(records, places + block.first_row, pa.array(ids, pa.string()), done.bad, dropped)


def _convert(block: Block, form: Format, kind: str, only: list[int] | None) -> _Rows:
    """The plain rule for every row, or for those at the places `only`."""
    done = _Rows()
    for position, row in block.rows(only):
        place = position - block.first_row
        if isinstance(row, BadInput):
            done.bad.append(Quarantined(block.file, position, row.reason, row.raw))
            continue
        done.readable.append(place)
        done.raw.append(row)
        done.names.update(_names(row, form))
        body, reason = _one(row, form, kind)
        if body is None:
            done.bad.append(Quarantined(block.file, position, reason, block.raw(place)))
        else:
            done.places.append(place)
            done.bodies.append(body)
    return done


def _one(row: Row, form: Format, kind: str) -> tuple[Body | None, str]:
    try:
        body = form.convert(row, kind)
        reason = check_body(kind, body)
    except BadRow as error:
        return None, error.reason
    return (None, reason) if reason else (body, "")


def _names(row: Row, form: Format) -> Iterable[str]:
    """The row's columns, and the keys of its messages as `column[].key`."""
    yield from row
    for column in form.turns:
        value = row.get(column)
        for item in value if isinstance(value, list) else ():
            if isinstance(item, dict):
                yield from (f"{column}[].{key}" for key in item.keys() - _KEYS)


def _unused(names: Iterable[str], form: Format, keep: Sequence[str]) -> Iterable[str]:
    used = form.columns | set(keep) | {_ID}
    return (name for name in names if name not in used)


def _dropped_columns(table: pa.Table, form: Format, keep: Sequence[str]) -> frozenset[str]:
    names = set(table.column_names)
    for column in form.turns:
        kind = table.schema.field(column).type if column in names else None
        if kind is not None and pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
            names |= {
                f"{column}[].{child.name}" for child in kind.value_type if child.name not in _KEYS
            }
    return frozenset(_unused(names, form, keep))
