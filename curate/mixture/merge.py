"""The second half of a build: rows are brought into the order of their keys and written as Parquet
shards.

Every output (train, validation, removed) says which records of which source it takes in which pass.
Part after part, its rows are read from all runs, sorted by key and cut into row groups and shards;
cuts depend on keys and on the size of rows alone. A worker holds one part and one row group,
whatever the size of the corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.formats import conform, unify_kept
from curate.mixture.runs import Run, part_of, read_part
from curate.mixture.scan import Scanned
from curate.records import MESSAGES, message_fields, one_array, with_fields
from curate.shards import sha256, shard_count, shard_names, write_shard
from curate.text.hashing import sampling_keys

# A part of a run is read whole unless it holds more than this many rows for each one that is
# wanted.
_SPARSE = 2
_ROWS_AT_ONCE = 1 << 20
Piece = tuple[pa.Table, np.ndarray]
"""Rows of a shard as they come, with the size of each."""


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
    prompts: np.ndarray  # uint64; empty where none are wanted
    sizes: np.ndarray  # int32
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
    reason in a list)."""

    taken: Sequence[Sequence[np.ndarray]]
    reasons: Sequence[tuple[np.ndarray, np.ndarray]] = ()

    def __len__(self) -> int:
        """How many rows."""
        return sum(int(np.count_nonzero(mask)) for passes in self.taken for mask in passes)


@dataclass(frozen=True)
class Reasons:
    """Why rows went: texts, and for each the step that gives it."""

    texts: Sequence[str]
    steps: Sequence[str]


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
        np.concatenate([np.empty(0, np.uint64), *(block.prompts for block in blocks)]),
        np.concatenate([np.empty(0, np.int32), *(block.sizes for block in blocks)]),
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
class Writer:
    """What writing an output needs to know: the sources and their runs, and the schema of the
    records.
    """

    sources: Sequence[SourceRows]
    seed: int
    parts: int
    body: pa.Schema  # the body columns and kept columns, with their final types
    used: frozenset[str]  # optional columns and message extras that hold anything

    @property
    def schema(self) -> pa.Schema:
        """The schema of an output file: id, source, then the record."""
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

    def _fit(self, records: pa.Table, schema: pa.Schema) -> pa.Table:
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
        total = np.zeros(self.parts, np.int64)
        for source, passes in zip(self.sources, output.taken, strict=True):
            for pass_no, mask in enumerate(passes):
                for start in range(0, len(mask), _ROWS_AT_ONCE):
                    at = start + np.flatnonzero(mask[start : start + _ROWS_AT_ONCE])
                    part = part_of(source.keys(self.seed, pass_no, at), self.parts)
                    total += np.bincount(part, source.sizes[at], self.parts).astype(np.int64)
        return total

    def rows(self, output: Output, part: int) -> Rows:
        """The rows of one part of an output, in the order of their keys."""
        schema = pa.schema(list(self.schema)[2:])
        found: list[
            tuple[pa.Table, np.ndarray, int, int, np.ndarray]
        ] = []  # records, places, source, pass, ordinals
        for number, (source, passes) in enumerate(zip(self.sources, output.taken, strict=True)):
            for run in source.runs if any(mask.any() for mask in passes) else ():
                mask = (
                    passes[run.pass_no][run.first : run.first + run.n]
                    if run.pass_no < len(passes)
                    else np.empty(0)
                )
                if not mask.any():
                    continue
                records, places = read_part(run.staged, part)
                at = np.flatnonzero(mask[places])
                ordinals = places[at] + run.first
                if records.num_rows > _SPARSE * len(at):
                    records, at = records.take(pa.array(at)), np.arange(len(at))
                if len(at):
                    found.append((self._fit(records, schema), at, number, run.pass_no, ordinals))
        return self._in_order(found, schema, output)

    def _in_order(
        self,
        found: Sequence[tuple[pa.Table, np.ndarray, int, int, np.ndarray]],
        schema: pa.Schema,
        output: Output,
    ) -> Rows:
        """Sort what was found of a part in all runs by key, and give each row its id."""
        if not found:
            return Rows(self.schema.empty_table(), np.empty(0, np.int64), np.empty(0, np.int64))
        tables, places, numbers, passes, ordinals = zip(*found, strict=True)
        lengths = [len(at) for at in places]
        keys = [
            self.sources[s].keys(self.seed, p, at)
            for s, p, at in zip(numbers, passes, ordinals, strict=True)
        ]
        order = np.argsort(np.concatenate(keys), kind="stable")
        firsts = np.cumsum([0, *(table.num_rows for table in tables)])
        at = np.concatenate([place + first for place, first in zip(places, firsts, strict=False)])[
            order
        ]
        body = pa.concat_tables(tables).combine_chunks().take(pa.array(at))
        source, pass_no = np.repeat(numbers, lengths)[order], np.repeat(passes, lengths)[order]
        row = np.concatenate(
            [self.sources[s].positions(own) for s, own in zip(numbers, ordinals, strict=True)]
        )
        size = np.concatenate(
            [self.sources[s].sizes[own] for s, own in zip(numbers, ordinals, strict=True)]
        )
        names = pa.array([own.name for own in self.sources]).take(pa.array(source))
        columns = {"id": _ids(names, row[order], pass_no + 1), "source": names}
        table = pa.table(
            columns | {field.name: body.column(field.name) for field in schema}, schema=self.schema
        )
        if output.reasons:
            why = [
                _reasons_of(output.reasons[s], own)
                for s, own in zip(numbers, ordinals, strict=True)
            ]
            table = table.append_column("reason", pa.array(np.concatenate(why)[order]))
        return Rows(table, size[order].astype(np.int64), row[order])


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


