"""Runs: the rows of one block in the order of their sampling keys, staged as an Arrow file that is
cut into parts.

A part is a range of keys, the same in every run, so that the rows of one part lie in one record
batch of each run: the second half of a build reads part after part, sorts it in memory, and never
holds more than one part a worker. How many parts there are follows from the size of the corpus and
changes nothing but memory and speed.

Bound: a part holds about PART_BYTES, or a 256th of a corpus that is larger than 256 of those.

Where rows are written in the order of their sources nothing is sorted: a run holds its block as it
stands, and is itself one part.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from curate.shards import staging

PART_BYTES = 32 << 20
_MOST_PARTS = 256


@dataclass(frozen=True)
class Staged:
    """A file of parts, and where in it each one's record batch begins."""

    path: Path
    schema: pa.Schema
    offsets: np.ndarray  # int64


@dataclass(frozen=True)
class Run:
    """One staged run: which pass over its source it belongs to, and which of the source's records
    it holds.
    """

    staged: Staged
    pass_no: int
    first: int
    n: int

    @property
    def rows(self) -> slice:
        """Its records among those of the source."""
        return slice(self.first, self.first + self.n)


def part_count(size: int) -> int:
    """How many parts a corpus of about `size` bytes is cut into."""
    return min(_MOST_PARTS, -(-size // PART_BYTES))


def part_of(keys: np.ndarray, parts: int) -> np.ndarray:
    """The part each key falls in, int64: the range of keys is cut evenly."""
    return ((keys >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32)).astype(np.int64)


def write_run(path: Path, records: pa.Table, keys: np.ndarray | None, parts: int) -> Staged:
    """Write the records in the order of their keys, one record batch a part; before the columns
    stands each one's place among its block's records. Without keys they stay as they stand, in one
    batch.
    """
    places = pa.array(np.arange(records.num_rows, dtype=np.int32))
    placed, bounds = records.add_column(0, "place", places), np.array([0, records.num_rows])
    if keys is not None:
        order = np.argsort(keys)  # no two rows of a source have one key in one pass
        bounds = np.searchsorted(part_of(keys[order], parts), np.arange(parts + 1))
        placed = placed.take(pa.array(order))
    [batch] = placed.combine_chunks().to_batches()
    offsets = np.empty(len(bounds) - 1, np.int64)
    with (
        staging(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_stream(sink, batch.schema) as writer,
    ):
        writer.write_batch(batch.slice(0, 0))  # the schema goes before the first batch, not before
        for part in range(len(offsets)):
            offsets[part] = sink.tell()
            writer.write_batch(batch.slice(bounds[part], bounds[part + 1] - bounds[part]))
    return Staged(path, batch.schema, offsets)


def read_part(run: Staged, part: int) -> tuple[pa.Table, np.ndarray]:
    """The records of one part of a run and their places; they lie in the file until they are
    touched.
    """
    with pa.memory_map(str(run.path)) as file:
        file.seek(int(run.offsets[part]))
        table = pa.Table.from_batches(
            [pa.ipc.read_record_batch(pa.ipc.read_message(file), run.schema)]
        )
    return table.remove_column(0), table.column(0).to_numpy()


def read_run(run: Staged) -> tuple[pa.Table, np.ndarray]:
    """All records of a run as they lie there, and their places."""
    parts = [read_part(run, part) for part in range(len(run.offsets))]
    return pa.concat_tables([table for table, _ in parts]), np.concatenate(
        [places for _, places in parts]
    )
