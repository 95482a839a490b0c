"""Files on disk: atomic writes, fingerprints, sorted runs of rows, and the Parquet shards that are merged from them.

Every block of a corpus becomes one run: an Arrow file whose rows are sorted by key. Shards are cut from the runs by
ranges of keys, so that no more than one row group a worker lies in memory, whatever the size of the corpus. Row groups
and shards are cut by the order of keys and the size of rows alone; the same rows give the same bytes, whoever wrote the
runs and however many there were.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

SHARD_BYTES = 256 << 20
ROW_GROUP_BYTES = 32 << 20
ROW_GROUP_ROWS = 1 << 16
# Dictionaries and statistics cost more time than they save bytes where nearly every value is a text of its own.
_REPEATED = ("source", "step", "file")
_SEARCHED = ("id", "source", "row")
# A stretch of a run is read whole unless it holds more than this many rows for each one that is wanted.
_SPARSE = 2


@dataclass(frozen=True)
class Placed:
    """Rows that lie in runs, in the order they are to be written: run number, place in the run, size in bytes."""

    run: np.ndarray
    at: np.ndarray
    size: np.ndarray

    def __len__(self) -> int:
        """How many rows."""
        return len(self.run)

    def slice(self, start: int, stop: int) -> Placed:
        """The rows `start:stop`."""
        return Placed(self.run[start:stop], self.at[start:stop], self.size[start:stop])


def write_text(path: Path, text: str) -> None:
    """Write a text file to a temporary name, fsync it and rename it."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def fsync_tree(folder: Path) -> None:
    """Bring every file and folder below `folder` to the disk."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_run(path: Path, table: pa.Table) -> None:
    """Write rows, already sorted, as one Arrow record batch."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        for batch in table.combine_chunks().to_batches():
            writer.write_batch(batch)


def read_run(path: Path) -> pa.Table:
    """A run as a table that lies in the file, not in memory, until it is touched."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def cut(sizes: np.ndarray, limit: int, rows: int | None = None) -> list[int]:
    """Cut rows in order into stretches of at most `limit` bytes and `rows` rows (but at least one row): the bounds."""
    total = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    bounds = [0]
    while bounds[-1] < len(sizes):
        start = bounds[-1]
        stop = int(np.searchsorted(total, total[start] + limit, side="right")) - 1
        stop = min(max(stop, start + 1), len(sizes), start + rows if rows else len(sizes))
        bounds.append(stop)
    return bounds


def shard_bounds(sizes: np.ndarray, shards: int | str) -> list[int]:
    """Cut rows into shards of about SHARD_BYTES (`auto`), or into a number of shards of about equal size."""
    if shards == "auto":
        wanted = max(1, round(int(sizes.sum()) / SHARD_BYTES))
    else:
        wanted = int(shards)
    total = np.cumsum(sizes, dtype=np.int64)
    whole = int(total[-1]) if len(total) else 0
    inner = [int(np.searchsorted(total, whole * i // wanted)) for i in range(1, wanted)]
    return [0, *inner, len(sizes)]


def gather(rows: Placed, open_slice: Callable[[int, int, int], pa.Table]) -> pa.Table:
    """The rows as one table, in order; `open_slice(run, low, n)` reads `n` rows of a run.

    Rows of one run that are wanted together mostly lie together in it, since both are in the order of keys: then they
    are read as one stretch. Where few rows of a stretch are wanted, they are picked out one by one.
    """
    parts, place, filled = [], np.empty(len(rows), np.int64), 0
    for run in np.unique(rows.run):
        mine = np.flatnonzero(rows.run == run)
        at = rows.at[mine]
        low, high = int(at.min()), int(at.max()) + 1
        part, where = open_slice(int(run), low, high - low), at - low
        if high - low > _SPARSE * len(mine):
            part, where = part.take(pa.array(where)), np.arange(len(mine))
        parts.append(part)
        place[mine] = where + filled
        filled += part.num_rows
    return pa.concat_tables(parts).combine_chunks().take(pa.array(place))


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer with the settings of every Parquet file of a build."""
    leaves = [".".join(leaf) for leaf in _leaves(schema)]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        version="2.6",
        use_dictionary=[leaf for leaf in leaves if leaf in _REPEATED or leaf.endswith(".role")],
        write_statistics=[leaf for leaf in leaves if leaf in _SEARCHED],
    )


def _leaves(schema: pa.Schema) -> Iterator[tuple[str, ...]]:
    """The paths of the leaf columns, as Parquet names them."""
    for field in schema:
        yield from ((field.name, *rest) for rest in _below(field.type))


def _below(kind: pa.DataType) -> Iterator[tuple[str, ...]]:
    if pa.types.is_list(kind):
        yield from (("list", "element", *rest) for rest in _below(kind.value_type))
    elif pa.types.is_struct(kind):
        yield from ((child.name, *rest) for child in kind for rest in _below(child.type))
    else:
        yield ()


def write_shard(path: Path, schema: pa.Schema, rows: Placed, make: Callable[[int, int], pa.Table]) -> None:
    """Write the rows of one shard; `make(start, stop)` gives the table of those of a row group."""
    with parquet_writer(path, schema) as writer:
        for start, stop in pairwise(cut(rows.size, ROW_GROUP_BYTES, ROW_GROUP_ROWS)):
            group = make(start, stop).cast(schema).combine_chunks()
            writer.write_table(group, row_group_size=max(1, group.num_rows))


def write_stream(path: Path, schema: pa.Schema, tables: Iterable[pa.Table], rows: int = 1000) -> None:
    """Write tables one after the other in row groups of `rows` rows, however the rows came; one group is held."""
    with parquet_writer(path, schema) as writer:
        waiting = schema.empty_table()
        for table in tables:
            waiting = pa.concat_tables([waiting, table])
            while waiting.num_rows >= rows:
                writer.write_table(waiting.slice(0, rows).combine_chunks())
                waiting = waiting.slice(rows)
        if waiting.num_rows:
            writer.write_table(waiting.combine_chunks())


def text_bytes(array: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """How many bytes of text each value of a column holds, in lists and structs too: int64."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_string(array.type):
        return np.asarray(pc.fill_null(pc.binary_length(array), 0), np.int64)
    if pa.types.is_struct(array.type):
        return sum((text_bytes(child) for child in array.flatten()), np.zeros(len(array), np.int64))
    if pa.types.is_list(array.type):
        lengths = np.asarray(pc.fill_null(pc.list_value_length(array), 0), np.int64)
        total = np.concatenate([[0], np.cumsum(text_bytes(array.flatten()))])
        stops = np.cumsum(lengths)
        return np.asarray(total[stops] - total[stops - lengths], np.int64)
    return np.zeros(len(array), np.int64)


def shard_names(split: str, n: int) -> list[str]:
    """File names as `datasets` writes them: `train-00000-of-00004.parquet`."""
    return [f"{split}-{i:05d}-of-{n:05d}.parquet" for i in range(n)]
