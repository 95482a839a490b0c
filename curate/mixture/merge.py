"""The second half of a build: rows are brought into the order in which they are written.

Every output (train, validation, removed) says which records of which source it takes in which pass.
By key, a part is a range of keys: its rows are read from all runs and sorted. In the order of the
sources a part is a run, whose rows stand in order already. What is written, and where it is cut,
depends on keys or places and on the size of rows alone. A worker holds one part, whatever the size
of the corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import UserError
from curate.files.as_read import OTHERWISE
from curate.formats import conform, unify_kept
from curate.mixture.runs import Run, part_of, read_part
from curate.mixture.scan import OWN, Scanned
from curate.records import MESSAGES, message_fields, with_fields
from curate.text.hashing import sampling_keys

# A part of a run is read whole unless it holds more than this many rows for each one that is
# wanted.
_SPARSE = 2
_ROWS_AT_ONCE = 1 << 20
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class SourceRows:
    """The `n` valid rows of one source, in order: what is held in memory of each, and the runs they
    lie in.
    """

    name: str
    n: int
    skipped: (
        np.ndarray
    )  # int64, ascending: how many valid rows stand before each row that makes no record
    groups: np.ndarray  # uint64; empty where none are wanted
    sizes: np.ndarray  # int32
    tokens: np.ndarray  # int32; empty where none are counted
    caps: Mapping[str, np.ndarray]  # by column: uint64, a hash of each row's value
    runs: list[Run]

    def positions(self, ordinals: np.ndarray) -> np.ndarray:
        """Where valid rows stand among all rows of the source: int64."""
        return ordinals + np.searchsorted(self.skipped, ordinals, side="right")

    def keys(self, seed: int, pass_no: int, ordinals: np.ndarray) -> np.ndarray:
        """The sampling keys of rows in one pass."""
        return sampling_keys(seed, self.name, self.positions(ordinals), pass_no)


@dataclass(frozen=True)
class Output:
    """Which rows are written: `taken[s][p]` is a mask over the rows of source s in pass p.

    `reasons[s]`, where given, are (ordinals of the rows taken, ascending; for each the place of its
    reason in a list). With `own` the rows are written with the columns of their input, which fit
    into that schema, and else as records."""

    taken: Sequence[Sequence[np.ndarray]]
    reasons: Sequence[tuple[np.ndarray, np.ndarray]] = ()
    own: pa.Schema | None = None

    def __len__(self) -> int:
        """How many rows."""
        return sum(int(np.count_nonzero(mask)) for passes in self.taken for mask in passes)


def source_rows(name: str, blocks: Sequence[Scanned]) -> SourceRows:
    """Join what was held of each block of a source."""
    firsts = np.concatenate([[0], np.cumsum([block.n for block in blocks], dtype=np.int64)])
    bad = np.concatenate([np.empty(0, np.int64), *(block.bad for block in blocks)])
    runs = [
        Run(staged, pass_no, int(first), block.n)
        for block, first in zip(blocks, firsts[:-1], strict=True)
        for pass_no, staged in enumerate(block.runs)
    ]
    return SourceRows(
        name,
        int(firsts[-1]),
        np.sort(bad) - np.arange(len(bad)),
        np.concatenate([np.empty(0, np.uint64), *(block.groups for block in blocks)]),
        np.concatenate([np.empty(0, np.int32), *(block.sizes for block in blocks)]),
        np.concatenate([np.empty(0, np.int32), *(block.tokens for block in blocks)]),
        {
            name: np.concatenate([block.caps[name] for block in blocks])
            for name in (blocks[0].caps if blocks else ())
        },
        sorted(
            runs, key=lambda run: run.pass_no
        ),  # equal keys stand in the order of source, pass and row
    )


@dataclass(frozen=True)
class Rows:
    """Rows of one part of an output in the order they are written: of each its size in bytes of
    text, and its position in its source.
    """

    records: pa.Table
    sizes: np.ndarray
    positions: np.ndarray

    def slice(self, start: int, stop: int) -> Rows:
        """The rows `start:stop`."""
        return Rows(
            self.records.slice(start, stop - start),
            self.sizes[start:stop],
            self.positions[start:stop],
        )


@dataclass(frozen=True)
class _Found:
    """Rows that one run gives to one part of an output in one pass: `at` are their places among the
    columns that are written.
    """

    columns: pa.Table
    at: np.ndarray
    source: int
    pass_no: int
    ordinals: np.ndarray


@dataclass(frozen=True)
class Writer:
    """What writing an output needs to know: the sources and their runs, the order, and the schema
    of the records.
    """

    sources: Sequence[SourceRows]
    seed: int
    by_key: bool
    key_parts: int
    """How many parts the range of keys is cut into."""
    body: pa.Schema  # the body columns and kept columns, with their final types
    used: frozenset[str]  # optional columns and message extras that hold anything

    @cached_property
    def _runs(self) -> list[tuple[int, Run]]:
        """All runs in the order of their sources, each with the number of its source."""
        return [(number, run) for number, own in enumerate(self.sources) for run in own.runs]

    @property
    def parts(self) -> int:
        """How many parts an output comes in: ranges of keys, or runs one after the other."""
        return self.key_parts if self.by_key else len(self._runs)

    def schema_of(self, output: Output) -> pa.Schema:
        """The columns in which an output is written, without those of `reasons`."""
        return self.schema if output.own is None else output.own

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of records: id, source, then the record."""
        shown = [field for field in self.body if field.name != "tools" or "tools" in self.used]
        return pa.schema([("id", pa.string()), ("source", pa.string()), *map(self._narrow, shown)])

    def _narrow(self, field: pa.Field) -> pa.Field:
        """Leave out the message extras that no row of the corpus has."""
        if field.type != MESSAGES:
            return field
        return pa.field(
            field.name,
            pa.list_(pa.struct([(name, pa.string()) for name in message_fields(self.used)])),
        )

    def _fit_records(self, records: pa.Table, schema: pa.Schema) -> pa.Table:
        """Staged records in the schema of the whole corpus."""
        columns = {}
        for field in schema:
            if field.name not in records.column_names:
                columns[field.name] = pa.nulls(records.num_rows, field.type)
            elif (
                pa.types.is_list(field.type) and records.schema.field(field.name).type != field.type
            ):
                columns[field.name] = with_fields(
                    records.column(field.name), message_fields(self.used)
                )
            else:
                columns[field.name] = records.column(field.name)
        return conform(pa.table(columns), schema)

    def sizes_of_parts(self, output: Output) -> np.ndarray:
        """How many bytes of text each part of an output holds: int64."""
        if not self.by_key:
            return np.array([self._size_of(output.taken[s], s, run) for s, run in self._runs])
        total = np.zeros(self.parts, np.int64)
        for source, passes in zip(self.sources, output.taken, strict=True):
            for pass_no, mask in enumerate(passes):
                for start in range(0, len(mask), _ROWS_AT_ONCE):
                    at = start + np.flatnonzero(mask[start : start + _ROWS_AT_ONCE])
                    part = part_of(source.keys(self.seed, pass_no, at), self.parts)
                    total += np.bincount(part, source.sizes[at], self.parts).astype(np.int64)
        return total

    def _size_of(self, passes: Sequence[np.ndarray], source: int, run: Run) -> int:
        sizes = self.sources[source].sizes[run.rows]
        return sum(int(sizes[mask[run.rows]].sum(dtype=np.int64)) for mask in passes)

    def rows(self, output: Output, part: int) -> Rows:
        """The rows of one part of an output, in the order in which they are written."""
        of_part = self._runs if self.by_key else self._runs[part : part + 1]
        own = part if self.by_key else 0
        found = [one for s, run in of_part for one in self._found(output, s, run, own)]
        return self._in_order(found, output)

    def _found(self, output: Output, source: int, run: Run, part: int) -> Iterator[_Found]:
        """What one part of a run gives to an output, in every pass that the run is for."""
        passes = output.taken[source]
        numbers = (run.pass_no,) if self.by_key else range(len(passes))
        masks = {pass_no: passes[pass_no][run.rows] for pass_no in numbers if pass_no < len(passes)}
        if not any(mask.any() for mask in masks.values()):
            return
        records, places = read_part(run.staged, part)
        for pass_no, mask in masks.items():
            at = np.flatnonzero(mask[places])
            ordinals, columns = places[at] + run.first, _picked(records, output)
            if columns.num_rows > _SPARSE * len(at):
                columns, at = columns.take(pa.array(at)), np.arange(len(at))
            if len(at):
                yield _Found(self._fit(columns, output), at, source, pass_no, ordinals)

    def _fit(self, columns: pa.Table, output: Output) -> pa.Table:
        """Staged rows in the schema of all."""
        if output.own is not None:
            return own_columns(columns, output.own)
        return self._fit_records(columns, pa.schema(list(self.schema)[2:]))

    def _in_order(self, found: Sequence[_Found], output: Output) -> Rows:
        """Bring what was found of a part in all runs into the order in which it is written."""
        if not found:
            return Rows(self.schema_of(output).empty_table(), _NONE, _NONE)
        keys = [self._keys(one) for one in found]
        order = np.argsort(np.concatenate(keys), kind="stable")
        lengths = [len(one.at) for one in found]
        firsts = np.cumsum([0, *(one.columns.num_rows for one in found)])
        places = [one.at + first for one, first in zip(found, firsts, strict=False)]
        body = _taken([one.columns for one in found], np.concatenate(places)[order])
        source = np.repeat([one.source for one in found], lengths)[order]
        row = np.concatenate([self.sources[one.source].positions(one.ordinals) for one in found])
        size = np.concatenate([self.sources[one.source].sizes[one.ordinals] for one in found])
        if output.own is None:
            pass_no = np.repeat([one.pass_no for one in found], lengths)[order]
            names = pa.array([own.name for own in self.sources]).take(pa.array(source))
            columns = {"id": _ids(names, row[order], pass_no + 1), "source": names}
            columns |= {name: body.column(name) for name in body.column_names}
            body = pa.table(columns, schema=self.schema)
        if output.reasons:
            why = [_reasons_of(output.reasons[one.source], one.ordinals) for one in found]
            body = body.append_column("reason", pa.array(np.concatenate(why)[order]))
        return Rows(body, size[order].astype(np.int64), row[order])

    def _keys(self, found: _Found) -> np.ndarray:
        """What rows are sorted by."""
        if self.by_key:
            return self.sources[found.source].keys(self.seed, found.pass_no, found.ordinals)
        return found.ordinals


