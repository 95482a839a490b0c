"""The second half of a build: rows are laid out in the order of their keys and written as Parquet shards.

Every output (train, validation, removed) is a list of rows that lie in the staged runs. It is sorted by key, cut into
shards of about 256 MB and row groups of at most 32 MB, and each row group is gathered from the runs it needs. Only
rows' places, sizes and keys are held for the whole corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.formats import conform, unify_kept
from curate.mixture.scan import Scanned, in_order, run_path
from curate.records import EXTRAS, MESSAGES
from curate.shards import Placed, gather, read_run, shard_bounds, shard_names, write_shard
from curate.text.hashing import sampling_keys


@dataclass(frozen=True)
class SourceRows:
    """All valid rows of one source, in order: what is held in memory of each."""

    name: str
    rows: np.ndarray  # int64: position in the source
    block: np.ndarray  # int32: number of its block
    at: list[np.ndarray]  # per pass, int32: place in the block's run
    prompts: np.ndarray  # uint64
    sizes: np.ndarray  # int32

    def keys(self, seed: int, turn: int) -> np.ndarray:
        """The sampling key of every row in one pass."""
        return sampling_keys(seed, self.name, self.rows, turn)


@dataclass(frozen=True)
class Output:
    """Rows of one output in the order they are written: where they lie, and of which source, row and copy they are."""

    placed: Placed
    source: np.ndarray
    row: np.ndarray
    copy: np.ndarray
    reason: np.ndarray

    def __len__(self) -> int:
        """How many rows."""
        return len(self.row)


def source_rows(name: str, passes: int, blocks: Sequence[Scanned]) -> SourceRows:
    """Join what was held of each block of a source."""
    numbers = [np.full(len(block.rows), block.number, np.int32) for block in blocks]
    return SourceRows(
        name,
        _joined([block.rows for block in blocks], np.int64),
        _joined(numbers, np.int32),
        [_joined([block.at[turn] for block in blocks], np.int32) for turn in range(passes)],
        _joined([block.prompts for block in blocks], np.uint64),
        _joined([block.sizes for block in blocks], np.int32),
    )


def _joined(arrays: Sequence[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate([*arrays, np.empty(0, kind)])


def lay_out(
    sources: Sequence[SourceRows], chosen: Sequence[Sequence[np.ndarray]], seed: int, reasons: Sequence[np.ndarray] = ()
) -> Output:
    """Sort chosen rows by key. `chosen[s][p]` are the ordinals of source s that are taken in pass p.

    Equal keys stand in the order of source, pass and row. `reasons[s]`, where given, runs along `chosen[s][0]`.
    """
    parts: list[list[np.ndarray]] = [[] for _ in range(8)]
    for number, (source, passes) in enumerate(zip(sources, chosen, strict=True)):
        for turn, ordinals in enumerate(passes):
            n = len(ordinals)
            columns = (
                source.keys(seed, turn)[ordinals], source.block[ordinals].astype(np.int64) << 8 | turn,
                source.at[turn][ordinals], source.sizes[ordinals], np.full(n, number, np.int16), source.rows[ordinals],
                np.full(n, turn + 1, np.int16), reasons[number] if reasons else np.zeros(n, np.int32),
            )  # fmt: skip
            for part, column in zip(parts, columns, strict=True):
                part.append(column)
    keys, run, at, size, owner, row, copy, reason = (np.concatenate(part or [np.empty(0, np.int64)]) for part in parts)
    order = np.argsort(keys, kind="stable")
    return Output(Placed(run[order], at[order], size[order]), owner[order], row[order], copy[order], reason[order])


@dataclass(frozen=True)
class Writer:
    """What writing a shard needs to know: where the runs lie, and the schema of the records."""

    staging: Path
    names: list[str]
    body: pa.Schema  # the body columns and kept columns, with their final types
    used: frozenset[str]  # optional columns and message extras that hold anything

    @property
    def schema(self) -> pa.Schema:
        """The schema of an output file: id, source, then the record."""
        shown = [field for field in self.body if field.name != "tools" or "tools" in self.used]
        narrow = [pa.field(field.name, self._type(field.type)) for field in shown]
        return pa.schema([("id", pa.string()), ("source", pa.string()), *narrow])

    def _type(self, kind: pa.DataType) -> pa.DataType:
        if kind != MESSAGES:
            return kind
        return pa.list_(pa.struct([field for field in MESSAGES.value_type if self._shown(field.name)]))

    def _shown(self, name: str) -> bool:
        return name not in EXTRAS or name in self.used

    def open_slice(self, run: int, low: int, n: int) -> pa.Table:
        """Rows `low:low + n` of a run, in the schema of the whole corpus."""
        table = read_run(run_path(self.staging, run >> 8, run & 255)).slice(low, n)
        for field in self.body:
            if field.name not in table.column_names:
                table = table.append_column(field.name, pa.nulls(n))
        return conform(table.select(self.body.names), self.body)

    def table(self, output: Output, start: int, stop: int) -> pa.Table:
        """The records of rows `start:stop` of an output, with their ids."""
        body = gather(output.placed.slice(start, stop), self.open_slice)
        source = pa.array(self.names).take(pa.array(output.source[start:stop]))
        row, copy = (pa.array(column[start:stop]).cast(pa.string()) for column in (output.row, output.copy))
        once = pc.binary_join_element_wise(source, row, "/")
        ids = pc.if_else(pa.array(output.copy[start:stop] == 1), once, pc.binary_join_element_wise(once, copy, "#"))
        columns = {
            field.name: self._narrow(body.column(field.name))
            for field in self.schema
            if field.name in body.column_names
        }
        return pa.table({"id": ids, "source": source, **columns}, schema=self.schema)

    def _narrow(self, column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
        """Leave out the message extras that no row of the corpus has."""
        if column.type != MESSAGES:
            return column
        lists = column.combine_chunks()
        fields = [field.name for field in MESSAGES.value_type if self._shown(field.name)]
        values = pa.StructArray.from_arrays([lists.values.field(name) for name in fields], fields)
        return pa.ListArray.from_arrays(lists.offsets, values)


def corpus_schema(blocks: Sequence[Scanned]) -> pa.Schema:
    """The schema that the records of all sources fit into; kept columns that a source lacks are null in its rows."""
    names = list(dict.fromkeys(name for block in blocks for name in block.schema.names))
    padded = [
        pa.schema([block.schema.field(n) if n in block.schema.names else pa.field(n, pa.null()) for n in names])
        for block in blocks
    ]
    return unify_kept(padded)


def write_output(
    folder: Path,
    split: str,
    output: Output,
    writer: Writer,
    shards: int | str,
    workers: int,
    *,
    reasons: tuple[Sequence[str], str] | None = None,
    wrote: Callable[[int, int], None] = lambda rows, size: None,
) -> list[Path]:
    """Write one output as Parquet shards into `folder`.

    `reasons` (texts, step) adds the columns step and reason; `wrote` is told the rows and bytes of every row group.
    """
    folder.mkdir(exist_ok=True)
    bounds = shard_bounds(output.placed.size, shards)
    paths = [folder / name for name in shard_names(split, len(bounds) - 1)]
    schema = writer.schema
    if reasons is not None:
        schema = schema.append(pa.field("step", pa.string())).append(pa.field("reason", pa.string()))

    def rows(start: int, stop: int) -> pa.Table:
        table = writer.table(output, start, stop)
        wrote(stop - start, int(output.placed.size[start:stop].sum(dtype=np.int64)))
        if reasons is None:
            return table
        why = pa.array(reasons[0]).take(pa.array(output.reason[start:stop]))
        return table.append_column("step", pa.array([reasons[1]] * len(why))).append_column("reason", why)

    def job(path: Path, start: int, stop: int) -> Callable[[], None]:
        return partial(
            write_shard, path, schema, output.placed.slice(start, stop), lambda i, j: rows(start + i, start + j)
        )

    for _ in in_order((job(path, *bound) for path, bound in zip(paths, pairwise(bounds), strict=True)), workers):
        pass
    return paths