def shard_rows(
    writer: Writer, output: Output, totals: np.ndarray, start: int, stop: int | None
) -> Iterator[Rows]:
    """The rows of an output from the one where its text reaches `start` bytes up to the one where
    it reaches `stop`.

    `totals` are the bytes up to the end of each part. Bounds of 0 and None are the beginning and
    the end."""
    first = int(np.searchsorted(totals, start)) if start else 0
    last = int(np.searchsorted(totals, stop)) if stop is not None else len(totals) - 1
    for part in range(first, last + 1):
        rows = writer.rows(output, part)
        reached = (totals[part - 1] if part else 0) + np.cumsum(rows.sizes)
        low = int(np.searchsorted(reached, start)) if part == first and start else 0
        high = (
            int(np.searchsorted(reached, stop))
            if part == last and stop is not None
            else len(reached)
        )
        yield rows.slice(low, high)


def ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces, each made by another thread while the one before it is in use."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = pool.submit(next, pieces, None)
            yield piece


def shard_jobs(
    folder: Path,
    split: str,
    output: Output,
    writer: Writer,
    shards: int | str,
    *,
    reasons: Reasons | None = None,
    wrote: Callable[[int, int, float], None] = lambda rows, size, part: None,
) -> list[Callable[[], tuple[Path, str]]]:
    """What is to be done to write one output into `folder`: a job for each Parquet shard gives its
    path and SHA-256.

    `reasons` adds the columns step and reason; `wrote` is told the rows and bytes of each piece,
    and which part of the whole it is."""
    folder.mkdir(exist_ok=True)
    totals = np.cumsum(writer.sizes_of_parts(output))
    whole = int(totals[-1])
    n = shard_count(whole, shards)
    schema = writer.schema
    if reasons is not None:
        schema = schema.append(pa.field("step", pa.string())).append(
            pa.field("reason", pa.string())
        )

    def pieces(start: int, stop: int | None) -> Iterator[Piece]:
        for rows in shard_rows(writer, output, totals, start, stop):
            yield (_explained(rows.records, reasons) if reasons else rows.records), rows.sizes
            size = int(rows.sizes.sum())
            wrote(len(rows.sizes), size, size / max(1, whole))

    def job(path: Path, shard: int) -> tuple[Path, str]:
        stop = whole * (shard + 1) // n if shard + 1 < n else None
        write_shard(
            path,
            schema,
            ahead(pieces(whole * shard // n, stop)) if n == 1 else pieces(whole * shard // n, stop),
        )
        return path, sha256(path)

    return [partial(job, folder / name, shard) for shard, name in enumerate(shard_names(split, n))]


def _explained(records: pa.Table, reasons: Reasons) -> pa.Table:
    """Rows with the step that removed them and the text of the reason."""
    place = records.schema.get_field_index("reason")
    if place < 0:  # a part without a row
        none = pa.array([], pa.string())
        return records.append_column("step", none).append_column("reason", none)
    number = one_array(records.column("reason"))
    why, steps = (
        pa.array(values, pa.string()).take(number) for values in (reasons.texts, reasons.steps)
    )
    return records.remove_column(place).append_column("step", steps).append_column("reason", why)