def _picked(records: pa.Table, output: Output) -> pa.Table:
    """The columns of staged rows that an output is made of."""
    if output.own is not None:
        return pa.Table.from_struct_array(records.column(OWN))
    return records.drop_columns(OWN) if OWN in records.column_names else records


def own_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Columns as they were read, in a schema that they fit into; raises UserError where a value
    would be changed.
    """
    there = set(table.column_names)
    try:
        columns = [
            table.column(field.name).cast(field.type)
            if field.name in there
            else pa.nulls(table.num_rows, field.type)
            for field in schema
        ]
    except pa.ArrowException as error:
        told = " ".join(str(error).split())
        raise UserError(
            f"rows can't be written with their own columns ({told}); {OTHERWISE}"
        ) from None
    return pa.table(columns, schema=schema)


def _taken(tables: Sequence[pa.Table], at: np.ndarray) -> pa.Table:
    """Rows of several tables by their places in all; copied only where any is left out or moved."""
    whole = pa.concat_tables(tables) if len(tables) > 1 else tables[0]
    if len(at) == whole.num_rows and bool((np.diff(at) == 1).all()):
        return whole
    return whole.combine_chunks().take(pa.array(at))


def _reasons_of(reasons: tuple[np.ndarray, np.ndarray], ordinals: np.ndarray) -> np.ndarray:
    taken, reason = reasons
    return reason[np.searchsorted(taken, ordinals)]


def _ids(names: pa.Array, rows: np.ndarray, copies: np.ndarray) -> pa.Array:
    """`<source>/<row>`, and `#2`, `#3` for the repeats of a row."""
    once = pc.binary_join_element_wise(names, pa.array(rows).cast(pa.string()), "/")
    if (copies == 1).all():
        return once
    repeated = pc.binary_join_element_wise(once, pa.array(copies).cast(pa.string()), "#")
    return pc.if_else(pa.array(copies == 1), once, repeated)


def corpus_schema(blocks: Sequence[Scanned]) -> pa.Schema:
    """The schema that the records of all sources fit into; kept columns that a source lacks are
    null in its rows.
    """
    names = list(dict.fromkeys(name for block in blocks for name in block.schema.names))
    padded = [
        pa.schema(
            [
                block.schema.field(n) if n in block.schema.names else pa.field(n, pa.null())
                for n in names
            ]
        )
        for block in blocks
    ]
    return unify_kept(padded)
